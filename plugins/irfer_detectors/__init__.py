"""Who finds the face by which an image is cropped."""
