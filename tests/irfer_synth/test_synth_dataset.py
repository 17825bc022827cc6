"""The dataset `synth` and its settings."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from itertools import combinations

import numpy as np
import pytest
from PIL import Image

from irfer_bench.api import BASIC, CLASSES, Dataset, Setting, UsageError
from irfer_synth import hooks, settings
from irfer_synth.dataset import GENERATOR, SynthDataset, parse_id
from irfer_synth.synth_params import SynthParams


@pytest.fixture(scope="module")
def items():
    return list(SynthDataset().index(None))


def test_is_a_dataset(items):
    assert isinstance(SynthDataset(), Dataset)
    assert len({item.id for item in items}) == len(items)


def test_has_the_promised_size(items):
    stills = Counter(
        (i.spectrum, i.lighting) for i in items if i.part == "stills" and i.label in BASIC
    )
    assert stills == {
        ("vis", "normal"): 720,
        ("nir", "normal"): 720,
        ("lwir", "normal"): 720,
        ("vis", "dark"): 720,
    }
    assert len({i.subject for i in items if i.part == "stills"}) == 120
    extra = [i for i in items if i.part == "extra"]
    assert len(extra) == 180
    assert {(i.spectrum, i.lighting, i.pair) for i in extra} == {("vis", "normal", None)}
    assert {i.label for i in items} == set(CLASSES)


def test_pairs_are_one_moment_in_every_camera(items):
    pairs = Counter(i.pair for i in items if i.part == "stills")
    assert set(pairs.values()) == {4}
    assert {i.part for i in items if i.weak_pair} == {"moved"}
    dataset = SynthDataset()
    some = [i for i in items if i.pair == "s007-fear" and i.part == "stills"]
    marks = [dataset.read(None, i).landmarks for i in some]
    assert all(np.array_equal(marks[0], other) for other in marks[1:])


def test_moved_heads_are_partners_a_few_pixels_away(items):
    dataset = SynthDataset()
    moved = [i for i in items if i.part == "moved"]
    assert {(i.spectrum, i.label in BASIC) for i in moved} == {("vis", True)}
    assert len(moved) == 720
    stills = {i.id: i for i in items if i.part == "stills"}
    shifts = []
    for item in moved[:36]:
        partner = stills[f"{item.pair}-vis"]
        assert (item.subject, item.label) == (partner.subject, partner.label)
        a, b = (dataset.read(None, i).landmarks for i in (item, partner))
        shifts.append(np.linalg.norm(a - b, axis=-1).mean())
    assert 1 < np.mean(shifts) < 4
    assert max(shifts) < 8


def test_folds_partition_the_subjects(items):
    folds = SynthDataset().folds(items)
    assert [len(fold) for fold in folds] == [24] * 5
    assert all(not a & b for a, b in combinations(folds, 2))
    benchmark = {i.subject for i in items if i.part != "extra"}
    assert frozenset().union(*folds) == benchmark
    assert "s001" in folds[0]
    assert not benchmark & {i.subject for i in items if i.part == "extra"}


def test_many_at_once_are_the_same_as_one_by_one(items):
    dataset = SynthDataset()
    some = [*items[5:25], *items[2500:2504], *(i for i in items if i.part == "extra")][:30]
    for item, clip in zip(some, dataset.read_many(some), strict=True):
        alone = SynthDataset().read(None, item)
        assert clip.id == alone.id == item.id
        assert clip.label == item.label
        assert clip.frames.shape == (1, 64, 64, 3)
        assert np.array_equal(clip.frames, alone.frames)
        assert np.array_equal(clip.landmarks, alone.landmarks)


def test_size_scales_the_image_and_the_landmarks(items):
    small, large = (SynthDataset(SynthParams(size=s)).read(None, items[0]) for s in (64, 128))
    assert large.frames.shape == (1, 128, 128, 3)
    np.testing.assert_allclose(large.landmarks, small.landmarks * 2, atol=1e-3)
    halved = large.frames[0].reshape(64, 2, 64, 2, 3).mean((1, 3))
    assert np.abs(halved - small.frames[0]).mean() < 8


def test_fingerprint_is_generator_and_parameters():
    assert SynthDataset().fingerprint(None) == SynthDataset(SynthParams(size=64)).fingerprint(None)
    assert SynthDataset().fingerprint(None) != SynthDataset(SynthParams(size=32)).fingerprint(None)
    assert GENERATOR


@pytest.mark.parametrize(
    "name",
    [
        "",
        "s001",
        "s121-fear-vis",
        "s000-fear-vis",
        "s001-joy-vis",
        "s001-fear-uv",
        "x031-fear-vis",
        "x001-neutral-vis",
        "x001-fear-nir",
        "c061-fear-vis",
        "c001-fear-lwir",
        "r060-fear-vis",
        "r061-fear-nir",
        "q001-fear-vis",
    ],
)
def test_an_unknown_item_is_said(name):
    with pytest.raises(UsageError, match="synth has no item"):
        parse_id(name)


def test_every_announced_setting_exists_and_the_default_is_first():
    components = list(hooks.irfer_bench_components())
    announced = [c for c in components if c.kind == "setting"]
    assert announced[0].name == "synth_nir_weak5"
    for component in announced:
        setting = getattr(settings, component.factory.partition(":")[2])
        assert isinstance(setting, Setting)
        assert (setting.name, setting.dataset, setting.size) == (component.name, "synth", 64)


def test_every_setting_finds_its_items(items):
    for name in hooks.SETTINGS:
        setting = getattr(settings, name.upper())
        for role in ("target", "source", "extra"):
            domain = getattr(setting, role)
            if domain is None:
                continue
            found = Counter(
                i.label
                for i in items
                if i.spectrum == domain.spectrum
                and i.lighting in domain.lightings
                and i.part in domain.parts
                and i.label in setting.classes
            )
            assert set(found) == set(setting.classes), f"{name}: {role}"
            assert len(set(found.values())) == 1, f"{name}: {role} is balanced"


def test_announcing_imports_nothing_heavy():
    code = (
        "import sys, irfer_synth.hooks, irfer_synth.settings, irfer_synth.synth_params;"
        "sys.exit(bool({'numpy', 'torch', 'PIL', 'skimage', 'sklearn'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_contact_sheet_is_a_image(tmp_path):
    path = SynthDataset().contact_sheet(tmp_path / "deep" / "sheet.png")
    with Image.open(path) as sheet:
        pixels = np.asarray(sheet.convert("RGB"))
    assert pixels.shape[0] > 11 * 90
    assert pixels.std() > 40
