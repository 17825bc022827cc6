"""Boards on pages and terminals: test items, best rows, width."""

from __future__ import annotations

import os
import pty
import subprocess
import sys

import msgspec
import pytest

from irfer_bench.contracts.record import Value
from irfer_bench.engine.checked_boards import read_boards
from irfer_bench.render.compact import render_compact
from irfer_bench.render.markdown import render
from irfer_bench.statistics.board import make_boards
from irfer_bench.store import records
from tests.irfer_bench.conftest import ROOT
from tests.irfer_bench.test_boards import CLASSES, boards, write


def page_of(out):
    (text,) = render(boards(out)).values()
    return text.replace("\\", "")


def test_a_page_says_what_was_tested_and_what_guessing_gives(tmp_path):
    for fold in (1, 2):
        write(tmp_path, "a", fold=fold)
    page = page_of(tmp_path)
    assert "guessing one of 3 classes is right in 33.33 %." in page
    assert "Tested on 30 items" in page, "15 of each fold, as the golden record says"
    assert "The newest record is of 2026-11-21, made with irfer-bench" in page
    assert "[Every record](records/toy_weak) of this table." in page


def test_the_best_complete_row_is_bold_in_the_metrics_own_direction(tmp_path):
    for name, right in (("good", 0.9), ("bad", 0.3)):
        for fold in (1, 2):
            write(tmp_path, name, right=right, fold=fold)
    write(tmp_path, "half", right=1.0, fold=1)
    found = []
    for record in records.read_records(tmp_path):
        worse = 1 - record.metrics["accuracy"].value
        error = Value(value=worse, direction="lower", unit="px")
        found.append(msgspec.structs.replace(record, metrics=record.metrics | {"error": error}))
    (text,) = render(make_boards(found, tmp_path)).values()
    lines = {name: next(line for line in text.splitlines() if f"| {name} " in line)
             for name in ("good", "bad", "half")}  # fmt: skip
    assert lines["good"].count("**") == 4, "accuracy and error"
    assert "**" not in lines["bad"] + lines["half"]
    header = next(line for line in text.splitlines() if line.startswith("| rank"))
    assert "accuracy ↑" in header
    assert "error ↓" in header


def test_a_page_has_the_recall_of_each_class(tmp_path):
    found = []
    for fold, right in ((1, 3), (2, 5)):
        record = write(tmp_path, "a", fold=fold)
        counts = [[right, 5 - right, 0], [0, 5, 0], [0, 0, 0]]
        found.append(msgspec.structs.replace(record, classes=CLASSES, confusion=counts))
    (text,) = render(make_boards(found, tmp_path)).values()
    _, _, recalls = text.partition("Recall of each class")
    header, _, line = recalls.split("\n\n")[1].splitlines()
    assert header.split()[1::2] == ["translator", "recognizer", *CLASSES]
    assert line.split()[5::2] == ["80.0", "100.0", "–"], "8 of 10, 10 of 10, no item"


def test_a_recognizer_that_reads_the_same_images_beside_each_translator_has_one_line(tmp_path):
    found = []
    for name in "abc":
        record = write(tmp_path, name)
        counts = [[3, 2, 0], [0, 5, 0], [0, 0, 5]]
        found.append(msgspec.structs.replace(record, classes=CLASSES, confusion=counts))
    (text,) = render(make_boards(found, tmp_path)).values()
    _, _, recalls = text.partition("Recall of each class")
    _, _, line = recalls.split("\n\n")[1].splitlines()
    assert line.split("|")[1].strip() == "each of 3"


def test_a_page_has_the_p_of_each_pair_as_the_ranks_use_it(tmp_path):
    for name, right in (("bad", 0.3), ("good", 0.9), ("fair", 0.88), ("half", 0.9)):
        for fold in (1, 2)[: 1 if name == "half" else 2]:
            write(tmp_path, name, right=right, fold=fold)
    (board,) = boards(tmp_path)
    good, fair, bad, half = board.rows
    assert [str(row.ranks["translators"]) for row in (good, fair, bad)] == ["1–2", "1–2", "3"]
    assert good.p["translators"][bad.number] <= 0.05 < good.p["translators"][fair.number]
    assert fair.p["translators"][good.number] == good.p["translators"][fair.number]
    assert not half.p
    lines = page_of(tmp_path).partition("p of each pair")[2].splitlines()[2:7]
    first = [cell.strip() for cell in lines[2].split("|")[1:-1]]
    assert first[:3] == ["1", "good", ""]
    assert first[3] == f"{good.p['translators'][fair.number]:.3f}"
    assert first[4] == "<0.001"
    assert "half" not in "".join(lines)


@pytest.mark.parametrize("width", [40, 60, 80, 100, 200])
def test_a_terminal_gets_no_longer_line_than_it_has_columns(tmp_path, width):
    reason = "pretrained weights of LPIPS' trunk are not here " * 4
    for name in ("short", "a name of many words and (parameters=1, further=2)" * 2):
        for fold in (1, 2):
            record = write(tmp_path, name, fold=fold)
            lpips = {"lpips": Value(value=None, reason=reason), "psnr": Value(value=20.5)}
            records.write_record(
                tmp_path, msgspec.structs.replace(record, metrics=record.metrics | lpips)
            )
    write(tmp_path, "half", fold=1)
    text = render_compact(boards(tmp_path), width)
    assert max(map(len, text.splitlines())) <= width
    assert "partial: 1 of 2 folds" in " ".join(text.split())
    assert ("short × toy_means" if width >= 60 else "short") in text
    assert "accuracy" in text
    if width >= 80:
        assert "[" in text, "the interval of the primary metric"


def test_a_terminal_and_a_pipe_get_the_table_and_the_file_the_page(tmp_path):
    for fold in (1, 2):
        write(tmp_path / "out", "a", fold=fold)
    words = [sys.executable, "-m", "irfer_bench", "leaderboard", "--out", str(tmp_path / "out")]
    path = os.pathsep.join((str(ROOT), str(ROOT / "plugins")))
    env = os.environ | {"IRFER_BENCH_HOME": str(tmp_path / "home"), "PYTHONPATH": path}
    piped = subprocess.run(words, capture_output=True, text=True, check=True, env=env).stdout
    assert "a × toy_means" in piped and "|" not in piped
    assert max(map(len, piped.splitlines())) <= 100
    assert "| a " in (tmp_path / "out" / "toy_weak.md").read_text()
    leader, follower = pty.openpty()
    child = subprocess.run(
        words, stdout=follower, stderr=subprocess.DEVNULL, env=env | {"COLUMNS": "70"}, check=False
    )
    os.close(follower)
    shown = os.read(leader, 1 << 16).decode()
    os.close(leader)
    assert child.returncode == 0
    assert "a × toy_means" in shown
    assert "|" not in shown
    assert max(map(len, shown.splitlines())) <= 70


def test_a_setting_whose_cells_all_failed_has_no_page(bench):
    record = write(bench.out, "a")
    path = records.path_of(bench.out, record.cell, record.key)
    path.unlink()
    failure = msgspec.structs.replace(record, outcome="timeout", metrics={}, warnings=["60 s"])
    records.write_record(bench.out, failure)
    assert read_boards(bench.out, "toy_weak") == []
    code, _, err = bench.call("leaderboard")
    assert code == 0
    assert "no cell of toy_weak has a result" in err
    assert not (bench.out / "toy_weak.md").exists()
