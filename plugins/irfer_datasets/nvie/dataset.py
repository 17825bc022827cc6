"""Dataset `nvie`: USTC-NVIE as its owners distribute it (datasets.md §3).

Wang, Liu, Lv, Lv, Wu, Peng, Chen, Wang, "A natural visible and infrared facial expression database
for expression recognition and emotion inference", IEEE Transactions on Multimedia 12(7), 2010.
An item is a folder of pictures: a clip, its onset or apex, or a posed expression. The two cameras
have other lenses, sizes and rates: pairs are of clips, and geometry is unregistered.

Frame names, posed levels and totals are not confirmed in public. What the folders' names do not
tell is listed and left out; `manifest.csv` in the root (columns path, subject, modality, part,
light, clip, expression, phase; written by `irfer-bench data scan nvie`) overrides them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from importlib.resources import files
from pathlib import Path

from irfer_bench.api import (
    BASIC,
    Clip,
    Item,
    MissingError,
    Problem,
    Recognition,
    content_digest,
)
from irfer_datasets.nvie.checks import check, place
from irfer_datasets.nvie.labelled import label
from irfer_datasets.nvie.layout import find_parts, survey
from irfer_datasets.nvie.lists import read_lists
from irfer_datasets.nvie.manifest import find_manifest, is_manifest, read_manifest
from irfer_datasets.nvie.params import NvieParams
from irfer_datasets.nvie.rows import Survey, settle
from irfer_datasets.tree import obstacles

LICENCE = (
    "on request from USTC (nvie.ustc.edu.cn), signed release agreement; treated as research only, "
    "no redistribution, no publication of pictures"
)
FPS = {"vis": 30.0, "lwir": 25.0}


class Nvie:
    """More than 100 subjects, visible and thermal cameras; spontaneous, posed, three lights.

    An instance walks a root once; another instance sees what changed since.
    """

    name = "nvie"
    classes = (*BASIC, "neutral")
    native = ("happiness", "disgust", "fear", "surprise", "anger", "sadness")
    licence = LICENCE
    private = True

    def __init__(self, params: NvieParams | None = None) -> None:
        self.params = params or NvieParams()
        self._surveys: dict[Path, Survey] = {}
        self._scans: dict[Path, Survey] = {}

    def recognise(self, root: Path) -> Recognition:
        """Sure where a part's folder holds pictures of a camera, or a manifest has its columns."""
        manifest = find_manifest(root)
        if manifest is not None and is_manifest(manifest, root):
            return Recognition(0.95, f"{manifest.name} with the columns of nvie")
        parts = find_parts(root).bases
        if not parts:
            return Recognition(0.0, place(root))
        names = ", ".join(base.folder.name for base in parts)
        rows = self._scan(root).rows
        if not any(row.modality for row in rows):
            what = f"{names} without pictures in a visible or infrared folder"
            return Recognition(0.3, "; ".join((what, *obstacles(root))))
        return Recognition(0.95, f"{len(rows)} picture folders under {names}")

    def index(self, root: Path | None) -> Iterable[Item]:
        """One item per labelled picture folder, such as `lwir_spontaneous_apex_front_012_3`.

        Raises:
            MissingError: no root, or nothing of it there. DamagedError: the manifest is unreadable.
        """
        return self._survey(root).items

    def problems(self, root: Path | None) -> Iterable[Problem]:
        """What is unresolved, unlabelled, missing or unlike what is published."""
        return list(dict.fromkeys(self._survey(root).problems))

    def census(self, root: Path) -> Iterator[Mapping[str, str]]:
        """One row per picture folder or clip, unknown cells empty, in the manifest's columns.

        Written to `manifest.csv` in the root and corrected by hand, it overrides the folders. An
        existing manifest is not read, so that a new census is of the folders alone.
        """
        for row in self._scan(root).rows:
            yield row.cells

    def read(self, root: Path | None, item: Item, frames: Sequence[int] | None = None) -> Clip:
        """The clip or some of its frames, 8 or 16 bits as stored, grey repeated to three channels.

        Raises:
            DamagedError: a frame cannot be decoded.
        """
        from irfer_datasets.pictures import read_pictures

        names = item.files if frames is None else [item.files[position] for position in frames]
        return Clip(
            id=item.id,
            frames=read_pictures(_given(root), names),
            spectrum=item.spectrum,
            label=item.label,
            subject=item.subject,
            lighting=item.lighting,
            pair=item.pair,
            fps=FPS[item.spectrum] if item.part == "spontaneous_sequence" else None,
        )

    def folds(self, items: Sequence[Item]) -> Sequence[frozenset[str]]:
        """The list files' own test list; else five published lists of subject numbers.

        Numbers 1 to 300 are in the package; other subjects, and pictures of nobody named, follow
        in sorted order, every fifth.
        """
        if any(item.split == "test" for item in items):
            return [frozenset(item.subject or item.id for item in items if item.split == "test")]
        present = {item.subject or item.id for item in items}
        published = published_folds()
        others = sorted(present.difference(*published))
        return [
            frozenset(present.intersection(fold)).union(others[k :: len(published)])
            for k, fold in enumerate(published)
        ]

    def fingerprint(self, root: Path | None) -> str:
        """Digest of all clips: equal wherever the same frames lie, whatever the root's name."""
        return content_digest(_given(root), self.index(root))

    def _survey(self, root: Path | None) -> Survey:
        where = _given(root)
        if where not in self._surveys:
            self._surveys[where] = self._read(where)
        return self._surveys[where]

    def _read(self, root: Path) -> Survey:
        if self.params.lists != "none":
            return read_lists(root, self.params.names)
        manifest = find_manifest(root)
        if manifest is not None:
            seen = read_manifest(root, manifest)
        else:
            if not find_parts(root).bases:
                raise MissingError(f"{root} is not nvie: {self.recognise(root).reason}")
            scanned = self._scan(root)
            seen = replace(scanned, problems=list(scanned.problems), items=[])
        settle(seen)
        check(seen)
        return seen

    def _scan(self, root: Path) -> Survey:
        """What the folders' names and the rating tables say."""
        if root not in self._scans:
            seen, texts = survey(find_parts(root), root)
            label(seen, texts)
            self._scans[root] = seen
        return self._scans[root]


@cache
def published_folds() -> tuple[tuple[str, ...], ...]:
    """Test subjects of folds 1 to 5: a partition of 001 to 300, read from the package."""
    text = files("irfer_datasets.nvie").joinpath("folds.json").read_text(encoding="utf-8")
    return tuple(map(tuple, json.loads(text)))


def _given(root: Path | None) -> Path:
    if root is None:
        raise MissingError(f"nvie needs its files ({LICENCE})", "say --data-root nvie=FOLDER")
    return root
