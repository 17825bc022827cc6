"""JSON nested a thousand deep, and names with escape sequences, wherever a command reads them."""

from __future__ import annotations

from pathlib import Path

import pytest

from irfer_bench.errors import UnreadableError
from irfer_bench.store.state import SCALARS, read_state
from tests.irfer_bench.conftest import CELL, Preparer

DEEP = "[" * 990 + "]" * 990


def test_a_nested_record_stops_no_command(bench: Preparer) -> None:
    assert bench.run()[0] == 0
    (path,) = bench.out.glob("records/toy_weak/*.json")
    path.write_text(f'{{"schema": 2, "facts": {DEEP}}}')
    for words, expected in ((("show", str(path)), 4), (("leaderboard", "--json"), 4),
                            (("gc", "--dry-run"), None), (("plan", *CELL), 0)):  # fmt: skip
        code, _, err = bench.call(*words)
        assert expected in (None, code), (words, err)
        assert "Traceback" not in err and len(err.splitlines()) <= 2, err
    code, _, err = bench.run()
    assert code == 0, err
    assert path.with_name(f"{path.name}.damaged").is_file()


def test_nested_scalars_of_a_state_are_unreadable(tmp_path: Path) -> None:
    import numpy as np
    from safetensors.numpy import save_file

    save_file({"a": np.zeros(1, np.float32)}, tmp_path / "state.safetensors")
    (tmp_path / SCALARS).write_text("[" * 100_000)
    with pytest.raises(UnreadableError, match="cannot be read"):
        read_state(tmp_path)


def test_a_files_name_sends_no_escape_sequence(
    bench: Preparer, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = bench.folder / "weights"
    folder.mkdir()
    odd = folder / "\x1b]0;owned\x07.pt"
    odd.write_bytes(b"half")
    monkeypatch.setenv("IRFER_BENCH_WEIGHTS", str(folder))
    given = ("-p", f"resnet18.weights={odd}")
    for words in (("doctor",), ("plan", *CELL[:-1], "resnet18", "--preset", "paper", *given),
                  ("show", str(odd)), ("run", str(odd)), ("leaderboard", odd.name)):  # fmt: skip
        _, out, err = bench.call(*words)
        assert "\x1b" not in out + err and "\x07" not in out + err, words


def test_damaged_weights_exit_4_and_an_unknown_device_2(bench: Preparer) -> None:
    weights = bench.folder / "half.pth"
    weights.write_bytes(b"half a download")
    cell = ("-d", "toy", "-s", "toy_supervised", "-t", "none", "-r", "resnet18")
    given = ("--preset", "paper", "-p", f"resnet18.weights={weights}")
    code, _, err = bench.run(*cell, *given)
    assert code == 4 and "half.pth cannot be read as a checkpoint" in err
    assert bench.run(*cell, "--device", "foo")[0] == 2
