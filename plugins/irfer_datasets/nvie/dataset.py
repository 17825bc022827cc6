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

from irfer_bench.api import BASIC, Clip, Item, Match, Params, Stills, cut_folds, read_folds
from irfer_datasets.nvie.checks import check, place
from irfer_datasets.nvie.labelled import label
from irfer_datasets.nvie.layout import find_parts, survey
from irfer_datasets.nvie.manifest import find_manifest, is_manifest, read_manifest
from irfer_datasets.nvie.rows import RowSurvey, make_items

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

    def __init__(self, params: Params | None = None) -> None:
        super().__init__(params)
        self._scans: dict[Path, RowSurvey] = {}

    def identify(self, root: Path) -> Match:
        """Confident where a part holds images of a camera, or a manifest has its columns."""
        manifest = find_manifest(root)
        if manifest is not None and is_manifest(manifest, root):
            return Match(0.95, f"{manifest.name} with the columns of nvie")
        found = find_parts(self.find(root).tree)
        if not found.bases:
            hints = (place(self.find(root)), *self.hints(root))
            return Match(0.0, "; ".join(hints))
        names = ", ".join(base.folder.rpartition("/")[2] for base in found.bases)
        rows = self._scan(root).rows
        if not any(row.modality for row in rows):
            what = f"{names} without images in a visible or infrared folder"
            return Match(0.3, "; ".join((what, *self.hints(root))))
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
        if manifest is not None:
            seen = read_manifest(root, manifest)
        else:
            if not find_parts(self.find(root).tree).bases:
                raise self.unlike(root)
            scanned = self._scan(root)
            seen = RowSurvey(root, list(scanned.problems), rows=scanned.rows)
        make_items(seen)
        check(seen)
        return seen

    def _scan(self, root: Path) -> RowSurvey:
        """Rows from the folders' names and the rating tables."""
        if root not in self._scans:
            found = self.find(root)
            seen, texts = survey(find_parts(found.tree), found.tree)
            seen.problems.extend(found.packed())
            label(seen, texts)
            self._scans[root] = seen
        return self._scans[root]
