"""Output of `irfer-bench run`: plain lines and estimates, without the output of libraries."""

from __future__ import annotations

import json
import re
import subprocess
import sys


def test_what_libraries_print_stays_off_standard_output(bench):
    child = subprocess.run(
        [sys.executable, "-m", "irfer_bench", "run", "-d", "toy", "-t", "toy_raw", "-r",
         "toy_broken", "-p", "toy_broken.how=print", "--json"],
        cwd=bench.folder, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert json.loads(child.stdout)["outcome"] == "ok"
    assert "a library that talks" in child.stderr
    assert "below Python" in child.stderr


def plain(text, bench):
    """The text without times and folders."""
    text = text.replace(str(bench.folder), "<here>")
    text = re.sub(r"\b\d+ (s|min)\b", "<time>", text)
    return re.sub(r"\.[0-9a-f]{8}\b", ".<key>", text)


def test_the_whole_output_of_a_first_run(bench, monkeypatch):
    monkeypatch.delenv("IRFER_BENCH_FIGURES")
    _, out, err = bench.run()
    assert "\x1b" not in out + err, "plain lines without a terminal"
    assert "\r" not in out + err
    assert plain(err, bench).splitlines() == [
        "toy_weak toy_shift × toy_means fold 1 seed 0",
        "9 steps, 0 cached; 9 to do, about <time>, on cpu in fp32",
        "  to do   prepare toy nir main (about <time>)",
        "  to do   prepare toy vis main (about <time>)",
        "  to do   fit toy_shift (about <time>)",
        "  to do   translate test by toy_shift (about <time>)",
        "  to do   translate train by toy_shift (about <time>)",
        "  to do   fit toy_means (about <time>)",
        "  to do   predict by toy_means (about <time>)",
        "  to do   predict partners by toy_means (about <time>)",
        "  to do   score (about <time>)",
        "  prepare toy nir main …",
        "  prepare toy nir main: <time>",
        "  prepare toy vis main …",
        "  prepare toy vis main: <time>",
        "  fit toy_shift …",
        "  fit toy_shift: <time>",
        "  translate test by toy_shift …",
        "  translate test by toy_shift: <time>",
        "  translate train by toy_shift …",
        "  translate train by toy_shift: <time>",
        "  fit toy_means …",
        "  fit toy_means: <time>",
        "  predict by toy_means …",
        "  predict by toy_means: <time>",
        "  predict partners by toy_means …",
        "  predict partners by toy_means: <time>",
        "  score …",
        "  score: <time>",
    ]
    lines = plain(out, bench).splitlines()
    assert lines[1:3] == [
        "toy_shift × toy_means on toy_weak, fold 1 of 2, seed 0, preset quick",
        "trained on 15 source and 6 target clips, tested on 15; chance is 33.33 %",
    ]
    assert [line for line in lines if line.startswith(("record", "wrote", "drew", "next"))] == [
        "record results/records/toy_weak/toy_shift+toy_means.quick.fold1.seed0.<key>.json",
        "wrote results/toy_weak.md",
        "drew results/images/toy_weak/"
        "toy_shift+toy_means.quick.fold1.seed0.<key>.confusion.{png,svg}",
        "drew results/images/toy_weak/"
        "toy_shift+toy_means.quick.fold1.seed0.<key>.recall.{png,svg}",
        "drew results/images/toy_weak/"
        "toy_shift+toy_means.quick.fold1.seed0.<key>.{png,svg}",
        "next: irfer-bench leaderboard",
    ]


def test_times_of_the_last_run_are_the_next_estimate(bench):
    bench.run()
    times = json.loads((bench.home / "store" / "times.json").read_text())
    assert set(times) >= {"score", "fit_translator toy_shift/quick", "prepare toy"}
    (bench.home / "store" / "times.json").write_text(
        json.dumps({"score": 5000, "prepare toy": "x"})
    )
    _, out, _ = bench.call("plan", "-d", "toy", "-t", "toy_shift", "-r", "toy_means", "--seed", "9")
    assert "about 83 min" in out
    (bench.home / "store" / "times.json").write_text("[")
    assert bench.call("plan", "-d", "toy", "-t", "toy_raw", "-r", "toy_means")[0] == 0


def test_what_is_left_is_told_by_the_steps_and_not_by_the_cells(bench):
    bench.home.joinpath("store").mkdir(parents=True)
    bench.home.joinpath("store/times.json").write_text('{"fit_translator toy_shift/quick": 5000}')
    grid = ("run", "-d", "toy", "-t", "toy_raw", "-t", "toy_shift", "-r", "toy_means")
    code, _, err = bench.call(*grid)
    said = [line for line in err.splitlines() if " of 2 cells" in line]
    assert code == 0 and said == ["1 of 2 cells, about 83 min left", "2 of 2 cells, about 0 s left"]
