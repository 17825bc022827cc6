"""Parameters of dataset `hub`: its id, its columns and its labels; imports nothing heavy.

A column whose name is the default may be absent; one named by the user must be present.
"""

from __future__ import annotations

import re
from typing import Annotated, Literal

import msgspec

from irfer_bench.api import Params, canonical, fit, nearest

_COMMIT = re.compile(r"[0-9a-f]{40}")
_NAME = r"^([A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*)?$"


class HubParams(Params, frozen=True, kw_only=True):
    """Without `id` a folder is read (`--data-root hub=FOLDER`); the defaults read an export."""

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
