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
    (note,) = (note for note in shown["notes"] if "film" in note)
    assert note.startswith("folds are of clips, so clips of one film may stand in training and")
    assert main(["data", "items", "dfew", "--data-root", str(whole)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 1 + len(CLIPS) and lines[1].startswith("dfew_00001,,sadness,vis,")


FILMS = {**dict.fromkeys((1, 2, 3, 5), "Alien"), **dict.fromkeys((6, 7, 10), "Brazil"),
         **dict.fromkeys((12, 13, 15, 16, 17), "Casablanca"),
         **dict.fromkeys((18, 19), "Dune, Part 1")}  # fmt: skip
"""Film by clip; three clips are tested in each fold, in their order."""


def check(root: Path, name: str, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    code = main(["data", "check", name, "--data-root", str(root)])
    said = capsys.readouterr()
    return code, " ".join((said.out + said.err).split())


def test_films_on_both_sides_of_a_fold_are_counted(
    tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("IRFER_BENCH_HOME", str(tmp_path / "home"))
    rows = [f'{clip},"{film}"' for clip, film in FILMS.items()]
    (tree / "films.csv").write_text("\n".join(["clip,film", *rows, ""]))
    assert kinds(tree) == []
    code, said = check(tree, "dfew", capsys)
    assert code == 0
    for fold, films, of, clips, tested in (
        (1, 1, 1, 3, 3), (2, 2, 2, 3, 3), (3, 2, 2, 3, 3), (4, 1, 1, 3, 3), (5, 0, 1, 0, 2),
    ):  # fmt: skip
        assert (
            f"note: fold {fold}: {films} of {of} films of test clips stand in training, too, with "
            f"{clips} of {tested} test clips"
        ) in said
    assert "films.csv names the film of 14 of 15 clips" in said
    assert "folds are of clips" not in said


@pytest.mark.parametrize(
    ("text", "wrong"),
    [("", "films.csv is empty"), ("clip,movie\n1,Alien\n", "film"),
     ("clip,film\nfirst,Alien\n", "films.csv line 2 is no clip and film"),
     ("clip,film\n1\n", "films.csv line 2 is no clip and film"),
     ("clip,film\n1,Alien\n00001,Brazil\n", "line 3: 00001 is of Brazil and of Alien")],
)  # fmt: skip
def test_a_table_of_films_that_cannot_be_used_is_one_line(
    text: str,
    wrong: str,
    tree: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("IRFER_BENCH_HOME", str(tmp_path / "home"))
    (tree / "films.csv").write_text(text)
    code, said = check(tree, "dfew", capsys)
    assert code == 4
    assert wrong in said
