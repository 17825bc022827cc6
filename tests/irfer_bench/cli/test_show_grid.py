"""`irfer-bench show RECORD --grid`: side-by-side images, of people only where allowed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from irfer_bench.api import BASIC
from tests.irfer_bench.conftest import Preparer


@pytest.fixture
def record(bench: Preparer) -> Path:
    """The record of a run with a fitted translator."""
    assert bench.run()[0] == 0
    (path,) = bench.out.glob("records/*/*.json")
    return path


def test_the_grid_of_a_record(bench: Preparer, record: Path) -> None:
    code, out, err = bench.call("show", str(record), "--grid", "--out", "figures")
    assert code == 0, err
    made = sorted(path.name for path in (bench.folder / "figures").iterdir())
    assert made == [f"{record.stem}.grid.png", f"{record.stem}.grid.svg"]
    assert f"{record.stem}.grid.{{png,svg}}" in "".join(out.split())
    image = np.asarray(Image.open(bench.folder / "figures" / made[0]))
    assert len(np.unique(image.reshape(-1, 4), axis=0)) > 20


def test_a_grid_of_people_has_to_be_allowed(bench: Preparer) -> None:
    random = np.random.default_rng(0)
    for spectrum in ("vis", "nir"):
        for subject in range(10):
            for label in BASIC:
                path = bench.folder / "people" / spectrum / f"p{subject}" / label / "1.png"
                path.parent.mkdir(parents=True)
                Image.fromarray(random.integers(0, 255, (8, 8, 3), np.uint8)).save(path)
    where = ("-s", "folder_nir_weak5", "--data-root", "people", "--fold", "1")
    assert bench.run(*where, "-t", "toy_shift", "-r", "toy_means")[0] == 0
    (record,) = bench.out.glob("records/*/*.json")
    code, _, err = bench.call("show", str(record), "--grid", "--out", "figures")
    assert code == 2
    assert "folder shows people; say --allow-faces folder to draw them" in err
    assert not list(bench.folder.glob("figures/**/*.png"))
    words = ["show", str(record), "--grid", "--out", "figures", "--allow-faces", "folder"]
    assert bench.call(*words)[0] == 0
    (image,) = bench.folder.glob("figures/faces/*.png")
    assert oct(image.parent.stat().st_mode)[-3:] == "700"
    assert "not to be published" in (image.parent / "DO_NOT_PUBLISH.txt").read_text()


def test_a_grid_needs_what_the_run_left(bench: Preparer, record: Path) -> None:
    (bench.home / "store").rename(bench.home / "gone")
    code, _, err = bench.call("show", str(record), "--grid")
    assert code == 3
    assert "no longer in the store" in err
    code, _, err = bench.call("show", "grey", "--grid")
    assert code == 2
    assert "--grid is of a record, and grey is none" in err
