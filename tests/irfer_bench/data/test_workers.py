"""Preparation by several processes: killed, stopped, failing, concurrent."""

from __future__ import annotations

import json
import os
import random
import re
import resource
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from irfer_bench.cli import main
from irfer_bench.orchestration import reporter as screen
from tests.irfer_bench.data.conftest import ITEMS, Odd


def files_of(row: Any) -> dict[str, str]:
    """Digests of all files of the artefact."""
    manifest = json.loads((Path(row["folder"]) / "manifest.json").read_text())
    return {name: facts["sha256"] for name, facts in manifest["files"].items()}


def workers_of(process: int) -> list[int]:
    """Processes that another one started to prepare, by the system's own table."""
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((place / "stat").read_text().rpartition(")")[2].split()[1])
            words = (place / "cmdline").read_bytes()
        except (OSError, ValueError):
            continue
        if parent == process and b"spawn_main" in words:
            found.append(int(place.name))
    return found


def alive(processes: list[int]) -> list[int]:
    """Those that still run; one that only waits to be collected does not."""
    return [
        number
        for number in processes
        if Path(f"/proc/{number}/stat").exists()
        and Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    ]


def wait_for(what: Callable[[], object], seconds: float = 30) -> Any:
    ending = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < ending, "it never happened"
        time.sleep(0.01)
    return found


def drafts(odd: Odd) -> list[Path]:
    return [*(odd.folder / "home/store").rglob("*.tmp"), *(odd.folder / "home/store").rglob(".*")]


def test_a_third_party_dataset_and_detector_work_in_other_processes(odd: Odd) -> None:
    one = odd.made(IRFER_BENCH_WORKERS="1")
    assert sorted(odd.read()) == sorted({*odd.read()}) and len(odd.read()) == ITEMS
    odd.home = "other"
    two = odd.made()
    assert two["clips"] == ITEMS and two["crops"] == one["crops"]
    assert files_of(one) == files_of(two) and len(odd.read()) == 2 * ITEMS
    boxes = json.loads((Path(two["folder"]) / "boxes.json").read_text())
    assert boxes["s0_anger_000"] == {"positions": [0], "boxes": [[2, 2, 16]]}


PROGRESS = r"    prepare (\d+)/480, elapsed \d:\d\d(, about \d:\d\d left)?"


@pytest.mark.parametrize("workers", ["1", "2"])
def test_progress_is_told_in_plain_lines(
    odd: Odd,
    workers: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.syspath_prepend(str(odd.folder / "site"))
    monkeypatch.setenv("IRFER_BENCH_HOME", str(odd.folder / "home"))
    monkeypatch.setenv("IRFER_BENCH_WORKERS", workers)
    monkeypatch.setattr(screen, "EVERY", 0)
    assert main(["data", "prepare", "odd", "--data-root", str(odd.folder / "tree")]) == 0
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "  prepare odd nir …" and lines[-1].startswith("  prepare odd nir: ")
    told = [re.fullmatch(PROGRESS, line) for line in lines[1:-1]]
    done = [int(match[1]) for match in told if match]
    assert len(done) == len(told) >= 480 // 64 and done == sorted({*done})
    assert all(number % 64 == 0 or workers == "1" for number in done[:-1])


@pytest.mark.parametrize(
    ("how", "code", "says"),
    [
        ("raise", 1, "RuntimeError: the detector is out of order; the plugin raised it"),
        ("stranger", 1, "TwoPart: thisthat; the plugin raised it"),
        ("exit", 1, "SystemExit: 7; the plugin raised it"),
        ("killed", 1, "a worker process was killed; out of memory? IRFER_BENCH_WORKERS=1"),
        ("weights", 3, "the weights of odd_eyes are not here; put them there"),
    ],
)
def test_what_goes_wrong_in_a_worker_is_one_line_and_the_rest_is_kept(
    odd: Odd, how: str, code: int, says: str
) -> None:
    found, out, err = odd.run(ODD=how)
    assert found == code and out == ""
    lines = [line for line in err.splitlines() if not line.startswith("  prepare odd nir")]
    assert len(lines) == 1 and says in lines[0], err
    assert err.count("prepare odd nir") <= 2
    assert drafts(odd) == []
    if how == "killed":
        assert odd.made()["clips"] == ITEMS


@pytest.mark.parametrize("workers", ["1", "2"])
def test_what_a_detector_prints_stays_off_standard_output(odd: Odd, workers: str) -> None:
    code, out, err = odd.run("--json", ODD="print", IRFER_BENCH_WORKERS=workers)
    assert code == 0 and json.loads(out)["prepared"][0]["clips"] == ITEMS
    assert "a detector that talks" in err and "below Python" in err


@pytest.mark.parametrize("how", ["group", "one", "term"])
def test_ctrl_c_ends_all_processes_at_once(odd: Odd, how: str) -> None:
    (odd.folder / "waiting").mkdir()
    child = odd.start(ODD=f"wait={odd.folder / 'waiting'}")
    wait_for(lambda: len(list((odd.folder / "waiting").iterdir())) == 2)
    workers = workers_of(child.pid)
    assert len(workers) == 2
    if how == "group":
        os.killpg(child.pid, signal.SIGINT)
    else:
        child.send_signal(signal.SIGINT if how == "one" else signal.SIGTERM)
    out, err = child.communicate(timeout=20)
    assert (child.returncode, out) == (130, "")
    assert err.splitlines()[1:] == [
        "irfer-bench: interrupted; finished steps are kept, run again to go on"
    ]
    assert not alive(workers) and drafts(odd) == []
    if how == "group":
        assert odd.made()["clips"] == ITEMS


def test_ctrl_c_while_the_processes_start_leaves_no_traceback(odd: Odd) -> None:
    child = odd.start()
    workers = wait_for(lambda: workers_of(child.pid))
    os.killpg(child.pid, signal.SIGINT)
    _, err = child.communicate(timeout=20)
    assert child.returncode == 130 and "Traceback" not in err and "Error" not in err
    wait_for(lambda: not alive(workers))


PROGRAM = """
import os, signal, sys, threading, time
from multiprocessing import util
import irfer_bench.cli

# BLAS has threads of its own, to which the system hands a signal that the main thread blocks.
threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
start = util.spawnv_passfds

def start_and_interrupt(path, args, fds):
    process = start(path, args, fds)
    if b"spawn_main" in b" ".join(map(os.fsencode, args)):
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(0.1)
    return process

util.spawnv_passfds = start_and_interrupt
sys.exit(irfer_bench.cli.main(["data", "prepare", "odd", "--data-root", sys.argv[1]]))
"""


def test_ctrl_c_between_a_process_and_its_orders_leaves_no_traceback(odd: Odd) -> None:
    """A worker that was started and is never told what to do would say so in a traceback."""
    child = odd.start(program=PROGRAM)
    _, err = child.communicate(timeout=60)
    assert child.returncode == 130, err
    assert "Traceback" not in err and "Error" not in err, err
    assert odd.made()["clips"] == ITEMS


def test_two_at_once_do_the_work_once(odd: Odd) -> None:
    children = [odd.start("--json", ODD="slow") for _ in range(2)]
    outs = [child.communicate(timeout=120) for child in children]
    assert [child.returncode for child in children] == [0, 0], outs
    rows = [json.loads(out)["prepared"][0] for out, _ in outs]
    assert rows[0]["folder"] == rows[1]["folder"] and rows[0]["crops"] == rows[1]["crops"]
    assert len(odd.read()) == ITEMS == len({*odd.read()})
    assert any("another run is building" in err for _, err in outs)
    assert not list((odd.folder / "home/store/damaged").glob("*"))


@pytest.mark.slow
def test_killed_at_random_it_goes_on_and_ends_the_same(odd: Odd) -> None:
    rng = random.Random(1)
    kept: set[str] = set()
    workers: list[int] = []
    for _ in range(4):
        child = odd.start(ODD="slow")
        started = wait_for(lambda child=child: workers_of(child.pid) or child.poll() is not None)
        if not kept:  # a busy machine takes its time until the first file is finished
            wait_for(lambda: any((odd.folder / "home/store").rglob("clips-*.arrow")), 30)
        time.sleep(rng.uniform(0.1, 1.2))
        workers += workers_of(child.pid) if started else []
        child.kill()
        child.communicate()
        now = {path.name for path in (odd.folder / "home/store").rglob("clips-*.arrow")}
        assert kept <= now, "a finished file was lost"
        kept = now
    assert kept, "it was always killed before anything was finished"
    wait_for(lambda: not alive(workers), 5)
    before = len(odd.read())
    row = odd.made()
    assert len(odd.read()) - before <= ITEMS - 64 * (len(kept) - 1), "finished files are kept"
    odd.home = "other"
    assert files_of(row) == files_of(odd.made())


def test_a_disk_that_is_full_while_workers_write_is_one_line(odd: Odd) -> None:
    limit = 20_000

    def small() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))

    child = odd.start(before=small, ODD_LOG="")
    _, err = child.communicate(timeout=60)
    assert child.returncode == 4, err
    assert err.count("irfer-bench: no space left while writing") == 1
    assert "Traceback" not in err and drafts(odd) == []
    assert odd.made()["clips"] == ITEMS
