"""`irfer-bench show RECORD --explain`: features, regions, courses and words of a recognizer."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from irfer_bench.api import BASIC
from tests.irfer_bench.conftest import Preparer

ORANGE = np.array([0xC0, 0x56, 0x21])


@pytest.fixture
def record(bench: Preparer) -> Path:
    """The record of a run with a recognizer that explains itself."""
    assert bench.run()[0] == 0
    (path,) = bench.out.glob("records/*/*.json")
    return path


def test_the_explanations_of_a_record(bench: Preparer, record: Path) -> None:
    code, out, err = bench.call("show", str(record), "--explain", "--out", "figures")
    assert code == 0, err
    made = {path.name.removeprefix(f"{record.stem}.") for path in Path("figures").iterdir()}
    courses = {name for name in made if name.endswith(".evidence.png")}
    assert {name.split(".")[0] for name in courses} <= {*BASIC}
    assert courses
    assert {"features.png", "features.svg", "regions.png", "words.png"} <= made
    assert "drew" in out
    image = np.asarray(Image.open(Path("figures") / f"{record.stem}.regions.png").convert("RGB"))
    assert (np.abs(image.astype(int) - ORANGE).max(-1) < 30).sum() > 100, "regions on the faces"
    features = Image.open(Path("figures") / f"{record.stem}.features.png").convert("RGB")
    assert len(features.getcolors(10**7) or ()) > 6, "a colour per class"


def test_people_are_drawn_only_where_allowed(bench: Preparer) -> None:
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
    words = ("show", str(record), "--explain", "--out", "figures")
    code, _, err = bench.call(*words)
    assert code == 2
    assert "folder shows people; say --allow-faces folder to draw them" in err
    assert not list(bench.folder.glob("figures/**/*regions*"))
    assert bench.call(*words, "--allow-faces", "folder")[0] == 0
    assert list(bench.folder.glob("figures/faces/*.regions.png"))
    assert not list(bench.folder.glob("figures/*.regions.png"))


def test_what_is_gone_or_is_no_record_cannot_be_explained(bench: Preparer, record: Path) -> None:
    code, _, err = bench.call("show", "grey", "--explain")
    assert code == 2
    assert "--explain is of a record" in err
    (bench.home / "store").rename(bench.home / "gone")
    code, _, err = bench.call("show", str(record), "--explain", "--out", "figures")
    assert code == 3
    assert "no longer in the store" in err
