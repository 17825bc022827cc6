"""Dataset `synth`: procedural faces in four images of the same moment, and clips with voice."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from irfer_bench.api import BASIC, CLASSES, Clip, Item, Match, Problem, UsageError
from irfer_synth.clips import FPS, count_frames, draw_clip, draw_recording, draw_voice
from irfer_synth.faces import Camera, Moments, draw_moments, move_heads, render
from irfer_synth.identity import BENCHMARK, EXTRA
from irfer_synth.synth_params import SynthParams
from irfer_synth.voice import RATE

if TYPE_CHECKING:
    from pathlib import Path

    from irfer_bench.api import Spectrum

GENERATOR = "2"
"""Changes when any pixel or sample changes."""
SUBJECTS, EXTRA_SUBJECTS, CLIP_SUBJECTS, FOLDS = 120, 30, 60, 5
CAMERAS: dict[Camera, tuple[Spectrum, str]] = {
    "vis": ("vis", "normal"),
    "nir": ("nir", "normal"),
    "lwir": ("lwir", "normal"),
    "dark": ("vis", "dark"),
}
"""Camera to spectrum and lighting."""
CLIP_CAMERAS: tuple[Camera, ...] = ("vis", "nir")
PARTS = {"s": "stills", "m": "moved", "x": "extra", "c": "clips", "r": "recordings"}
"""First letter of an item's id to its part."""
MOVING = ("clips", "recordings")
MOVED_SHARE = 0.75
"""How far the heads of `moved` go towards the pose of another moment: 2 of 64 pixels on average."""


@dataclass(frozen=True, slots=True)
class Address:
    """The facts in an item's id: part, subject number, class and camera."""

    part: str
    number: int
    label: str
    camera: Camera


class SynthDataset:
    """The embedded benchmark: no files, no people, equal on every machine.

    Parts: `stills` (120 subjects, 11 classes, four cameras, exact pairs), `moved` (their visible
    basic expressions with the head moved a little: partners that are not aligned), `extra` (30
    other people, six classes, visible only), `clips` (the first 60 subjects in motion and with a
    voice, visible and near-infrared, drawn when read) and `recordings` (the other 60, visible only,
    voices in noisy rooms, some without audio).
    """

    classes = CLASSES
    licence = "public domain (generated)"
    private = False

    def __init__(self, params: SynthParams | None = None) -> None:
        self.params = params or SynthParams()

    def identify(self, root: Path) -> Match:
        """Never a folder: the benchmark is generated."""
        return Match(0.0, "synth is generated and reads no folder")

    def index(self, root: Path | None = None) -> Iterable[Item]:
        """Every item, in a fixed order; `root` is ignored."""
        for camera in CAMERAS:
            for number in range(1, SUBJECTS + 1):
                for label in CLASSES:
                    yield _item(Address("stills", number, label, camera))
        for number in range(1, SUBJECTS + 1):
            for label in BASIC:
                yield _item(Address("moved", number, label, "vis"))
        for number in range(1, EXTRA_SUBJECTS + 1):
            for label in BASIC:
                yield _item(Address("extra", number, label, "vis"))
        for camera in CLIP_CAMERAS:
            for number in range(1, CLIP_SUBJECTS + 1):
                for label in CLASSES:
                    yield _item(Address("clips", number, label, camera))
        for number in range(CLIP_SUBJECTS + 1, SUBJECTS + 1):
            for label in CLASSES:
                yield _item(Address("recordings", number, label, "vis"))

    def problems(self, root: Path | None = None) -> Iterable[Problem]:
        """None: there is nothing on disk."""
        return ()

    def read(self, root: Path | None, item: Item, frames: Sequence[int] | None = None) -> Clip:
        """Draw the item at `params.size`; of a clip only the frames asked for, and all its audio.

        Raises:
            UsageError: the id is not one of `index`, or a frame is outside the clip.
        """
        address = parse_id(item.id)
        wanted = tuple(range(item.frames)) if frames is None else tuple(frames)
        if not wanted or min(wanted) < 0 or max(wanted) >= item.frames:
            raise UsageError(f"{item.id} has frames 0 to {item.frames - 1}, asked for {wanted}")
        if address.part in MOVING:
            moments = draw_clip(address.number, address.label, wanted)
            images, marks = render(moments, address.camera, self.params.size)
            speak = draw_voice if address.part == "clips" else draw_recording
            audio = speak(address.number, address.label)
            rate = None if audio is None else RATE
            return replace(_clip(item, images, marks), fps=FPS, sample_rate=rate, audio=audio)
        basic = address.label in BASIC
        group = BASIC if basic else CLASSES[len(BASIC) :]
        images, marks = _draw_group(
            address.part, address.number, address.camera, group, self.params.size
        )
        at = [group.index(address.label)] * len(wanted)
        return _clip(item, images[at], marks[at])

    def read_many(self, items: Sequence[Item]) -> Iterable[Clip]:
        """Draw many stills, in order; the same pixels as `read`, drawn in batches.

        Raises:
            UsageError: an item is a clip or not one of `index`.
        """
        addresses = [parse_id(item.id) for item in items]
        if any(address.part in MOVING for address in addresses):
            raise UsageError("read_many draws stills only", "use read for clips")
        for start in range(0, len(items), 256):
            chunk = addresses[start : start + 256]
            drawn: dict[int, tuple[Any, Any]] = {}
            for camera, part in sorted({(a.camera, a.part) for a in chunk}):
                at = [k for k, a in enumerate(chunk) if (a.camera, a.part) == (camera, part)]
                numbers, labels = [chunk[k].number for k in at], [chunk[k].label for k in at]
                images, marks = render(_moments(part, numbers, labels), camera, self.params.size)
                drawn |= {k: (images[i], marks[i]) for i, k in enumerate(at)}
            for k, item in enumerate(items[start : start + 256]):
                image, mark = drawn[k]
                yield _clip(item, image[None], mark[None])

    def folds(self, items: Sequence[Item]) -> Sequence[frozenset[str]]:
        """Five published subject lists: every fifth of the 120, from s001, s002, ... on."""
        present = {item.subject for item in items}
        return [
            frozenset(s for n in range(k + 1, SUBJECTS + 1, FOLDS) if (s := f"s{n:03d}") in present)
            for k in range(FOLDS)
        ]

    def fingerprint(self, root: Path | None = None) -> str:
        """Digest of the generator's version and parameters."""
        text = f"irfer_synth generator {GENERATOR} size {self.params.size}"
        return hashlib.sha256(text.encode()).hexdigest()

    def contact_sheet(self, path: Path, root: Path | None = None) -> Path:
        """Write a labelled PNG of every class in every camera."""
        from irfer_synth.sheet import draw

        return draw(path)


@lru_cache(maxsize=8192)
def parse_id(name: str) -> Address:
    """The facts in an id such as `s001-fear-nir` (stills) or `c001-fear-vis` (clips).

    Raises:
        UsageError: no such item.
    """
    parts = name.split("-")
    try:
        subject, label, camera = parts
        number = int(subject[1:])
        part = PARTS[subject[0]]
    except (ValueError, KeyError, IndexError):
        raise UsageError(f"synth has no item {name!r}", "irfer-bench data items synth") from None
    first = CLIP_SUBJECTS + 1 if part == "recordings" else 1
    last = {"extra": EXTRA_SUBJECTS, "clips": CLIP_SUBJECTS}.get(part, SUBJECTS)
    labels = BASIC if part in ("extra", "moved") else CLASSES
    cameras = {"stills": tuple(CAMERAS), "clips": CLIP_CAMERAS}.get(part, ("vis",))
    if camera not in cameras or label not in labels or not first <= number <= last:
        raise UsageError(f"synth has no item {name!r}", "irfer-bench data items synth")
    return Address(part, number, label, camera)


@lru_cache(maxsize=64)
def _draw_group(
    part: str, number: int, camera: Camera, labels: tuple[str, ...], size: int
) -> tuple[Any, Any]:
    images, marks = render(_moments(part, [number] * len(labels), labels), camera, size)
    images.flags.writeable = marks.flags.writeable = False
    return images, marks


def _moments(part: str, numbers: Sequence[int], labels: Sequence[str]) -> Moments:
    moments = draw_moments(numbers, labels, EXTRA if part == "extra" else BENCHMARK)
    if part != "moved":
        return moments
    return move_heads(moments, draw_moments(numbers, labels, BENCHMARK, take=1), MOVED_SHARE)


def _item(address: Address) -> Item:
    letter = next(letter for letter, part in PARTS.items() if part == address.part)
    name = f"{address.number:03d}-{address.label}"
    spectrum, lighting = CAMERAS[address.camera]
    alone = address.part in ("extra", "recordings")
    return Item(
        id=f"{letter}{name}-{address.camera}",
        label=address.label,
        subject=f"{'x' if address.part == 'extra' else 's'}{address.number:03d}",
        spectrum=spectrum,
        lighting=lighting,
        part=address.part,
        pair=None if alone else f"{'s' if address.part == 'moved' else letter}{name}",
        weak_pair=address.part == "moved",
        frames=count_frames(address.number, address.label) if address.part in MOVING else 1,
    )


def _clip(item: Item, frames: np.ndarray[Any, Any], landmarks: np.ndarray[Any, Any]) -> Clip:
    return Clip(
        id=item.id,
        frames=frames,
        spectrum=item.spectrum,
        label=item.label,
        subject=item.subject,
        lighting=item.lighting,
        pair=item.pair,
        landmarks=landmarks,
    )
