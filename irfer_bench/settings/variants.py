"""Variants of a setting: the same protocol with faces found by another detector or policy."""

from __future__ import annotations

import msgspec

from irfer_bench.errors import UsageError, unknown_name
from irfer_bench.settings.setting import NO_FACE, Setting


def with_crop(setting: Setting, variant: str) -> Setting:
    """The setting as `NAME@DETECTOR` or `NAME@DETECTOR-POLICY` names it.

    Raises:
        UsageError: no such policy for frames without a face.
    """
    detector, _, policy = variant.partition("-")
    policy = policy or setting.no_face
    if policy not in NO_FACE:
        raise unknown_name("policy", policy, NO_FACE)
    if (detector, policy) == (setting.detector, setting.no_face):
        return setting
    suffix = "" if policy == setting.no_face else f"-{policy}"
    changes = {"name": f"{setting.name}@{detector}{suffix}", "detector": detector}
    return msgspec.structs.replace(setting, **changes, no_face=policy)


def name_with_crop(
    name: str, default: str, *, detector: str = "", no_face: str = "", boxes: bool = False
) -> str:
    """The name of the variant that options ask for; boxes of a file are a detector too.

    Args:
        name: of the setting, with or without a variant. default: detector of the bare setting.

    Raises:
        UsageError: the options disagree with each other or with the name.
    """
    if boxes and detector not in ("", "boxes"):
        raise UsageError(
            f"--boxes FILE means --detector boxes, not {detector}", "say one of the two"
        )
    asked = detector or ("boxes" if boxes else "")
    bare, _, variant = name.partition("@")
    own, _, policy = variant.partition("-")
    for option, named, given in (("detector", own, asked), ("no-face", policy, no_face)):
        if named and given and named != given:
            raise UsageError(f"setting {name!r} and --{option} {given} disagree")
    if not (asked or own or no_face or policy):
        return name
    chosen = no_face or policy
    return f"{bare}@{asked or own or default}" + (f"-{chosen}" if chosen else "")
