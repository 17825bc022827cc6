"""Dataset `kdef`: Karolinska Directed Emotional Faces as distributed.

Lundqvist, Flykt, Öhman, CD ROM, Karolinska Institutet, 1998. 70 people, seven
expressions, five views, two sessions: 4,900 stills. The averaged faces (AKDEF) are made of all 70
people, so they are kept out.

`KDEF_and_AKDEF/KDEF/AF01/AF01ANS.JPG`: session A or B, sex F or M, person 01 to 35, expression,
view. In the expression's place `AF` is afraid; in the folder's name `AF` is session A, female.
Public loaders copy all images into one folder: the name says everything, so that is read too. Two
distributed files are misnamed (`AF31V`, `AM31H`), as a public list of errata says.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from irfer_bench.api import (
    CLASSES,
    OTHERS_USED,
    Item,
    Match,
    Matches,
    OfficialDataset,
    Patterns,
    Survey,
    UnreadableImageError,
    few,
    open_image,
)

SUBJECTS = tuple(f"{sex}{number:02d}" for sex in "FM" for number in range(1, 36))
FOLDERS = tuple(f"{session}{subject}" for session in "AB" for subject in SUBJECTS)
NATIVE = ("fear", "anger", "disgust", "happiness", "neutral", "sadness", "surprise")
EXPRESSIONS = dict(zip(["AF", "AN", "DI", "HA", "NE", "SA", "SU"], NATIVE, strict=True))
_VIEWS = ("full_left", "half_left", "straight", "half_right", "full_right")
VIEWS = dict(zip(["FL", "HL", "S", "HR", "FR"], _VIEWS, strict=True))
_STEMS = "AF01SUFR AF10AFFR AF11NEHL AF20DIHL AM25DIFL AM34DIFR BF13NEHR BM21DIFL BM22DIHL BM24DIFL"
BLACK = frozenset(_STEMS.split())
"""Black images in the distributed set, none of them frontal.

Two public loaders skip them; they agree on eight (one writes AM20DIHL for AF20DIHL and lacks
BF13NEHR), and a third counts four black ones among S, HL and HR, as there are here.
"""
DARK = 32
"""Below this, of 255, everything in a black image lies."""
STEMS = frozenset(f"{code}{view}" for code in EXPRESSIONS for view in VIEWS)
"""What follows the folder's name in the names of its 35 images."""
PERSON = r"(?P<folder>[AB][FM](?:0[1-9]|[12]\d|3[0-5]))"
_FACTS = rf"(?:{'|'.join(EXPRESSIONS)})(?:{'|'.join(VIEWS)})"
_NAME = rf"(?P<stem>[AB][FM](?:0[1-9]|[12]\d|3[0-5]){_FACTS})\.(?:jpe?g|png)"
TABLE = Patterns(
    {
        "image": f"{PERSON}/{_NAME}",
        "flat": _NAME,
        "averaged": rf"[FM]{_FACTS}\.(?:jpe?g|png)",
        "odd": rf"{PERSON}/(?![AB]?[FM](?:\d\d)?{_FACTS}\.).+\.(?:jpe?g|png)",
    },
    names=FOLDERS,
)


def survey(found: Matches, seen: Survey) -> None:
    """All images but the black and averaged ones, and problems.

    Only images known to be black are decoded: corrected copies circulate.
    """
    _leave_averaged(found, seen)
    images: dict[str, str] = {}
    bases: dict[str, str] = {}
    second: dict[str, None] = {}
    for stem, path, folder, base in sorted(_placed(found), key=lambda entry: not entry[2]):
        if stem not in images:
            images[stem], bases[stem] = path, base
            if folder and not stem.startswith(folder):
                seen.note("misplaced_file", path, f"read as {stem}, which its name says")
        elif base != bases[stem] and folder:
            second[base] = None
        else:
            seen.note("duplicate_file", path, f"not read; {images[stem]} is; remove one")
    for base in second:
        action = "what it holds twice is read from another folder; remove one copy"
        seen.note("second_tree", base or ".", action)
    _name_odd(found, images, seen)
    _name_absent(found, images, seen)
    for stem in sorted(BLACK & images.keys()):
        if is_black(seen.root / images[stem]):
            seen.note("left_out", images.pop(stem), "it is black, as documented")
    seen.items.extend(_item(stem, images[stem]) for stem in sorted(images))


def _placed(found: Matches) -> list[tuple[str, str, str, str]]:
    """Stem, path, person's folder (empty in a flat copy) and copy of every image.

    Those in the folder that their name says come first.
    """
    own = {hit.folder for hit in found.of("image")}
    hits = [*found.of("image"), *(hit for hit in found.of("flat") if hit.folder not in own)]
    placed = [
        (facts["stem"].upper(), path, hit.facts.get("folder", "").upper(), hit.base)
        for hit in hits
        for path, facts in hit.files()
    ]
    return sorted(placed, key=lambda entry: not (entry[2] and entry[0].startswith(entry[2])))


def _leave_averaged(found: Matches, seen: Survey) -> None:
    """Leave out AKDEF: averages over all 70 people would put every subject into every fold."""
    for hit in found.of("averaged"):
        whole = hit.folder.rpartition("/")[2].casefold() == "akdef"
        places = [hit.folder] if whole else [path for path, _ in hit.files()]
        for place in places:
            seen.note("left_out", place, "averaged faces of all subjects are not used")


def _name_odd(found: Matches, images: dict[str, str], seen: Survey) -> None:
    """Place a misnamed file where its folder lacks exactly one image.

    The distributed set has two such, AF31V and AM31H.
    """
    for hit in found.of("odd"):
        name, paths = hit.facts["folder"].upper(), [path for path, _ in hit.files()]
        absent = sorted(name + stem for stem in STEMS if name + stem not in images)
        own = [path for path in paths if path.rpartition("/")[2].upper().startswith(name)]
        if len(own) == len(absent) == 1:
            images[absent[0]] = own[0]
            action = f"read as {absent[0]}, the only image that its folder lacks; rename it"
            seen.note("misnamed_file", own[0], action)
            paths.remove(own[0])
        for path in paths:
            kind = "misnamed_file" if path in own else "unexpected_file"
            seen.note(kind, path, "not read; names are such as AF01ANS.JPG")


def _name_absent(found: Matches, images: Mapping[str, str], seen: Survey) -> None:
    folders = {hit.facts["folder"].upper(): hit.folder for hit in reversed(found.of("image"))}
    base = found.of("image", "flat")[0].base
    for name in FOLDERS:
        place = folders.get(name, f"{base}/{name}" if base else name)
        absent = [stem for stem in sorted(STEMS) if name + stem not in images]
        if len(absent) == len(STEMS):
            seen.note("missing_subject", place, OTHERS_USED)
        elif absent:
            action = f"{len(absent)} of {len(STEMS)} images are missing: {few(absent)}"
            seen.note("missing_expression", place, f"{action}; the others are used")


def is_black(path: Path) -> bool:
    """Whether an image is black; False for one that cannot be decoded."""
    try:
        with open_image(path) as image:
            image.draft("L", (64, 64))
            return not any(image.convert("L").histogram()[DARK:])
    except UnreadableImageError:
        return False


def _item(stem: str, path: str) -> Item:
    return Item(
        id=f"kdef_{stem.casefold()}",
        label=EXPRESSIONS[stem[4:6]],
        subject=stem[1:4],
        spectrum="vis",
        files=(path,),
        part=VIEWS[stem[6:]],
    )


class Kdef(OfficialDataset):
    """An item is a still; its part is the view, its subject sex and number (`F01`)."""

    name = "kdef"
    classes: tuple[str, ...] = CLASSES[:7]
    native = NATIVE
    licence = "non-commercial research, on request at kdef.se; no redistribution"
    wanted = "no folder AF01 to BM35 with images such as AF01ANS.JPG below it"
    table = TABLE

    def is_there(self, root: Path, found: Matches) -> bool:
        """Whether images are named AF01ANS.JPG, in folders AF01 to BM35 or in one."""
        return bool(found.of("image", "flat")) and not self.stray(root, found)

    def match(self, root: Path, found: Matches) -> Match:
        """Confident: no other set has such names."""
        where = found.of("image", "flat")[0].base or "."
        return Match(0.95, f"{len(self.survey(root).items)} images under {where}")

    def collect(self, found: Matches, seen: Survey) -> None:
        """All images of all views and both sessions."""
        survey(found, seen)

    def stray(self, root: Path, found: Matches) -> list[str]:
        """Hints where a root is one person's folder, or that of the averaged faces."""
        if found.of("averaged") and not found.of("image", "flat"):
            return ["it holds the averaged faces (AKDEF), which are not used: give KDEF"]
        if re.fullmatch(PERSON, root.resolve().name, re.I) and not found.of("image"):
            return ["it holds one person's images: give the folder above it"]
        return []
