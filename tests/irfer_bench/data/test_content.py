"""The fingerprint is equal for equal content in any folder, and different for other content."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from irfer_bench.contracts.values import Item
from irfer_bench.data.fingerprint import content_digest

contents = st.dictionaries(st.sampled_from("abcdef"), st.binary(max_size=8), min_size=1)


def write(root: Path, files: dict[str, bytes]) -> list[Item]:
    root.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (root / name).write_bytes(content)
    return [Item(name, "fear", "s", "vis", files=(name,)) for name in files]


@given(contents, st.randoms())
def test_the_order_of_listing_and_the_place_do_not_enter(
    files: dict[str, bytes], random: Any
) -> None:
    with tempfile.TemporaryDirectory() as place:
        one, other = Path(place, "one"), Path(place, "deep", "other")
        items = write(one, files)
        shuffled = write(other, files)
        random.shuffle(shuffled)
        assert content_digest(one, items) == content_digest(other, shuffled)


@given(contents, contents)
def test_equal_digests_mean_equal_content(
    files: dict[str, bytes], changed: dict[str, bytes]
) -> None:
    with tempfile.TemporaryDirectory() as place:
        one, other = Path(place, "one"), Path(place, "other")
        first = content_digest(one, write(one, files))
        assert (first == content_digest(other, write(other, changed))) == (files == changed)


@pytest.mark.parametrize(
    "change",
    [
        {"label": "anger"},
        {"subject": None},
        {"pair": "p"},
        {"split": "test"},
        {"spectrum": "nir"},
        {"lighting": "dark"},
        {"files": ("b", "a")},
    ],
)
def test_what_is_said_about_the_files_enters(tmp_path: Path, change: dict[str, Any]) -> None:
    write(tmp_path, {"a": b"1", "b": b"2"})
    item = Item("i", "fear", "s", "vis", files=("a", "b"), frames=2)
    before = content_digest(tmp_path, [item])
    assert content_digest(tmp_path, [replace(item, **change)]) != before


def test_folders_above_an_item_do_not_enter(tmp_path: Path) -> None:
    item = Item("i", "fear", "s", "vis", files=("a",))
    write(tmp_path / "x", {"a": b"1"})
    shutil.copytree(tmp_path / "x", tmp_path / "y" / "OriginalImg")
    moved = replace(item, files=("OriginalImg/a",))
    assert content_digest(tmp_path / "x", [item]) == content_digest(tmp_path / "y", [moved])


def test_a_lost_file_is_seen_and_does_not_stop_the_others(tmp_path: Path) -> None:
    items = write(tmp_path, {"a": b"1", "b": b"2"})
    before = content_digest(tmp_path, items)
    (tmp_path / "a").unlink()
    assert content_digest(tmp_path, items) != before
