"""Killed, interrupted and concurrent runs lose nothing and build nothing twice."""

from __future__ import annotations

import json
import os
import signal

import pytest

STAGES = (
    "read", "fit_translator", "part", "pass", "translate", "fit_recognizer", "predict", "score",
)  # fmt: skip


def finished(bench):
    """What the finished run left: its record and the numbers in it."""
    (path,) = bench.out.glob("records/toy_weak/*.json")
    return json.loads(path.read_text())["metrics"]


@pytest.fixture(scope="module")
def truth(tmp_path_factory):
    return {}


@pytest.mark.parametrize("stage", STAGES)
def test_kill_9_in_every_kind_of_step(bench, stage, truth):
    child = bench.paused(stage)
    os.kill(child.pid, signal.SIGKILL)
    assert child.wait() == -signal.SIGKILL
    before = {path.name for path in bench.artefacts()}
    assert not list(bench.out.glob("records/*/*")), "no record of an unfinished cell"
    code, out, err = bench.run("--json")
    assert code == 0, err
    assert json.loads(out)["outcome"] == "ok"
    assert before <= {path.name for path in bench.artefacts()}, "finished steps are kept"
    assert list((bench.home / "store" / "building").iterdir()) == []
    assert truth.setdefault("metrics", finished(bench)) == finished(bench)


def test_a_killed_fit_goes_on_from_its_checkpoint(bench):
    child = bench.paused("pass")
    os.kill(child.pid, signal.SIGKILL)
    child.wait()
    code, _, err = bench.run()
    assert code == 0, err
    (path,) = bench.out.glob("records/toy_weak/*.json")
    facts = json.loads(path.read_text())["facts"]
    assert facts["fit toy_shift"]["first pass"] == 1, "pass 0 was kept"
    assert not (bench.home / "store" / "unfinished").exists() or not list(
        (bench.home / "store" / "unfinished").iterdir()
    )


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_says_so_and_keeps_finished_steps(bench, number):
    child = bench.paused("predict")
    child.send_signal(number)
    out, err = child.communicate(timeout=60)
    assert child.returncode == 130, err
    assert out == ""
    assert "interrupted; finished steps are kept, run again to go on" in err
    assert "Traceback" not in err
    assert bench.artefacts("fit_recognizer")
    code, _, _ = bench.run()
    assert code == 0
    assert bench.log().count("fit_recognizer") == 1


def test_two_runs_at_once_build_nothing_twice(bench):
    first = bench.paused("fit_translator")
    second = bench.start("--json")
    third = bench.start("--json", "--seed", "1")
    for child in (second, third):
        while "another run is building" not in (line := child.stderr.readline()):
            assert line, "the second run ended instead of waiting"
    (bench.folder / "pause0" / "go").touch()
    outs = [child.communicate(timeout=120) for child in (first, second, third)]
    assert [child.returncode for child in (first, second, third)] == [0, 0, 0], outs
    log = bench.log()
    assert log.count("fit_translator") == 1
    assert log.count("part") == 1
    assert log.count("fit_recognizer") == 2, "one per seed"
    assert log.count("read") == 60, "each image of two spectra was read once"
    assert len(list(bench.out.glob("records/*/*.json"))) == 2
    assert not list((bench.home / "store").glob("damaged/*"))
    assert bench.call("leaderboard", "--check")[0] == 0
