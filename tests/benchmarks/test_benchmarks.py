"""Every benchmark runs once at its smallest size; no time is asserted in the default run."""

from __future__ import annotations

import pytest

from tests.benchmarks import check
from tests.benchmarks.catalogue import BENCHMARKS
from tests.benchmarks.harness import DOCUMENT, MARK, Benchmark, measure, table, write


@pytest.mark.parametrize("benchmark", BENCHMARKS, ids=lambda benchmark: benchmark.name)
def test_it_runs(benchmark):
    ours, other = benchmark.run(True)
    assert ours > 0
    assert other is None or other > 0


def test_medians_and_ratio_enter_the_table(tmp_path):
    runs = iter([(1.0, 9.0), (2.0, 4.0), (40.0, 5.0)])
    line = measure(Benchmark("what", "ours", "naive", lambda tiny: next(runs), 3, "fast"))
    assert line == ["what", "ours: 2 s", "naive: 5 s", "2.5", "fast"]
    page = tmp_path / "page.md"
    page.write_text(f"# Title\n\n{MARK}\n\nold\n")
    write([line], page)
    text = page.read_text()
    assert text.startswith("# Title\n")
    assert table([line]) in text
    assert "old" not in text


def test_what_a_machine_cannot_measure_is_said_in_the_table():
    line = measure(
        Benchmark("what", "ours", "naive", lambda tiny: (1.0, 2.0), 1, "fast",
                  lacking=lambda: "no matrix units"))
    assert line == ["what", "skipped: no matrix units", "", "", "fast"]


def test_memory_is_shown_in_its_unit():
    line = measure(Benchmark("what", "ours", "naive", lambda tiny: (0.5, 2.0), 1, unit="GiB"))
    assert line[1:4] == ["ours: 0.5 GiB", "naive: 2 GiB", "4"]


def test_clips_are_shown_a_second_on_both_sides():
    line = measure(
        Benchmark("what", "ours", "naive", lambda tiny: (0.5, 2.0), 1, clips=60))
    assert line[1:4] == ["ours: 500 ms, 120 clips/s", "naive: 2 s, 30 clips/s", "4"]


def test_parts_of_a_figure_stand_behind_it():
    line = measure(
        Benchmark("what", "ours", "naive", lambda tiny: (1.0, 2.0), 1, parts=lambda: "all 100 %"))
    assert line[1:3] == ["ours: 1 s (all 100 %)", "naive: 2 s"]


def test_the_page_shows_every_benchmark():
    page = DOCUMENT.read_text(encoding="utf-8")
    assert [b.name for b in BENCHMARKS if f"| {b.name} " not in page] == []


def test_the_check_of_a_large_tree_runs_on_a_small_one(capsys):
    check.main(3)
    assert capsys.readouterr().out.startswith("165 files: ")
