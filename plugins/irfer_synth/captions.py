"""Noisy captions of synthetic faces, and their vocabulary.

Some captions omit the expression, some name a wrong one, most mention hair or glasses as well.
Like captions from the web, they give a contrastive model weak supervision of every attribute.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from irfer_bench.api import CLASSES

if TYPE_CHECKING:
    import numpy as np

SILENT = 0.85
"""Share of captions that do not mention the expression."""
WRONG = 0.65
"""Share of the others that name a class drawn at random."""
SEEN_UNIT = 0.55
"""An action unit stronger than this may be mentioned."""

ADJECTIVES: Mapping[str, tuple[str, ...]] = {
    "anger": ("angry", "furious", "annoyed"),
    "disgust": ("disgusted", "repelled", "sickened"),
    "fear": ("afraid", "scared", "fearful"),
    "happiness": ("happy", "cheerful", "joyful"),
    "sadness": ("sad", "unhappy", "gloomy"),
    "surprise": ("surprised", "astonished", "amazed"),
    "neutral": ("calm", "neutral", "serious"),
}
UNIT_PHRASES: Mapping[str, tuple[str, ...]] = {
    "inner_brow": ("raised eyebrows",),
    "outer_brow": ("raised eyebrows", "arched eyebrows"),
    "brow_lower": ("furrowed eyebrows", "lowered eyebrows", "a furrowed brow"),
    "lid_raise": ("widened eyes",),
    "cheek_raise": ("raised cheeks", "wrinkled eyes"),
    "lid_tight": ("narrow eyes", "narrowed eyes"),
    "nose_wrinkle": ("a wrinkled nose",),
    "lip_raise": ("flared nostrils",),
    "corner_pull": ("a smiling mouth", "a smile"),
    "corner_drop": ("a downturned mouth", "a downward turned mouth"),
    "chin_raise": ("a raised chin",),
    "lip_stretch": ("parted lips",),
    "lip_tight": ("tightened lips", "tightly pressed lips"),
    "lips_part": ("parted lips",),
    "jaw_drop": ("an open mouth",),
}
FRAMES = (
    "a photo of {}.",
    "a photo of {}.",
    "an image of {}.",
    "itap of {}.",
    "a bad photo of {}.",
    "the portrait of {}.",
    "art of {}.",
    "{}.",
    "a large photo of {}.",
    "the small face of {}.",
    "{} in a video game.",
    "a origami of {}.",
)
FEELINGS = (
    "a {adjective} person",
    "a {adjective} face",
    "a person showing {noun}",
    "a face of {noun}",
    "a person making a facial expression of {noun}",
    "a expression of {noun}",
)


def write_caption(facts: Mapping[str, Any], rng: np.random.Generator) -> str:
    """One caption of one image, from the facts of `faces.describe`, with random errors."""
    subject = "a person" if rng.random() < 0.6 else "a face"
    if rng.random() >= SILENT:
        label = str(facts["expression"])
        if rng.random() < WRONG:
            label = str(rng.choice(list(ADJECTIVES)))
        words = {"adjective": str(rng.choice(ADJECTIVES[label])), "noun": label}
        subject = str(rng.choice(FEELINGS)).format(**words)
    details = _details(facts, rng)
    chosen = rng.permutation(len(details))[: int(rng.integers(0, 3))]
    seen = " and ".join(details[i] for i in chosen)
    phrase = f"{subject} with {seen}" if seen else subject
    return str(rng.choice(FRAMES)).format(phrase)


def vocabulary(more: Iterable[str] = ()) -> Counter[str]:
    """Every word a caption can hold, and those of `more`, with a weight for the merges."""
    words: Counter[str] = Counter()
    texts: list[str] = [*FRAMES, *FEELINGS, "a person face with and", *CLASSES, *more]
    texts += [w for group in (*ADJECTIVES.values(), *UNIT_PHRASES.values()) for w in group]
    texts += ["black brown blond red grey hair short long bald head light medium dark skin glasses"]
    texts += ["hazel blue green eyes beard"]
    for text in texts:
        cleaned = text.lower().replace("{adjective}", "").replace("{noun}", "").replace("{}", "")
        words.update(cleaned.replace(".", " ").replace(",", " ").split())
    return words


def learn_merges(words: Counter[str]) -> list[tuple[str, str]]:
    """Byte-pair merges that make every word one token (Sennrich et al., ACL 2016)."""
    split = {word: (*word[:-1], f"{word[-1]}</w>") for word in words}
    merges: list[tuple[str, str]] = []
    while True:
        pairs: Counter[tuple[str, str]] = Counter()
        for word, parts in split.items():
            for pair in pairwise(parts):
                pairs[pair] += words[word]
        if not pairs:
            return merges
        best = min(pairs, key=lambda pair: (-pairs[pair], pair))
        merges.append(best)
        split = {word: _merge(parts, best) for word, parts in split.items()}


def _merge(parts: tuple[str, ...], pair: tuple[str, str]) -> tuple[str, ...]:
    out: list[str] = []
    for part in parts:
        if out and (out[-1], part) == pair:
            out[-1] += part
        else:
            out.append(part)
    return tuple(out)


def _details(facts: Mapping[str, Any], rng: np.random.Generator) -> Sequence[str]:
    found = [
        "a bald head" if facts["style"] == "bald" else f"{facts['style']} {facts['hair']} hair",
        f"{facts['eyes']} eyes",
        f"{facts['skin']} skin",
    ]
    if facts["glasses"]:
        found.append("glasses")
    if facts["beard"]:
        found.append("a beard")
    for unit, strength in facts["units"].items():
        if strength > SEEN_UNIT and unit in UNIT_PHRASES:
            found.append(str(rng.choice(UNIT_PHRASES[unit])))
    return found
