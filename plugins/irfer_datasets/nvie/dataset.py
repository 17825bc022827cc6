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
from dataclasses import replace
from pathlib import Path

from irfer_bench.api import BASIC, Clip, Item, Match
from irfer_datasets.folds import Lists, cut_folds, read_folds, split_fold
from irfer_datasets.nvie.checks import check, place
from irfer_datasets.nvie.labelled import label
from irfer_datasets.nvie.layout import find_parts, survey
from irfer_datasets.nvie.lists import read_lists
from irfer_datasets.nvie.manifest import find_manifest, is_manifest, read_manifest
from irfer_datasets.nvie.params import NvieParams
from irfer_datasets.nvie.rows import RowSurvey, make_items
from irfer_datasets.stills import Stills
from irfer_datasets.tree import obstacles

FPS = {"vis": 30.0, "lwir": 25.0}


class Nvie(Stills):
    """More than 100 subjects, visible and thermal; spontaneous, posed; three light directions.

    An instance reads a root once; a new instance sees later changes.
    """

    name = "nvie"
    classes = (*BASIC, "neutral")
    native = ("happiness", "disgust", "fear", "surprise", "anger", "sadness")
    licence = (
        "on request from USTC (nvie.ustc.edu.cn), signed release agreement; treated as research "
        "only, no redistribution, no publication of images"
    )
    params: NvieParams

    def __init__(self, params: NvieParams | None = None) -> None:
        super().__init__(params or NvieParams())
        self._scans: dict[Path, RowSurvey] = {}

    def identify(self, root: Path) -> Match:
        """Confident where a part holds images of a camera, or a manifest has its columns."""
        manifest = find_manifest(root)
        if manifest is not None and is_manifest(manifest, root):
            return Match(0.95, f"{manifest.name} with the columns of nvie")
        parts = find_parts(root).bases
        if not parts:
            return Match(0.0, place(root))
        names = ", ".join(base.folder.name for base in parts)
        rows = self._scan(root).rows
        if not any(row.modality for row in rows):
            what = f"{names} without images in a visible or infrared folder"
            return Match(0.3, "; ".join((what, *obstacles(root))))
        return Match(0.95, f"{len(rows)} image folders under {names}")

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
        """The list files' own test list; else five published lists of subject numbers.

        Numbers 1 to 300 are in the package; other subjects, and images without a subject, follow
        in sorted order, every fifth.
        """
        if any(item.split == "test" for item in items):
            return [split_fold(items, "test")]
        return cut_folds(published_folds(), items)

    def walk(self, root: Path) -> RowSurvey:
        """All labelled image folders, by the lists, the manifest or the folders' names.

        Raises:
            MissingError: no tree of this dataset lies there. DamagedError: the manifest is
                unreadable.
        """
        if self.params.lists != "none":
            return read_lists(root, self.params.names)
        manifest = find_manifest(root)
        if manifest is not None:
            seen = read_manifest(root, manifest)
        else:
            if not find_parts(root).bases:
                raise self.unlike(root)
            scanned = self._scan(root)
            seen = RowSurvey(root, list(scanned.problems), rows=scanned.rows)
        make_items(seen)
        check(seen)
        return seen

    def _scan(self, root: Path) -> RowSurvey:
        """Rows from the folders' names and the rating tables."""
        if root not in self._scans:
            seen, texts = survey(find_parts(root), root)
            label(seen, texts)
            self._scans[root] = seen
        return self._scans[root]


def published_folds() -> Lists:
    """Test subjects of folds 1 to 5: a partition of 001 to 300, read from the package."""
    return read_folds("nvie")
