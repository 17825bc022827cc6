"""Stage that predicts test clips: log-probabilities, and features where available."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
from numpy.typing import NDArray

from irfer_bench.contracts.interfaces import Embedder, PredictorEmbedder
from irfer_bench.data.clips import ClipView
from irfer_bench.engine.stages import SCORES
from irfer_bench.engine.stages.work import Inputs, Work
from irfer_bench.errors import ContractError, DamagedError
from irfer_bench.experiment.steps import Predict, Predicted
from irfer_bench.store.state import save_tensors

SUM_TOLERANCE = 0.01
"""How far the probabilities of an item may be from summing to 1: half precision stays below."""


def predict(spec: Predict, inputs: Inputs, work: Work) -> Predicted:
    """Predict `clips` with the recognizer of `fit`."""
    clips = inputs["clips"].clips()
    if len(clips) == 0:
        raise DamagedError(f"fold {spec.fold} has no test clip")
    method = work.create()
    method.restore(inputs["fit"].state())
    scores, features = _predict_and_embed(method, clips, spec.embed, work)
    tensors = {"scores": check_scores(work.name, scores, len(clips), len(spec.classes))}
    if features is not None:
        tensors["features"] = _check_features(work.name, features, len(clips))
    save_tensors(work.folder / SCORES, tensors)
    (work.folder / "ids.json").write_text(json.dumps(clips.ids))
    return Predicted(clips=len(clips))


def _predict_and_embed(method: Any, clips: ClipView, embed: bool, work: Work) -> tuple[Any, Any]:
    """Scores, and features or None; in one pass where the recognizer offers it."""
    if embed and isinstance(method, PredictorEmbedder):
        both = method.predict_and_embed(clips, work.context)
        if not isinstance(both, tuple) or len(both) != 2:
            raise ContractError(f"{work.name}: predict_and_embed gives (scores, features)")
        return both
    scores = method.predict(clips, work.context)
    if embed and isinstance(method, Embedder):
        return scores, method.embed(clips, work.context)
    return scores, None


def check_scores(name: str, given: Any, clips: int, classes: int) -> NDArray[np.float32]:
    """(clips, classes) float32 log-probabilities; ContractError where they are something else."""
    scores = np.asarray(given)
    if scores.shape != (clips, classes):
        raise ContractError(
            f"{name} returned scores of shape {scores.shape}, not {(clips, classes)}"
        )
    scores = scores.astype(np.float64)
    if not np.isfinite(scores).all():
        raise ContractError(f"{name} returned scores that are not finite")
    total = np.exp(np.logaddexp.reduce(scores, axis=1))
    if np.abs(total - 1).max() > SUM_TOLERANCE:
        raise ContractError(
            f"{name} returned rows whose probabilities sum to {total.min():.3g} to "
            f"{total.max():.3g}, not 1",
            "predict gives log-probabilities (log_softmax), not logits",
        )
    return scores.astype(np.float32)


def _check_features(name: str, given: Any, clips: int) -> NDArray[np.float32]:
    features = np.asarray(given, np.float32)
    if features.ndim != 2 or len(features) != clips or not np.isfinite(features).all():
        raise ContractError(
            f"{name} returned features of shape {features.shape}, not finite rows for {clips} clips"
        )
    return features
