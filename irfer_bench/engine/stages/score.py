"""Metrics of predictions and images, with intervals over subjects."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from irfer_bench.contracts.values import Clip, ScoreInputs
from irfer_bench.data import subsets as splits
from irfer_bench.data.clips import ClipView
from irfer_bench.engine.provenance import without_folders
from irfer_bench.engine.stages import METRICS, PREDICTIONS, SCORES
from irfer_bench.engine.stages.illumination import divide_by_lighting
from irfer_bench.engine.stages.work import Input, Inputs, Work
from irfer_bench.experiment.steps import Score, Scored, Translated
from irfer_bench.statistics.measurement import installed, measure
from irfer_bench.statistics.resampling import clusters


class Pairs(Sequence[tuple[Clip, Clip]]):
    """(translated, true) test clips, read when asked for."""

    def __init__(self, translated: ClipView, true: ClipView) -> None:
        self.translated, self.true = translated, true

    def __len__(self) -> int:
        return len(self.translated)

    def __getitem__(self, index: Any) -> Any:
        return self.translated[index], self.true[index]


def score(spec: Score, given: Inputs, work: Work) -> Scored:
    """Compute every metric of the setting, its interval, the confusion matrix and predictions.

    Values by illumination are reported as `METRIC, ILLUMINATION` where there are several.
    """
    folder, classes = work.folder, spec.classes
    test = given["test"].clips()
    inputs, groups = _inputs(given, classes, test)
    lighting = [test.lightings, inputs.pairs.true.lightings if inputs.pairs else []]  # type: ignore[attr-defined]
    metrics: dict[str, Any] = {}
    kept: dict[str, list[list[float]]] = {}
    for done, name in enumerate(spec.metrics, start=1):
        metric = installed(work.registry, name)
        work.context.set_threads()
        metrics[name], summands = measure(metric, inputs, groups, spec.draws)
        metrics[name] |= _published(metrics[name])
        if summands is not None and metric.over_pairs:
            kept[name] = summands.tolist()
        if summands is not None:
            for light, value in divide_by_lighting(metric, summands, lighting[metric.over_pairs]):
                work.context.report(f"{name}, {light}", round(value, 6))
        work.context.progress("score", done, len(spec.metrics), name)
    (folder / METRICS).write_text(json.dumps(metrics, allow_nan=False))
    absent = [name for i, name in enumerate(classes) if not (inputs.labels == i).any()]
    warnings = (
        [f"fold {spec.fold} has no test item of {', '.join(absent)}: UAR counts the others"]
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
    if inputs.pairs is not None and given["translated"].facts(Translated).weak_pairs:
        warnings.append("partners are not frame-aligned: pixel metrics are bounded by misalignment")
    return Scored(
        confusion=confusion,
        test=len(test),
        warnings=warnings,
        pairs=0 if inputs.pairs is None else len(inputs.pairs),
    )


def _inputs(
    given: Inputs, classes: list[str], test: ClipView
) -> tuple[ScoreInputs, dict[str, NDArray[Any]]]:
    labels = _columns(test, classes)
    scores, features = _predicted(given.get("predict"))
    groups = {"test": _clusters(test)}
    pairs = pair_labels = pair_scores = pair_true = pair_features = sources = None
    if "translated" in given:
        made, true = given["translated"].clips(), given["target"].clips()
        matched = splits.match_pairs(made, true)
        if matched:
            left, right = [i for i, _ in matched], [j for _, j in matched]
            pairs = Pairs(made.pick(left), true.pick(right))
            original = given["sources"].clips()
            place = {name: k for k, name in enumerate(original.ids)}
            sources = original.pick(place[made.ids[i]] for i in left)
            groups["pairs"] = _clusters(made.pick(left))
            pair_labels = _columns(made.pick(left), classes)
            made_scores, made_features = _predicted(given.get("pair_predict"))
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
        sources,
    )
    return inputs, groups


def _predicted(given: Input | None) -> tuple[Any, Any]:
    if given is None:
        return None, None
    from safetensors.numpy import load_file

    tensors = load_file(given.artefact.folder / SCORES)
    return tensors["scores"], tensors.get("features")


def _columns(view: ClipView, classes: list[str]) -> NDArray[np.int64]:
    return np.array([classes.index(label or "") for label in view.labels], np.int64)


def _clusters(view: ClipView) -> NDArray[Any]:
    return clusters(view.subjects, view.ids)


def _published(value: Mapping[str, Any]) -> dict[str, str]:
    return {"reason": without_folders(value["reason"])} if "reason" in value else {}


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
