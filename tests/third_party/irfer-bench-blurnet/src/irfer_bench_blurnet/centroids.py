"""Nearest mean image of a class, on a small grid."""

from typing import Any

import numpy as np

from irfer_bench.api import Clips, Context, Features, RefusedError, Scores, State, TrainingData
from irfer_bench_blurnet.blurnet_params import CentroidsParams


class Centroids:
    """log p(class) = log_softmax(-sharpness * distance to the class's mean)."""

    def __init__(self, params: CentroidsParams) -> None:
        self.params = params
        self.centroids: Any = None

    def fit(self, data: TrainingData, ctx: Context) -> None:
        """Average the standardised images of each class, source and target alike."""
        clips = [*data.source, *data.target]
        if not clips:
            raise RefusedError("centroids has nothing to train on")
        rows = np.stack([self._row(clip.frames) for clip in clips])
        labels = np.array([data.classes.index(clip.label or "") for clip in clips])
        self.centroids = np.stack([
            rows[labels == k].mean(0) if (labels == k).any() else np.zeros(rows.shape[1])
            for k in range(len(data.classes))
        ])

    def predict(self, clips: Clips, ctx: Context) -> Scores:
        """(N, classes) float32 log-probabilities."""
        rows = self.embed(clips, ctx).astype(np.float64)
        far = np.sqrt(((rows[:, None] - self.centroids[None]) ** 2).mean(-1))
        logits = -self.params.sharpness * far
        return (logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)).astype(np.float32)

    def embed(self, clips: Clips, ctx: Context) -> Features:
        """(N, grid * grid) float32."""
        size = self.params.grid**2
        rows = np.array([self._row(clip.frames) for clip in clips], np.float32)
        return rows.reshape(len(clips), size)

    def state(self) -> State:
        """The centroids."""
        return State({"centroids": self.centroids})

    def restore(self, state: State) -> None:
        """Put them back."""
        self.centroids = state.tensors["centroids"]

    def _row(self, frames: Any) -> Any:
        grey = frames.astype(np.float64).mean((0, 3))
        grid = self.params.grid
        rows, columns = (np.arange(side) * grid // side for side in grey.shape)
        sums = np.zeros((grid, grid))
        counts = np.zeros((grid, grid))
        np.add.at(sums, (rows[:, None], columns[None]), grey)
        np.add.at(counts, (rows[:, None], columns[None]), 1.0)
        row = (sums / counts.clip(1)).ravel()
        return (row - row.mean()) / (row.std() + 1e-6)
