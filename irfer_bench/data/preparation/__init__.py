"""Preparation of items: decoded, cropped, resized and stored as clips."""
