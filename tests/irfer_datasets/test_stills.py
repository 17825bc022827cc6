"""Bad files among the stills of CFEE and KDEF, as `data check` tells them."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from irfer_bench.api import Stills
from irfer_bench.cli import main
from irfer_datasets.cfee.dataset import Cfee
from irfer_datasets.kdef.dataset import Kdef
from tests.conformance.sample_trees import SAMPLES

VICTIMS = {
    "cfee": "CFEE_Database_230/01-04/Images1/04_111_2001.jpg",
    "kdef": "KDEF_and_AKDEF/KDEF/BF02/BF02AFS.JPG",
}
CLASSES: dict[str, type[Stills]] = {"cfee": Cfee, "kdef": Kdef}


@pytest.fixture(params=sorted(VICTIMS))
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def root(name: str, tmp_path: Path) -> Path:
    SAMPLES[name](tmp_path / "data")
    return tmp_path / "data"


def check(name: str, root: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, Any]:
    code = main(["data", "check", name, "--data-root", str(root), "--json"])
    return code, json.loads(capsys.readouterr().out)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:300])


def empty(path: Path) -> None:
    path.write_bytes(b"")


def write_text(path: Path) -> None:
    path.write_text("a page that says: sign in first")


@pytest.mark.parametrize(
    ("damage", "kind"), [(cut, "damaged"), (empty, "empty"), (write_text, "damaged")]
)
def test_a_image_that_cannot_be_read_is_named_and_not_counted(
    name: str,
    root: Path,
    damage: Callable[[Path], None],
    kind: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.setenv("IRFER_BENCH_HOME", str(tmp_path / "home"))
    before = CLASSES[name]().fingerprint(root)
    code, whole = check(name, root, capsys)
    assert code == 0
    damage(root / VICTIMS[name])
    code, report = check(name, root, capsys)
    assert code == 4 and report["items"] == whole["items"] - 1
    told = [(p["kind"], p["path"]) for p in report["problems"]]
    assert set(told) - {(p["kind"], p["path"]) for p in whole["problems"]} == {
        (kind, VICTIMS[name])
    }
    assert report["fingerprint"] != before


@pytest.mark.parametrize("away", ["data/kept.bin", "elsewhere.bin"])
def test_a_link_is_a_file_like_any_other(name: str, root: Path, away: str) -> None:
    before = CLASSES[name]().fingerprint(root)
    victim = root / VICTIMS[name]
    victim.rename(root.parent / away)
    victim.symlink_to(root.parent / away)
    assert CLASSES[name]().fingerprint(root) == before


def test_a_closed_folder_is_named(name: str, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is closed to root, so the system's refusal is played."""
    folder, open_folder = (root / VICTIMS[name]).parent, os.scandir

    def refuse(path: Any) -> Any:
        if Path(path) == folder:
            raise PermissionError(13, "Permission denied", str(path))
        return open_folder(path)

    monkeypatch.setattr("os.scandir", refuse)
    told = {(p.kind, p.path, p.action) for p in CLASSES[name]().problems(root)}
    action = "not read (Permission denied); correct its permissions"
    assert ("unreadable", str(Path(VICTIMS[name]).parent), action) in told


def test_a_root_is_walked_once_per_instance(name: str, root: Path) -> None:
    """One walk serves recognition, index, problems and fingerprint; another one sees changes."""
    dataset, before = CLASSES[name](), len(list(CLASSES[name]().index(root)))
    assert dataset.identify(root).confidence > 0.9
    (root / VICTIMS[name]).unlink()
    assert len(list(dataset.index(root))) == before
    assert len(list(CLASSES[name]().index(root))) == before - 1
