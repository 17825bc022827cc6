"""The six steps, each from its inputs to one artefact."""
