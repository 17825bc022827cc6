"""A Hugging Face dataset by its id: pinned, downloaded once, private, and nobody is asked else."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from irfer_bench.api import MissingError, UsageError
from tests.irfer_datasets.hub.reading import hub, index
from tests.irfer_datasets.hub_tree import face_rows, write_imagefolder, write_parquet

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.mark.parametrize("revision", ["", "main", "v1.0", COMMIT[:12], COMMIT.upper()])
def test_an_id_that_is_not_pinned_is_refused_in_one_line(revision: str) -> None:
    with pytest.raises(UsageError, match=r"40 hexadecimal digits of a commit") as caught:
        hub(id="owner/name", revision=revision)
    assert "\n" not in str(caught.value)
    assert hub(id="owner/name", revision=COMMIT).params.needs_root is False
    assert hub().params.needs_root is True


@pytest.mark.parametrize("name", ["name", "a/b/c", "../b/c", "/etc/passwd", "a/..b/"])
def test_an_id_is_owner_and_name(name: str) -> None:
    with pytest.raises(UsageError, match=r"hub.id"):
        hub(id=name, revision=COMMIT)


def test_a_pinned_dataset_is_downloaded_once_into_the_private_home(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The loader at the border is replaced: it lays a snapshot as the real one does."""
    origin = write_parquet(tmp_path / "origin", face_rows())
    asked: list[bool] = []

    def download(name: str, *, cache_dir: Path, local_files_only: bool, **more: Any) -> str:
        assert (name, more["revision"], more["repo_type"]) == ("owner/name", COMMIT, "dataset")
        asked.append(local_files_only)
        store = cache_dir / "datasets--owner--name"
        snapshot = store / "snapshots" / COMMIT
        if not snapshot.exists():
            (snapshot / "data").mkdir(parents=True)
            (store / "blobs").mkdir()
            for number, path in enumerate(sorted((origin / "data").iterdir())):
                shutil.copy(path, store / f"blobs/{number}")
                (snapshot / "data" / path.name).symlink_to(f"../../../blobs/{number}")
        return str(snapshot)

    monkeypatch.setattr("huggingface_hub.snapshot_download", download)
    pinned = {"id": "owner/name", "revision": COMMIT}
    items = index(None, **pinned)
    assert items == index(origin) and asked == [False]
    assert hub(**pinned).fingerprint(None) == hub().fingerprint(origin)
    assert asked == [False, True]
    assert hub(**pinned).read(None, items[0]).frames.shape == (1, 16, 16, 3)
    assert (home / "private" / "hub").stat().st_mode & 0o777 == 0o700


def test_offline_a_dataset_that_is_not_here_is_missing_and_no_other_is_taken(
    tmp_path: Path,
) -> None:
    code = (
        "from irfer_datasets.hub.dataset import Hub\n"
        "from irfer_datasets.params import HubParams\n"
        f"Hub(HubParams(id='owner/name', revision={COMMIT!r})).index(None)\n"
    )
    env = os.environ | {"HF_HUB_OFFLINE": "1", "IRFER_BENCH_HOME": str(tmp_path)}
    other = tmp_path / "hub/downloads/datasets--owner--name/snapshots" / ("f" * 40)
    write_parquet(other, face_rows())
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True)
    last = done.stderr.strip().splitlines()[-1]
    assert "MissingError" in last and f"owner/name at {COMMIT} cannot be had" in last


def test_without_a_folder_or_an_id_it_says_both() -> None:
    with pytest.raises(MissingError, match=r"--data-root hub=FOLDER, or -p hub.id"):
        index(None)


def test_the_copy_of_a_dataset_is_private_and_outlives_nothing_it_should_not(
    tmp_path: Path, home: Path
) -> None:
    root = write_parquet(tmp_path / "root", face_rows((0,)))
    first = index(root)
    assert (home / "private" / "hub").stat().st_mode & 0o777 == 0o700
    assert list(home.rglob("*.arrow")) and not list(root.rglob("*.arrow"))
    write_parquet(root, face_rows((1,)))
    assert {i.id for i in index(root)}.isdisjoint(i.id for i in first), "an old copy was read"


def test_nobody_is_told_that_a_folder_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("datasets.load.get_session", lambda: pytest.fail("a request is made"))
    monkeypatch.setattr("datasets.config.HF_HUB_OFFLINE", False)
    assert len(index(write_imagefolder(tmp_path / "images", face_rows((0,))))) == 12
    assert len(index(write_parquet(tmp_path / "rows", face_rows((0,))))) == 12
