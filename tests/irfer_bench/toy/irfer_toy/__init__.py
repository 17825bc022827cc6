"""A complete plugin small enough to run in milliseconds, for the core's own tests."""
