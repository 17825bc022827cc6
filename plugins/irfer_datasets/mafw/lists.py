"""MAFW's classes and fold lists: single or compound, with captions or without, or numbered."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from irfer_bench.api import (
    CLASSES,
    Annotation,
    FoldList,
    FoldPaths,
    Notes,
    canonical,
    name_labels,
    nearest,
    numbered_list_rows,
    read_fold_lists,
)

_REST = ("contempt", "anxiety", "helplessness", "disappointment")
NATIVE = ("anger", "disgust", "fear", "happiness", "neutral", "sadness", "surprise", *_REST)
"""The paper's order."""
NUMBERED = ("happiness", "sadness", "neutral", "anger", "surprise", "disgust", "fear", *_REST)
"""Integers 0 to 10 of the lists `MAFW_set_1_train.txt`; other lists count otherwise."""
_JOINED = """
anger_anxiety anger_disgust anger_disgust_anxiety anger_disgust_contempt anger_helplessness
anger_sadness anger_surprise anxiety_helplessness anxiety_helplessness_disappointment
disgust_anxiety disgust_anxiety_helplessness disgust_contempt disgust_disappointment
disgust_helplessness disgust_helplessness_disappointment disgust_sadness disgust_surprise
fear_anxiety fear_sadness fear_sadness_anxiety fear_surprise fear_surprise_anxiety
happiness_contempt happiness_surprise helplessness_disappointment sadness_anxiety
sadness_anxiety_helplessness sadness_disappointment sadness_helplessness
sadness_helplessness_disappointment sadness_surprise surprise_anxiety
"""
COMPOUND = (*CLASSES, *_JOINED.split())
"""Eleven single emotions and the 32 combinations that the official compound lists hold."""


def compound(text: str) -> str | None:
    """The canonical name of a combination, whatever the order of its parts, or None."""
    parts = {canonical(part) for part in text.split("_")}
    name = "_".join(label for label in CLASSES if label in parts)
    return name if None not in parts and name in COMPOUND else None


Labelling = Literal["single", "compound"]


def read_lists(
    paths: FoldPaths, style: str, labelling: Labelling, seen: Notes
) -> list[FoldList]:
    """Lists with canonical labels.

    Problems: `bad_row` (a list or a row that cannot be read), `unknown_label` (no emotion, or an
    integer without a known order), `encoding`.
    """
    numbered = style.endswith("/numbered")
    label = _numbered if numbered else canonical if labelling == "single" else compound
    lists = read_fold_lists(paths, numbered_list_rows if numbered else _cells, seen)
    return name_labels(lists, label, _count if numbered else _advice, seen)


def _cells(text: Annotation) -> Iterator[tuple[int, tuple[str, str]]]:
    """Clip and label, which captions may follow after tabs."""
    for line, row in text.lines():
        clip, *rest = (part.strip() for part in (row.split("\t") if "\t" in row else row.split()))
        yield line, (clip, rest[0] if rest else "")


def _numbered(text: str) -> str | None:
    return NUMBERED[int(text)] if text.isdecimal() and int(text) < len(NUMBERED) else None


def _count(_: str) -> str:
    return "these lists count from 0 to 10"


def _advice(text: str) -> str:
    if text.isdecimal():
        return "three orders of integers circulate: restore the official list with names"
    return nearest(text)
