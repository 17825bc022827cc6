"""What a panel and a board say beside the numbers: chance, one class alone, drawn faces."""

from __future__ import annotations

from pathlib import Path

import msgspec

from irfer_bench.render.markdown import render
from irfer_bench.render.panel import render_panel
from irfer_bench.statistics.board import make_boards
from irfer_bench.store import records
from tests.irfer_bench.test_boards import write

DRAWN = "trained on drawn faces"


def panel(record: records.Record) -> str:
    return " ".join(render_panel(record, Path("record.json")).split())


def test_a_panel_says_what_guessing_gives_and_how_many_were_tested(tmp_path: Path) -> None:
    write(tmp_path, "a")
    (record,) = records.read_records(tmp_path)
    said = panel(record)
    assert "tested on 15; chance is 33.33 %" in said
    assert "were predicted as" not in said and DRAWN not in said


def test_without_a_recognizer_nothing_is_guessed(tmp_path: Path) -> None:
    write(tmp_path, "a")
    (record,) = records.read_records(tmp_path)
    assert "chance" not in panel(msgspec.structs.replace(record, recognizer=None))


def test_one_class_for_all_items_is_said_on_panel_and_board(tmp_path: Path) -> None:
    write(tmp_path, "a")
    (record,) = records.read_records(tmp_path)
    confusion = [[0, 5, 0], [0, 5, 0], [0, 5, 0]]
    flat = msgspec.structs.replace(record, confusion=confusion)
    assert f"note: all 15 test items were predicted as {record.classes[1]}" in panel(flat)
    (page,) = render(make_boards([flat], tmp_path)).values()
    assert "one class predicted for all items of each fold" in page
    (page,) = render(make_boards([record], tmp_path)).values()
    assert "one class predicted" not in page


def test_a_backbone_of_drawn_faces_is_said_on_panel_and_board(tmp_path: Path) -> None:
    write(tmp_path, "a")
    (record,) = records.read_records(tmp_path)
    assert record.recognizer is not None
    recognizer = msgspec.structs.replace(record.recognizer, drawn_faces=True, preset="quick")
    quick = msgspec.structs.replace(record, recognizer=recognizer)
    assert f"with preset quick starts from a small backbone {DRAWN}" in panel(quick)
    (page,) = render(make_boards([quick], tmp_path)).values()
    assert DRAWN in page


def test_a_board_says_how_uniform_attention_stayed(tmp_path: Path) -> None:
    write(tmp_path, "a")
    (record,) = records.read_records(tmp_path)
    found = {"attention_entropy_source": 0.9491, "attention_entropy_target": 0.9858}
    facts = record.facts | {"fit a": found}
    (page,) = render(
        make_boards([msgspec.structs.replace(record, facts=facts)], tmp_path)
    ).values()
    assert "entropy of its attention 0\\.949 to 0\\.986 of a uniform one" in page


def test_the_components_declare_it() -> None:
    from irfer_bench.contracts.params import resolve
    from irfer_bench.registry import load

    registry = load()
    found = {
        (name, preset): resolve(
            registry.params_class(registry.get("recognizer", name)), component=name, preset=preset
        ).drawn_faces
        for name in ("pca", "clip_zero_shot", "resnet18")
        for preset in ("quick", "bench")
    }
    assert found == {
        ("pca", "quick"): True, ("pca", "bench"): False,
        ("clip_zero_shot", "quick"): True, ("clip_zero_shot", "bench"): False,
        ("resnet18", "quick"): False, ("resnet18", "bench"): False,
    }  # fmt: skip
