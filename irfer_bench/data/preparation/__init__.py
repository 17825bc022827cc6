"""Items become stored clips: read, cropped, resized, decoded once."""
