"""The store: damaged artefacts are rebuilt, interrupted builds continue."""

from __future__ import annotations

import errno
import json
import os
import threading
from contextlib import contextmanager

import numpy as np
import pytest

from irfer_bench.contracts.values import State
from irfer_bench.engine.context import StepContext
from irfer_bench.errors import DamagedError
from irfer_bench.store.artefacts import MANIFEST, Store
from irfer_bench.store.cleanup import sweep
from irfer_bench.store.files import clear_write_errors, write_text
from irfer_bench.store.state import read_state, save_tensors, write_state

KEY = "a" * 64


@pytest.fixture
def store(tmp_path):
    said: list[str] = []
    made = Store(tmp_path / "store", said.append)
    made.said = said
    return made


def build(folder):
    (folder / "numbers.txt").write_text("1 2 3\n")
    return {"count": 3}


def fresh(store):
    """The store as another process sees it."""
    made = Store(store.root, store.say)
    made.said = store.said
    return made


def test_an_artefact_is_built_once(store):
    artefact, built = store.get_or_build(KEY, build, describe={})
    again, rebuilt = fresh(store).get_or_build(KEY, build, describe={})
    assert (built, rebuilt) == (True, False)
    assert artefact == again
    assert artefact.facts == {"count": 3}
    assert oct(store.root.stat().st_mode)[-3:] == "700"


def cut(folder):
    path = folder / "numbers.txt"
    path.write_bytes(path.read_bytes()[:3])


def edit(folder):
    (folder / "numbers.txt").write_text("1 2 4\n")


def lose(folder):
    (folder / "numbers.txt").unlink()


def cut_manifest(folder):
    path = folder / MANIFEST
    path.write_bytes(path.read_bytes()[:100])


def empty_manifest(folder):
    (folder / MANIFEST).write_text("[]")


def edit_manifest(folder):
    manifest = json.loads((folder / MANIFEST).read_text())
    manifest["facts"]["count"] = 4
    (folder / MANIFEST).write_text(json.dumps(manifest))


def lose_manifest(folder):
    (folder / MANIFEST).unlink()


@pytest.mark.parametrize(
    "damage", [cut, edit, lose, cut_manifest, empty_manifest, edit_manifest, lose_manifest]
)
def test_damage_is_seen_set_aside_and_rebuilt(store, damage):
    artefact, _ = store.get_or_build(KEY, build, describe={})
    damage(artefact.folder)
    other = fresh(store)
    assert other.get(KEY) is None
    made, built = other.get_or_build(KEY, build, describe={})
    assert built
    assert (made.folder / "numbers.txt").read_text() == "1 2 3\n"
    assert made.facts == {"count": 3}
    assert len(list((store.root / "damaged").iterdir())) == 1
    assert any("set aside" in line for line in store.said)


def test_what_another_run_rebuilt_meanwhile_is_not_moved(store, monkeypatch):
    edit(store.get_or_build(KEY, build, describe={})[0].folder)
    late, locked = fresh(store), Store._locked

    @contextmanager
    def after_the_other(self, key):
        monkeypatch.setattr(Store, "_locked", locked)
        fresh(store).get_or_build(key, build, describe={})
        with locked(self, key):
            yield

    monkeypatch.setattr(Store, "_locked", after_the_other)
    assert late.get(KEY) is not None
    assert len(list((store.root / "damaged").iterdir())) == 1


def test_a_build_that_fails_leaves_nothing(store):
    def fail(folder):
        (folder / "half").write_text("half")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        store.get_or_build(KEY, fail, describe={})
    assert not store.has(KEY)
    assert list((store.root / "building").iterdir()) == []
    assert store.get_or_build(KEY, build, describe={})[1]


def test_what_a_killed_build_left_is_swept_by_the_next(store):
    leftover = store.root / "building" / f"{KEY}.killed"
    leftover.mkdir(parents=True)
    (leftover / "half").write_text("half")
    foreign = store.root / "building" / ("b" * 64 + ".running")
    foreign.mkdir()
    store.get_or_build(KEY, build, describe={})
    assert not leftover.exists()
    assert foreign.exists(), "another key may be in work elsewhere"


def test_two_threads_build_one_key_once(tmp_path):
    """Two stores stand for two processes; the second waits, says so, and takes the first's."""
    started, go = threading.Event(), threading.Event()
    builds: list[int] = []

    def slow(folder):
        builds.append(1)
        started.set()
        assert go.wait(30)
        return build(folder)

    said: list[str] = []
    first = Store(tmp_path / "store")
    second = Store(tmp_path / "store", lambda line: (said.append(line), go.set()))
    thread = threading.Thread(target=lambda: first.get_or_build(KEY, slow, describe={}))
    thread.start()
    assert started.wait(30)
    _, built = second.get_or_build(KEY, slow, describe={})
    thread.join()
    assert not built
    assert len(builds) == 1
    assert "another run is building" in said[0]


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (errno.ENOSPC, "no space left"),
        (errno.EDQUOT, "no space left"),
        (errno.EROFS, "Read-only file system"),
        (errno.EACCES, "Permission denied"),
        (errno.ENOTDIR, "Not a directory"),
    ],
)
def test_the_systems_refusals_become_one_line(store, number, said):
    def refuse(folder):
        raise OSError(number, os.strerror(number), str(folder / "x"))

    with pytest.raises(DamagedError, match=said) as caught:
        store.get_or_build(KEY, refuse, describe={})
    assert caught.value.exit_code == 4
    assert "IRFER_BENCH_HOME" in str(caught.value)
    assert not store.has(KEY)


def test_other_errors_stay_what_they_are(tmp_path):
    with pytest.raises(FileNotFoundError), clear_write_errors(tmp_path):
        (tmp_path / "none").read_text()


def test_a_home_that_is_a_file_is_said(tmp_path):
    (tmp_path / "home").write_text("")
    with pytest.raises(DamagedError, match="home"):
        Store(tmp_path / "home" / "store").get_or_build(KEY, build, describe={})


def test_the_disk_fills_while_tensors_are_written(tmp_path, monkeypatch):
    """safetensors hides the system's error in a text of its own; both spellings are known."""
    from safetensors import SafetensorError

    for text in ("I/O error: No space left on device (os error 28)", "IoError(Os { code: 28 })"):

        def full(tensors, path, metadata=None, text=text):
            raise SafetensorError(f"Error while serializing: {text}")

        monkeypatch.setattr("safetensors.numpy.save_file", full)
        with pytest.raises(DamagedError, match="no space left"), clear_write_errors(tmp_path):
            save_tensors(tmp_path / "x", {"a": np.zeros(3)})


def test_text_is_replaced_whole_or_not_at_all(tmp_path, monkeypatch):
    path = tmp_path / "page.md"
    write_text(path, "old")

    def full(handle):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("irfer_bench.store.files.FLUSH", full)
    with pytest.raises(OSError, match="No space"):
        write_text(path, "new")
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["page.md"]


def context(store, step="s" * 64):
    return StepContext(
        store, step, "fit toy", lambda name: "toy/1", 0, "cpu", "fp32", store.root, lambda *a: None
    )


def test_a_state_comes_back_as_it_was(tmp_path):
    state = State({"a": np.arange(6.0).reshape(2, 3).T, "b": np.float32(3)}, {"n": 1, "s": "x"})
    write_state(tmp_path, state)
    back = read_state(tmp_path)
    np.testing.assert_array_equal(back.tensors["a"], state.tensors["a"])
    assert back.tensors["b"] == 3
    assert back.scalars == {"n": 1, "s": "x"}


def test_a_checkpoint_is_replaced_whole_or_not_at_all(store, monkeypatch):
    """Killed at any moment of writing the next one, the last one is still there."""
    ctx = context(store)
    assert ctx.last_checkpoint("net") is None
    ctx.checkpoint("net", State({"a": np.zeros(2)}, {"done": 1}))

    class KilledError(BaseException): ...

    def killed(handle):
        raise KilledError

    with monkeypatch.context() as patched, pytest.raises(KilledError):
        patched.setattr("irfer_bench.store.files.FLUSH", killed)
        ctx.checkpoint("net", State({"a": np.ones(2)}, {"done": 2}))
    assert context(store).last_checkpoint("net").scalars == {"done": 1}
    context(store).checkpoint("net", State({"a": np.ones(2)}, {"done": 2}))
    again = context(store).last_checkpoint("net")
    assert again.scalars == {"done": 2}
    np.testing.assert_array_equal(again.tensors["a"], np.ones(2))


@pytest.mark.parametrize("left", [0, 5, 60, -1])
def test_half_a_checkpoint_is_no_checkpoint(store, left):
    ctx = context(store)
    ctx.checkpoint("net", State({"a": np.zeros(2)}, {"done": 10}))
    (path,) = store.unfinished(ctx.step_key).iterdir()
    path.write_bytes(path.read_bytes()[:left])
    assert ctx.last_checkpoint("net") is None


def test_parts_are_shared_and_their_reports_come_along(store):
    builds: list[int] = []

    def make(ctx):
        def part():
            builds.append(1)
            ctx.report("loss", 0.5)
            return State({"a": np.ones(2)})

        return part

    first, second = context(store), context(store, "t" * 64)
    first.part("net", {"steps": 3}, make(first))
    second.part("net", {"steps": 3}, make(second))
    assert len(builds) == 1
    assert first.reports == second.reports == {"loss": 0.5}
    second.part("net", {"steps": 4}, make(second))
    assert len(builds) == 2
    assert second.step_key == "t" * 64


def test_sweep_keeps_what_is_asked_for(store):
    store.get_or_build(KEY, build, describe={})
    store.get_or_build("b" * 64, build, describe={})
    count, size = sweep(store.root, [KEY])
    assert count == 1
    assert size > 0
    assert fresh(store).has(KEY)
    assert not fresh(store).has("b" * 64)


def test_an_open_store_is_closed_to_others_before_anything_is_written(tmp_path):
    root = tmp_path / "store"
    root.mkdir(mode=0o755)
    root.chmod(0o755)
    Store(root).get_or_build("a" * 64, lambda folder: {}, describe={})
    assert root.stat().st_mode & 0o777 == 0o700
