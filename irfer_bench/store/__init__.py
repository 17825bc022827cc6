"""Files on disk: artefacts by key, locks, states and records."""
