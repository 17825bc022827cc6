"""A user's own images, described by their folders' names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path

from irfer_bench.api import IMAGE_SUFFIXES, Spectrum
from irfer_datasets.labels import canonical, nearest
from irfer_datasets.stills import Survey
from irfer_datasets.tree import relative

SPECTRA: Mapping[str, Spectrum] = {
    "vis": "vis",
    "visible": "vis",
    "rgb": "vis",
    "nir": "nir",
    "near-infrared": "nir",
    "lwir": "lwir",
    "thermal": "lwir",
}
_LAYOUT = "<spectrum>/<subject>/<expression>/<name>.png"


@dataclass(frozen=True)
class Row:
    """One image and the facts that the user states."""

    path: str
    spectrum: Spectrum
    label: str | None
    subject: str | None = None
    lighting: str = ""
    pair: str | None = None
    split: str = ""
    part: str = "main"


@dataclass
class Rows(Survey):
    """Usable rows, their items, and the problems of the others."""

    rows: list[Row] = field(default_factory=list)


def walk(root: Path) -> Rows:
    """Rows of `<spectrum>/<subject>/<expression>/<name>.png`, the subject's level optional.

    `extra/<subject>/<expression>/` holds other people's visible images (part `extra`).
    """
    found = Rows(root)
    for folder in found.look(root).folders:
        name = folder.name.casefold()
        if name == "extra":
            _walk_spectrum(folder, "vis", "extra", found)
        elif name in SPECTRA:
            if folder.name != SPECTRA[name]:
                action = f"read as {SPECTRA[name]}; rename it"
                found.note("misnamed_folder", folder, action)
            _walk_spectrum(folder, SPECTRA[name], "main", found)
        else:
            found.note("misnamed_folder", folder, f"not read; {near_name(name, SPECTRA)}")
    return found


def _walk_spectrum(folder: Path, spectrum: Spectrum, part: str, found: Rows) -> None:
    listing = found.look(folder)
    _refuse_strays(listing.files, found)
    for below in listing.folders:
        inner = found.look(below)
        if canonical(below.name) is not None and not inner.folders:
            _read_label(below, inner.files, Row("", spectrum, None, part=part), found)
            continue
        _refuse_strays(inner.files, found)
        for leaf in inner.folders:
            images = found.look(leaf)
            row = Row("", spectrum, None, subject=below.name, part=part)
            _read_label(leaf, images.files, row, found)


def _read_label(leaf: Path, files: Iterable[Path], row: Row, found: Rows) -> None:
    label = canonical(leaf.name)
    if label is None:
        found.note("unknown_label", leaf, f"not read; {nearest(leaf.name)}")
        return
    for path in files:
        if path.suffix.lower() in IMAGE_SUFFIXES:
            found.rows.append(
                Row(relative(path, found.root), row.spectrum, label, row.subject, part=row.part)
            )
        else:
            found.note("unexpected_file", path, "not read; it is no image")


def _refuse_strays(files: Iterable[Path], found: Rows) -> None:
    for path in files:
        if path.suffix.lower() in IMAGE_SUFFIXES:
            found.note("unexpected_file", path, f"not read; images lie in {_LAYOUT}")


def near_name(name: str, known: Iterable[str]) -> str:
    """The hint for an unknown spectrum, illumination or split: the closest known name, or all."""
    near = get_close_matches(name.casefold(), list(known), n=1)
    return f"did you mean {near[0]}?" if near else f"known: {', '.join(known)}"
