"""`data export`: parquet for private use; an upload only with the user's confirmation."""

from __future__ import annotations

import stat
from pathlib import Path

import huggingface_hub
import pytest

from irfer_datasets.folder.dataset import Folder
from tests.irfer_bench.cli.conftest import Data
from tests.irfer_datasets.trees import folder_tree

SUBJECTS = [f"s{k}" for k in range(5)]


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    class Offline:
        def __init__(self) -> None:
            raise AssertionError("the hub was contacted")

    monkeypatch.setattr(huggingface_hub, "HfApi", Offline)
    return folder_tree(tmp_path / "tree", SUBJECTS)


def test_parquet_is_written_for_its_user_and_read_back(data: Data, root: Path) -> None:
    said = data("export", "folder", "--data-root", root, "--out", "exported")
    assert said.code == 0 and said.out == (
        "20 clips in 1 files: exported\nread back: irfer-bench data check hub "
        "--data-root hub=exported\n"
    )
    place = Path("exported")
    assert stat.S_IMODE(place.stat().st_mode) == 0o700
    card = (place / "README.md").read_text()
    assert "DO NOT PUBLISH" in card and str(root) not in card
    back = data("check", "hub", "--data-root", "hub=exported", "--json")
    assert back.code == 0, back.out + back.err
    assert back.json["by_class"] == {"anger": 10, "happiness": 10}
    assert back.json["by_subject"] == dict.fromkeys(SUBJECTS, 4)
    assert back.json["by_domain"] == {"nir": 10, "vis": 10}
    again = data("export", "folder", "--data-root", root, "--out", "exported")
    assert again.code == 2 and "exported is there and not empty; name a new folder" in again.err
    other = data("export", "folder", "--data-root", root, "--out", "other", "--json")
    assert other.json == {
        "folder": "other", "clips": 20, "shards": 1, "repository": "", "revision": ""
    }  # fmt: skip
    images = [path for path in place.rglob("*") if path.is_file()]
    assert sorted(path.suffix for path in images) == [".md", ".parquet"]


def test_an_upload_without_the_users_word_shows_the_licence_and_does_nothing(
    data: Data, root: Path, home: Path
) -> None:
    words = ("--out", "exported", "--to", "hub", "--upload", "me/mine")
    said = data("export", "folder", "--data-root", root, *words)
    assert said.code == 2 and said.out == "" and said.err.count("\n") == 1
    assert "not uploaded to me/mine without confirmation" in said.err
    assert f"It says: {Folder.licence}" in said.err and "add --i-have-the-right" in said.err
    assert not Path("exported").exists()
    assert not (home / "store").exists(), "nothing was prepared"


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--to", "hub"), "--to hub and --upload OWNER/NAME go together"),
        (("--upload", "me/mine"), "--to hub and --upload OWNER/NAME go together"),
        (("--to", "hub", "--upload", "mine", "--i-have-the-right"), "names no repository"),
    ],
)
def test_half_an_upload_is_refused(
    data: Data, root: Path, words: tuple[str, ...], says: str
) -> None:
    said = data("export", "folder", "--data-root", root, "--out", "exported", *words)
    assert said.code == 2 and says in said.err and not Path("exported").exists()
