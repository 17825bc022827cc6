"""DFEW's items, which folder is the dataset, settings and commands."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from irfer_bench.api import CLASSES, MissingError
from irfer_bench.cli import main
from irfer_bench.registry import load
from irfer_datasets.dfew.dataset import Dfew
from tests.irfer_datasets.dfew.findings import EXPECTED, facts, kinds
from tests.irfer_datasets.dfew_tree import CLIPS, FRAMES


def test_an_item_is_a_labelled_clip_with_its_frames_and_its_sound(whole: Path) -> None:
    items = list(Dfew().index(whole))
    assert facts(whole) == EXPECTED and kinds(whole) == []
    first = items[0]
    assert (first.id, first.subject, first.spectrum, first.part) == (
        "dfew_00001", None, "vis", "clip_224x224",
    )  # fmt: skip
    assert first.files == tuple(f"Clip/clip_224x224/00001/00001_{k:05d}.jpg" for k in range(1, 6))
    assert (first.frames, first.audio, first.pair) == (FRAMES, "Clip/original/1.mp4", None)
    assert next(i for i in items if i.id == "dfew_09999").audio == "Clip/original/9999.mp4"
    assert Dfew().native[0] == "happiness" and Dfew().classes == CLASSES[:7]


def test_a_folder_that_is_not_the_dataset_is_told_why(whole: Path, tmp_path: Path) -> None:
    for inner, said in (
        ("Clip", "give the folder above"),
        ("EmoLabel_DataSplit", "give the folder above"),
    ):
        seen = Dfew().identify(whole / inner)
        assert seen.confidence == 0.0 and said in seen.reason
    (tmp_path / "DFEW-part1.zip").touch()
    assert "DFEW-part1.zip: unpack it first" in Dfew().identify(tmp_path).reason
    with pytest.raises(MissingError, match="unpack it first"):
        list(Dfew().index(tmp_path))
    (tmp_path / "a/EmoLabel_DataSplit").mkdir(parents=True)
    assert Dfew().identify(tmp_path).confidence < 0.5


def test_of_two_copies_one_is_read_and_the_other_named(tree: Path, tmp_path: Path) -> None:
    shutil.copytree(tree, tmp_path / "more/DFEW")
    dataset = Dfew()
    assert facts(tmp_path, dataset) == EXPECTED
    assert kinds(tmp_path, dataset) == [("second_tree", "more/DFEW")]


def test_the_settings_say_what_the_protocol_says() -> None:
    settings = {s.name: s for s in load().settings_of("dfew")}
    assert list(settings) == ["dfew_supervised", "dfew_nir_simulated"]
    for setting in settings.values():
        assert (setting.frames, setting.unit, setting.size) == ("uniform(16)", "item", 224)
        assert (setting.folds, setting.classes) == (5, CLASSES[:7])
        assert setting.primary == "uar" and setting.metrics[:2] == ("uar", "war")
    simulated = settings["dfew_nir_simulated"]
    assert simulated.kind == "simulated" and simulated.source is not None
    assert simulated.source.spectrum == simulated.target.spectrum == "vis"


def test_check_and_items_from_the_command_line(
    whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("IRFER_BENCH_HOME", str(tmp_path / "home"))
    assert main(["data", "check", "dfew", "--data-root", str(whole), "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["incomplete"] is True
    assert {p["kind"] for p in shown["problems"]} == {"unexpected_count"}
    assert main(["data", "items", "dfew", "--data-root", str(whole)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 1 + len(CLIPS) and lines[1].startswith("dfew_00001,,sadness,vis,")
