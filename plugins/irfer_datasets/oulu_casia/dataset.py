"""Dataset `oulu_casia`: Oulu-CASIA NIR&VIS as its owners distribute it (datasets.md §2).

Zhao, Huang, Taini, Li, Pietikäinen, "Facial expression recognition from near-infrared videos",
Image and Vision Computing 29(9), 2011. An item is a sequence from neutral to apex. The two cameras
are not frame-aligned, so pairs are of sequences: frames meet by their number from the end.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from irfer_bench.api import (
    BASIC,
    Clip,
    Item,
    MissingError,
    Problem,
    Recognition,
    content_digest,
)
from irfer_datasets.oulu_casia.layout import SUBJECTS, Survey, Tree, find_trees, stray, survey
from irfer_datasets.oulu_casia.params import OuluCasiaParams
from irfer_datasets.tree import relative

LICENCE = (
    "on request from the University of Oulu (CMVS), signed agreement; treated as research only, "
    "no redistribution, no publication of pictures"
)
FPS = 25.0


class OuluCasia:
    """80 subjects, six expressions, near-infrared and visible cameras, three lights.

    An instance walks a root once; another instance sees what changed since.
    """

    name = "oulu_casia"
    classes: tuple[str, ...] = BASIC
    licence = LICENCE
    private = True

    def __init__(self, params: OuluCasiaParams | None = None) -> None:
        self.params = params or OuluCasiaParams()
        self._surveys: dict[Path, tuple[Tree, Survey]] = {}

    def recognise(self, root: Path) -> Recognition:
        """Sure where a camera's folder with lights and numbered subjects lies under the root."""
        if not find_trees(root):
            what = "no NI, VL, NI_Acropped or VL_Acropped folder with Strong, Weak or Dark below it"
            return Recognition(0.0, "; ".join((what, *stray(root))))
        tree, seen = self._survey(root)
        where = relative(tree.base, root)
        if not seen.sequences:
            return Recognition(0.3, f"{where} has the cameras' folders but no P001/Anger/000.jpeg")
        return Recognition(0.95, f"{len(seen.sequences)} sequences under {where}")

    def index(self, root: Path | None) -> Iterable[Item]:
        """One item per usable sequence, with ids such as `ni_strong_p001_anger`.

        Raises:
            MissingError: no root, or no tree under it.
        """
        tree, seen = self._survey(root)
        cameras = Counter((s.subject, s.expression, s.light) for s in seen.sequences)
        for found in seen.sequences:
            moment = (found.subject, found.expression, found.light)
            light, expression = found.light.casefold(), found.expression.casefold()
            key = f"{light}_{found.subject.casefold()}_{expression}"
            yield Item(
                id=f"{'ni' if found.spectrum == 'nir' else 'vl'}_{key}",
                label=expression,
                subject=found.subject,
                spectrum=found.spectrum,
                files=found.files,
                lighting=light,
                pair=key if cameras[moment] == 2 else None,
                weak_pair=cameras[moment] == 2,
                part=tree.edition,
                frames=len(found.files),
            )

    def problems(self, root: Path | None) -> Iterable[Problem]:
        """What is missing, misnamed or unlike the published listing; no picture is decoded."""
        return list(dict.fromkeys(self._survey(root)[1].problems))

    def read(self, root: Path | None, item: Item, frames: Sequence[int] | None = None) -> Clip:
        """The sequence or some of its frames, grey repeated to three channels.

        Raises:
            DamagedError: a frame cannot be decoded.
        """
        from irfer_datasets.pictures import read_pictures

        if root is None:
            raise _no_root()
        names = item.files if frames is None else [item.files[position] for position in frames]
        return Clip(
            id=item.id,
            frames=read_pictures(root, names),
            spectrum=item.spectrum,
            label=item.label,
            subject=item.subject,
            lighting=item.lighting,
            pair=item.pair,
            fps=FPS,
        )

    def folds(self, items: Sequence[Item]) -> Sequence[frozenset[str]]:
        """The five published test lists (every fifth subject), cut to the subjects present."""
        present = {item.subject for item in items if item.subject is not None}
        return [frozenset(present.intersection(fold)) for fold in published_folds()]

    def fingerprint(self, root: Path | None) -> str:
        """Digest of all sequences: equal wherever the same frames lie, whatever the root's name."""
        items = list(self.index(root))
        assert root is not None
        return content_digest(root, items)

    def _survey(self, root: Path | None) -> tuple[Tree, Survey]:
        if root is None:
            raise _no_root()
        if root not in self._surveys:
            self._surveys[root] = self._walk(root)
        return self._surveys[root]

    def _walk(self, root: Path) -> tuple[Tree, Survey]:
        trees = find_trees(root)
        if not trees:
            raise MissingError(f"{root} is not oulu_casia: {self.recognise(root).reason}")
        tree = self._tree(root, trees)
        seen = survey(tree, root, _lengths())
        seen.problems.extend(
            Problem(
                "second_tree",
                relative(other.base, root),
                f"not read, {tree.edition} {relative(tree.base, root)} is; "
                "give its own folder as root to use it",
            )
            for other in trees
            if other != tree
        )
        return tree, seen

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


@cache
def published_folds() -> tuple[tuple[str, ...], ...]:
    """Test subjects of folds 1 to 5: a partition of P001 to P080, read from the package."""
    folds = tuple(map(tuple, _json("folds.json")))
    assert sorted(subject for fold in folds for subject in fold) == list(SUBJECTS)
    return folds


@cache
def _lengths() -> dict[str, dict[str, list[int]]]:
    lengths: dict[str, dict[str, list[int]]] = _json("lengths.json")
    return lengths


def _json(name: str) -> Any:
    return json.loads(files("irfer_datasets.oulu_casia").joinpath(name).read_text(encoding="utf-8"))


def _no_root() -> MissingError:
    return MissingError(
        f"oulu_casia needs its files ({LICENCE})",
        "say --data-root oulu_casia=FOLDER",
    )
