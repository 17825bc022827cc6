"""Layout of KDEF on disk: a folder per person and session, facts in the names.

`KDEF_and_AKDEF/KDEF/AF01/AF01ANS.JPG`: session A or B, sex F or M, person 01 to 35, expression,
view. In the expression's place `AF` is afraid; in the folder's name `AF` is session A, female.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from irfer_bench.api import Item
from irfer_bench.api import few as shown
from irfer_datasets.problems import REST
from irfer_datasets.stills import Survey
from irfer_datasets.tree import find_bases, list_folder, obstacles, odd_folders, relative

SUBJECTS = tuple(f"{sex}{number:02d}" for sex in "FM" for number in range(1, 36))
FOLDERS = tuple(f"{session}{subject}" for session in "AB" for subject in SUBJECTS)
EXPRESSIONS: Mapping[str, str] = {
    "AF": "fear",
    "AN": "anger",
    "DI": "disgust",
    "HA": "happiness",
    "NE": "neutral",
    "SA": "sadness",
    "SU": "surprise",
}
VIEWS: Mapping[str, str] = {
    "FL": "full_left",
    "HL": "half_left",
    "S": "straight",
    "HR": "half_right",
    "FR": "full_right",
}
BLACK = frozenset(
    {
        "AF01SUFR",
        "AF10AFFR",
        "AF11NEHL",
        "AF20DIHL",
        "AM25DIFL",
        "AM34DIFR",
        "BF13NEHR",
        "BM21DIFL",
        "BM22DIHL",
        "BM24DIFL",
    }
)
"""Black images in the distributed set, none of them frontal.

Two public loaders skip them; they agree on eight (one writes AM20DIHL for AF20DIHL and lacks
BF13NEHR), and a third counts four black ones among S, HL and HR, as there are here.
"""
DARK = 32
"""Below this, of 255, everything in a black image lies."""
STEMS = frozenset(f"{code}{view}" for code in EXPRESSIONS for view in VIEWS)
"""What follows the folder's name in the names of its 35 images."""
_FOLDER = re.compile(r"([AB])([FM])(0[1-9]|[12]\d|3[0-5])", re.I)
_REST = rf"(?:{'|'.join(EXPRESSIONS)})(?:{'|'.join(VIEWS)})\.(?:jpe?g|png)"
_NAME = re.compile(_FOLDER.pattern + _REST, re.I)
_AVERAGED = re.compile(r"[FM]" + _REST, re.I)


def find_trees(root: Path) -> list[Path]:
    """Folders at most four levels down that hold `AF01` to `BM35`."""
    return find_bases(root, lambda below: any(_FOLDER.fullmatch(path.name) for path in below))


def survey(trees: Sequence[Path], root: Path) -> Survey:
    """All images but the black and averaged ones, and problems.

    Only images known to be black are decoded: corrected copies circulate.
    """
    base = trees[0]
    seen = Survey(root, problems=odd_folders((root, base), root))
    for other in trees[1:]:
        seen.note("second_tree", other, f"not read, {relative(base, root)} is; remove one")
    folders = _folders(base, seen)
    found: dict[str, Path] = {}
    away: list[Path] = []
    odd = {name: _read(folders[name], name, found, away, seen) for name in folders}
    _place(away, found, seen)
    for name in FOLDERS:
        if name in folders:
            _name_odd(folders[name], name, odd[name], found, seen)
        else:
            seen.note("missing_subject", base / name, REST)
    for stem in sorted(BLACK & found.keys()):
        if is_black(found[stem]):
            seen.note("left_out", found.pop(stem), "it is black, as documented")
    seen.items.extend(_item(stem, found[stem], root) for stem in sorted(found))
    return seen


def _folders(base: Path, seen: Survey) -> dict[str, Path]:
    listing = seen.look(base)
    folders: dict[str, Path] = {}
    for folder in listing.folders:
        name = folder.name.upper()
        if folder.name.casefold() == "akdef":
            continue
        if not _FOLDER.fullmatch(name):
            seen.note("misnamed_folder", folder, "not read; known: AF01 to AF35, … BM35")
        elif name in folders:
            seen.note("misnamed_folder", folder, f"not read; {folders[name].name} is there too")
        else:
            folders[name] = folder
            if folder.name != name:
                seen.note("mis_cased", folder, f"read as {name}; rename it")
    _leave_averaged(base, listing.files, seen)
    return folders


def _leave_averaged(base: Path, files: Sequence[Path], seen: Survey) -> None:
    """Leave out AKDEF: averages over all 70 people would put every subject into every fold."""
    beside = [base] if base == seen.root else [base, base.parent]
    for place in beside:
        for folder in list_folder(place, seen.root).folders:
            if folder.name.casefold() == "akdef":
                seen.note("left_out", folder, "averaged faces of all subjects are not used")
    for path in files:
        if _AVERAGED.fullmatch(path.name):
            seen.note("left_out", path, "averaged faces of all subjects are not used")
        elif _NAME.fullmatch(path.name):
            seen.note("unexpected_file", path, "not read; images lie in a folder such as AF01")


def _read(
    folder: Path, name: str, found: dict[str, Path], away: list[Path], seen: Survey
) -> list[Path]:
    """Place one session's images of a person; return files with other names."""
    listing = seen.look(folder)
    odd: list[Path] = []
    for path in listing.files:
        stem = path.stem.upper()
        if not _NAME.fullmatch(path.name):
            odd.append(path)
        elif not stem.startswith(name):
            away.append(path)
        elif stem in found:
            seen.note("duplicate_file", path, f"not read; {found[stem].name} is; remove one")
        else:
            found[stem] = path
    return odd


def _place(away: Sequence[Path], found: dict[str, Path], seen: Survey) -> None:
    """Place images of another person's or session's folder by their own names."""
    for path in away:
        stem = path.stem.upper()
        if stem in found:
            other = relative(found[stem], seen.root)
            seen.note("duplicate_file", path, f"not read; {other} is; remove one")
        else:
            found[stem] = path
            seen.note("misplaced_file", path, f"read as {stem}, which its name says")


def _name_odd(
    folder: Path, name: str, odd: Sequence[Path], found: dict[str, Path], seen: Survey
) -> None:
    """Place a misnamed file where its folder lacks exactly one image.

    The distributed set has two such, AF31V and AM31H.
    """
    absent = sorted(stem for stem in STEMS if name + stem not in found)
    own = [path for path in odd if path.stem.upper().startswith(name) and _is_image(path)]
    if len(own) == len(absent) == 1:
        found[name + absent[0]] = own[0]
        action = f"read as {name}{absent[0]}, the only image that its folder lacks; rename it"
        seen.note("misnamed_file", own[0], action)
        odd, absent = [path for path in odd if path != own[0]], []
    for path in odd:
        kind = "misnamed_file" if path in own else "unexpected_file"
        seen.note(kind, path, "not read; names are such as AF01ANS.JPG")
    if absent:
        action = f"{len(absent)} of {len(STEMS)} images are missing: {shown(absent)}"
        seen.note("missing_expression", folder, f"{action}; the others are used")


def _is_image(path: Path) -> bool:
    return path.suffix.lower() in (".jpg", ".jpeg", ".png")


def is_black(path: Path) -> bool:
    """Whether an image is black; False for one that cannot be decoded."""
    from PIL import Image

    try:
        with Image.open(path) as image:
            image.draft("L", (64, 64))
            return not any(image.convert("L").histogram()[DARK:])
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        return False


def _item(stem: str, path: Path, root: Path) -> Item:
    return Item(
        id=f"kdef_{stem.casefold()}",
        label=EXPRESSIONS[stem[4:6]],
        subject=stem[1:4],
        spectrum="vis",
        files=(relative(path, root),),
        part=VIEWS[stem[6:]],
    )


def stray(root: Path) -> Iterator[str]:
    """Hints why a folder is not this dataset."""
    listing = list_folder(root, root)
    if any(_NAME.fullmatch(path.name) for path in listing.files):
        yield "it holds one person's images: give the folder above it"
    elif any(_AVERAGED.fullmatch(path.name) for path in listing.files):
        yield "it holds the averaged faces (AKDEF), which are not used: give KDEF"
    yield from obstacles(root)
