"""A user's own images."""
