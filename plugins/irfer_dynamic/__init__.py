"""A built-in plugin family of irfer-bench."""
