"""Images as arrays, by their names in this family."""

from irfer_bench.api import decode_image, read_image, read_images, stack_images, why

__all__ = ["decode_image", "read_image", "read_images", "stack_images", "why"]
