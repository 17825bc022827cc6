"""Pages are written from all records by renderers, and again after changes."""

from __future__ import annotations

import json
import multiprocessing
import os
import time
from pathlib import Path

import pytest

from irfer_bench.engine import boards, checked_boards
from irfer_bench.engine.page_stamps import YOUNG
from irfer_bench.errors import ContractError
from irfer_bench.registry import load
from irfer_bench.store import records
from tests.irfer_bench.distributions import write_distribution
from tests.irfer_bench.test_boards import write

HOOKS = """
from irfer_bench.api import hookimpl


@hookimpl
def irfer_bench_renderers():
    for name in ("pair", "text", "outside", "readme", "records"):
        yield name, f"irfer_ways:{name}"
"""
WAYS = """
def pair(boards):
    text = "".join(f"{b.setting} {r.translator}\\n" for b in boards for r in b.rows)
    return {"site/index.txt": text, "site/mark.bin": b"\\x00\\xff"}

def text(boards):
    return "all of it"

def outside(boards):
    return {"../stolen.txt": "x"}

def readme(boards):
    return {"README.md": "x"}

def records(boards):
    return {"records/toy_weak/x.json": "{}"}
"""


@pytest.fixture
def ways(bench, monkeypatch):
    modules = {"irfer_hooks": HOOKS, "irfer_ways": WAYS}
    site = write_distribution(bench.folder / "site", "irfer-ways", modules, {"ways": "irfer_hooks"})
    monkeypatch.syspath_prepend(str(site))
    return bench


def test_a_renderers_files_are_written_and_named(ways):
    ways.run("--fold", "1", "--fold", "2")
    code, out, _ = ways.call("leaderboard", "--format", "pair")
    assert code == 0
    assert out.split() == ["results/site/index.txt", "results/site/mark.bin"]
    assert (ways.out / "site" / "index.txt").read_text() == "toy_weak toy_shift\n"
    assert (ways.out / "site" / "mark.bin").read_bytes() == b"\x00\xff"
    assert ways.call("leaderboard", "--format", "pair", "--check")[0] == 0
    (ways.out / "site" / "mark.bin").write_bytes(b"other")
    code, _, err = ways.call("leaderboard", "--format", "pair", "--check")
    assert code == 4
    assert "site/mark.bin is not what its records say" in err


@pytest.mark.parametrize("form", ["text", "outside", "readme", "records"])
def test_what_is_no_file_below_the_folder_is_refused(ways, form):
    ways.run()
    (ways.out / "README.md").write_text("mine")
    code, _, err = ways.call("leaderboard", "--format", form)
    assert code == ContractError.exit_code
    assert f"renderer '{form}' returned" in err
    assert (ways.out / "README.md").read_text() == "mine"
    assert not (ways.folder / "stolen.txt").exists()


def test_markdown_is_a_renderer_like_any_other():
    show = load().load_hook("irfer_bench_renderers", "format", "markdown")
    assert show([]) == {}


def settle(out):
    """Files that were changed a moment ago are not trusted to be told from others by date."""
    time.sleep(2 * YOUNG / 1e9)
    boards.write_boards(out, ["toy_weak"])


def test_unchanged_records_are_not_read_again(tmp_path, monkeypatch):
    monkeypatch.setenv("IRFER_BENCH_HOME", str(tmp_path / "home"))
    out = tmp_path / "out"
    for name in "ab":
        for fold in (1, 2):
            last = write(out, name, fold=fold)
    settle(out)
    page = out / "toy_weak.md"
    before = page.read_text()
    read = []
    real = checked_boards.read_records
    monkeypatch.setattr(checked_boards, "read_records", lambda *a: read.append(a) or real(*a))
    assert boards.write_boards(out, ["toy_weak"]) == [page]
    assert not read
    page.write_text("edited")
    boards.write_boards(out, ["toy_weak"])
    assert page.read_text() == before
    predictions = records.predictions_path(out, last)
    facts = predictions.stat()
    text = predictions.read_text().replace("-0.1", "-0.2", 1)
    predictions.write_text(text)
    os.utime(predictions, ns=(facts.st_atime_ns, facts.st_mtime_ns))
    read.clear()
    boards.write_boards(out, ["toy_weak"])
    assert read, "same size and date, other bytes"
    assert page.read_text() != before


def _one(out: Path, home: Path, fold: int, gate: object) -> None:
    os.environ["IRFER_BENCH_HOME"] = str(home)
    registry = load()
    gate.wait()
    write(out, "a", fold=fold)
    boards.write_boards(out, ["toy_weak"], registry)


def test_processes_at_once_leave_no_stale_board(tmp_path):
    """Each of four writes a record and then the board: the last board has all four."""
    context = multiprocessing.get_context("fork")
    for number in range(16):
        out = tmp_path / f"out{number}"
        gate = context.Barrier(4)
        workers = [
            context.Process(target=_one, args=(out, tmp_path / "home", fold, gate))
            for fold in (1, 2, 3, 4)
        ]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        assert [worker.exitcode for worker in workers] == [0] * 4
        assert not boards.find_stale(out, ["toy_weak"], "markdown")
        assert len(list(out.glob("records/*/*.json"))) == 4


def test_json_names_the_same_rows_as_the_page(bench):
    bench.run("--fold", "1", "--fold", "2")
    code, out, _ = bench.call("leaderboard", "--json")
    assert code == 0
    assert [row["translator"] for row in json.loads(out)["toy_weak"]] == ["toy_shift"]
