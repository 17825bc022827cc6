"""From predictions and images to numbers with intervals over subjects."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from irfer_bench.contracts.values import Clip, ScoreInputs
from irfer_bench.data import subsets as splits
from irfer_bench.data.clips import ClipView
from irfer_bench.engine.stages.views import part_of, stored
from irfer_bench.statistics.measurement import installed, measure
from irfer_bench.statistics.resampling import clusters

if TYPE_CHECKING:
    from irfer_bench.engine.runner import Runner
    from irfer_bench.experiment.graph import Step

METRICS, PREDICTIONS = "metrics.json", "predictions.json"


class Pairs(Sequence[tuple[Clip, Clip]]):
    """(translated, true) test clips, read when asked for."""

    def __init__(self, translated: ClipView, true: ClipView) -> None:
        self.translated, self.true = translated, true

    def __len__(self) -> int:
        return len(self.translated)

    def __getitem__(self, index: Any) -> Any:
        return self.translated[index], self.true[index]


def score(runner: Runner, step: Step, folder: Path) -> Mapping[str, Any]:
    """Compute every metric of the setting, its interval, the confusion matrix and predictions."""
    spec = step.spec
    classes: list[str] = list(spec["classes"])
    test = part_of(
        runner,
        step.inputs["predict"].inputs["clips"]
        if "predict" in step.inputs
        else step.inputs["target"],
        spec["fold"],
        spec.get("part", "test"),
    )
    inputs, groups = _inputs(runner, step, classes, test)
    metrics: dict[str, Any] = {}
    kept: dict[str, list[list[float]]] = {}
    for done, name in enumerate(spec["metrics"], start=1):
        metric = installed(runner.registry, name)
        metrics[name], summands = measure(metric, inputs, groups, spec["draws"])
        metrics[name] |= _published(metrics[name])
        if summands is not None and metric.over_pairs:
            kept[name] = summands.tolist()
        runner.reporter.progress("score", done, len(spec["metrics"]), name)
    (folder / METRICS).write_text(json.dumps(metrics, allow_nan=False))
    absent = [name for i, name in enumerate(classes) if not (inputs.labels == i).any()]
    warnings = (
        [f"fold {spec['fold']} has no test item of {', '.join(absent)}: UAR counts the others"]
        if absent
        else []
    )
    confusion = None
    predictions: dict[str, Any] = {"classes": classes}
    if inputs.scores is not None:
        confusion = _confusion(inputs.labels, inputs.scores.argmax(1), len(classes)).tolist()
        predictions["items"] = _rows(test, inputs.scores)
    if kept and inputs.pairs is not None:
        translated = inputs.pairs.translated  # type: ignore[attr-defined]
        predictions |= {"pairs": translated.ids, "subjects": translated.subjects, "summands": kept}
    (folder / PREDICTIONS).write_text(json.dumps(predictions, allow_nan=False))
    if inputs.pairs is not None and runner.artefact(step.inputs["translated"]).facts["weak_pairs"]:
        warnings.append("partners are not frame-aligned: pixel metrics are bounded by misalignment")
    return {
        "confusion": confusion,
        "test": len(test),
        "warnings": warnings,
        "pairs": 0 if inputs.pairs is None else len(inputs.pairs),
    }


def _inputs(
    runner: Runner, step: Step, classes: list[str], test: ClipView
) -> tuple[ScoreInputs, dict[str, NDArray[Any]]]:
    labels = _columns(test, classes)
    scores, features = _predicted(runner, step.inputs.get("predict"))
    groups = {"test": _clusters(test)}
    pairs = pair_labels = pair_scores = pair_true = pair_features = None
    if "translated" in step.inputs:
        made = stored(runner, step.inputs["translated"]).view()
        true = part_of(runner, step.inputs["target"], step.spec["fold"], "test")
        matched = splits.match_pairs(made, true)
        if matched:
            left, right = [i for i, _ in matched], [j for _, j in matched]
            pairs = Pairs(made.pick(left), true.pick(right))
            groups["pairs"] = _clusters(made.pick(left))
            pair_labels = _columns(made.pick(left), classes)
            made_scores, made_features = _predicted(runner, step.inputs.get("pair_predict"))
            pair_scores = None if made_scores is None else made_scores[left]
            pair_true = None if scores is None or made_scores is None else scores[right]
            if made_features is not None and features is not None:
                pair_features = (made_features[left], features[right])
    known: dict[str, Any] = {}

    def once(name: str, build: Callable[[], Any]) -> Any:
        if name not in known:
            known[name] = build()
        return known[name]

    inputs = ScoreInputs(
        tuple(classes),
        labels,
        scores,
        pair_labels,
        pair_scores,
        pair_true,
        pairs,
        pair_features,
        once,
    )
    return inputs, groups


def _predicted(runner: Runner, step: Step | None) -> tuple[Any, Any]:
    if step is None:
        return None, None
    from safetensors.numpy import load_file

    tensors = load_file(runner.artefact(step).folder / "scores.safetensors")
    return tensors["scores"], tensors.get("features")


def _columns(view: ClipView, classes: list[str]) -> NDArray[np.int64]:
    return np.array([classes.index(label or "") for label in view.labels], np.int64)


def _clusters(view: ClipView) -> NDArray[Any]:
    return clusters(view.subjects, view.ids)


def _published(value: Mapping[str, Any]) -> dict[str, str]:
    return {"reason": _without_paths(value["reason"])} if "reason" in value else {}


def _without_paths(reason: str) -> str:
    """A reason as it may be published: folders of this machine by the names users set them by."""
    from irfer_bench.home import home, weights

    known = {"$IRFER_BENCH_WEIGHTS": weights(), "$IRFER_BENCH_HOME": home(), "~": Path.home()}
    for name, folder in known.items():
        reason = reason.replace(str(folder), name)
    return reason


def _confusion(
    true: NDArray[np.int64], predicted: NDArray[np.int64], classes: int
) -> NDArray[np.int64]:
    return np.bincount(true * classes + predicted, minlength=classes**2).reshape(classes, classes)


def _rows(test: ClipView, scores: NDArray[Any]) -> list[list[Any]]:
    facts = zip(test.ids, test.subjects, test.labels, scores, strict=True)
    return [
        [clip, subject, label, [round(float(value), 6) for value in row]]
        for clip, subject, label, row in facts
    ]
