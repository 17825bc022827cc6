"""Match metrics against MMA-DFER's and scikit-learn's numbers, edge cases included."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from irfer_bench.nn.clip_scores import average_clips
from irfer_metrics import recognition as r
from tests.parity.fixtures import error, fixtures, load

TOLERANCE = 1e-9
OFFICIAL = {
    "official_uar": r.uar_official,
    "official_war": r.accuracy,
    "uar_present_classes": r.uar,
    "uar_all_labels_zero": r.uar_all_labels,
    "balanced_accuracy": r.uar,
    "accuracy": r.accuracy,
    "macro_f1_all_labels": r.macro_f1,
    "macro_f1_present_union": r.macro_f1_present,
    "weighted_f1": r.weighted_f1,
}


def confusion(logits: Any, targets: Any) -> Any:
    return r.confusion_matrix(targets, logits.argmax(1), logits.shape[1])


def same(ours: float, theirs: float | None) -> bool:
    """Percent against percent; JSON's null is NaN."""
    if theirs is None or np.isnan(theirs):
        return bool(np.isnan(ours))
    return error(100 * ours, theirs) < TOLERANCE


def cases(tensors: dict[str, Any]) -> list[str]:
    return sorted({key.split(".")[0] for key in tensors if key.endswith(".confusion")})


@pytest.mark.parametrize("path", fixtures("recognizers", "metrics"))
def test_every_case_of_the_official_evaluation(path: Path) -> None:
    # A JSON file holds the numbers alone; their logits lie in the tensors of the same name.
    content, metadata = load(path.with_suffix(".safetensors"))
    text = path.read_text() if path.suffix == ".json" else metadata.get("summary", "{}")
    summary = json.loads(text)
    checked = 0
    for case in cases(content):
        ours = confusion(content[f"{case}.logits"], content[f"{case}.targets"])
        assert np.array_equal(ours, content[f"{case}.confusion"]), case
        for name, formula in OFFICIAL.items():
            tensor = content.get(f"{case}.metric.{name}")
            for theirs in [*([] if tensor is None else [float(tensor)]),
                           *([summary[case][name]] if name in summary.get(case, {}) else [])]:
                assert same(formula(ours), theirs), (case, name, formula(ours), theirs)
                checked += 1
    assert checked >= len(cases(content)) > 0


@pytest.mark.parametrize("path", fixtures("recognizers", "metrics"))
def test_two_clips_of_an_item(path: Path) -> None:
    tensors, _ = load(path.with_suffix(".safetensors"))
    keys = sorted(key for key in tensors if key.startswith("twoclip.logits"))
    logits = torch.stack([torch.from_numpy(tensors[key].copy()) for key in keys])
    for ours, theirs in (("probability", "prob_mean"), ("logit", "logit_mean")):
        scores = average_clips(logits, ours)  # type: ignore[arg-type]
        found = confusion(scores.numpy(), tensors["twoclip.targets"])
        assert same(r.uar(found), float(tensors[f"twoclip.{theirs}.uar"]))
        assert same(r.accuracy(found), float(tensors[f"twoclip.{theirs}.war"]))


@pytest.mark.parametrize("path", fixtures("recognizers", "metrics"))
def test_folds_are_averaged_and_not_pooled(path: Path) -> None:
    tensors, _ = load(path.with_suffix(".safetensors"))
    names = sorted(k for k in tensors if k.startswith("fold") and k.endswith(".logits"))
    folds = [(tensors[k], tensors[k.replace(".logits", ".targets")]) for k in names]
    found = [confusion(logits, targets) for logits, targets in folds]
    assert same(r.fold_mean(found, r.uar), float(tensors["folds.mean_uar"]))
    assert same(r.fold_mean(found, r.accuracy), float(tensors["folds.mean_war"]))
    assert not same(r.accuracy(sum(found)), float(tensors["folds.mean_war"]))
