"""Face detectors, which decide how images are cropped."""
