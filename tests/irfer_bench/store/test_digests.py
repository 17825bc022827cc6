"""External files that changed after planning are reported by the run."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

import pytest

from irfer_bench.data import clips
from irfer_bench.data.arrow import Shard
from irfer_bench.errors import DamagedError, UnreadableError
from irfer_bench.experiment.methods import check_weights, resolve_method
from irfer_bench.registry import load
from irfer_bench.store import digests, keys
from irfer_bench.store.digests import remembered_digest
from tests.irfer_bench.conftest import Preparer


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IRFER_BENCH_HOME", str(tmp_path / "home"))
    forget(monkeypatch)


def forget(monkeypatch: pytest.MonkeyPatch) -> None:
    """As another process begins."""
    monkeypatch.setattr(digests, "_known", {})
    monkeypatch.setattr(digests, "_read", {})


def overwrite(path: Path, how: str) -> None:
    """Another content of the same size and date."""
    dates, content = path.stat(), b"y" * path.stat().st_size
    if how == "in place":
        path.write_bytes(content)
    else:
        path.with_suffix(".new").write_bytes(content)
        path.with_suffix(".new").replace(path)
    os.utime(path, ns=(dates.st_atime_ns, dates.st_mtime_ns))


@pytest.mark.parametrize("how", ["in place", "by another file"])
def test_a_file_overwritten_with_size_and_date_kept_is_seen(
    how: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "weights.pt"
    path.write_bytes(b"x" * 1000)
    time.sleep(0.1)
    first = remembered_digest(path)
    forget(monkeypatch)
    assert remembered_digest(path) == first
    overwrite(path, how)
    assert remembered_digest(path) == keys.digest_file(path) != first
    forget(monkeypatch)
    assert remembered_digest(path) == keys.digest_file(path)


def test_a_file_is_read_once_for_many_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "weights.pt"
    path.write_bytes(b"x")
    time.sleep(0.1)
    first = remembered_digest(path)
    forget(monkeypatch)
    monkeypatch.setattr(keys, "digest_file", lambda path: pytest.fail("read again"))
    assert remembered_digest(path) == first == remembered_digest(path)


def noted(tmp_path: Path) -> int:
    return len(list((tmp_path / "home").glob("digests/*.json")))


def test_a_file_that_may_change_within_its_date_is_not_noted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two ticks of a file system after the last change, another change has another date."""
    path = tmp_path / "weights.pt"
    path.write_bytes(b"x")
    end = path.stat().st_ctime_ns + 40_000_000
    for now, notes in ((end - 1, 0), (end, 1)):
        forget(monkeypatch)
        monkeypatch.setattr(digests.time, "time_ns", lambda now=now: now)
        remembered_digest(path)
        assert noted(tmp_path) == notes


def test_nothing_is_noted_inside_the_block_and_everything_after_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "weights.pt"
    path.write_bytes(b"x")
    monkeypatch.setattr(digests.time, "time_ns", lambda: path.stat().st_ctime_ns + 10**9)
    with digests.noting_nothing():
        with pytest.raises(ZeroDivisionError), digests.noting_nothing():
            raise ZeroDivisionError
        first = remembered_digest(path)
    assert noted(tmp_path) == 0
    forget(monkeypatch)
    assert remembered_digest(path) == first
    assert noted(tmp_path) == 1


def test_inside_the_block_each_file_is_read_once_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, read = tmp_path / "weights.pt", []
    path.write_bytes(b"x")
    monkeypatch.setattr(digests.time, "time_ns", lambda: path.stat().st_ctime_ns + 10**9)
    remembered_digest(path)
    forget(monkeypatch)
    whole = keys.digest_file
    monkeypatch.setattr(keys, "digest_file", lambda path: read.append(path) or whole(path))
    remembered_digest(path)
    assert len(read) == 0
    with digests.reading_again():
        with digests.reading_again():
            remembered_digest(path)
        remembered_digest(path)
        assert len(read) == 1
    forget(monkeypatch)
    remembered_digest(path)
    assert len(read) == 1


@pytest.mark.parametrize("note", ["[]", "{", '{"stamp": 3, "sha256": ""}', '{"sha256": ""}'])
def test_a_note_that_says_nothing_is_ignored(
    note: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "weights.pt"
    path.write_bytes(b"x")
    monkeypatch.setattr(digests.time, "time_ns", lambda: path.stat().st_ctime_ns + 10**9)
    remembered_digest(path)
    (place,) = (tmp_path / "home" / "digests").iterdir()
    place.write_text(note)
    forget(monkeypatch)
    assert remembered_digest(path) == keys.digest_file(path)


def test_weights_that_changed_since_the_plan_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "mine.pt"
    path.write_bytes(b"x" * 100)
    method = resolve_method(
        load(),
        "recognizer",
        "resnet18",
        preset="paper",
        given={"weights": str(path)},
        weights=tmp_path,
    )
    assert method.inputs
    check_weights(load(), method, tmp_path)
    overwrite(path, "in place")
    with pytest.raises(DamagedError, match="backbone_digest changed since the plan was made"):
        check_weights(load(), method, tmp_path)


def test_a_note_of_an_earlier_run_is_not_believed_where_weights_are_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "mine.pt"
    path.write_bytes(b"x" * 100)
    time.sleep(0.1)
    remembered_digest(path)
    (note,) = (tmp_path / "home" / "digests").iterdir()
    note.write_text(json.dumps(json.loads(note.read_text()) | {"sha256": "0" * 64}))
    forget(monkeypatch)
    given = {"weights": str(path)}
    method = resolve_method(
        load(), "recognizer", "resnet18", preset="paper", given=given, weights=tmp_path
    )
    assert method.inputs["backbone_digest"] == "0" * 64
    with pytest.raises(DamagedError, match="changed since the plan"):
        check_weights(load(), method, tmp_path)


@pytest.mark.parametrize("times", [1, 99])
def test_clips_that_cannot_be_read_are_looked_at_and_tried_once_more(
    times: int, bench: Preparer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk that fails once is no reason to give up; one that always fails is, in one line."""
    assert bench.run()[0] == 0
    left = [True] * times

    class Failing(Shard):
        def __init__(self, path: Path) -> None:
            if left and left.pop():
                raise UnreadableError(f"{path} cannot be read: Input/output error")
            super().__init__(path)

    monkeypatch.setattr(clips, "Shard", Failing)
    code, _, err = bench.run("--seed", "1")
    assert code == (0 if times == 1 else 4), err
    assert "Traceback" not in err
    assert times == 1 or "Input/output error" in err.splitlines()[-1]


def test_what_is_damaged_while_it_is_read_is_built_again(
    bench: Preparer, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert bench.run()[0] == 0
    before = {folder.name: files_of(folder) for folder in bench.artefacts("prepare")}
    first = [True]

    class Breaking(Shard):
        def __init__(self, path: Path) -> None:
            if first and first.pop():
                path.write_bytes(path.read_bytes()[:100])
            super().__init__(path)

    monkeypatch.setattr(clips, "Shard", Breaking)
    code, _, err = bench.run("--seed", "1")
    assert code == 0 and "set aside" in err, err
    assert {folder.name: files_of(folder) for folder in bench.artefacts("prepare")} == before


def files_of(folder: Path) -> dict[str, Any]:
    files: dict[str, Any] = json.loads((folder / "manifest.json").read_text())["files"]
    return files
