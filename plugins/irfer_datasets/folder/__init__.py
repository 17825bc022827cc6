"""Anyone's own pictures."""
