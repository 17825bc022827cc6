"""Dataset `oulu_casia`: Oulu-CASIA NIR&VIS as distributed.

Zhao, Huang, Taini, Li, Pietikäinen, "Facial expression recognition from near-infrared videos",
Image and Vision Computing 29(9), 2011. An item is a sequence from neutral to apex. The two cameras
are not frame-aligned, so pairs are of sequences: frames are paired by their position from the end.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from importlib.resources import files
from pathlib import Path

from irfer_bench.api import BASIC, Clip, Item, Match, MissingError, Stills, Survey
from irfer_datasets.folds import Lists, cut_folds, read_folds
from irfer_datasets.oulu_casia.layout import TABLE, Tree, find_trees, stray, survey
from irfer_datasets.oulu_casia.params import OuluCasiaParams

FPS = 25.0


class OuluCasia(Stills):
    """80 subjects, six expressions, near-infrared and visible, three illuminations.

    An instance reads a root once; a new instance sees later changes.
    """

    name = "oulu_casia"
    classes: tuple[str, ...] = BASIC
    licence = (
        "on request from the University of Oulu (CMVS), signed agreement; treated as research "
        "only, no redistribution, no publication of images"
    )
    table = TABLE
    params: OuluCasiaParams

    def __init__(self, params: OuluCasiaParams | None = None) -> None:
        super().__init__(params or OuluCasiaParams())

    def identify(self, root: Path) -> Match:
        """Confident where a camera's folder holds illuminations with numbered subjects."""
        found = self.find(root)
        trees = find_trees(found)
        if not trees:
            what = "no NI, VL, NI_Acropped or VL_Acropped folder with Strong, Weak or Dark below it"
            return Match(0.0, "; ".join((what, *stray(found), *self.hints(root))))
        count, where = len(self.survey(root).items), self._tree(root, trees).base or "."
        if not count:
            return Match(0.3, f"{where} has the cameras' folders but no P001/Anger/000.jpeg")
        return Match(0.95, f"{count} sequences under {where}")

    def walk(self, root: Path) -> Survey:
        """All sequences of one tree, and what is missing or unlike the published listing.

        Raises:
            MissingError: no tree of this dataset lies there, or not the one asked for.
        """
        found = self.find(root)
        trees = find_trees(found)
        if not trees:
            raise self.unlike(root)
        tree = self._tree(root, trees)
        seen = survey(tree, found, root, _lengths())
        for other in trees:
            if other != tree:
                action = f"not read, {tree.edition} {tree.base or 'the root'} is; "
                action += "give its own folder as root to use it"
                seen.note("second_tree", other.base or ".", action)
        return seen

    def read(self, root: Path | None, item: Item, frames: Sequence[int] | None = None) -> Clip:
        """The sequence or some of its frames, grey repeated to three channels.

        Raises:
            DamagedError: a frame cannot be decoded.
        """
        return replace(super().read(root, item, frames), fps=FPS)

    def folds(self, items: Sequence[Item]) -> Sequence[frozenset[str]]:
        """The five published test lists (every fifth subject), cut to the subjects present."""
        return cut_folds(published_folds(), items)

    def _tree(self, root: Path, trees: Sequence[Tree]) -> Tree:
        wanted = self.params.tree
        for edition in ("original", "preprocessed") if wanted == "auto" else (wanted,):
            for tree in trees:
                if tree.edition == edition:
                    return tree
        raise MissingError(
            f"oulu_casia.tree = {wanted}: {root} holds only the {trees[0].edition} tree",
            f"unpack the {wanted} one there, or leave tree at auto",
        )


def published_folds() -> Lists:
    """Test subjects of folds 1 to 5: a partition of P001 to P080, read from the package."""
    return read_folds("oulu_casia")


@cache
def _lengths() -> dict[str, dict[str, list[int]]]:
    text = files("irfer_datasets.oulu_casia").joinpath("lengths.json").read_text(encoding="utf-8")
    lengths: dict[str, dict[str, list[int]]] = json.loads(text)
    return lengths
