"""`data purge` deletes everything made from a dataset's files and nothing else."""

from __future__ import annotations

import errno
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from irfer_bench.cli import main
from irfer_bench.contracts.component import BASIC
from irfer_bench.store import cleanup
from irfer_bench.store.artefacts import Store
from tests.irfer_bench.cli.conftest import Data
from tests.irfer_bench.conftest import TOY
from tests.irfer_datasets.trees import folder_tree

RUN = ("run", "-t", "toy_shift", "-r", "toy_means", "--preset", "quick", "--fold", "1", "--json")


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.syspath_prepend(str(TOY))
    return folder_tree(tmp_path / "tree", [f"s{k}" for k in range(5)], labels=BASIC, each=2)


@pytest.fixture
def run(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> Callable[[str], dict[str, object]]:
    def run_on(dataset: str) -> dict[str, object]:
        words = [*RUN, "-d", dataset, "--data-root", f"folder={root}", "--allow-faces", "folder"]
        capsys.readouterr()
        assert main(words) == 0, capsys.readouterr().err
        found: dict[str, object] = json.loads(capsys.readouterr().out)
        return found

    return run_on


def artefacts(home: Path) -> dict[str, str]:
    """Step by key."""
    found = (home / "store" / "artefacts").glob("*/*/manifest.json")
    return {path.parent.name: json.loads(path.read_text())["describe"]["step"] for path in found}


def results() -> dict[str, bytes]:
    """Records, predictions and boards."""
    kept = [*Path("results").rglob("*.json"), *Path("results").rglob("*.md")]
    return {str(path): path.read_bytes() for path in kept}


def test_it_is_dry_until_told(
    data: Data, root: Path, run: Callable[[str], dict[str, object]], home: Path
) -> None:
    run("folder")
    data("prepare", "folder", "--data-root", root, "--allow-faces", "folder")
    faces = Path("results/images/folder_nir_weak5/faces")
    assert (home / "private/folder/sheets").is_dir() and faces.is_dir()
    before = artefacts(home)
    said = data("purge", "folder")
    assert said.code == 0 and said.err == ""
    lines = said.out.splitlines()
    assert lines[0].startswith(f"would delete {len(before)} artefacts made of folder, ")
    (manifest,) = (home / "manifests").glob("folder-*.json")
    assert lines[1:] == [
        f"would delete {manifest}",
        f"would delete {home / 'private' / 'folder'}",
        f"would delete {faces}",
        "nothing was deleted: add --yes",
    ]
    assert artefacts(home) == before and faces.is_dir() and manifest.is_file()


def test_all_that_was_made_of_it_goes_and_a_rerun_builds_it_again(
    data: Data, root: Path, run: Callable[[str], dict[str, object]], home: Path
) -> None:
    toy = run("toy")
    others = artefacts(home)
    first = run("folder")
    mine = artefacts(home).keys() - others.keys()
    steps = {artefacts(home)[key] for key in mine}
    assert {"prepare", "fit_translator", "translate", "fit_recognizer", "predict"} <= steps
    data("prepare", "folder", "--data-root", root, "--allow-faces", "folder")
    (home / "store/unfinished/some").mkdir(parents=True)
    kept = results()
    said = data("purge", "folder", "--yes")
    assert said.code == 0 and said.out.startswith(f"deleted {len(mine)} artefacts made of folder")
    assert artefacts(home) == others
    for gone in (
        "store/unfinished", "store/building", "private/folder", "manifests/*",
    ):  # fmt: skip
        assert not list(home.glob(gone)), gone
    assert not list(Path("results").rglob("faces")) and results() == kept
    again = run("folder")
    assert again["metrics"] == first["metrics"] and again["record"] == first["record"]
    assert artefacts(home).keys() == others.keys() | mine
    assert run("toy")["record"] == toy["record"]


def test_faces_drawn_for_a_setting_of_two_datasets_go_with_either(data: Data) -> None:
    faces = Path("results/images/raf_db_to_ck_plus/faces")
    for dataset in ("raf_db", "ck_plus"):
        faces.mkdir(parents=True)
        (faces.parent / "confusion.png").touch()
        data("purge", "affectnet", "--yes")
        assert faces.is_dir()
        assert data("purge", dataset, "--yes").code == 0
        assert not faces.exists() and (faces.parent / "confusion.png").is_file()


def test_it_waits_for_nobody_and_breaks_nobodys_run(
    data: Data, root: Path, home: Path
) -> None:
    data("prepare", "folder", "--data-root", root, "--allow-faces", "folder")
    before = artefacts(home)
    with Store(home / "store").session():
        said = data("purge", "folder", "--yes")
        assert data("purge", "folder").code == 0, "looking is free"
    assert said.code == 2 and said.out == "" and said.err == (
        f"irfer-bench: another run is at work in {home / 'store'}; wait until it has ended\n"
    )
    assert artefacts(home) == before and (home / "private/folder/sheets").is_dir()
    assert data("purge", "folder", "--yes").code == 0 and not artefacts(home)


def test_a_home_that_cannot_be_written_is_one_line(
    data: Data, root: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Root may write anywhere, so the system's refusal is simulated where a lock is opened."""
    data("prepare", "folder", "--data-root", root, "--allow-faces", "folder")
    before = artefacts(home)

    def refuse(folder: Path, key: str) -> None:
        raise PermissionError(errno.EACCES, "Permission denied", str(folder / key))

    monkeypatch.setattr(cleanup, "try_lock", refuse)
    said = data("purge", "folder", "--yes")
    assert said.code == 4 and "no access to " in said.err and said.err.count("\n") == 1
    assert artefacts(home) == before and (home / "private/folder/sheets").is_dir()


def test_a_dataset_of_which_nothing_is_here(data: Data, home: Path) -> None:
    said = data("purge", "oulu_casia", "--yes")
    assert (said.code, said.out) == (0, "deleted 0 artefacts made of oulu_casia, 0.0 MiB\n")
    said = data("purge", "oulu", "--yes")
    assert said.code == 2 and "did you mean 'oulu_casia'" in said.err
