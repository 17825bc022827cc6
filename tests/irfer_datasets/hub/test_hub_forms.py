"""Hugging Face datasets: three forms of one content, and how a folder of them is found and used."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from irfer_bench.api import CLASSES, DamagedError, Item, UsageError
from tests.irfer_datasets.hub.reading import hub, index, problems, row
from tests.irfer_datasets.hub_tree import (
    dataset_of,
    face,
    face_rows,
    write_imagefolder,
    write_parquet,
)


def test_three_forms_and_any_shards_hold_the_same_items_and_have_one_fingerprint(
    tmp_path: Path,
) -> None:
    rows = face_rows()
    dataset_of(rows).save_to_disk(tmp_path / "saved")
    roots = [
        write_parquet(tmp_path / "one", rows),
        write_parquet(tmp_path / "three", rows[::-1], shards=3),
        write_parquet(tmp_path / "names", rows, names=()),
        tmp_path / "saved",
        write_imagefolder(tmp_path / "images", rows),
    ]
    first = hub()
    items = index(roots[0])
    assert len(items) == 36 and problems(roots[0]) == []
    for root in roots:
        other = hub()
        assert other.identify(root).confidence >= 0.9, root.name
        assert [replace_files(item) for item in other.index(root)] == items, root.name
        assert other.fingerprint(root) == first.fingerprint(roots[0]), root.name
        pixels = hub().read(root, items[7]).frames
        np.testing.assert_array_equal(pixels, first.read(roots[0], items[7]).frames)
    write_parquet(tmp_path / "one", [*rows[:-1], rows[-1] | {"subject": "p9"}])
    assert hub().fingerprint(roots[0]) != first.fingerprint(roots[1])


def replace_files(item: Item) -> Item:
    from dataclasses import replace

    return replace(item, files=())


def test_a_folder_may_be_named_from_where_one_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_imagefolder(tmp_path / "here", face_rows())
    there = index(tmp_path / "here")
    monkeypatch.chdir(tmp_path)
    assert index(Path("here")) == there
    assert hub().fingerprint(Path("here")) == hub().fingerprint(tmp_path / "here")


def test_a_plain_imagefolder_is_read_by_its_folders(tmp_path: Path) -> None:
    root = tmp_path / "root"
    for split, number in (("train", 1), ("test", 2)):
        for label in ("Angry", "happy"):
            place = root / split / label
            place.mkdir(parents=True)
            (place / "a.png").write_bytes(face(number, "fear"))
    assert hub().identify(root).confidence >= 0.5
    items = index(root)
    assert {(i.label, i.split, i.files) for i in items} == {
        ("anger", "train", ("train/Angry/a.png",)), ("happiness", "train", ("train/happy/a.png",)),
        ("anger", "test", ("test/Angry/a.png",)), ("happiness", "test", ("test/happy/a.png",)),
    }
    kinds = {kind for kind, _, _ in problems(root)}
    assert kinds == {"duplicate_row"}  # one image under two labels: told, both are used
    (root / "train/Angry/a.png").write_bytes(face(5, "anger"))
    assert {i.id for i in index(root)} != {i.id for i in items}, "an old copy was read"


def test_files_of_a_dataset_that_are_absent_or_broken(tmp_path: Path) -> None:
    root = write_parquet(tmp_path / "absent", face_rows(), shards=3)
    (root / "data/train-00001-of-00003.parquet").unlink()
    ((kind, where, _),) = problems(root)
    assert (kind, where) == ("missing_item", "data/train-00001-of-00003.parquet")
    shard = root / "data/train-00002-of-00003.parquet"
    shard.write_bytes(shard.read_bytes()[:-50])
    with pytest.raises(DamagedError, match=r"train-00002-of-00003.parquet cannot be read"):
        index(root)
    shard.write_text("version https://git-lfs.github.com/spec/v1\n")
    with pytest.raises(DamagedError, match=r"pointer of git-lfs.*git lfs pull"):
        index(root)
    write_parquet(root, [row(id="other")], shards=1)
    shutil.copy(root / "data/train-00000-of-00001.parquet", shard)
    with pytest.raises(DamagedError, match=r"00001.parquet has image, label, id; say -p hub.f"):
        index(root)
    dataset_of(face_rows()).save_to_disk(tmp_path / "saved")
    state = tmp_path / "saved/state.json"
    good = state.read_text()
    state.write_text(good.replace("data-00000", "../data-00000"))
    with pytest.raises(DamagedError, match=r"leads out of the folder"):
        index(tmp_path / "saved")
    state.write_text(good[:20])
    with pytest.raises(DamagedError, match=r"state.json cannot be read"):
        index(tmp_path / "saved")


def test_a_snapshot_of_the_hub_s_cache_is_links_to_blobs(tmp_path: Path) -> None:
    """`snapshots/<commit>/data/x.parquet` points to `../../../blobs/<digest>`."""
    written = write_parquet(tmp_path / "a", face_rows((0,)))
    blobs, data = tmp_path / "repo/blobs", tmp_path / "repo/snapshots/0123/data"
    blobs.mkdir(parents=True)
    data.mkdir(parents=True)
    for number, path in enumerate(sorted((written / "data").iterdir())):
        path.rename(blobs / f"{number}")
        (data / path.name).symlink_to(Path("../../../blobs") / str(number))
    assert problems(data.parent) == [] and {item.subject for item in index(data.parent)} == {"p0"}


def test_a_folder_inside(tmp_path: Path) -> None:
    write_parquet(tmp_path / "one", face_rows((0,)))
    write_parquet(tmp_path / "two", face_rows((1,)))
    assert {item.subject for item in index(tmp_path, folder="two")} == {"p1"}
    assert hub(folder="none").identify(tmp_path).confidence == 0
    with pytest.raises(UsageError, match=r"leads out of the dataset"):
        hub(folder="../elsewhere")


def test_hooks_parameters_and_settings_import_nothing_heavy() -> None:
    code = (
        "import sys, irfer_datasets.hooks, irfer_datasets.params, irfer_datasets.hub.settings,"
        "irfer_datasets.hub.dataset\n"
        "print([m for m in ('datasets', 'pandas', 'pyarrow', 'numpy', 'huggingface_hub', 'torch')"
        " if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_command_line_checks_and_lists_it(tmp_path: Path, home: Path, capsys: Any) -> None:
    from irfer_bench.cli import main

    rows = face_rows()
    rows.append(rows[0] | {"label": None, "pair": None})
    root = write_parquet(tmp_path / "root", rows)
    assert main(["data", "check", "hub", "--data-root", f"hub={root}", "--json"]) == 0
    seen = json.loads(capsys.readouterr().out)
    assert (seen["items"], seen["by_class"]["fear"], seen["by_class"]["unlabelled"]) == (37, 6, 1)
    assert seen["fingerprint"] == hub().fingerprint(root)
    assert main(["data", "items", "hub", "--data-root", f"hub={root}", "--format", "json"]) == 0
    assert len(json.loads(capsys.readouterr().out)) == 37
    bad = ["-p", 'hub.labels={"x": "y"}']
    assert main(["data", "check", "hub", "--data-root", f"hub={root}", *bad]) == 2
    assert {item.label for item in index(root)} - {None} <= set(CLASSES)
