"""Manifests of dataset folders, preparation, and stored clips."""
