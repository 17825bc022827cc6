"""FERV39k: clips of scenes, two kinds of lists, counts, damage."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from pathlib import Path

import pytest

from irfer_bench.api import MissingError
from irfer_bench.cli import main
from irfer_bench.registry import load
from irfer_datasets.expected import published
from irfer_datasets.ferv39k.dataset import EXPRESSIONS, NATIVE, Ferv39k
from tests.irfer_datasets.ferv39k_tree import CLIPS, SCENES, ferv39k_tree, numbered_lists


def kinds(root: Path) -> Counter[str]:
    """Kinds of all problems that are not about the tree being small."""
    return Counter(p.kind for p in Ferv39k().problems(root) if p.kind != "unexpected_count")


@pytest.mark.parametrize(
    "crops", ["2_ClipsforFaceCrop", "FERV39k/2_ClipsforFaceCrop-002/2_ClipsforFaceCrop"]
)
def test_clips_of_one_number_are_told_apart_by_scene_and_expression(
    tmp_path: Path, crops: str
) -> None:
    ferv39k_tree(tmp_path, crops=crops)
    assert Ferv39k().identify(tmp_path).confidence >= 0.9 and not kinds(tmp_path)
    items = {item.id: item for item in Ferv39k().index(tmp_path)}
    assert len(items) == len(CLIPS)
    for clip, split in CLIPS.items():
        scene, expression, number = clip.split("/")
        item = items[f"ferv39k_{scene}_{expression}_{number}".lower()]
        assert item.label == NATIVE[EXPRESSIONS.index(expression)]
        assert (item.split, item.part, item.frames) == (split, scene.lower(), 3)
        assert [Path(name).name for name in item.files] == ["8.jpg", "9.jpg", "10.jpg"]
    (fold,) = Ferv39k().folds(list(items.values()))
    assert fold == {name for name, item in items.items() if item.split == "test"}
    assert Ferv39k().read(tmp_path, items[min(items)], [2]).frames.shape[0] == 1


def test_dfer_clips_lists_say_the_same(tmp_path: Path) -> None:
    ferv39k_tree(tmp_path)
    whole = list(Ferv39k().index(tmp_path))
    shutil.rmtree(tmp_path / "4_setups")
    numbered_lists(tmp_path)
    assert list(Ferv39k().index(tmp_path)) == whole and not kinds(tmp_path)


def test_films_on_both_sides_are_counted_by_the_paths_of_their_clips(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A number alone names no clip: each scene and expression has it."""
    monkeypatch.setenv("IRFER_BENCH_HOME", str(tmp_path / "home"))
    root = ferv39k_tree(tmp_path / "FERV39k")
    rows = [
        "Action/Happy/0000,Alien", "2_ClipsforFaceCrop/action/Happy/0009,Alien",
        "DailyLife/Happy/0000,Brazil", "Action/Sad/0000,Casablanca", "Action/Sad/0009,Dune",
    ]  # fmt: skip
    (root / "films.csv").write_text("\n".join(["clip,film", *rows, ""]))
    assert not kinds(root)
    assert main(["data", "check", "ferv39k", "--data-root", str(root), "--json"]) == 0
    counted, named = json.loads(capsys.readouterr().out)["notes"][-2:]
    assert counted == (
        "fold 1: 1 of 2 films of test clips stand in training, too, with 1 of 2 test clips")
    assert named == f"films.csv names the film of 5 of {len(CLIPS)} clips"
    (root / "films.csv").write_text("clip,film\n0009,Alien\n")
    assert main(["data", "check", "ferv39k", "--data-root", str(root)]) == 4
    assert "films.csv line 2 is no clip and film" in capsys.readouterr().err


def test_without_lists_labels_are_the_folders_and_nothing_is_tested(tmp_path: Path) -> None:
    ferv39k_tree(tmp_path)
    (tmp_path / "4_setups/All_scenes/test_All.csv").unlink()
    assert kinds(tmp_path) == {"missing_list": 1, "unlabelled_file": 1}
    assert {item.split for item in Ferv39k().index(tmp_path)} == {"train"}
    shutil.rmtree(tmp_path / "4_setups")
    assert kinds(tmp_path) == {"missing_list": 2}
    assert {item.split for item in Ferv39k().index(tmp_path)} == {""}
    assert "no train_All.csv" in Ferv39k().identify(tmp_path).reason


def test_lists_alone_and_one_scene_alone_are_told_so(tmp_path: Path) -> None:
    ferv39k_tree(tmp_path)
    seen = Ferv39k().identify(tmp_path / "4_setups")
    assert seen.confidence == 0.0 and "add 2_ClipsforFaceCrop" in seen.reason
    seen = Ferv39k().identify(tmp_path / "2_ClipsforFaceCrop" / SCENES[0])
    assert seen.confidence == 0.0 and "no 2_ClipsforFaceCrop" in seen.reason
    with pytest.raises(MissingError, match="is not ferv39k"):
        list(Ferv39k().index(tmp_path / "2_ClipsforFaceCrop" / SCENES[0]))


def test_rows_that_cannot_be_used_are_listed(tmp_path: Path) -> None:
    ferv39k_tree(tmp_path)
    shutil.rmtree(tmp_path / "2_ClipsforFaceCrop/Action/Sad/0000")
    table = tmp_path / "4_setups/All_scenes/train_All.csv"
    tested = next(clip for clip, split in CLIPS.items() if split == "test")
    text = f"{table.read_text()}nonsense\nAction/Bored/0007 Bored\n{tested} Happy\n"
    table.write_text(text)
    assert kinds(tmp_path) == {"missing_item": 1, "duplicate_id": 1, "bad_row": 2}


def test_the_published_counts_are_those_of_the_paper() -> None:
    known = published("ferv39k")
    assert [sum(known[split].values()) for split in ("train", "test")] == [31088, 7847]
    assert 31088 + 7847 == 38935


def test_the_setting_says_what_the_protocol_says() -> None:
    (setting,) = load().settings_of("ferv39k")
    assert (setting.folds, setting.audio, setting.unit) == (1, False, "item")
    assert set(setting.classes) == set(NATIVE) and setting.primary == "uar"


def test_the_commands_show_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("IRFER_BENCH_HOME", str(tmp_path / "home"))
    root = ferv39k_tree(tmp_path / "FERV39k")
    assert main(["data", "check", "ferv39k", "--data-root", str(root), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["by_class"] == dict.fromkeys(sorted(NATIVE), 4)
