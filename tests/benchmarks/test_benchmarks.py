"""Every benchmark runs once at its smallest size; no time is asserted in the default run."""

from __future__ import annotations

import pytest

from tests.benchmarks import check
from tests.benchmarks.catalogue import BENCHMARKS
from tests.benchmarks.harness import DOCUMENT, MARK, Benchmark, NotMeasured, measure, table, write


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


def test_what_a_machine_lacks_is_said_in_the_table():
    def run(tiny):
        raise NotMeasured("no matrix units")

    line = measure(Benchmark("what", "bf16", "fp32", run, 3, "fast"))
    assert line == ["what", "bf16: not measured, no matrix units", "fp32", "", "fast"]


def test_the_page_shows_every_benchmark():
    page = DOCUMENT.read_text(encoding="utf-8")
    assert [b.name for b in BENCHMARKS if f"| {b.name} " not in page] == []


def test_the_check_of_a_large_tree_runs_on_a_small_one(capsys):
    check.main(3)
    assert capsys.readouterr().out.startswith("165 files: ")
