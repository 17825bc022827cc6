"""Closed, full and ASCII streams, signals at a bad moment, and names that nobody can have."""

from __future__ import annotations

import errno
import io
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from irfer_bench import cli
from irfer_bench.cli import last_resort
from tests.irfer_bench.conftest import CELL, Preparer

LONG = "x" * 300
NOBODY = "~no_such_user_here"


@pytest.mark.parametrize("words", [["list"], ["--help"], ["--version"], ["list", "--json"]])
def test_a_full_standard_output_is_one_line_and_an_error(
    words: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with open("/dev/full", "w", encoding="utf-8") as full:  # noqa: PTH123  a device
        monkeypatch.setattr(sys, "stdout", full)
        assert cli.main(words) == 4
        full.flush()  # nothing is left that fails when the interpreter ends
    err = capsys.readouterr().err
    assert err == (
        "irfer-bench: standard output cannot be written: No space left on device; "
        "send it to another place\n"
    )


def _shell(line: str, folder: Path | None = None) -> subprocess.CompletedProcess[str]:
    words = ["bash", "-c", line]
    return subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False)


def test_help_into_a_full_or_broken_pipe_says_so() -> None:
    command = f"{sys.executable} -m irfer_bench run --help"
    full = _shell(f"{command} > /dev/full")
    assert full.returncode == 4
    assert full.stderr.startswith("irfer-bench: standard output cannot be written"), full.stderr
    broken = _shell(f"set -o pipefail; {command} | true")
    assert (broken.returncode, broken.stderr) == (0, "")


def test_a_closed_standard_output_receives_no_files_number(bench: Preparer) -> None:
    """What a library prints below Python would be written into the first file that is opened."""
    words = "run -d toy -t toy_raw -r toy_broken -p toy_broken.how=print --out out"
    done = _shell(f"exec {sys.executable} -m irfer_bench {words} >&- 2>&-", bench.folder)
    assert done.returncode == 0
    files = [path for path in bench.folder.rglob("*") if path.is_file()]
    assert len(list(bench.folder.glob("out/records/*/*.json"))) == 1
    assert not [path for path in files if b"below Python" in path.read_bytes()]


@pytest.mark.parametrize("words", [["list"], ["show", "toy_weak"], ["run", *CELL], ["doctor"]])
def test_a_stream_without_a_character_gets_its_number(
    words: list[str], bench: Preparer, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = io.BytesIO()
    narrow = io.TextIOWrapper(kept, encoding="ascii")
    monkeypatch.setattr(sys, "stdout", narrow)
    assert cli.main(words) in (0, 3)
    narrow.flush()
    assert kept.getvalue().isascii() and kept.getvalue()


def test_a_run_goes_on_where_nobody_can_be_told(
    bench: Preparer, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Full(io.StringIO):
        def write(self, text: str) -> int:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(sys, "stderr", Full())
    assert cli.main(["run", *CELL]) == 0
    assert len(list(bench.out.glob("records/*/*.json"))) == 1


def test_ctrl_c_while_a_command_is_imported_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(name: str) -> Any:
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "_module", interrupted)
    assert cli.main(["run"]) == 130
    assert "interrupted; finished steps are kept" in capsys.readouterr().err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_second_signal_while_the_first_is_told_changes_nothing(
    number: signal.Signals, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = []

    def raises(number: int, frame: object) -> None:
        raise KeyboardInterrupt

    def say(text: str) -> None:
        os.kill(os.getpid(), number)
        said.append(text)

    def stopped() -> int:
        raise KeyboardInterrupt

    before = signal.signal(number, raises)
    try:
        monkeypatch.setattr(last_resort, "_say", say)
        assert last_resort.guard(stopped) == 130
        assert said and signal.getsignal(number) is raises, "a library's caller keeps its handlers"
    finally:
        signal.signal(number, before)


@pytest.mark.parametrize(
    "words",
    [
        ("run", *CELL, "--out", LONG),
        ("run", *CELL, "--landmarks", LONG),
        ("run", f"{LONG}.toml"),
        ("run", "-d", "folder", "--data-root", f"folder={LONG}", "-r", "toy_means"),
        ("data", "check", "folder", "--data-root", LONG),
        ("data", "items", "folder", "--data-root", LONG),
        ("leaderboard", "--out", LONG),
        ("gc", "--out", LONG),
        ("show", LONG),
        ("show", f"{LONG}.json"),
        ("new", "plugin", "mine", "--kind", "translator", "--into", LONG),
        ("predict", "-r", "clip_zero_shot", LONG),
        ("translate", "-t", "grey", LONG, "out"),
        ("run", *CELL, "--landmarks", NOBODY),
        ("run", "-d", "folder", "--data-root", NOBODY, "-r", "toy_means"),
        ("run", *CELL[:-1], "resnet18", "--preset", "paper", "-p", f"resnet18.weights={NOBODY}/w"),
        ("data", "check", "folder", "--data-root", NOBODY),
        ("data", "export", "folder", "--data-root", NOBODY, "--out", "x"),
        ("new", "plugin", "mine", "--kind", "translator", "--into", NOBODY),
    ],
    ids=lambda words: " ".join(words).replace(LONG, "LONG"),
)
def test_a_name_that_cannot_be_is_one_line(words: tuple[str, ...], bench: Preparer) -> None:
    code, out, err = bench.call(*words)
    assert code in (2, 3, 4) and out == ""
    assert len(err.splitlines()) == 1 and err.startswith("irfer-bench: "), err


@pytest.mark.parametrize("traceback", ["", "1"])
def test_a_name_that_is_too_long_is_named_and_is_no_fault_of_ours(
    traceback: str, bench: Preparer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IRFER_BENCH_TRACEBACK", traceback)
    for words in (("predict", LONG, "x"), ("translate", LONG, "out")):
        code, _, err = bench.call(*words)
        assert code in (2, 3), err
        assert len(err) < 200 and len(err.splitlines()) == 1


@pytest.mark.parametrize("value", [LONG, NOBODY])
def test_folders_of_the_environment_that_cannot_be_are_said_and_stop_no_list(
    value: str, bench: Preparer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IRFER_BENCH_DATA_FOLDER", value)
    for words in (("list",), ("data", "list"), ("doctor",)):
        assert bench.call(*words)[0] in (0, 3)
    monkeypatch.setenv("IRFER_BENCH_HOME", value)
    code, _, err = bench.run()
    assert code == 2 and err.startswith("irfer-bench: ") and err.count("\n") == 1


@pytest.mark.parametrize("command", ["run", "plan"])
def test_a_suite_without_a_run_is_said(command: str, bench: Preparer) -> None:
    Path("suite.toml").write_text('dataset = "toy"\nrun = []\n')
    code, _, err = bench.call(command, "suite.toml")
    assert code == 2 and "run = [] holds no run" in err


def test_words_that_are_no_unicode_are_refused_or_used(bench: Preparer) -> None:
    """A shell passes any bytes; Python gives them as lone surrogates."""
    odd = "a\udcff"
    refused = (
        ("run", *CELL, "-p", f"toy_shift.kind={odd}"), ("run", *CELL, "-p", f"{odd}=3"),
        ("run", "-t", odd, "-r", odd), ("leaderboard", odd), ("show", odd), (odd,),
        ("data", "check", "folder", "--data-root", odd), ("new", "plugin", odd, "--kind", "metric"),
    )  # fmt: skip
    for words in refused:
        code, out, err = bench.call(*words)
        assert code in (2, 3) and out == "" and err.isprintable() == ("\n" not in err), words
        assert len(err.splitlines()) == 1
    assert bench.run("--out", odd)[0] == 0
    code, out, _ = bench.call("leaderboard", "--out", odd)
    assert code == 0 and (Path(odd) / "toy_weak.md").is_file() and "\udcff" not in out


def test_a_board_that_is_no_unicode_is_another_board(bench: Preparer) -> None:
    bench.run()
    page = bench.out / "toy_weak.md"
    whole = page.read_bytes()
    page.write_bytes(b"\xff\xfe")
    code, _, err = bench.call("leaderboard", "--check")
    assert code == 4 and "toy_weak.md is not what its records say" in err
    assert bench.call("leaderboard")[0] == 0 and page.read_bytes() == whole


@pytest.mark.parametrize("words", [("show", "synth"), ("data", "scan", "folder", "--out", "F")])
def test_a_folder_that_may_only_be_read_is_said(
    words: tuple[str, ...], bench: Preparer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """/proc refuses new files to everybody, root included."""
    photos = bench.folder / "photos" / "nir" / "s1" / "anger"
    photos.mkdir(parents=True)
    (photos / "1.png").write_bytes(b"x")
    if words[0] == "show":
        monkeypatch.chdir("/proc")
    else:
        words = (*words[:-1], "/proc/inventory.csv", "--data-root", str(bench.folder / "photos"))
    code, _, err = bench.call(*words)
    assert code in (0, 2, 4) and "Traceback" not in err
    assert code == 0 or any(name in err for name in ("/proc", "results", "synth.png"))


@pytest.mark.parametrize("text", ['{"score": 1e999, "prepare toy": 1e999}', '{"score": -5}',
                                  '{"score": NaN}', '{"score": 1' + "0" * 5000 + "}"])  # fmt: skip
def test_times_that_nobody_measured_are_forgotten(text: str, bench: Preparer) -> None:
    times = bench.home / "store" / "times.json"
    times.parent.mkdir(parents=True)
    times.write_text(text)
    code, _, err = bench.run("--json")
    assert code == 0, err
    assert "inf" not in times.read_text().lower()
