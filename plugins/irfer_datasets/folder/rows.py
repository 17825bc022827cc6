"""Anyone's own pictures described by their folders' names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path

from irfer_bench.api import PICTURES, Problem, Spectrum
from irfer_datasets.labels import canonical, nearest
from irfer_datasets.tree import list_folder, relative

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
    """One picture and what its owner says about it."""

    path: str
    spectrum: Spectrum
    label: str | None
    subject: str | None = None
    lighting: str = ""
    pair: str | None = None
    split: str = ""
    part: str = "main"


@dataclass
class Rows:
    """Usable rows and what is wrong with the others."""

    rows: list[Row] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def walk(root: Path) -> Rows:
    """Rows of `<spectrum>/<subject>/<expression>/<name>.png`, the subject's level optional.

    `extra/<subject>/<expression>/` holds other people's visible pictures (part `extra`).
    """
    found = Rows()
    top = list_folder(root, root)
    found.problems.extend(top.problems)
    for folder in top.folders:
        name = folder.name.casefold()
        if name == "extra":
            _walk_spectrum(folder, "vis", "extra", root, found)
        elif name in SPECTRA:
            if folder.name != SPECTRA[name]:
                action = f"read as {SPECTRA[name]}; rename it"
                found.problems.append(Problem("misnamed_folder", relative(folder, root), action))
            _walk_spectrum(folder, SPECTRA[name], "main", root, found)
        else:
            found.problems.append(
                Problem(
                    "misnamed_folder",
                    relative(folder, root),
                    f"not read; {near_name(name, SPECTRA)}",
                )
            )
    return found


def _walk_spectrum(folder: Path, spectrum: Spectrum, part: str, root: Path, found: Rows) -> None:
    listing = list_folder(folder, root)
    found.problems.extend(listing.problems)
    _refuse_strays(listing.files, root, found)
    for below in listing.folders:
        inner = list_folder(below, root)
        found.problems.extend(inner.problems)
        if canonical(below.name) is not None and not inner.folders:
            _read_label(below, inner.files, Row("", spectrum, None, part=part), root, found)
            continue
        _refuse_strays(inner.files, root, found)
        for leaf in inner.folders:
            pictures = list_folder(leaf, root)
            found.problems.extend(pictures.problems)
            row = Row("", spectrum, None, subject=below.name, part=part)
            _read_label(leaf, pictures.files, row, root, found)


def _read_label(leaf: Path, files: Iterable[Path], row: Row, root: Path, found: Rows) -> None:
    label = canonical(leaf.name)
    if label is None:
        found.problems.append(
            Problem(
                "unknown_label",
                relative(leaf, root),
                f"not read; {nearest(leaf.name)}",
            )
        )
        return
    for path in files:
        name = relative(path, root)
        if path.suffix.lower() in PICTURES:
            found.rows.append(Row(name, row.spectrum, label, row.subject, part=row.part))
        else:
            found.problems.append(Problem("unexpected_file", name, "not read; it is no picture"))


def _refuse_strays(files: Iterable[Path], root: Path, found: Rows) -> None:
    found.problems.extend(
        Problem("unexpected_file", relative(path, root), f"not read; pictures lie in {_LAYOUT}")
        for path in files
        if path.suffix.lower() in PICTURES
    )


def near_name(name: str, known: Iterable[str]) -> str:
    """What to tell somebody whose spectrum, light or split is unknown."""
    near = get_close_matches(name.casefold(), list(known), n=1)
    return f"did you mean {near[0]}?" if near else f"known: {', '.join(known)}"
