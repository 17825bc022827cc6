"""Names of a setting's variants say how faces are found, and which options disagree with them."""

from __future__ import annotations

from typing import Any

import pytest

from irfer_bench.api import Domain, Setting
from irfer_bench.errors import UsageError
from irfer_bench.settings.variants import name_with_crop, with_crop

SETTING = Setting(
    name="s", kind="supervised", dataset="d", target=Domain(spectrum="nir"), detector="opencv"
)


@pytest.mark.parametrize(
    ("variant", "changes", "name"),
    [
        ("opencv", {}, "s"),
        ("opencv-whole-every1", {}, "s"),
        ("dlib", {"detector": "dlib"}, "s@dlib"),
        ("opencv-drop", {"no_face": "drop"}, "s@opencv-drop"),
        ("opencv-fail-fail", {"no_face": "fail"}, "s@opencv-fail"),
        ("dlib-every12", {"detector": "dlib", "every": 12}, "s@dlib-every12"),
        ("opencv-align", {"align": "landmarks"}, "s@opencv-align"),
        (
            "dlib-every8-eyes-drop",
            {"detector": "dlib", "align": "eyes", "every": 8, "no_face": "drop"},
            "s@dlib-drop-eyes-every8",
        ),
    ],
)
def test_a_variant_changes_what_its_words_say(
    variant: str, changes: dict[str, Any], name: str
) -> None:
    made = with_crop(SETTING, variant)
    assert made.name == name
    fields = {"detector": "opencv", "no_face": "whole", "align": "", "every": 1} | changes
    assert {field: getattr(made, field) for field in fields} == fields


@pytest.mark.parametrize("words", ["drop-fail", "align-eyes", "every2-every4"])
def test_words_of_one_kind_disagree(words: str) -> None:
    first, second = words.split("-")
    with pytest.raises(UsageError, match=f"{first} and {second} disagree"):
        with_crop(SETTING, f"dlib-{words}")


@pytest.mark.parametrize("word", ["every0", "every", "nose"])
def test_an_unknown_word_is_said(word: str) -> None:
    with pytest.raises(UsageError, match=f"unknown policy '{word}'"):
        with_crop(SETTING, f"dlib-{word}")


@pytest.mark.parametrize(
    ("name", "options", "asked"),
    [
        ("s", {}, "s"),
        ("s", {"detector": "dlib"}, "s@dlib"),
        ("s", {"no_face": "drop"}, "s@opencv-drop"),
        ("s", {"boxes": True}, "s@boxes"),
        ("s", {"boxes": True, "detector": "boxes"}, "s@boxes"),
        ("s@dlib", {}, "s@dlib"),
        ("s@dlib", {"detector": "dlib", "no_face": "drop"}, "s@dlib-drop"),
        ("s@dlib-drop", {"no_face": "drop"}, "s@dlib-drop"),
        ("s@dlib-drop", {"detector": "dlib-align"}, "s@dlib-drop-align"),
        ("s@dlib-align", {"no_face": "fail"}, "s@dlib-align-fail"),
    ],
)
def test_options_name_a_variant(name: str, options: dict[str, Any], asked: str) -> None:
    assert name_with_crop(name, "opencv", **options) == asked


@pytest.mark.parametrize(
    ("name", "options", "said"),
    [
        ("s", {"boxes": True, "detector": "dlib"}, "--boxes FILE means --detector boxes, not dlib"),
        ("s@dlib", {"detector": "opencv"}, "--detector opencv disagree"),
        ("s@dlib", {"boxes": True}, "--detector boxes disagree"),
        ("s@dlib-drop", {"no_face": "fail"}, "--no-face fail disagree"),
    ],
)
def test_options_that_contradict_a_name_are_refused(
    name: str, options: dict[str, Any], said: str
) -> None:
    with pytest.raises(UsageError, match=said):
        name_with_crop(name, "opencv", **options)
