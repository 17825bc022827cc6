"""Anyone's own images."""
