"""What is done already is not done again, and needs no torch."""

from __future__ import annotations

import json
import subprocess
import sys


def test_a_translator_is_fitted_once_for_every_recognizer_and_apply_parameter(bench):
    bench.run()
    bench.run("--seed", "3")
    bench.run("-p", "toy_means.passes=9")
    assert bench.log().count("fit_translator") == 1
    assert bench.log().count("fit_recognizer") == 3
    bench.run("-p", "toy_shift.gain=2")
    assert bench.log().count("fit_translator") == 1
    bench.run("-p", "toy_shift.kind=median")
    assert bench.log().count("fit_translator") == 2
    assert bench.log().count("part") == 1, "the part does not depend on the kind"


def test_two_presets_of_one_experiment_are_two_records(bench):
    for preset in ("bench", "paper"):
        words = ("-d", "toy", "-t", "toy_raw", "-r", "toy_means", "--preset", preset, "--fold", "1")
        assert bench.run(*words)[0] == 0
    assert bench.log().count("fit_recognizer") == 1, "the same values: nothing is fitted twice"
    page = (bench.out / "toy_weak.md").read_text()
    assert page.count("Preset ") == 2


HEAVY = {"torch", "torchvision", "open_clip", "diffusers", "timm", "transformers", "pandas"}
CHILD = """
import json, sys
from irfer_bench.cli import main
code = main(sys.argv[1:])
print(json.dumps([code, sorted({name.partition(".")[0] for name in sys.modules})]))
"""


def test_a_cached_run_imports_nothing_heavy_and_does_nothing(bench):
    bench.run()
    done = bench.log()
    words = ["run", "-d", "toy", "-t", "toy_shift", "-r", "toy_means", "--json"]
    child = subprocess.run(
        [sys.executable, "-c", CHILD, *words], cwd=bench.folder, capture_output=True, text=True,
        check=True,
    )  # fmt: skip
    code, modules = json.loads(child.stdout.splitlines()[1])
    assert code == 0
    assert not set(modules) & HEAVY
    assert bench.log() == done
    assert "9 steps, 9 cached" in child.stderr


def test_a_plan_needs_not_even_numpy(bench):
    words = ["plan", "-d", "toy", "-t", "toy_shift", "-r", "toy_means"]
    child = subprocess.run(
        [sys.executable, "-c", CHILD, *words], cwd=bench.folder, capture_output=True, text=True,
        check=True,
    )  # fmt: skip
    _, modules = json.loads(child.stdout.splitlines()[-1])
    assert not set(modules) & {*HEAVY, "numpy"}
