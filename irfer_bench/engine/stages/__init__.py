"""The six stages; each is a function of its spec, its finished input steps and its `Work`."""

FOLDS = "folds.json"
"""Beside clips: the test subjects of each fold."""
SCORES = "scores.safetensors"
"""Of `predict`: log-probabilities, and features where they were asked for."""
METRICS, PREDICTIONS = "metrics.json", "predictions.json"
"""Of `score`."""
