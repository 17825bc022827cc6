"""PDA: labelled source, unlabelled target; labels of the target are never used."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from irfer_bench.api import RefusedError, TrainingData
from irfer_bench.cli import main
from tests.irfer_clip.small import NONE, SOURCE, TARGET, TEST, context, data, make, run
from tests.irfer_clip.tiny import CLASSES, clips, relabelled, training


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (training(SOURCE, TARGET), "grants no unlabelled"),
        (TrainingData(NONE, TARGET, TARGET.unlabelled(), NONE, CLASSES), "labelled source"),
    ],
)
def test_what_it_cannot_do_without_is_named(
    given: TrainingData, message: str, folder: Path
) -> None:
    with pytest.raises(RefusedError, match=message):
        run("pda", folder, given)


@pytest.mark.parametrize(("setting", "code"), [("synth_nir_weak5", 2), ("synth_nir_uda", 0)])
def test_a_setting_without_unlabelled_images_is_refused_when_planning(
    setting: str, code: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("IRFER_BENCH_HOME", str(tmp_path))
    assert main(["plan", "-r", "pda", "-s", setting]) == code
    assert (f"{setting} grants none" in capsys.readouterr().err) == bool(code)


def test_it_learns_and_does_not_look_at_labels_of_the_target(folder: Path) -> None:
    # The tiny CLIP has random weights: its pseudo-labels are noise, and hardly any is sure.
    given = {"epochs": 12, "lr": 0.1, "transforms": "face", "confidence": 0.95}
    method, scores = run("pda", folder, data(), **given)
    other, _ = run("pda", folder, data(target=relabelled(TARGET, CLASSES[0])), **given)
    for name, tensor in method.state().tensors.items():
        assert np.array_equal(tensor, other.state().tensors[name]), name
    truth = [CLASSES.index(label or "") for label in TEST.labels]
    assert (scores.argmax(axis=1) == truth).mean() >= 0.6


def test_unlabelled_images_enter_banks_and_loss(folder: Path) -> None:
    usual, _ = run("pda", folder, data())
    others = clips(12, seed=77, spectrum="nir").unlabelled()
    banks, _ = run("pda", folder, TrainingData(SOURCE, TARGET, others, NONE, CLASSES))
    unsure, _ = run("pda", folder, data(), confidence=1.0)
    states = [m.state().tensors for m in (usual, banks, unsure)]
    assert not np.allclose(states[0]["target_centres"], states[1]["target_centres"])
    assert np.allclose(states[0]["target_centres"], states[2]["target_centres"])
    assert not np.allclose(states[0]["ctx"], states[2]["ctx"])


def test_the_record_says_how_many_images_have_a_pseudo_label(folder: Path) -> None:
    method, ctx = make("pda", confidence=0.0), context("pda", folder)
    method.fit(data(), ctx)
    assert ctx.reports["pseudo_labelled"] == 1.0
    assert int(str(ctx.reports["bank_source_empty_slots"])) >= 0
