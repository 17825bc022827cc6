"""What a plugin announces, and the words it is written in; all that its hook module needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias, TypedDict

Spectrum: TypeAlias = Literal["vis", "nir", "lwir"]
Kind: TypeAlias = Literal[
    "dataset", "setting", "translator", "recognizer", "metric", "detector"
]
Modality: TypeAlias = Literal["image", "video", "audio", "audio_video"]

BASIC = ("anger", "disgust", "fear", "happiness", "sadness", "surprise")
CLASSES = (*BASIC, "neutral", "contempt", "anxiety", "helplessness", "disappointment")
"""The unified label space: every smaller space is a prefix of this one."""


class Traits(TypedDict, total=False):
    """What a component declares about itself; an unknown name is refused when it is announced.

    Args:
        embedded: a dataset without files that a user holds: it is drawn, or its package has it.
        trains: a translator or recognizer that learns from the images it is fitted on; default
            True.
        pairs: a translator that is fitted on pairs of source and target.
        partners: a translator whose `translate` is given the true partners.
        adds_nothing: a translator without effect: in `augmented` settings the source stays empty.
        landmarks: a translator that is fitted on images with 68 landmarks; a detector that gives
            them with every face.
        reads: what a detector must be given: `landmarks` (of the dataset or `--landmarks`), or
            the `boxes` of `--boxes`.
        modality: what a recognizer needs of a clip; default `image`.
        unlabelled: a recognizer that is fitted on target clips without labels, which only some
            settings grant.
        resamples: most bootstrap draws that a metric is computed on; 0 means no interval.
    """

    embedded: bool
    trains: bool
    pairs: bool
    partners: bool
    adds_nothing: bool
    landmarks: bool
    reads: Literal["landmarks", "boxes"]
    modality: Modality
    unlabelled: bool
    resamples: int


@dataclass(frozen=True, slots=True)
class Component:
    """What a plugin announces: names and addresses, never objects.

    Args:
        kind: dataset, setting, translator, recognizer, metric or detector.
        name: `[a-z0-9_]+`; the variant is not part of it.
        factory: `pkg.module:Class`, called with one params value (a setting: the value itself).
        params: `pkg.module:Params`, a torch-free `Params` subclass; empty for none.
        summary: one line for `irfer-bench list`.
        version: changes when results change; enters every key.
        needs: modules that can be imported, or programs, that it cannot work without.
        licence: of the method's code or of the data.
        source: paper or page.
        traits: what planning and scoring must know of it; `Params.traits` refines them.
        parts: name of each shared part and the versioned owner that a family declares, such as
            `diffusion.score_net/1`; an empty owner means this component and its version.
        tree: of a dataset: its folders and files as they are expected below the root, in lines.
    """

    kind: Kind
    name: str
    factory: str
    params: str = ""
    summary: str = ""
    version: str = "1"
    needs: tuple[str, ...] = ()
    licence: str = ""
    source: str = ""
    traits: Traits = field(default_factory=Traits, hash=False)
    parts: Mapping[str, str] = field(default_factory=dict, hash=False)
    tree: str = ""
