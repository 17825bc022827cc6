"""From a folder of images to clips: manifests, preparation, landmarks, stored clips."""
