"""Images show faces only where their dataset is named, and are written atomically."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from irfer_bench.api import BASIC
from irfer_bench.render import images as images

WORDS = ("-s", "folder_nir_weak5", "-t", "toy_shift", "-r", "toy_means", "--fold", "1")


@pytest.fixture(autouse=True)
def drawing(bench, monkeypatch):
    monkeypatch.delenv("IRFER_BENCH_FIGURES")


@pytest.fixture
def people(bench):
    """A folder of anyone's own images: ten people, six expressions, two spectra."""
    random = np.random.default_rng(0)
    root = bench.folder / "people"
    for spectrum in ("vis", "nir"):
        for subject in range(10):
            for label in BASIC:
                path = root / spectrum / f"p{subject}" / label / "1.png"
                path.parent.mkdir(parents=True)
                Image.fromarray(random.integers(0, 255, (8, 8, 3), np.uint8)).save(path)
    return root


def test_people_stay_on_this_machine(bench, people):
    """Faces only by name; no path in a record; the place of the images enters no key."""
    code, out, err = bench.run(*WORDS, "--data-root", str(people), "--json")
    assert code == 0, err
    drawn = {p.name.split(".")[-2] for p in bench.out.glob("images/**/*.*")}
    assert drawn == {"confusion", "recall"}
    for path in bench.out.rglob("*.json"):
        assert str(bench.folder) not in path.read_text()
    done = bench.log()
    moved = people.rename(bench.folder / "moved")
    code, _, err = bench.run(*WORDS, "--data-root", str(moved), "--allow-faces", "foldr")
    assert code == 2
    assert "did you mean 'folder'?" in err
    words = (*WORDS, "--data-root", str(moved), "--allow-faces", "folder", "--json")
    code, again, err = bench.run(*words)
    assert code == 0, err
    assert json.loads(out)["record"] == json.loads(again)["record"]
    assert bench.log() == done
    (faces,) = bench.out.glob("images/folder_nir_weak5/faces/*.png")
    assert oct(faces.parent.stat().st_mode)[-3:] == "700"
    assert "not to be published" in (faces.parent / images.NOTE).read_text()
    assert ".png" not in (bench.out / "folder_nir_weak5.md").read_text()


def test_one_changed_image_is_another_experiment(bench, people):
    plan = ("plan", *WORDS, "--data-root", str(people), "--json")
    found = []
    for shade in (None, 9):
        if shade is not None:
            image = Image.fromarray(np.full((8, 8, 3), shade, np.uint8))
            image.save(people / "nir" / "p3" / "fear" / "1.png")
        found.append(json.loads(bench.call(*plan)[1])["cells"][0]["key"])
    assert found[0] != found[1]
    assert bench.log() == [], "a plan reads names, not images"


def test_an_empty_image_is_said(bench, people):
    (people / "vis" / "p3" / "fear" / "1.png").write_bytes(b"")
    code, _, err = bench.run(*WORDS, "--data-root", str(people))
    assert code == 4
    assert "vis/p3/fear/1.png is empty" in err
    assert "Traceback" not in err


def test_a_image_is_whole_or_not_there(bench, monkeypatch):
    def full(self, path, *args, **options):
        Path(path).write_bytes(b"half")
        raise OSError(28, "No space left on device", str(path))

    with monkeypatch.context() as patch:
        patch.setattr(Image.Image, "save", full)
        code, _, err = bench.run()
    assert code == 0, "the record is there; only its image is not"
    assert "no image: no space left" in err
    assert not list(bench.out.rglob("*.png*"))
    assert bench.run()[0] == 0
    for path in bench.out.rglob("*.png"):
        Image.open(path).load()
    assert len(list(bench.out.rglob("*.png"))) == 3
