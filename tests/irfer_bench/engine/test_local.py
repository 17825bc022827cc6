"""Cells in child processes: equal records, enforced limits, independent failures."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import pytest

LOCAL = ("--executor", "local", "--workers", "2")
GRID = ("-d", "toy", "-t", "toy_raw", "-t", "toy_shift", "-r", "toy_means", "--seed", "0",
        "--seed", "1")  # fmt: skip


def broken(how: str, *words: str) -> tuple[str, ...]:
    """Words of a grid of one good cell and one that breaks."""
    return ("-d", "toy", "-t", "toy_raw", "-r", "toy_broken", "-r", "toy_means", "-p",
            f"toy_broken.how={how}", *LOCAL, *words)  # fmt: skip


def records(bench, out: str = "results") -> dict[str, dict]:
    """Records by recognizer's name, or by file name where there are several of one."""
    found = {}
    for path in sorted((bench.folder / out).glob("records/*/*.json")):
        record = json.loads(path.read_text())
        found[path.name] = record
    return found


def outcomes(bench) -> dict[str, str]:
    return {r["cell"]["recognizer"].split()[0]: r["outcome"] for r in records(bench).values()}


def processes(word: str) -> list[int]:
    """Living processes whose command line holds a word."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            dead = (folder / "stat").read_text().rpartition(")")[2].split()[0] == "Z"
            if not dead and word in (folder / "cmdline").read_text():
                found.append(int(folder.name))
        except OSError:
            continue
    return found


def children(bench) -> list[int]:
    """Workers and what they started, known by the home folder in their environment."""
    found, own = [], str(bench.home).encode()
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            dead = (folder / "stat").read_text().rpartition(")")[2].split()[0] == "Z"
            same = own in (folder / "environ").read_bytes()
            if not dead and same and int(folder.name) != os.getpid():
                found.append(int(folder.name))
        except OSError:
            continue
    return found


def gone(bench, seconds: float = 20) -> bool:
    """Whether no process of this bench is left, soon."""
    ending = time.monotonic() + seconds
    while children(bench):
        if time.monotonic() > ending:
            return False
        time.sleep(0.05)
    return True


def test_two_executors_write_the_same_numbers_and_predictions(bench, monkeypatch):
    assert bench.run(*GRID, "--threads", "1")[0] == 0
    monkeypatch.setenv("IRFER_BENCH_HOME", str(bench.folder / "other"))
    assert bench.run(*GRID, "--threads", "1", *LOCAL, "--out", "second")[0] == 0
    one, two = records(bench), records(bench, "second")
    assert one.keys() == two.keys() and len(one) == 4
    for name, record in one.items():
        assert record["metrics"] == two[name]["metrics"]
        assert record["confusion"] == two[name]["confusion"]
    for path in bench.out.glob("predictions/*/*"):
        other = bench.folder / "second" / path.relative_to(bench.out)
        assert path.read_bytes() == other.read_bytes()
    assert (bench.out / "toy_weak.md").exists()


def test_what_is_stored_starts_no_process(bench, monkeypatch):
    bench.run(*GRID)
    monkeypatch.setattr(subprocess, "Popen", None)
    code, _, err = bench.run(*GRID, *LOCAL)
    assert code == 0, err


@pytest.mark.parametrize(
    ("how", "words", "outcome", "said"),
    [
        ("raise", (), "failed", "fit toy_broken: RuntimeError: the fit is out of order"),
        ("exit", (), "failed", "fit toy_broken: SystemExit: 7"),
        ("die", (), "failed", "with exit code 3, in fit toy_broken: the library says goodbye"),
        ("sleep", ("--limit-seconds", "9"), "timeout", "not done within 9 s, in fit toy_broken"),
        ("spawn", ("--limit-seconds", "4"), "timeout", "not done within 4 s"),
        ("memory", ("--limit-memory-mb", "300"), "oom", "300 MB allowed, in fit toy_broken"),
    ],
)
def test_a_cell_that_breaks_is_recorded_and_the_rest_goes_on(bench, how, words, outcome, said):
    # What comes before is stored: on a busy machine it would use up the seconds of the fit.
    assert bench.run("-d", "toy", "-t", "toy_raw", "-r", "toy_means", *LOCAL)[0] == 0
    code, out, err = bench.run(*broken(how, *words), "--json")
    assert code == 1
    assert said in err
    assert "Traceback" not in err
    assert outcomes(bench) == {"toy_broken": outcome, "toy_means": "ok"}
    told = {cell["outcome"]: cell["warnings"] for cell in json.loads(out)["cells"]}
    assert set(told) == {outcome, "ok"}
    assert said in told[outcome][0]
    assert gone(bench)


def test_a_failure_becomes_a_result_and_a_result_never_a_failure(bench):
    failing = bench.start(*LOCAL, TOY_PAUSE="predict=/nowhere")
    assert failing.wait(60) == 1
    assert outcomes(bench) == {"toy_means": "failed"}
    assert bench.run(*LOCAL)[0] == 0
    assert outcomes(bench) == {"toy_means": "ok"}
    for folder in (*bench.artefacts("score"), *bench.artefacts("predict")):
        for file in folder.iterdir():
            file.write_text("cut")
    failing = bench.start(*LOCAL, TOY_PAUSE="predict=/nowhere")
    assert failing.wait(60) == 1, "they were built anew, and that failed"
    assert outcomes(bench) == {"toy_means": "ok"}


def test_what_plugins_print_goes_to_the_cells_log_and_harms_no_event(bench):
    words = ("-d", "toy", "-t", "toy_raw", "-r", "toy_broken")
    for how in ("print", "descriptors"):
        code, out, err = bench.run(*words, "-p", f"toy_broken.how={how}", *LOCAL, "--json")
        assert code == 0, err
        assert json.loads(out)["outcome"] == "ok"
    logs = "".join(path.read_text() for path in (bench.home / "logs").glob("*.log"))
    assert "a library that talks" in logs and "below Python" in logs
    assert "a library that talks" not in err


def test_limits_need_processes(bench):
    code, _, err = bench.run("--limit-seconds", "5")
    assert code == 2
    assert "--executor local" in err
    assert not bench.artefacts()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_ends_all_workers_at_once(bench, number):
    child = bench.paused("predict", *LOCAL)
    began = time.monotonic()
    child.send_signal(number)
    _, err = child.communicate(timeout=20)
    assert child.returncode == 130, err
    assert "interrupted; finished steps are kept" in err
    assert "Traceback" not in err
    assert gone(bench, 5)
    assert time.monotonic() - began < 5
    code, _, _ = bench.run()
    assert code == 0
    assert bench.log().count("fit_recognizer") == 1


def test_workers_of_a_killed_host_end_by_themselves(bench):
    child = bench.paused("predict", *LOCAL)
    assert len(children(bench)) >= 2
    child.kill()
    child.wait()
    assert gone(bench, 10)


def test_a_killed_worker_fails_its_cell_alone(bench):
    child = bench.paused("fit_recognizer", *GRID[2:4], *LOCAL, "--json")
    (worker, *_) = [pid for pid in processes("run-cell") if pid in children(bench)]
    os.kill(worker, signal.SIGKILL)
    (bench.folder / "pause0" / "go").touch()
    out, err = child.communicate(timeout=60)
    assert child.returncode == 1, err
    cells = json.loads(out)["cells"] if "cells" in json.loads(out) else [json.loads(out)]
    assert "failed" in {cell["outcome"] for cell in cells}
    assert "by signal SIGKILL" in err
    assert bench.run(*GRID)[0] == 0
    assert {record["outcome"] for record in records(bench).values()} == {"ok"}


def test_steps_and_progress_of_workers_are_shown(bench):
    _, _, err = bench.run("-d", "toy", "-t", "toy_shift", "-r", "toy_means", *LOCAL)
    assert "  fit toy_shift …" in err.splitlines()
    assert re.search(r"  score: \d+ s", err)


def job_of(bench) -> dict:
    """A job of the toy's first cell."""
    from irfer_bench.orchestration.planning import preview
    from irfer_bench.orchestration.reporter import SilentReporter
    from irfer_bench.orchestration.request import make_requests
    from irfer_bench.orchestration.session import Session

    asked = {"dataset": "toy", "translators": "toy_raw", "recognizers": "toy_means"}
    (planned,) = preview(Session.open(SilentReporter()), make_requests(asked)).cells
    return {"key": planned.score.key, "request": msgspec.to_builtins(planned.request)}


def run_cell(bench, job: object) -> tuple[int, list[dict]]:
    """Exit code and events of `run-cell`."""
    (bench.folder / "job.json").write_text(json.dumps(job))
    done = subprocess.run(
        [sys.executable, "-m", "irfer_bench", "run-cell", "job.json"],
        cwd=bench.folder, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert "Traceback" not in done.stderr
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()]


def test_run_cell_builds_a_cell_and_says_so_in_its_last_line(bench):
    job = job_of(bench)
    code, events = run_cell(bench, job)
    assert code == 0
    assert (events[-1]["event"], events[-1]["outcome"]) == ("result", "ok")
    assert {event["event"] for event in events} >= {"step", "built"}
    assert len(bench.artefacts("score")) == 1
    assert not bench.out.exists(), "the host writes records"


def test_run_cell_refuses_another_key_and_what_is_no_job(bench):
    code, events = run_cell(bench, job_of(bench) | {"key": "0" * 64})
    assert code == 2
    assert events[-1]["outcome"] == "refused"
    assert "differ from the host's" in events[-1]["message"]
    assert not bench.artefacts()
    assert run_cell(bench, {"key": 5})[0] == 4
    odd = {"key": "0" * 64, "request": {"settings": 5}}
    assert run_cell(bench, odd)[0] == 2
