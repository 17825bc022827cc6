"""Which files are pictures."""

PICTURES = frozenset(
    {".bmp", ".jpeg", ".jpg", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp"}
)  # fmt: skip
"""Suffixes in lower case."""
