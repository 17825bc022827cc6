"""Items that a setting takes and leaves: own classes, defaults, and who takes the rest."""

from __future__ import annotations

import pytest

from irfer_bench.api import BASIC, Domain, Item, MissingError, Setting
from irfer_bench.data.coverage import (
    choose_default,
    describe_items,
    describe_outside,
    with_classes,
)

NIR, VIS = Domain(spectrum="nir"), Domain(spectrum="vis")


def setting(name: str, classes: tuple[str, ...] = BASIC, **more: object) -> Setting:
    fields = {"kind": "supervised", "target": NIR, **more}
    return Setting(name=name, dataset="own", classes=classes, **fields)  # type: ignore[arg-type]


def items(spectrum: str = "nir", **labels: int) -> list[Item]:
    return [
        Item(f"{spectrum}_{label}_{k}", None if label == "none" else label, "s1", spectrum)  # type: ignore[arg-type]
        for label, count in labels.items()
        for k in range(count)
    ]


SIX, SEVEN = setting("six"), setting("seven", (*BASIC, "neutral"))
EIGHT, OWN = setting("eight", (*BASIC, "neutral", "contempt")), setting("own", ())
ALL = [SIX, SEVEN, EIGHT, OWN]


def test_the_narrowest_setting_of_the_same_protocol_is_named() -> None:
    found = items(anger=3, neutral=2)
    text = "2 of 5 items (neutral 2) are outside the classes of six; seven takes them"
    assert describe_outside(SIX, found, ALL) == text
    other = setting("seven_crossed", SEVEN.classes, kind="cross", source=VIS)
    assert describe_outside(SIX, found, [SIX, other, EIGHT]).endswith("; eight takes them")
    assert describe_outside(SIX, found, [SIX]).endswith("classes of six")


def test_classes_that_no_fixed_setting_has_are_taken_by_the_one_of_the_data() -> None:
    assert describe_outside(SIX, items(anger=1, pain=1), ALL).endswith("; own takes them")


def test_other_spectra_and_unlabelled_items_are_not_counted() -> None:
    found = [*items(anger=1, none=4), *items("vis", neutral=9)]
    assert describe_outside(SIX, found, ALL) == ""
    assert describe_outside(OWN, items(pain=1, anger=1), ALL) == ""


def test_a_variant_is_answered_with_the_same_variant() -> None:
    variant = setting("six@opencv", detector="opencv")
    text = describe_outside(variant, items(anger=1, neutral=1), ALL)
    assert text.endswith("the classes of six@opencv; seven@opencv takes them")


def test_the_classes_of_the_data_come_in_the_unified_order_and_are_in_every_domain() -> None:
    own = setting("own", (), kind="cross", source=VIS)
    found = [*items(zeal=1, neutral=1, anger=1, fear=1), *items("vis", zeal=1, fear=1, anger=1)]
    assert with_classes(own, found).classes == ("anger", "fear", "zeal")
    assert with_classes(SIX, found) is SIX
    with pytest.raises(MissingError, match=r"own: it takes the classes of the data, and .* 1 "):
        with_classes(own, [*items(anger=1, fear=1), *items("vis", anger=1)])


def test_the_default_is_the_first_setting_whose_images_are_there() -> None:
    weak = setting("weak", kind="weak", source=VIS)
    settings = [weak, SIX]
    assert choose_default(settings, [*items(anger=1), *items("vis", anger=1)]) == (weak, "")
    chosen, said = choose_default(settings, items(anger=1))
    assert chosen is SIX and said.startswith("six is the default here: weak needs items")
    assert choose_default(settings, []) == (weak, "")
    assert choose_default(settings, items("lwir", anger=1))[0] is weak, "none has images"


def test_stills_and_clips_are_counted_in_words() -> None:
    still = Item("a", "anger", None, "nir")
    short = Item("b", "anger", None, "nir", frames=4)
    long = Item("c", "anger", None, "nir", frames=9, audio="c.wav")
    assert describe_items([still, still]) == "2 stills"
    assert describe_items([short]) == "1 clip of 4 frames, none with audio"
    text = "1 still, 2 clips of 4 to 9 frames, 1 of them with audio"
    assert describe_items([still, short, long]) == text
