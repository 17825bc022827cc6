"""irfer-bench: one honest number for infrared and dynamic facial expression recognition."""

__version__ = "0.1.0"
