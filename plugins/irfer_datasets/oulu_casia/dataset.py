"""Dataset `oulu_casia`: Oulu-CASIA NIR&VIS as distributed.

Zhao, Huang, Taini, Li, Pietikäinen, "Facial expression recognition from near-infrared videos",
Image and Vision Computing 29(9), 2011. An item is a sequence from neutral to apex. The two cameras
are not frame-aligned, so pairs are of sequences: frames are paired by their position from the end.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from irfer_bench.api import (
    BASIC,
    Clip,
    DatasetCopy,
    Item,
    Match,
    Matches,
    OfficialDataset,
    Survey,
    choose_copy,
    find_copies,
    note_other_copies,
    top_folders,
)
from irfer_datasets.oulu_casia.layout import (
    EXPRESSIONS,
    FORMS,
    ILLUMINATIONS,
    SUBJECTS,
    TABLE,
    survey,
)
from irfer_datasets.params import OuluCasiaParams

FPS = 25.0


class OuluCasia(OfficialDataset):
    """80 subjects, six expressions, near-infrared and visible, three illuminations."""

    name = "oulu_casia"
    classes: tuple[str, ...] = BASIC
    licence = (
        "on request from the University of Oulu (CMVS), signed agreement; treated as research "
        "only, no redistribution, no publication of images"
    )
    wanted = "no NI, VL, NI_Acropped or VL_Acropped folder with Strong, Weak or Dark below it"
    table = TABLE
    roles = tuple(FORMS)
    params: OuluCasiaParams
    params_class = OuluCasiaParams

    def match(self, root: Path, found: Matches) -> Match:
        """Confident where a camera's folder holds illuminations with numbered subjects."""
        count, where = len(self.survey(root).items), self._chosen(found).base or "."
        if not count:
            return Match(0.3, f"{where} has the cameras' folders but no P001/Anger/000.jpeg")
        return Match(0.95, f"{count} sequences under {where}")

    def collect(self, found: Matches, seen: Survey) -> None:
        """All sequences of one tree, and what is missing or unlike the published listing."""
        chosen = self._chosen(found)
        survey(chosen, found, seen)
        note_other_copies(find_copies(found, FORMS), chosen, seen)

    def read(self, root: Path | None, item: Item, frames: Sequence[int] | None = None) -> Clip:
        """The sequence or some of its frames, grey repeated to three channels.

        Raises:
            DamagedError: a frame cannot be decoded.
        """
        return replace(super().read(root, item, frames), fps=FPS)

    def stray(self, root: Path, found: Matches) -> list[str]:
        """Hints where a root is inside the tree."""
        inside = {
            "it holds Strong, Weak or Dark: give the folder above it": ILLUMINATIONS,
            "it holds P001 and others: give the folder two above it": SUBJECTS,
            "it holds one subject's expressions: give the folder three above it": EXPRESSIONS,
        }
        names = top_folders(found)
        return [hint for hint, own in inside.items() if names & {n.casefold() for n in own}]

    def _chosen(self, found: Matches) -> DatasetCopy:
        copies = find_copies(found, FORMS)
        return choose_copy(copies, self.params.tree, "oulu_casia.tree", found.tree.root)
