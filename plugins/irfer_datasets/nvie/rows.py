"""Facts of each image folder of NVIE, and the items made of them.

A row is what `irfer-bench data scan nvie` writes and what a user's `manifest.csv` says, so both
ways lead to the same items.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace

from irfer_bench.api import Item, Spectrum, Survey, natural

COLUMNS = ("path", "subject", "modality", "part", "light", "clip", "expression", "phase")
ILLUMINATIONS = ("front", "left", "right")
PHASES = ("apex", "onset", "sequence")
PARTS = ("spontaneous", "posed", "selected")
MODALITIES: Mapping[str, Spectrum] = {"visible": "vis", "infrared": "lwir"}
_PLAIN = re.compile(r"[a-z0-9_]+")


@dataclass(frozen=True)
class Row:
    """A folder of images, or one image, and its facts; unknown ones are empty.

    Args:
        path: relative to the root. files: its images in frame order.
        clip: the official clip, or another fact that separates two folders of a subject (glasses).
        expression: canonical name.
    """

    path: str
    files: tuple[str, ...] = field(compare=False, repr=False)
    subject: str = ""
    modality: str = ""
    part: str = ""
    light: str = ""
    clip: str = ""
    expression: str = ""
    phase: str = ""

    @property
    def cells(self) -> dict[str, str]:
        """The manifest's columns in their order."""
        facts = asdict(self)
        return {name: facts[name] for name in COLUMNS}

    @property
    def lack(self) -> str:
        """The first missing fact, or an empty string."""
        needed = ["modality", "part"]
        needed += [] if self.part == "selected" else ["subject"]
        needed += ["light"] if self.part == "spontaneous" else []
        needed += ["expression"]
        return next((name for name in needed if not getattr(self, name)), "")

    @property
    def pair_key(self) -> str:
        """Key that both partners of a pair share."""
        label = self.expression if self.part == "posed" else ""
        words = (self.part, self.phase, self.light, self.subject, self.clip, label)
        return "_".join(_slug(word) for word in words if word)

    @property
    def name(self) -> str:
        """The item's id."""
        return f"{MODALITIES[self.modality]}_{self.pair_key}"


@dataclass
class RowSurvey(Survey):
    """Rows, items and problems of a root."""

    rows: list[Row] = field(default_factory=list)


def make_items(seen: RowSurvey) -> None:
    """Make items of the rows that are complete, pair them, and list the others."""
    usable: dict[str, Row] = {}
    noted = {problem.path for problem in seen.problems}
    for row in merged(seen.rows):
        if row.lack:
            action = f"not used: {row.lack} is unknown; irfer-bench data scan nvie, correct the row"
            kind = "unlabelled_file" if row.lack == "expression" else "unresolved"
            if row.path not in noted:
                seen.note(kind, row.path, action)
        elif row.name in usable:
            other = usable[row.name].path
            action = f"it has the same facts as {other}; give one of them another clip"
            seen.note("duplicate_id", row.path, action)
        else:
            usable[row.name] = row
    labels: dict[str, set[str]] = {}
    for row in usable.values():
        labels.setdefault(row.pair_key, set()).add(row.expression)
    for row in usable.values():
        if len(labels[row.pair_key]) > 1 and row.modality == "infrared":
            action = "its visible partner has another expression; correct one of the two rows"
            seen.note("ambiguous_pair", row.path, action)
    partners = Counter(row.pair_key for row in usable.values() if len(labels[row.pair_key]) == 1)
    seen.items.extend(_item(row, partners[row.pair_key] == 2) for row in usable.values())
    _note_partners(usable.values(), partners, seen)


def merged(rows: Iterable[Row]) -> list[Row]:
    """Rows of single images that share all facts, joined; rows of folders unchanged."""
    joined: dict[tuple[object, ...], Row] = {}
    for row in rows:
        alone = row.files == (row.path,) and not row.lack
        key: tuple[object, ...] = (row.name, row.path.rpartition("/")[0]) if alone else (row.path,)
        if key in joined:
            files = {*joined[key].files, *row.files}
            row = replace(joined[key], files=tuple(sorted(files, key=natural)))
        joined[key] = row
    return list(joined.values())


def _item(row: Row, paired: bool) -> Item:
    part = row.part
    if row.part == "spontaneous":
        part = f"{row.part}_{row.phase or 'sequence'}"
    elif row.phase == "onset":
        part = f"{row.part}_onset"
    return Item(
        id=row.name,
        label=row.expression,
        subject=row.subject or None,
        spectrum=MODALITIES[row.modality],
        files=row.files,
        lighting=row.light,
        pair=row.pair_key if paired else None,
        weak_pair=paired,
        part=part,
        frames=len(row.files),
    )


def _note_partners(rows: Iterable[Row], partners: Mapping[str, int], seen: RowSurvey) -> None:
    unpaired: dict[tuple[str, str, str], list[Row]] = {}
    for row in rows:
        if partners[row.pair_key] < 2 and row.part != "selected":
            other = "visible" if row.modality == "infrared" else "infrared"
            unpaired.setdefault((row.subject, row.light, other), []).append(row)
    for (subject, light, other), own in unpaired.items():
        whose = f"subject {subject}" + (f" ({light})" if light else "")
        action = f"{whose} lacks {other} partners of {len(own)} clip(s); they have no pair"
        seen.note("missing_partner", own[0].path, action)


def subject_name(text: str) -> str:
    """A subject as items name it: numbers padded to three digits, other names as they are."""
    text = text.strip()
    whole = re.fullmatch(r"0*(\d+)(?:\.0+)?", text)
    return f"{int(whole[1]):03d}" if whole else text.casefold()


def _slug(word: str) -> str:
    folded = word.casefold()
    if _PLAIN.fullmatch(folded):
        return folded
    digest = hashlib.sha256(folded.encode("utf-8", "surrogatepass")).hexdigest()[:6]
    return "_".join(filter(None, (re.sub(r"[^a-z0-9]+", "_", folded).strip("_"), digest)))
