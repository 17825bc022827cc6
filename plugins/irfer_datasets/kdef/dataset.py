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
    Matches,
    OfficialDataset,
    Patterns,
    Survey,
    UnreadableImageError,
    few,
    open_image,
    visible_still,
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
        "misnamed": r"[AB][FM]\d\d/(?P<person>AF31(?=V)|AM31(?=H))[VH]\.jpe?g",
    },
    names=FOLDERS,
)


def _leave_averaged(found: Matches, seen: Survey) -> None:
    """Leave out AKDEF: averages over all 70 people would put every subject into every fold."""
    for hit in found.of("averaged"):
        whole = hit.folder.rpartition("/")[2].casefold() == "akdef"
        places = [hit.folder] if whole else [path for path, _ in hit.files()]
        for place in places:
            seen.note("left_out", place, "averaged faces of all subjects are not used")


def _read_misnamed(found: Matches, images: dict[str, str], seen: Survey) -> None:
    """Place the two misnamed files where their folder lacks exactly one image."""
    for path, facts in found.files("misnamed"):
        name = facts["person"].upper()
        absent = [name + stem for stem in sorted(STEMS) if name + stem not in images]
        if len(absent) == 1:
            images[absent[0]] = path
            action = f"read as {absent[0]}, the only image that its folder lacks; rename it"
        else:
            action = "not read; names are such as AF01ANS.JPG"
        seen.note("misnamed_file", path, action)


def _name_absent(found: Matches, images: Mapping[str, str], seen: Survey) -> None:
    folders = {hit.facts["folder"].upper(): hit.folder for hit in reversed(found.of("image"))}
    base = found.of(*Kdef.roles)[0].base
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


class Kdef(OfficialDataset):
    """An item is a still; its part is the view, its subject sex and number (`F01`)."""

    name = "kdef"
    classes: tuple[str, ...] = CLASSES[:7]
    native = NATIVE
    licence = "non-commercial research, on request at kdef.se; no redistribution"
    wanted = "no folder AF01 to BM35 with images such as AF01ANS.JPG below it"
    table = TABLE
    roles = ("image", "flat")

    def is_there(self, root: Path, found: Matches) -> bool:
        """Whether images are named AF01ANS.JPG, in folders AF01 to BM35 or in one."""
        return super().is_there(root, found) and not self.stray(root, found)

    def collect(self, found: Matches, seen: Survey) -> None:
        """All images of all views and both sessions but the black and averaged ones.

        An image's name says everything, whatever folder holds it. Only images known to be black
        are decoded: corrected copies circulate.
        """
        _leave_averaged(found, seen)
        images: dict[str, str] = {}
        own = {hit.folder for hit in found.of("image")}
        flat = [hit for hit in found.of("flat") if hit.folder not in own]
        for hit in (*found.of("image"), *flat):
            base = "" if hit.folder not in own else hit.base
            for path, facts in hit.files():
                seen.first(images, facts["stem"].upper(), path, base=base)
        _read_misnamed(found, images, seen)
        _name_absent(found, images, seen)
        for stem in sorted(BLACK & images.keys()):
            if is_black(seen.root / images[stem]):
                seen.note("left_out", images.pop(stem), "it is black, as documented")
        for stem in sorted(images):
            name, label, view = f"kdef_{stem.casefold()}", EXPRESSIONS[stem[4:6]], VIEWS[stem[6:]]
            still = visible_still(name, label, images[stem], subject=stem[1:4], part=view)
            seen.items.append(still)

    def stray(self, root: Path, found: Matches) -> list[str]:
        """Hints where a root is one person's folder, or that of the averaged faces."""
        if found.of("averaged") and not found.of(*self.roles):
            return ["it holds the averaged faces (AKDEF), which are not used: give KDEF"]
        if re.fullmatch(PERSON, root.resolve().name, re.I) and not found.of("image"):
            return ["it holds one person's images: give the folder above it"]
        return []
