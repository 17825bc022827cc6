"""MAFW's eleven single and 43 compound classes, and the integers that stand for the single ones."""

from __future__ import annotations

from irfer_bench.api import CLASSES, canonical

NATIVE = (
    "anger",
    "disgust",
    "fear",
    "happiness",
    "neutral",
    "sadness",
    "surprise",
    "contempt",
    "anxiety",
    "helplessness",
    "disappointment",
)
"""The paper's order."""
NUMBERED = (
    "happiness",
    "sadness",
    "neutral",
    "anger",
    "surprise",
    "disgust",
    "fear",
    "contempt",
    "anxiety",
    "helplessness",
    "disappointment",
)
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


def single(text: str) -> str | None:
    """The canonical name of a single emotion, or None."""
    return canonical(text)


def compound(text: str) -> str | None:
    """The canonical name of a combination, whatever the order of its parts, or None."""
    parts = {canonical(part) for part in text.split("_")}
    name = "_".join(label for label in CLASSES if label in parts)
    return name if None not in parts and name in COMPOUND else None
