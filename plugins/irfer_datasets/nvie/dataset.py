"""Dataset `nvie`: USTC-NVIE as distributed.

Wang, Liu, Lv, Lv, Wu, Peng, Chen, Wang, "A natural visible and infrared facial expression database
for expression recognition and emotion inference", IEEE Transactions on Multimedia 12(7), 2010.
An item is a folder of images: a clip, its onset or apex, or a posed expression. The two cameras
have other lenses, sizes and rates: pairs are of clips, and geometry is unregistered.

Frame names, posed levels and totals are not confirmed in public. Folders whose names are
ambiguous are listed and left out; `manifest.csv` in the root (columns path, subject, modality,
part, light, clip, expression, phase; written by `irfer-bench data scan nvie`) overrides them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from irfer_bench.api import (
    BASIC,
    Clip,
    Item,
    Match,
    Matches,
    Stills,
    UnreadableImageError,
    cut_folds,
    open_image,
    read_folds,
    top_folders,
)
from irfer_datasets.expected import published
from irfer_datasets.nvie.layout import NATIVE, PARTS, TABLE, survey
from irfer_datasets.nvie.manifest import find_manifest, is_manifest, read_manifest
from irfer_datasets.nvie.ratings import label
from irfer_datasets.nvie.rows import ILLUMINATIONS, MODALITIES, RowSurvey, make_items

_COUNTS = "subjects_with_spontaneous_front_left_right"
USABLE = 100
"""Published minimum of subjects with usable images."""
SIZES = {"vis": (704, 480), "lwir": (320, 240)}


def check(seen: RowSurvey) -> None:
    """Problems `missing_domain`, `unexpected_count`, `unexpected_size` and `packed`.

    Subjects with spontaneous clips are counted per light direction, labelled or not, and those of
    the posed part; a copy with fewer than the least known number is incomplete. One image of each
    part, light and camera is opened, and only its header is read.
    """
    known = dict(zip(ILLUMINATIONS, published("nvie")[_COUNTS], strict=True))
    least = min(known.values())
    for light in ILLUMINATIONS:
        rows = (row for row in seen.rows if (row.part, row.light) == ("spontaneous", light))
        people = len({row.subject for row in rows if row.subject})
        place = f"SpontaneousDatabase/{light}"
        if not people:
            seen.note("missing_domain", place, "settings that need this light direction cannot run")
        elif people < least:
            action = f"{people} subjects where a public note counts {known[light]}"
            seen.note("unexpected_count", place, f"{action} and {least} are the least; all used")
    posed = {row.subject for row in seen.rows if row.part == "posed" and row.subject}
    if 0 < len(posed) < least:
        action = f"{len(posed)} subjects where more than {USABLE} are published; all used"
        seen.note("unexpected_count", "0-PosedExpressionDatabase", action)
    if not any(item.part == "spontaneous_apex" for item in seen.items):
        action = "no labelled image in a folder apex; settings of apex images cannot run: "
        hint = "say the phase in manifest.csv (irfer-bench data scan nvie writes it)"
        seen.note("missing_domain", "SpontaneousDatabase/*/*/*/apex", action + hint)
    _check_sizes(seen)


def _check_sizes(seen: RowSurvey) -> None:
    first = {(item.part, item.lighting, item.spectrum): item for item in reversed(seen.items)}
    for item in reversed(first.values()):
        name, (width, height) = item.files[0], SIZES[item.spectrum]
        # `data check` decodes every image and reports what cannot be.
        with suppress(UnreadableImageError), open_image(seen.root / name) as image:
            if image.size != (width, height):
                found = "{}x{} pixels".format(*image.size)
                action = f"{found} where {width}x{height} is published; it is used"
                seen.note("unexpected_size", name, action)


def _why(found: Matches) -> Iterator[str]:
    """Hints why a folder is not this dataset."""
    names = top_folders(found)
    yield "no SpontaneousDatabase or 0-PosedExpressionDatabase below it"
    if names & set(ILLUMINATIONS):
        yield "it holds front, left or right: give the folder above it"
    elif names & set(MODALITIES):
        yield "it holds one subject's visible or infrared: give the folder of the whole set"


FPS = {"vis": 30.0, "lwir": 25.0}


class Nvie(Stills):
    """More than 100 subjects, visible and thermal; spontaneous, posed; three light directions."""

    name = "nvie"
    classes = (*BASIC, "neutral")
    native = NATIVE
    licence = (
        "on request from USTC (nvie.ustc.edu.cn), signed release agreement; treated as research "
        "only, no redistribution, no publication of images"
    )

    table = TABLE

    def identify(self, root: Path) -> Match:
        """Confident where a part holds images of a camera, or a manifest has its columns."""
        manifest = find_manifest(root)
        if manifest is not None and is_manifest(manifest, root):
            return Match(0.95, f"{manifest.name} with the columns of nvie")
        found = self.find(root)
        hits = found.of(*PARTS)
        if not hits:
            return Match(0.0, "; ".join((*_why(found), *self.hints(root))))
        levels = {level.casefold() for hit in hits for level in hit.folder.split("/")}
        if levels.isdisjoint(MODALITIES) and not found.of("selected"):
            what = f"{hits[0].folder} without images in a visible or infrared folder"
            return Match(0.3, "; ".join((what, *self.hints(root))))
        parts = ", ".join(part for part in PARTS if found.of(part))
        return Match(0.95, f"{len(hits)} image folders of {parts}")

    def inventory(self, root: Path) -> Iterator[Mapping[str, str]]:
        """One row per image folder or clip, unknown cells empty, in the manifest's columns.

        Written to `manifest.csv` in the root and corrected by hand, it overrides the folders. An
        existing manifest is not read, so that a new inventory is of the folders alone.
        """
        for row in self._scan(root).rows:
            yield row.cells

    def read(self, root: Path | None, item: Item, frames: Sequence[int] | None = None) -> Clip:
        """The clip or some of its frames, 8 or 16 bits as stored, grey repeated to three channels.

        Raises:
            DamagedError: a frame cannot be decoded.
        """
        fps = FPS[item.spectrum] if item.part == "spontaneous_sequence" else None
        return replace(super().read(root, item, frames), fps=fps)

    def folds(self, items: Sequence[Item]) -> Sequence[frozenset[str]]:
        """Five published lists of subject numbers.

        Numbers 1 to 300 are in the package; other subjects, and images without a subject, follow
        in sorted order, every fifth.
        """
        return cut_folds(read_folds("irfer_datasets.nvie"), items)

    def walk(self, root: Path) -> RowSurvey:
        """All labelled image folders, by the manifest or the folders' names.

        Raises:
            MissingError: no tree of this dataset lies there. DamagedError: the manifest is
                unreadable.
        """
        manifest = find_manifest(root)
        if manifest is None and not self.find(root).of(*PARTS):
            raise self.unlike(root)
        seen = self._scan(root) if manifest is None else read_manifest(root, manifest)
        make_items(seen)
        check(seen)
        return seen

    def _scan(self, root: Path) -> RowSurvey:
        """Rows from the folders' names and the rating tables."""
        found = self.find(root)
        seen = survey(found)
        label(seen, [root / name for name, _ in found.files("text")])
        return seen
