"""From a folder of pictures to clips: manifests, preparation, landmarks, stored clips."""
