"""Resumed preparation loses, repeats, reorders and wastes no item."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from irfer_bench.contracts.component import Component
from irfer_bench.contracts.params import Params
from irfer_bench.contracts.values import Clip, Item
from irfer_bench.data.arrow import write_shard
from irfer_bench.data.clips import SHARDS, StoredClips
from irfer_bench.data.preparation import shards
from irfer_bench.data.preparation.rules import Rules
from irfer_bench.data.preparation.shards import Recipe, prepare_shards
from irfer_bench.data.preparation.workers import Chunk, Preparer

HERE = "tests.irfer_bench.data.test_chunks"
READ: list[str] = []


class Numbers:
    """Item `i00007` is an image of sevens."""

    def __init__(self, params: Any) -> None:
        self.params = params

    def read(self, root: Path | None, item: Item, frames: Sequence[int] | None = None) -> Clip:
        READ.append(item.id)
        value = int(item.id[1:]) % 251
        return Clip(item.id, np.full((1, 4, 4), value, np.uint8), "nir")


RECIPE = Recipe(
    Component("dataset", "numbers", f"{HERE}:Numbers"),
    Params(),
    Path(),
    Rules(size=4, unit="item"),
    Path(),
)


def items_of(count: int) -> list[Item]:
    return [Item(f"i{k:05d}", "fear", f"s{k % 7}", "nir", files=("x",)) for k in range(count)]


def silent(name: str, done: int, total: int) -> None: ...


def read_back(place: Path) -> list[tuple[str, int]]:
    view = StoredClips(place, "key").view()
    return [(clip.id, int(clip.frames[0, 0, 0, 0])) for clip in view]


def check(place: Path, items: Sequence[Item], facts: dict[str, Any]) -> None:
    expected = [item.id for item in items]
    assert list(facts) == expected
    assert read_back(place) == [(name, int(name[1:]) % 251) for name in expected]
    assert sorted(p.suffix for p in place.iterdir()) == sorted(
        [".arrow", ".json"] * len(list(place.glob(SHARDS)))
    )


@given(st.integers(1, 400), st.integers(1, 9), st.integers(1, 30))
def test_chunks_are_the_items_in_their_order(count: int, files: int, smallest: int) -> None:
    items = [replace(item, pair=f"p{k // 2}") for k, item in enumerate(items_of(count))]
    with patch.multiple(shards, FILES=files, SMALLEST=smallest):
        chunks = list(shards._chunks(RECIPE, items[::2], items))
    assert [item for chunk in chunks for item in chunk.items] == items[::2]
    assert [chunk.number for chunk in chunks] == list(range(len(chunks)))
    assert all(len(chunk.items) >= smallest for chunk in chunks[:-1]) and len(chunks) <= files
    for chunk in chunks:
        pairs = {item.pair for item in chunk.items}
        assert list(chunk.partners) == [item for item in items if item.pair in pairs]


def damage(path: Path, how: str) -> None:
    if how == "lose":
        path.unlink()
    elif how == "empty":
        path.write_bytes(b"")
    elif how == "cut":
        path.write_bytes(path.read_bytes()[:-9])
    elif how == "draft":
        path.with_suffix(".4711.tmp").write_bytes(b"half")


harm = st.tuples(st.integers(0, 9), st.sampled_from(["lose", "empty", "cut", "draft"]))


@given(
    count=st.integers(1, 60),
    before=st.tuples(st.integers(0, 60), st.integers(1, 9), st.integers(1, 20)),
    now=st.tuples(st.integers(1, 9), st.integers(1, 20)),
    harms=st.lists(harm, max_size=4),
    workers=st.integers(1, 3),
    random=st.randoms(),
)
def test_any_state_is_gone_on_from(
    count: int,
    before: tuple[int, int, int],
    now: tuple[int, int],
    harms: list[tuple[int, str]],
    workers: int,
    random: Any,
) -> None:
    """Another number of items, other chunks, damaged and lost files, workers in any order."""

    def apart(
        recipe: Recipe,
        chunks: Sequence[Chunk],
        place: Path,
        made: Callable[[Chunk], object],
        workers: int,
    ) -> None:
        for chunk in random.sample(chunks, len(chunks)):
            Preparer(recipe, place).make(chunk)
            made(chunk)

    with tempfile.TemporaryDirectory() as name, patch.multiple(
        shards, WORTH=0, prepare_in_processes=apart
    ):
        place = Path(name)
        earlier, files, smallest = before
        with patch.multiple(shards, FILES=files, SMALLEST=smallest):
            prepare_shards(RECIPE, items_of(earlier), (), place, silent, workers)
        found = sorted(place.iterdir())
        for number, how in harms:
            if found and found[number % len(found)].exists():
                damage(found[number % len(found)], how)
        told: list[int] = []
        with patch.multiple(shards, FILES=now[0], SMALLEST=now[1]):
            READ.clear()
            facts = prepare_shards(
                RECIPE, items_of(count), (), place, lambda *said: told.append(said[1]), workers
            )
            check(place, items_of(count), facts)
            assert told == sorted(told) and all(0 <= done <= count for done in told)
            READ.clear()
            again = prepare_shards(RECIPE, items_of(count), (), place, silent, workers)
        assert again == facts and not READ, "what is finished is not made again"


def test_an_interrupted_worker_loses_only_what_it_had_begun(tmp_path: Path) -> None:
    class StopError(Exception): ...

    def apart(
        recipe: Recipe,
        chunks: Sequence[Chunk],
        place: Path,
        made: Callable[[Chunk], object],
        workers: int,
    ) -> None:
        Preparer(recipe, place).make(chunks[2])
        raise StopError

    with patch.multiple(shards, WORTH=0, FILES=5, SMALLEST=4):
        with patch.multiple(shards, prepare_in_processes=apart), pytest.raises(StopError):
            prepare_shards(RECIPE, items_of(20), (), tmp_path, silent, 2)
        assert [path.name for path in sorted(tmp_path.iterdir())] == [
            "clips-00002.arrow", "clips-00002.json"
        ]  # fmt: skip
        stamp = (tmp_path / "clips-00002.arrow").stat().st_mtime_ns
        facts = prepare_shards(RECIPE, items_of(20), (), tmp_path, silent, 1)
    check(tmp_path, items_of(20), facts)
    assert (tmp_path / "clips-00002.arrow").stat().st_mtime_ns == stamp


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"i00000": 1}', '{"i00000": {}}', None])
def test_facts_that_do_not_belong_to_a_file_are_not_trusted(
    text: str | None, tmp_path: Path
) -> None:
    prepare_shards(RECIPE, items_of(3), (), tmp_path, silent, 1)
    path = tmp_path / "clips-00000.json"
    more = json.loads(path.read_text()) | {"i00009": {"positions": [0], "boxes": [[0, 0, 4]]}}
    path.write_text(json.dumps(more) if text is None else text)
    READ.clear()
    check(tmp_path, items_of(3), prepare_shards(RECIPE, items_of(3), (), tmp_path, silent, 1))
    assert READ == ["i00000", "i00001", "i00002"]


def test_a_file_that_lacks_clips_is_made_again(tmp_path: Path) -> None:
    prepare_shards(RECIPE, items_of(3), (), tmp_path, silent, 1)
    view = StoredClips(tmp_path, "key").view()
    write_shard(tmp_path / "fewer", view[:2])
    (tmp_path / "fewer").replace(tmp_path / "clips-00000.arrow")
    check(tmp_path, items_of(3), prepare_shards(RECIPE, items_of(3), (), tmp_path, silent, 1))


@pytest.mark.parametrize("cores", [1, 3])
def test_as_many_processes_as_the_scheduler_gives_cores(
    cores: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A machine of 64 cores of which a job may use one gets no 64 processes."""
    asked: list[int] = []

    def apart(
        recipe: Recipe,
        chunks: Sequence[Chunk],
        place: Path,
        made: Callable[[Chunk], object],
        workers: int,
    ) -> None:
        asked.append(workers)
        for chunk in chunks:
            Preparer(recipe, place).make(chunk)

    monkeypatch.delenv(shards.WORKERS, raising=False)
    monkeypatch.setattr("os.sched_getaffinity", lambda who: set(range(cores)), raising=False)
    with patch.multiple(shards, WORTH=0, FILES=5, SMALLEST=4, prepare_in_processes=apart):
        facts = prepare_shards(RECIPE, items_of(20), (), tmp_path, silent)
    check(tmp_path, items_of(20), facts)
    assert asked == ([] if cores == 1 else [cores])
