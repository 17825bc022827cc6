"""One struct per step; the step's key is the digest of its values.

A field at its default does not enter the key, so that a new field changes no old one.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias

import msgspec
from msgspec import Meta

from irfer_bench.contracts.component import Spectrum
from irfer_bench.contracts.values import Scalar
from irfer_bench.settings.kinds import Subset
from irfer_bench.settings.setting import Align, Coding, NoFace

Fold = Annotated[int, Meta(description="number of the fold from 1; 0 where there is none")]
Seed = Annotated[int, Meta(description="of the cell, or 0 where all seeds share the step")]
Precision = Annotated[str, Meta(description="`fp32` or `bf16`, as really used")]
Name = Annotated[str, Meta(description="of the component")]
Distribution = Annotated[str, Meta(description="that the component came with")]
Version = Annotated[str, Meta(description="of the component")]
Values = Annotated[dict[str, Any], Meta(description="parameters of the step's stage, resolved")]
Weights = Annotated[
    dict[str, Any] | None, Meta(description="digests of pretrained weights, by name")
]
Code = Annotated[
    str, Meta(description="digest of the code, where its package is installed in editable mode")
]
Classes = Annotated[list[str], Meta(description="canonical names, in the order of the scores")]
Part = Annotated[Subset, Meta(description="clips of the fold: train, test or all")]


class _Spec(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    omit_defaults=True,
    forbid_unknown_fields=True,
    tag_field="step",
):
    """Base of the specifications of steps."""


class Prepare(_Spec, frozen=True, kw_only=True, tag="prepare"):
    """Turn the items of one domain into stored clips."""

    dataset: Annotated[dict[str, Any], Meta(description="name, version, params, fingerprint")]
    domain: Annotated[dict[str, Any], Meta(description="spectrum, lightings, parts, splits")]
    classes: Classes
    frames: Annotated[str, Meta(description="rule that picks the scored frames of an item")]
    unit: Annotated[
        Literal["frame", "item"], Meta(description="what one scored example is")
    ]
    size: Annotated[int, Meta(description="stored side in pixels")]
    detector: Annotated[str, Meta(description="who finds the face; `none` for centre squares")]
    crop: Annotated[float, Meta(description="factor on the detector's square box")]
    range_16bit: Annotated[
        tuple[int, int] | None, Meta(description="of 16-bit images; null for percentiles")
    ]
    stored: Annotated[str, Meta(description="rule that picks the stored frames")] = ""
    coding: Annotated[
        Coding, Meta(description="how frames are kept: raw, source (their files) or jpeg95")
    ] = "raw"
    no_face: Annotated[
        NoFace | None, Meta(description="where no face is found: fail, whole or drop")
    ] = None
    detector_version: Annotated[str, Meta(description="of the detector")] = ""
    align: Annotated[
        Align, Meta(description="what lies at fixed places: eyes or landmarks; empty for nothing")
    ] = ""
    every: Annotated[
        int, Meta(description="the detector looks at every n-th frame, the others are interpolated")
    ] = 1


class FitTranslator(_Spec, frozen=True, kw_only=True, tag="fit_translator"):
    """Fit a translator on source and target of training subjects."""

    component: Name
    distribution: Distribution
    version: Version
    params: Values
    fold: Fold
    hidden: Annotated[bool, Meta(description="whether labels of the target are hidden")]
    seed: Seed
    precision: Precision
    inputs: Weights = None
    code: Code = ""


class Translate(_Spec, frozen=True, kw_only=True, tag="translate"):
    """Translate clips; ids and order are kept."""

    component: Name
    distribution: Distribution
    version: Version
    params: Values
    part: Part
    spectrum: Annotated[Spectrum | None, Meta(description="of the translated clips")]
    fold: Fold
    seed: Seed
    precision: Precision
    inputs: Weights = None
    code: Code = ""


class FitRecognizer(_Spec, frozen=True, kw_only=True, tag="fit_recognizer"):
    """Fit a recognizer on source and target of training subjects."""

    component: Name
    distribution: Distribution
    version: Version
    params: Values
    fold: Fold
    classes: Classes
    shots: Annotated[
        int | float | None,
        Meta(description="target labels per class; below 1 a fraction of subjects; null for all"),
    ]
    draw: Annotated[int, Meta(description="number of the fixed draw of shots")]
    unlabelled: Annotated[bool, Meta(description="whether target clips come without labels, too")]
    validation: Annotated[float, Meta(description="fraction of subjects held out to validate")]
    seed: Seed
    precision: Precision
    inputs: Weights = None
    code: Code = ""


class Predict(_Spec, frozen=True, kw_only=True, tag="predict"):
    """Predict log-probabilities of test clips with a fitted recognizer."""

    component: Name
    distribution: Distribution
    version: Version
    params: Values
    fold: Fold
    embed: Annotated[bool, Meta(description="whether features are kept beside the scores")]
    classes: Classes
    seed: Seed
    precision: Precision
    inputs: Weights = None
    code: Code = ""
    part: Annotated[str, Meta(description="`all` where not only a fold's items are tested")] = ""


class Score(_Spec, frozen=True, kw_only=True, tag="score"):
    """Compute metrics with intervals from predictions and images."""

    setting: Annotated[tuple[str, str], Meta(description="name and version")]
    fold: Fold
    classes: Classes
    draws: Annotated[int, Meta(description="bootstrap draws behind every interval")]
    metrics: Annotated[dict[str, str], Meta(description="version of each metric by name")]
    part: Annotated[str, Meta(description="`all` where not only a fold's items are tested")] = ""


Spec: TypeAlias = Prepare | FitTranslator | Translate | FitRecognizer | Predict | Score
Reports: TypeAlias = dict[str, Scalar]


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """Base of the facts of a finished step.

    Args:
        reports: facts reported by its plugin. threads: of torch; None where it was not used.
    """

    reports: Reports = {}
    threads: int | None = None


class Prepared(Facts, frozen=True, kw_only=True):
    """Facts of prepared clips.

    Args:
        clips, items: how many. no_face: frames in which no face was found.
        without_audio: clips without audio.
        files: frames kept as the dataset's own JPEG files. coded: frames coded as JPEG anew.
        problems: what is wrong with the dataset and what was done about it.
        incomplete: whether items are missing. weak_pairs: pairs are not frame-aligned.
        landmarks: whether the clips have them. crops, folds: digests that two sites compare.
        align: what lies at fixed places. every: the detector looked at every n-th frame.
        outside: labelled items of the domain that are left out, by label; of data with files.
    """

    clips: int
    items: int
    problems: list[dict[str, Any]]
    incomplete: bool
    weak_pairs: bool
    landmarks: bool = False
    detector: str = "none"
    no_face: int = 0
    without_audio: int = 0
    files: int = 0
    coded: int = 0
    crops: str = ""
    folds: str = ""
    align: Align = ""
    every: int = 1
    outside: dict[str, int] = {}


class FittedTranslator(Facts, frozen=True, kw_only=True):
    """Facts of a fitted translator: the number of training pairs."""

    pairs: int


class Translated(Facts, frozen=True, kw_only=True):
    """Facts of translated clips; `weak_pairs` as in the clips they were made of."""

    clips: int
    weak_pairs: bool


class FittedRecognizer(Facts, frozen=True, kw_only=True):
    """Facts of a fitted recognizer.

    Args:
        source, target, unlabelled, validation: numbers of clips.
        absent: classes without a training clip.
        subjects: `checked` where no subject is in training and test, else `unchecked`.
    """

    source: int
    target: int
    unlabelled: int = 0
    validation: int = 0
    absent: list[str]
    subjects: str


class Predicted(Facts, frozen=True, kw_only=True):
    """Facts of predictions: the number of clips."""

    clips: int


class Scored(Facts, frozen=True, kw_only=True):
    """Facts of scores.

    Args:
        confusion: counts, rows true, columns predicted. test, pairs: how many were scored.
    """

    confusion: list[list[int]] | None
    test: int
    warnings: list[str]
    pairs: int
