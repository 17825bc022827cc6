"""Variants of a setting: the same protocol with faces found or cut out in another way."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import msgspec

from irfer_bench.errors import UsageError, unknown_name
from irfer_bench.settings.setting import NO_FACE, Align, Setting

ALIGNED: dict[str, Align] = {"align": "landmarks", "eyes": "eyes"}
"""Words of a variant's name, and what then lies at fixed places."""
EVERY = re.compile(r"every([1-9]\d*)")


def with_crop(setting: Setting, variant: str) -> Setting:
    """The setting as `NAME@DETECTOR` names it, with words such as `-drop-align-every8` after it.

    Words are a policy for frames without a face; `align` (by eye corners and nose) or `eyes`; and
    `everyN`, where the detector looks at every N-th frame of an item.

    Raises:
        UsageError: no such word.
    """
    detector, words = _split(variant)
    changes: dict[str, Any] = {"detector": detector} | dict(_changes(words))
    changed = msgspec.structs.replace(setting, **changes)
    suffixes = {
        "no_face": changed.no_face,
        "align": next((word for word, by in ALIGNED.items() if by == changed.align), ""),
        "every": f"every{changed.every}",
    }
    own = [word for name, word in suffixes.items()
           if getattr(changed, name) != getattr(setting, name)]
    if changed == setting:
        return setting
    name = "-".join([f"{setting.name}@{detector}", *own])
    return msgspec.structs.replace(changed, name=name)


def name_with_crop(
    name: str, default: str, *, detector: str = "", no_face: str = "", boxes: bool = False
) -> str:
    """The name of the variant that options ask for; boxes of a file are a detector too.

    Args:
        name: of the setting, with or without a variant. default: detector of the bare setting.
        detector: a detector, or one with words, such as `dlib-align`.

    Raises:
        UsageError: the options disagree with each other or with the name.
    """
    asked, asked_words = _split(detector)
    if boxes and asked not in ("", "boxes"):
        raise UsageError(
            f"--boxes FILE means --detector boxes, not {detector}", "say one of the two"
        )
    asked = asked or ("boxes" if boxes else "")
    bare, _, variant = name.partition("@")
    own, own_words = _split(variant)
    policies = [word for word in own_words if word in NO_FACE]
    for option, named, given in (
        ("detector", [own] if own else [], asked), ("no-face", policies, no_face)
    ):
        if named and given and given not in named:
            raise UsageError(f"setting {name!r} and --{option} {given} disagree")
    words = dict.fromkeys([*own_words, *asked_words, *([no_face] if no_face else [])])
    if not (asked or own or words):
        return name
    return "-".join([f"{bare}@{asked or own or default}", *words])


def _split(variant: str) -> tuple[str, list[str]]:
    """The detector and the words after it."""
    detector, *words = variant.split("-")
    return detector, [word for word in words if word]


def _changes(words: list[str]) -> Iterator[tuple[str, Any]]:
    seen: dict[str, str] = {}
    for word in words:
        found: tuple[str, Any]
        if word in NO_FACE:
            found = ("no_face", word)
        elif word in ALIGNED:
            found = ("align", ALIGNED[word])
        elif number := EVERY.fullmatch(word):
            found = ("every", int(number[1]))
        else:
            raise unknown_name("policy", word, [*NO_FACE, *ALIGNED, "everyN"])
        if seen.setdefault(found[0], word) != word:
            raise UsageError(f"{seen[found[0]]} and {word} disagree", "say one of the two")
        yield found
