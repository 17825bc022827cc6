"""Parameters of the datasets that users bring; imports nothing heavy."""

from __future__ import annotations

import re
from typing import Annotated, Literal

import msgspec

from irfer_bench.api import Params, canonical, fit, nearest

_COMMIT = re.compile(r"[0-9a-f]{40}")
_NAME = r"^([A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*)?$"


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


class FolderParams(Params, frozen=True, kw_only=True):
    """What the folders' names do not say.

    Raises:
        ValueError: `subject` is no regular expression.
    """

    spectrum: Annotated[
        Literal["", "vis", "nir", "lwir"],
        fit("of a tree without the level of the spectrum: <subject>/<expression>/<name>"),
    ] = ""
    subject: Annotated[
        str,
        fit("regular expression that finds the subject in a file's name, as `^[^_]+`; where no "
            "folder names it"),
    ] = ""  # fmt: skip
    classes: Annotated[
        str,
        fit("own classes, separated by commas; needed where a name resembles an expression, or "
            "where no folder names one"),
    ] = ""  # fmt: skip

    @property
    def own(self) -> tuple[str, ...]:
        """The names in `classes`."""
        return tuple(name.strip().casefold() for name in self.classes.split(",") if name.strip())

    def __post_init__(self) -> None:
        """Refuse a pattern that cannot be searched for."""
        try:
            re.compile(self.subject)
        except re.error as error:
            raise ValueError(f"subject {self.subject!r} is no pattern ({error})") from None


class HubParams(Params, frozen=True, kw_only=True):
    """Without `id` a folder is read (`--data-root hub=FOLDER`); the defaults read an export.

    A column whose name is the default may be absent; one named by the user must be present.
    """

    id: Annotated[str, fit("OWNER/NAME on the hub; empty reads --data-root", pattern=_NAME)] = ""
    revision: Annotated[str, fit("commit of `id`, all 40 hexadecimal digits")] = ""
    folder: Annotated[str, fit("folder inside the dataset that is read; empty is all of it")] = ""
    image: Annotated[str, fit("column of the image")] = "image"
    frames: Annotated[str, fit("column of a list of images, in order")] = "frames"
    video: Annotated[str, fit("column of a video file")] = "video"
    label: Annotated[str, fit("column of the expression: a name, or a ClassLabel")] = "label"
    labels: Annotated[
        dict[str, str],
        fit('its names or integers: {"0": "anger", "other": ""}; empty is no expression'),
    ] = msgspec.field(default_factory=dict)
    subject: Annotated[str, fit("column of the person")] = "subject"
    spectrum: Annotated[str, fit("column of vis, nir or lwir")] = "spectrum"
    default_spectrum: Annotated[
        Literal["vis", "nir", "lwir"], fit("spectrum of rows that name none")
    ] = "vis"
    lighting: Annotated[str, fit("column of strong, weak, dark or normal")] = "lighting"
    pair: Annotated[str, fit("column that partners in two spectra or illuminations share")] = "pair"
    weak_pair: Annotated[str, fit("column: partners are not frame-aligned")] = "weak_pair"
    split: Annotated[str, fit("column of train, val, test or set_1, set_2, ...")] = "split"
    part: Annotated[str, fit("column of the part; `extra` is never tested")] = "part"
    parts: Annotated[
        tuple[str, ...], fit("parts that are read as main; empty is all but `extra`")
    ] = ()
    row_id: Annotated[str, fit("column of the row's id; else a digest of its content")] = "id"
    audio: Annotated[str, fit("column of the audio file")] = "audio"
    landmarks: Annotated[str, fit("column of (frames, 68, 2) points in pixels")] = "landmarks"
    fps: Annotated[str, fit("column of frames per second")] = "fps"

    def __post_init__(self) -> None:
        """Refuse an unpinned dataset, a folder that leads out, and labels that are none."""
        if self.id and not _COMMIT.fullmatch(self.revision):
            raise ValueError(
                f"id {self.id!r} needs revision, the 40 hexadecimal digits of a commit "
                f"(given {self.revision!r}; a branch or tag may move), "
                f"see https://huggingface.co/datasets/{self.id}/commits"
            )
        if self.revision and not self.id:
            raise ValueError("revision is of a dataset on the hub; say id as well")
        if ".." in self.folder.split("/") or self.folder.startswith(("/", "\\")):
            raise ValueError(f"folder {self.folder!r} leads out of the dataset")
        for name, meaning in self.labels.items():
            if meaning and canonical(meaning) is None:
                raise ValueError(f"labels: {name!r} is mapped to {meaning!r}; {nearest(meaning)}")

    @property
    def needs_root(self) -> bool:
        """Whether a folder must be given: not for a dataset on the hub."""
        return not self.id
