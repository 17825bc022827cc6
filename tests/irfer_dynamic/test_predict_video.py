"""`irfer-bench predict` with the authors' trained MMA-DFER on a video: labels and evidence."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from irfer_bench.cli import main
from irfer_bench.orchestration.prediction import drawing
from irfer_bench.testing.faces import make_clip
from irfer_dynamic.mma_dfer import MMADFERRecognizer
from irfer_dynamic.mma_dfer_model import MMADFER
from tests.irfer_datasets.movies import movie
from tests.irfer_dynamic.test_encoder_files import official
from tests.irfer_dynamic.voices import TINY, params

NAMES = "happiness,sadness,neutral"


def save_trained(path: Path, **given: Any) -> None:
    """A file of three classes as the authors write it."""
    torch.manual_seed(2)
    state = {f"module.{k}": v for k, v in official(MMADFER(params(**given), 3)).items()}
    torch.save({"state_dict": state}, path)


@pytest.fixture
def words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A trained file of three classes, a video with sound, one without, and the command."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("IRFER_BENCH_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("IRFER_BENCH_WEIGHTS", raising=False)
    save_trained(Path("model_set_1.pt"))
    faces = [*make_clip(1, "happiness", "vis", frames=6, size=64).frames]
    movie(Path("clip.mp4"), 6, images=faces, audio="aac")
    movie(Path("mute.mp4"), 6, images=faces)
    given = [f"-pmma_dfer.{name}={value}" for name, value in TINY.items()]
    return ["predict", "-r", "mma_dfer", "--preset", "quick", *given, "--detector", "none",
            "clip.mp4", "mute.mp4"]  # fmt: skip


def test_a_published_file_labels_a_video_and_shows_its_modalities(
    words: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    drawn: list[Any] = []
    draw = drawing.draw_evidence

    def seen(*given: Any, **more: Any) -> list[Path]:
        drawn.append(given)
        return draw(*given, **more)

    monkeypatch.setattr(drawing, "draw_evidence", seen)
    assert main([*words, "--weights", "model_set_1.pt", "--classes", NAMES]) == 0
    said = capsys.readouterr()
    assert "predictions.clip.{png,svg}" in said.out
    assert "1 of 2 labels: no audio, which mma_dfer goes by" in said.err
    with Path("predictions.csv").open(newline="") as stream:
        clip, mute = csv.DictReader(stream)
    assert (clip["frames"], mute["frames"]) == ("6", "6")
    assert (clip["note"], mute["note"]) == ("", "no audio, which mma_dfer goes by")
    shares = [float(clip[f"p_{name}"]) for name in NAMES.split(",")]
    assert sum(shares) == pytest.approx(1, abs=1e-4)
    spoken, silent = (given[4] for given in drawn)
    assert list(spoken) == ["clip up to this time", "without audio",
                            "without images (uniform grey)"]  # fmt: skip
    assert list(silent) == ["clip up to this time"]
    np.testing.assert_allclose(spoken["clip up to this time"][-1], shares, atol=1e-4)
    np.testing.assert_allclose(
        spoken["without audio"][0], [float(mute[f"p_{name}"]) for name in NAMES.split(",")],
        atol=1e-4,
    )  # fmt: skip


def test_a_file_of_ones_own_is_not_told_that_it_knows_drawn_faces(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """The preset's encoders, which were trained on drawn faces, are not read beside it."""
    ours = [word for word in words if "vision_weights" not in word]
    assert main([*ours, "--weights", "model_set_1.pt", "--classes", NAMES]) == 0
    assert "drawn faces" not in capsys.readouterr().err


def test_a_video_keeps_the_frames_of_all_its_test_clips(
    words: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    taken: list[int] = []
    given = MMADFERRecognizer.predict

    def seen(self: Any, clips: Any, ctx: Any) -> Any:
        taken.append(len(clips[0].frames))
        return given(self, clips, ctx)

    monkeypatch.setattr(MMADFERRecognizer, "predict", seen)
    save_trained(Path("ten.pt"), frames=10)
    drawn: list[Any] = []
    monkeypatch.setattr(drawing, "draw_evidence", lambda *given: drawn.append(given) or [])
    uneven = [40 * k if k < 20 else 800 + 500 * (k - 20) for k in range(40)]
    ramp = movie(Path("long.mp4"), 40, audio="aac", times=uneven)
    ours = ["predict", *words[1:-2], str(ramp), "clip.mp4", "--weights", "ten.pt",
            "--classes", NAMES, "--force"]  # fmt: skip
    ours += ["-pmma_dfer.frames=10", "-pmma_dfer.test_clips=3"]
    assert main(ours) == 0
    assert taken[0] == 30
    assert drawn[0][2][[0, 7, -1]] == pytest.approx((0, 0.68, 10.3), abs=2e-3)
    with Path("predictions.csv").open(newline="") as stream:
        long, short = csv.DictReader(stream)
    assert (long["frames"], long["note"]) == ("16", "")
    assert (short["frames"], short["note"]) == (
        "16", "too few frames for several clips: scored as one")
    taken.clear()
    assert main([*ours, "--frames", "uniform(20)"]) == 0
    assert taken[0] == 20
    assert "2 of 2 labels: too few frames for several clips" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("more", "code", "said"),
    [
        (("--weights", "model_set_1.pt"), 2, "nothing says which class each output of model_set_1"),
        (("--weights", "model_set_1.pt", "--classes", "a,b,c,d"), 1, "is no trained MMA-DFER of"),
        (("--weights", "nowhere.pt", "--classes", NAMES), 3,
         "the weights nowhere.pt are not here; check the path: it is a file of weights, or a"),
        ((), 3, "mma_dfer has to be fitted first"),
    ],
)
def test_a_file_of_something_else_is_one_line(
    words: list[str],
    capsys: pytest.CaptureFixture[str],
    more: tuple[str, ...],
    code: int,
    said: str,
) -> None:
    assert main([*words, *more]) == code
    err = capsys.readouterr().err
    assert said in err
    assert err.count("\n") == 1, err
    assert not Path("predictions.csv").exists()
