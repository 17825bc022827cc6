"""Parts that the settings of several datasets share; imports nothing heavy.

A dataset's `settings.py` holds its settings as constants named in capitals; `settings.toml` lists
their names and summaries, so that announcing imports none of these modules.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from irfer_bench.api import BASIC, Domain, Setting
from irfer_datasets.announced import read_announced

Fields = Mapping[str, Any]
"""Fields of a setting but for its name."""
RECOGNITION = ("accuracy", "macro_f1", "uar", "war")
IMAGE_METRICS = ("psnr", "ssim", "lpips", "psnr_as255", "ssim_as255", "mmd2_rbf5", "kl_gauss_sym")
ALL = (*RECOGNITION, *IMAGE_METRICS, "kl_posterior")
"""Recognition, image quality against true partners, and distance of the domains."""
FACES = ("kid", "face_identity", "face_identity_true", "nme", "face_missed")
"""What a translation keeps of people; empty, with a reason, where weights or dlib are missing."""
DRAWS = 5
"""Fixed draws of the labelled target items; a full row has all of them."""
WEAK: Fields = {"kind": "weak", "draws": DRAWS, "seeds": DRAWS}
SUPERVISED: Fields = {
    "kind": "supervised",
    "source": None,
    "metrics": RECOGNITION,
    "primary": "uar",
}
QUALITY: Fields = {"kind": "quality", "metrics": (*IMAGE_METRICS, *FACES), "primary": "lpips"}
CROPPED: Fields = {"detector": "opencv", "crop": 1.3, "no_face": "whole"}
"""Images of more than a face: a square around it, the whole image where none is found."""
PAIRED_PROTOCOL: Fields = {
    "classes": BASIC,
    "folds": 5,
    "frames": "last(3)",
    "unit": "frame",
    "size": 256,
    "metrics": ALL,
}
"""People before two cameras: the last three frames of a sequence, five folds by subject."""
WEB_PROTOCOL: Fields = {
    "folds": 1,
    "frames": "all",
    "unit": "frame",
    "size": 224,
    "metrics": RECOGNITION,
    "primary": "accuracy",
}
"""Images with an official split or none, as works on images from the web score them."""
VIDEO_PROTOCOL: Fields = {
    "folds": 5,
    "frames": "uniform(16)",
    "unit": "item",
    "audio": True,
    "size": 224,
    "metrics": ("uar", "war", "accuracy", "macro_f1"),
    "primary": "uar",
}
WHOLE_VIDEO: Fields = {**VIDEO_PROTOCOL, "stored": "all", "coding": "jpeg95", "version": "2"}
"""The same with every frame kept, so that networks on clips take the frames their papers take.

Version 1 kept 32 frames of each clip.
"""
DRAWN_VIDEO: Fields = {**VIDEO_PROTOCOL, "stored": "uniform(32)"}
"""The same with 32 frames kept, of videos that may be of any length.

Training draws one of two frames of each sixteenth of a clip, two test clips share no frame, and
networks that take neighbouring frames are given those 1/31 of the clip apart.
"""
WHOLE = (
    "every frame of every clip is kept, as the dataset's own JPEG file where nothing is cut or "
    "resized and as JPEG of quality 95 elsewhere, and networks on clips take theirs from all of "
    "them; single images are scored at the 16 at round(i/15 (n-1)), repeated where the clip is "
    "shorter; "
)
SIXTEEN = (
    "16 frames at round(i/15 (n-1)) of every clip are kept, repeated where it is shorter, because "
    "each is translated; networks on clips take theirs from these 16; "
)
SIMULATED = (
    "{} has no infrared. Training and test clips are translated by a translator fitted on the "
    "dataset named by --fit-translator-on (its training subjects only); every number says how well "
    "simulated infrared is recognised, none says anything about real infrared. "
)
CFEE = Domain(dataset="cfee", spectrum="vis")
KDEF = Domain(dataset="kdef", spectrum="vis", parts=("straight",))
KDEF_TEXT = (
    "As {}_augmented, with KDEF in place of CFEE: NFER-SDE's text on data names CFEE alone, its "
    "implementation details CFEE and KDEF. Frontal views of both sessions, six classes. "
)
"""Where the second of the two extra sets comes from, by the beginning of a setting's name."""
SHOTS: Mapping[str, int | float | None] = {
    "weak5": 5, "weak0": 0, "weak1": 1, "weak10": 10, "weak16": 16, "weak_tenth": 0.1,
    "weak_full": None,
}  # fmt: skip
"""Shots of a weak setting by the end of its name."""


def constants(package: str, protocols: Mapping[str, Fields], **common: Any) -> dict[str, Setting]:
    """Settings by their names in capitals, with the fields `common`, which each may override.

    Their summaries stand in `settings.toml`, their dataset is the package's unless they say it.
    """
    made = {}
    for name, own in protocols.items():
        fields = {"dataset": package, **common, **own}
        summary = read_announced("settings.toml")[package][name]
        made[name.upper()] = Setting(name=name, summary=summary, **fields)
    return made


def weak(start: str, shots: Iterable[str] = SHOTS, **own: Any) -> dict[str, Fields]:
    """A weak protocol for each of these numbers of labels; `own` may override its fields."""
    return {f"{start}_{end}": {"shots": SHOTS[end], **WEAK, **own} for end in shots}


def augmented(start: str, text: str, **own: Any) -> dict[str, Fields]:
    """An augmented protocol with CFEE as the extra images, and one with KDEF."""
    fields = {"kind": "augmented", **own}
    return {
        f"{start}_augmented": {**fields, "extra": CFEE, "source_text": text},
        f"{start}_augmented_kdef": {
            **fields, "extra": KDEF, "source_text": KDEF_TEXT.format(start) + text,
        },
    }  # fmt: skip
