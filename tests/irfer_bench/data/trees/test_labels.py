"""Labels are known by name, never by integer."""

from __future__ import annotations

import pytest

from irfer_bench.api import CLASSES
from irfer_bench.data.trees.labels import SYNONYMS, canonical, nearest


@pytest.mark.parametrize(("name", "spellings"), SYNONYMS.items())
def test_every_spelling_means_its_class_in_any_case(name: str, spellings: tuple[str, ...]) -> None:
    for spelling in (name, *spellings):
        assert {canonical(s) for s in (spelling, spelling.upper(), f" {spelling} ")} == {name}


def test_no_spelling_means_two_classes() -> None:
    spellings = [s for group in SYNONYMS.values() for s in group] + list(CLASSES)
    assert len(spellings) == len(set(spellings))
    assert set(SYNONYMS) == set(CLASSES)


@pytest.mark.parametrize("text", ["0", "6", "", "angerr", "other"])
def test_integers_and_strangers_mean_nothing(text: str) -> None:
    assert canonical(text) is None


def test_a_near_miss_is_told_the_class_and_not_the_spelling() -> None:
    assert nearest("happyy") == "did you mean happiness?"
    assert nearest("zzz", ("anger", "fear")) == "known: anger, fear"
