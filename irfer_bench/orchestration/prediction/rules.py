"""How images become a recognizer's clips: classes, faces, crop, size and frames."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, get_args

import msgspec

from irfer_bench.contracts.component import CLASSES, Spectrum
from irfer_bench.data.frame_rules import pick
from irfer_bench.data.preparation.rules import Rules, rules_of
from irfer_bench.errors import UsageError, unknown_name
from irfer_bench.settings.kinds import protocol_of
from irfer_bench.settings.setting import Setting

if TYPE_CHECKING:
    from irfer_bench.registry import Registry

FRAMES = "uniform(16)"
"""Frames of a video that are labelled, where neither the setting nor the user names a rule."""
MOST_KEPT = 256
"""Frames that are kept of a video where a setting stores every frame."""
DETECTOR = "opencv"
SEVEN = CLASSES[:7]
"""The six basic expressions and neutral."""


class ImageRules(msgspec.Struct, frozen=True, kw_only=True):
    """How a user's images become the clips that a recognizer knows.

    Args:
        classes: the columns of its scores. spectrum: of the images. setting: behind it, or empty.
        translated: the recognizer was fitted on translated images alone.
        unit, frames, stored … of `rules`: as in a setting.
    """

    classes: tuple[str, ...]
    rules: Rules
    spectrum: Spectrum = "vis"
    setting: str = ""
    translated: bool = False


@dataclass(frozen=True)
class ImageOptions:
    """What a user says of the images; empty values leave what the setting says.

    Args:
        setting: name, for its classes, crop and size. classes: of a recognizer without a fit.
        detector: of the faces. no_face: `whole` labels the centre square of an image without a
            face, `drop` does not label it. frames: the rule by which a video's are chosen.
    """

    setting: str = ""
    classes: Sequence[str] = ()
    detector: str = ""
    no_face: str = ""
    spectrum: str = ""
    frames: str = ""


def rules_of_setting(setting: Setting) -> ImageRules:
    """The rules by which a setting's target images are made.

    Its detector is kept where it looks at images; where the dataset brings crops, landmarks or
    boxes, a user's photographs are searched for faces by `opencv`.
    """
    target, rules = setting.target, rules_of(setting)
    rules = msgspec.structs.replace(rules, detector=target.detector or setting.detector)
    return ImageRules(
        classes=setting.classes, rules=rules, spectrum=target.spectrum, setting=setting.name,
        translated=protocol_of(setting).test.translated,
    )  # fmt: skip


def default_rules() -> ImageRules:
    """The seven classes of most datasets, in visible light."""
    return ImageRules(classes=SEVEN, rules=Rules(detector=DETECTOR))


def with_options(found: ImageRules, options: ImageOptions, registry: Registry) -> ImageRules:
    """The rules with the user's changes, and a detector that needs nothing but the image.

    Raises:
        UsageError: an unknown detector, spectrum, policy or rule, or a detector that looks at
            no image.
    """
    rules = found.rules
    changes: dict[str, str] = {}
    for option, value, known in (
        ("--spectrum", options.spectrum, get_args(Spectrum)),
        ("--no-face", options.no_face, ("whole", "drop")),
    ):
        if value and value not in known:
            raise unknown_name(option, value, known)
    detector = options.detector or rules.detector
    reads = registry.get("detector", detector).traits.get("reads", "")
    if options.detector and reads:
        raise UsageError(
            f"detector {detector!r} is given {reads}, and nothing is known of these images",
            f"say --detector {DETECTOR}, or none for images that are cut to the face",
        )
    if not options.detector and (reads or detector == "none"):
        detector = DETECTOR
    if options.frames:
        pick(options.frames, 1)
        changes |= {"frames": options.frames, "stored": ""}
    elif rules.unit == "frame":
        changes |= {"frames": FRAMES, "stored": ""}
    rules = msgspec.structs.replace(
        rules, detector=detector, no_face=options.no_face or "drop", every=1, **changes,
        align="" if detector == "none" else rules.align,
    )  # fmt: skip
    spectrum: Spectrum = options.spectrum or found.spectrum  # type: ignore[assignment]
    return msgspec.structs.replace(found, rules=rules, spectrum=spectrum)


def with_frames(images: ImageRules, taken: int, asked: str) -> ImageRules:
    """The rules by which a video keeps as many frames as a recognizer takes.

    Where a setting stores every frame, at most 256 are kept: a user's video may be of any length.
    The scored frames stay as they are.

    Args:
        taken: by the recognizer (`FrameTaker`), 0 where it does not say it.
        asked: the user's own rule, which stays.
    """
    evenly = re.fullmatch(r"uniform\((\d+)\)", images.rules.kept)
    kept = int(evenly[1]) if evenly else 0
    wanted = max(taken, MOST_KEPT if images.rules.stored == "all" else kept)
    if asked or wanted == kept or not (evenly or images.rules.stored == "all"):
        return images
    rules = msgspec.structs.replace(images.rules, stored=f"uniform({wanted})")
    return msgspec.structs.replace(images, rules=rules)


def check_classes(given: Sequence[str]) -> tuple[str, ...]:
    """Names of classes as a user typed them.

    Raises:
        UsageError: an empty or repeated name, or only one class.
    """
    classes = tuple(" ".join(name.split()) for name in given)
    if len(classes) < 2 or len({*classes}) < len(classes) or not all(classes):
        raise UsageError(
            f"--classes {','.join(given)}: these are not two or more different names",
            f"such as --classes {','.join(SEVEN[3:])}",
        )
    return classes
