"""What the last step of a cell keeps: metrics, confusion, predictions, pairs and warnings."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save_file

from irfer_bench.data.clips import ClipView
from irfer_bench.engine.stages import METRICS, PREDICTIONS, SCORES
from irfer_bench.engine.stages import score as stage
from irfer_bench.experiment.steps import Score, Scored
from irfer_bench.statistics.measurement import Installed
from irfer_metrics.recognition import Accuracy, JudgeAccuracy, JudgeKept

CLASSES = ["anger", "fear", "joy"]
TRUE = ["anger", "fear", "fear", "anger", "fear", "anger"]
GUESSED = [0, 1, 0, 2, 1, 0]
LIGHTS = ["dark", "dark", "dark", "strong", "strong", "strong"]


def view(prefix: str, labels: list[str] = TRUE, lights: list[str] = LIGHTS,
         pairs: list[int | None] | None = None) -> ClipView:  # fmt: skip
    moments = [*range(len(labels))] if pairs is None else pairs
    rows = [
        {"id": f"{prefix}{k}", "subject": f"s{k // 2}", "label": label, "lighting": light,
         "pair": None if moment is None else f"m{moment}"}
        for k, (label, light, moment) in enumerate(zip(labels, lights, moments, strict=True))
    ]  # fmt: skip
    stored: Any = SimpleNamespace(rows=rows, key=prefix, clip=lambda k: rows[k]["id"])
    return ClipView(stored, tuple(range(len(rows))))


class Means:
    """A metric over pairs: the mean of a number of each."""

    consumes, direction, unit, range = frozenset({"pairs"}), "higher", "dB", (0.0, 99.0)

    def summands(self, inputs: Any) -> Any:
        return np.array([[float(len(a) + ord(b[-1])), 1.0] for a, b in inputs.pairs])

    def from_sums(self, sums: Any) -> Any:
        return sums[..., 0] / sums[..., 1]

    def compute(self, inputs: Any, index: Any = None) -> float:
        rows = self.summands(inputs)[slice(None) if index is None else index]
        return float(rows[:, 0].mean())


KNOWN: dict[str, Any] = {
    "accuracy": Installed(Accuracy(), summable=True),
    "psnr": Installed(Means(), summable=True),  # type: ignore[arg-type]
    "judge": Installed(JudgeAccuracy(), summable=True),
    "kept": Installed(JudgeKept(), summable=True),
}


class Run:
    """The step over six clips; `translated` brings partners in the opposite order."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch, *, names: str = "accuracy",
                 predicted: bool = True, translated: ClipView | None = None,
                 test: ClipView | None = None, weak: bool = False) -> None:  # fmt: skip
        patch.setattr(stage, "installed", lambda registry, name: KNOWN[name])
        self.folder, self.told, self.reports = folder, [], {}  # type: ignore[var-annotated]
        asked = test or view("t")
        self.given: dict[str, Any] = {"test": self.input(asked), "target": self.input(asked)}
        scores = np.full((len(asked), 3), -3.0, np.float32)
        scores[np.arange(len(asked)), GUESSED[: len(asked)]] = -0.1234567
        if predicted:
            self.given["predict"] = self.saved(folder / "predict", scores)
        if translated is not None:
            self.given["translated"] = self.input(translated, weak)
            self.given["sources"] = self.input(translated)
            if predicted:
                self.given["pair_predict"] = self.saved(folder / "pairs", scores)
        context = SimpleNamespace(
            set_threads=lambda: self.told.append("threads"), report=self.reports.__setitem__,
            progress=lambda *told: self.told.append(told))  # fmt: skip
        work: Any = SimpleNamespace(folder=folder, registry=None, context=context)
        spec = Score(setting=("s", "1"), fold=3, classes=CLASSES, draws=50,
                     metrics=dict.fromkeys(names.split(), "1"))  # fmt: skip
        self.facts: Scored = stage.score(spec, self.given, work)
        self.metrics = json.loads((folder / METRICS).read_text())
        self.kept = json.loads((folder / PREDICTIONS).read_text())

    @staticmethod
    def input(clips: ClipView, weak: bool = False) -> Any:
        return SimpleNamespace(
            clips=lambda: clips, facts=lambda kind: SimpleNamespace(weak_pairs=weak))

    @staticmethod
    def saved(folder: Path, scores: Any) -> Any:
        folder.mkdir()
        save_file({"scores": scores}, folder / SCORES)
        return SimpleNamespace(artefact=SimpleNamespace(folder=folder))


def test_predictions_and_the_confusion_are_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = Run(tmp_path, monkeypatch)
    assert run.facts.confusion == [[2, 0, 1], [1, 2, 0], [0, 0, 0]], "rows are true classes"
    assert (run.facts.test, run.facts.pairs) == (6, 0)
    assert run.facts.warnings == ["fold 3 has no test item of joy: UAR counts the others"]
    assert run.kept["classes"] == CLASSES and set(run.kept) == {"classes", "items"}
    assert run.kept["items"][1] == ["t1", "s0", "fear", [-3.0, -0.123457, -3.0]]
    assert run.metrics["accuracy"]["value"] == pytest.approx(4 / 6)
    assert run.metrics["accuracy"]["low"] <= 4 / 6 <= run.metrics["accuracy"]["high"]
    assert run.told == ["threads", ("score", 1, 1, "accuracy")]


def test_values_by_illumination_are_reported_where_there_are_several(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = Run(tmp_path, monkeypatch)
    assert run.reports == {"accuracy, dark": 0.666667, "accuracy, strong": 0.666667}
    (tmp_path / "one").mkdir()
    alike = view("t", ["anger", "fear", "joy"] * 2, ["dark"] * 6)
    plain = Run(tmp_path / "one", monkeypatch, test=alike)
    assert plain.reports == {} and plain.facts.warnings == []


def test_pairs_are_matched_and_their_sums_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Four of the translated clips have a partner, in another order than the test clips."""
    made = view("v", TRUE[::-1], LIGHTS, [5, 4, None, 99, 1, 0])
    run = Run(tmp_path, monkeypatch, names="accuracy psnr judge kept", translated=made)
    assert (run.facts.pairs, run.facts.test) == (4, 6)
    assert run.kept["pairs"] == ["v0", "v1", "v4", "v5"]
    assert run.kept["subjects"] == ["s0", "s0", "s2", "s2"]
    values = [[2.0 + ord(partner), 1.0] for partner in "5410"]
    assert run.kept["summands"]["psnr"] == values
    # Judged: v0 to v5 are guessed as GUESSED; their true classes stand in the opposite order.
    right = [float(CLASSES.index(TRUE[5 - k]) == GUESSED[k]) for k in (0, 1, 4, 5)]
    assert run.kept["summands"]["judge"] == [[hit, 1.0] for hit in right]
    true = [float(CLASSES.index(TRUE[k]) == GUESSED[k]) for k in (5, 4, 1, 0)]
    expected = [[made_hit, hit, 1 / 3] for made_hit, hit in zip(right, true, strict=True)]
    assert run.kept["summands"]["kept"] == expected
    assert set(run.kept["summands"]) == {"psnr", "judge", "kept"}, "accuracy is of predictions"
    assert run.metrics["psnr"]["value"] == pytest.approx(np.mean([row[0] for row in values]))
    dark = values[2:]  # of the true partners
    assert run.reports["psnr, dark"] == pytest.approx(np.mean([row[0] for row in dark]))
    assert not any("frame-aligned" in line for line in run.facts.warnings)


def test_without_a_recognizer_images_alone_are_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = Run(tmp_path, monkeypatch, names="accuracy psnr judge", predicted=False,
              translated=view("v"), weak=True)  # fmt: skip
    assert run.facts.confusion is None and "items" not in run.kept
    assert set(run.kept["summands"]) == {"psnr"} and run.facts.pairs == 6
    assert run.metrics["accuracy"]["reason"] == "no recognizer was asked for"
    assert run.metrics["judge"]["reason"] == "no recognizer saw a translated partner"
    assert run.facts.warnings[-1].startswith("partners are not frame-aligned: pixel metrics are")


def test_translated_clips_without_partners_give_no_pairs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone = view("v", pairs=[None] * 6)
    run = Run(tmp_path, monkeypatch, names="accuracy psnr", translated=alone, weak=True)
    assert (run.facts.pairs, set(run.kept)) == (0, {"classes", "items"})
    assert run.metrics["psnr"]["reason"] == "this cell translates no image that has a true partner"
    assert len(run.facts.warnings) == 1, "nothing was compared"


def test_pairs_that_no_metric_sums_are_not_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = Run(tmp_path, monkeypatch, translated=view("v"))
    assert run.facts.pairs == 6 and set(run.kept) == {"classes", "items"}
