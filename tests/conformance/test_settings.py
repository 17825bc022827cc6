"""Every built-in setting says what it must, and can be run."""

from __future__ import annotations

from collections import Counter

import pytest

from irfer_bench.data.domains import in_domain
from irfer_bench.data.subsets import belongs
from irfer_bench.registry import load
from irfer_bench.settings.setting import Domain, Setting
from irfer_bench.statistics.measurement import PAIR_FIELDS

REGISTRY = load()
SETTINGS = [
    REGISTRY.setting(owned.component.name) for owned in REGISTRY.registered
    if owned.builtin and owned.component.kind == "setting"
]
PAIRED = ("augmented", "weak", "quality")


def domains(setting: Setting) -> list[Domain]:
    return [d for d in (setting.target, setting.source, setting.extra) if d is not None]


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.name)
def test_a_setting_is_whole(setting: Setting) -> None:
    assert REGISTRY.get("setting", setting.name).name == setting.name
    dataset = REGISTRY.create(REGISTRY.get("dataset", setting.dataset))
    assert set(setting.classes) <= set(dataset.classes)
    assert len(set(setting.classes)) == len(setting.classes) != 1
    assert setting.classes or setting.name.startswith("folder_own_"), "classes of the data"
    assert setting.primary in setting.metrics
    assert setting.summary
    assert setting.source_text
    assert setting.folds >= 1
    assert setting.seeds >= 1
    assert setting.draws >= 1
    for domain in domains(setting):
        if domain.dataset:
            REGISTRY.get("dataset", domain.dataset)
    needs_source = setting.kind != "supervised"
    assert (setting.source is not None) == needs_source, "V is there where it is used"
    assert setting.kind != "augmented" or setting.extra is not None
    assert setting.shots is None or setting.kind in ("weak", "simulated", "supervised")


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.name)
def test_every_metric_can_have_a_value(setting: Setting) -> None:
    """A metric of pairs has no place where nothing is translated, nor one of scores where
    nothing is recognised; the primary one most of all."""
    for name in setting.metrics:
        metric = REGISTRY.create(REGISTRY.get("metric", name))
        if setting.kind == "supervised":
            assert not metric.consumes & PAIR_FIELDS, name
    primary = REGISTRY.create(REGISTRY.get("metric", setting.primary))
    if setting.kind == "quality":
        assert primary.consumes <= {"pairs"}, "a quality setting runs without a recognizer"
    assert primary.direction in ("higher", "lower"), "a board is sorted by it"


@pytest.mark.parametrize(
    "setting", [s for s in SETTINGS if s.dataset == "synth"], ids=lambda setting: setting.name
)
def test_the_embedded_settings_have_what_they_need(setting: Setting) -> None:
    """Every fold tests every class, trains on every class, and has its shots."""
    dataset = REGISTRY.create(REGISTRY.get("dataset", "synth"))
    items = list(dataset.index(None))
    for domain in domains(setting):
        assert any(in_domain(item, domain, setting.classes) for item in items), domain
    target = [item for item in items if in_domain(item, setting.target, setting.classes)]
    folds = dataset.folds([item for item in items if item.label in setting.classes])
    assert len(folds) == setting.folds
    for fold in folds:
        tested = [item for item in target if belongs(fold, item.subject, item.id)]
        trained = Counter(item.label for item in target if item not in tested)
        assert {item.label for item in tested} == set(setting.classes)
        if setting.shots is None or setting.shots >= 1:
            assert min(trained[name] for name in setting.classes) >= (setting.shots or 1)
    if setting.kind in PAIRED and setting.source is not None:
        partners = {i.pair for i in items if in_domain(i, setting.source, setting.classes)}
        assert {item.pair for item in target} <= partners, "every target item has its partner"


def test_whatever_is_translated_with_partners_can_be_compared_with_them() -> None:
    """Every camera and illumination with pairs, stills and clips; and every infrared camera of a
    dataset with pairs."""
    quality = [s for s in SETTINGS if s.kind == "quality"]
    compared = {(s.dataset, s.source, s.target) for s in quality}
    paired = {
        s.name: (s.dataset, s.source, s.target) for s in SETTINGS if s.kind in PAIRED and s.paired
    }
    assert [name for name, domains in paired.items() if domains not in compared] == []
    assert len(paired) > 60
    cameras = {(dataset, target) for dataset, _, target in compared}
    infrared = {s.name: (s.dataset, s.target) for s in SETTINGS if s.target.spectrum != "vis"}
    assert [name for name, camera in infrared.items() if camera not in cameras] == []


def test_an_augmented_setting_is_there_with_every_set_of_extra_images() -> None:
    """CFEE and KDEF for a dataset without other people's images; with its own, for every camera."""
    extras: dict[tuple[str, Domain], set[str]] = {}
    for setting in SETTINGS:
        if setting.kind == "augmented" and setting.extra is not None:
            found = extras.setdefault((setting.dataset, setting.target), set())
            found.add(setting.extra.dataset)
    own = {dataset for (dataset, _), found in extras.items() if found == {""}}
    assert own == {"folder", "synth"}
    given = {camera: found for camera, found in extras.items() if camera[0] not in own}
    assert {dataset for dataset, _ in given} == {"oulu_casia", "nvie", "large_hfe"}
    assert [camera for camera, found in given.items() if found != {"cfee", "kdef"}] == []
    stills = {
        (s.dataset, s.target) for s in SETTINGS
        if s.kind == "quality" and s.unit == "frame" and s.dataset in own
    }
    assert stills == {camera for camera in extras if camera[0] in own}


def test_shots_are_one_few_sixteen_and_all_in_every_spectrum() -> None:
    weak = [s for s in SETTINGS if s.kind == "weak" and not s.unlabelled]
    shots = {(s.dataset, s.source, s.target): set[object]() for s in weak}
    for setting in weak:
        shots[setting.dataset, setting.source, setting.target].add(setting.shots)
    whole = {
        (dataset, target.spectrum, "dark" in target.lightings)
        for (dataset, _, target), own in shots.items() if own >= {1, 5, 16, None}
    }  # fmt: skip
    assert whole == {
        ("synth", "nir", False), ("synth", "lwir", False), ("synth", "vis", True),
        ("oulu_casia", "nir", False), ("oulu_casia", "vis", True), ("nvie", "lwir", False),
    }  # fmt: skip
