"""Parameters of the official datasets; imports nothing heavy."""

from __future__ import annotations

from typing import Annotated, Literal

from irfer_bench.api import Params, fit


class OuluCasiaParams(Params, frozen=True, kw_only=True):
    """Where a root holds both trees, `auto` takes the original one."""

    tree: Annotated[
        Literal["auto", "original", "preprocessed"],
        fit("OriginalImg (320x240) or PreProcess_Img (the official face crops)"),
    ] = "auto"


class RafDbParams(Params, frozen=True, kw_only=True):
    """`auto` takes the aligned images where they lie, else the original ones."""

    images: Annotated[
        Literal["auto", "aligned", "original"],
        fit("Image/aligned (the official face crops, 100x100) or Image/original (whole images)"),
    ] = "auto"


class AffectNetParams(Params, frozen=True, kw_only=True):
    """Where a root holds several forms, `auto` takes the crops with annotations first."""

    form: Annotated[
        Literal["auto", "lists_2017", "crops_2021", "folders"],
        fit("lists and whole images of 2017, crops with a .npy or .json each, or folders 0 to 7"),
    ] = "auto"
    automatic: Annotated[
        bool,
        fit("of the release of 2017 also read the automatic labels (part `automatic`)"),
    ] = False


class DfewParams(Params, frozen=True, kw_only=True):
    """`auto` takes the first of the official frames that is there, in the order listed."""

    frames: Annotated[
        Literal[
            "auto",
            "clip_224x224",
            "clip_224x224_16f",
            "clip_224x224_avi",
            "jpg_256",
            "original",
            "data",
        ],
        fit(
            "the folder with the frames; original is uncropped mp4, data the authors' code release"
        ),
    ] = "auto"
    numbering: Annotated[
        Literal["auto", "one", "zero"],
        fit("labels 1 to 7 as the distributor writes them, or 0 to 6 as in a re-export"),
    ] = "auto"


class MafwParams(Params, frozen=True, kw_only=True):
    """`auto` takes the first that is there, in the order listed."""

    frames: Annotated[
        Literal["auto", "clips", "frames", "faces"],
        fit("data/clips (mp4), data/frames (images of whole scenes) or data/faces (your crops)"),
    ] = "auto"
