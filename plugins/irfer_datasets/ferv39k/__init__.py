"""FERV39k: clips of 22 kinds of scenes, face crops."""
