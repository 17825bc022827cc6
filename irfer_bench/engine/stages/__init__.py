"""The six stages: each a function of its spec, the finished steps it reads, and where it works."""

FOLDS = "folds.json"
"""Beside clips: the test subjects of each fold."""
SCORES = "scores.safetensors"
"""Of `predict`: log-probabilities, and features where they were asked for."""
METRICS, PREDICTIONS = "metrics.json", "predictions.json"
"""Of `score`."""
