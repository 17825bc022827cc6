"""Sentences about a class: templates and descriptions.

The descriptions are DFER-CLIP's class descriptors (Zhao and Patras, BMVC 2023, MIT licence), which
MPA-FER (ICCV 2025) uses word for word in the Table 1 of its supplement. The seven generic
templates are those the CLIP paper (Radford et al., 2021) selected for its ensemble.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from irfer_bench.api import UsageError

Template = Literal["single", "face", "descr", "ensemble"]

PHOTO = "a photo of a {}."
FACE = "a photo of a person making a facial expression of {}."
GENERIC = (
    "itap of a {}.",
    "a bad photo of the {}.",
    "a origami {}.",
    "a photo of the large {}.",
    "a {} in a video game.",
    "art of the {}.",
    "a photo of the small {}.",
)
DESCRIPTIONS = {
    "happiness": "a smiling mouth, raised cheeks, wrinkled eyes, and arched eyebrows.",
    "sadness": "tears, a downward turned mouth, drooping upper eyelids, and a wrinkled forehead.",
    "neutral": "relaxed facial muscles, "
    "a straight mouth, a smooth forehead, and unremarkable eyebrows.",
    "anger": "furrowed eyebrows, narrow eyes, tightened lips, and flared nostrils.",
    "surprise": "widened eyes, an open mouth, raised eyebrows, and a frozen expression.",
    "disgust": "a wrinkled nose, lowered eyebrows, a tightened mouth, and narrow eyes.",
    "fear": "raised eyebrows, parted lips, a furrowed brow, and a retracted chin.",
    "contempt": "one side of its mouth raised, one eyebrow lower and one raised, "
    "narrowed eyes, and a raised chin.",
    "anxiety": "a tensed forehead, "
    "tightly pressed lips, pupil dilation, and tensed facial muscles.",
    "helplessness": "drooping eyebrows, "
    "a downward gaze, a downturned mouth, and lacking expression.",
    "disappointment": "a downturned mouth, lowered eyebrows, narrowed eyes, and a sighing face.",
}


def class_texts(classes: Sequence[str], template: Template) -> list[list[str]]:
    """One list of texts per template (only `ensemble` has several), classes in order.

    Raises:
        UsageError: `descr` is asked for a class that has no description.
    """
    names = [name.replace("_", " ") for name in classes]
    if template == "descr":
        unknown = [name for name in classes if name not in DESCRIPTIONS]
        if unknown:
            raise UsageError(
                f"no description for class {', '.join(unknown)}", "use template single or face"
            )
        bare = FACE.removesuffix(".")
        return [
            [
                f"{bare.format(name)}, {DESCRIPTIONS[key]}"
                for name, key in zip(names, classes, strict=True)
            ]
        ]
    templates = {"single": (PHOTO,), "face": (FACE,), "ensemble": (*GENERIC, PHOTO)}[template]
    return [[text.format(name) for name in names] for text in templates]
