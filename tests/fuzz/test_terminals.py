"""Standard output that takes ASCII or Latin-1 alone, is closed, or is full."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.fuzz.probe import NEEDED, ROOT

COMMANDS = (("--help",), ("list",), ("show", "pca"), ("show", "synth_nir_weak5"), ("nothing",))
PLAIN = {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}


def call(words, tmp_path, stdout, **env):
    given = {name: os.environ[name] for name in NEEDED if name in os.environ}
    given |= {"PYTHONPATH": os.pathsep.join(map(str, (ROOT, ROOT / "plugins")))}
    given |= {"IRFER_BENCH_HOME": str(tmp_path / "home"), "IRFER_BENCH_PLUGINS": "builtin"}
    return subprocess.run(
        [sys.executable, "-m", "irfer_bench", *words], env=given | env, cwd=tmp_path, timeout=120,
        stdout=stdout, stderr=subprocess.PIPE, check=False,
    )  # fmt: skip


@pytest.mark.parametrize("words", COMMANDS)
@pytest.mark.parametrize(
    "env", [PLAIN, {"PYTHONIOENCODING": "latin-1"}, {"PYTHONIOENCODING": "ascii"}]
)
def test_text_that_a_terminal_cannot_show_is_replaced(words, env, tmp_path):
    done = call(words, tmp_path, subprocess.PIPE, **env)
    assert b"Traceback" not in done.stderr, done.stderr.decode()
    assert done.returncode == (2 if words == ("nothing",) else 0)


@pytest.mark.parametrize("words", COMMANDS)
def test_a_full_output_is_one_line(words, tmp_path):
    with open("/dev/full", "w") as full:  # noqa: PTH123  a device
        done = call(words, tmp_path, full)
    assert b"Traceback" not in done.stderr, done.stderr.decode()
    assert done.returncode == (2 if words == ("nothing",) else 4)


@pytest.mark.parametrize("words", COMMANDS)
def test_a_closed_output_is_no_traceback(words, tmp_path):
    reading, writing = os.pipe()
    os.close(reading)
    done = call(words, tmp_path, writing)
    os.close(writing)
    assert b"Traceback" not in done.stderr, done.stderr.decode()
    assert b"Exception ignored" not in done.stderr, done.stderr.decode()
