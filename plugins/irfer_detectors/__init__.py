"""Who finds the face by which a picture is cropped."""
