"""Dataset `ferv39k`: clips of seven expressions from 22 kinds of scenes.

Wang et al., "FERV39k: A Large-Scale Multi-Scene Dataset for Facial Expression Recognition in
Videos", CVPR 2022. 38,935 clips as face crops, 31,088 to train on and 7,847 to test; an item's
part is its scene. The crops have no audio, and there are no subjects.

Layout of FERV39k on disk as a table: face crops of clips by scene and expression, and lists.

As distributed: `2_ClipsforFaceCrop/Action/Happy/0015/*.jpg` and `4_setups/All_scenes/{train,
test}_All.csv` with rows such as `Action/Happy/0015 Happy`, as MAE-DFER and four other public
loaders read them. DFER-CLIP brings lists of its own, `FERV39K_train.txt`, with rows `PATH FRAMES
LABEL`. Names of clips come again in each scene and expression.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from irfer_bench.api import (
    CLASSES,
    FRAME_PATH,
    OTHERS_USED,
    Annotation,
    Found,
    Item,
    LargeSurvey,
    Match,
    Matches,
    Notes,
    OfficialDataset,
    Patterns,
    Survey,
    canonical,
    compare_labels,
    open_annotation,
    read_clip_frames,
)
from irfer_datasets.expected import published

NATIVE = ("happiness", "sadness", "neutral", "anger", "surprise", "disgust", "fear")
"""The order of public loaders, from 0."""
EXPRESSIONS = ("Happy", "Sad", "Neutral", "Angry", "Surprise", "Disgust", "Fear")
_CLIP = rf"(?P<scene>[^/]+)/(?P<expression>{'|'.join(EXPRESSIONS)})/(?P<clip>\d{{4}})"
TABLE = Patterns(
    {
        "frame": rf"2_ClipsforFaceCrop[^/]*//{_CLIP}/{FRAME_PATH}",
        "official": r"(?P<side>train|test)_All\.csv",
        "numbered": r"FERV39K_(?P<side>train|test)\.txt",
    },
    names=("2_ClipsforFaceCrop", "4_setups", "All_scenes", *EXPRESSIONS),
    holders=("4_setups", "All_scenes", "annotation"),
)
LISTS = ("official", "numbered")
"""Spellings of the lists, in the order of preference."""
Clip = tuple[str, str, str]
"""Scene and expression in lower case, and the number."""
_NAMED = re.compile(rf"(?:.*/)?{_CLIP}/?", re.IGNORECASE)


@dataclass(frozen=True)
class Listed:
    """A clip's label and split by the lists."""

    label: str
    split: str


def clip_of_path(facts: Mapping[str, str]) -> Clip:
    """The clip that the groups of a path name."""
    return facts["scene"].casefold(), facts["expression"].casefold(), facts["clip"]


def read_lists(found: Matches, seen: Notes) -> dict[Clip, Listed]:
    """Label and split of every listed clip; the official lists are preferred.

    Problems: `missing_list`, `bad_row`, `unknown_label`, `duplicate_id`, `encoding`.
    """
    style = next((style for style in LISTS if found.of(style)), LISTS[0])
    listed: dict[Clip, Listed] = {}
    sides: dict[str, str] = {}
    for path, facts in found.files(style):
        sides.setdefault(facts["side"].casefold(), path)
    for side in ("train", "test"):
        if side not in sides:
            place = f"4_setups/All_scenes/{side}_All.csv"
            seen.note("missing_list", place, f"no such list; no clip is of split {side}")
            continue
        table = open_annotation(seen.root / sides[side], seen.root)
        seen.problems.extend(table.problems())
        for line, clip, label in _rows(table, style, seen):
            own = Listed(label, side)
            if listed.setdefault(clip, own) != own:
                action = f"line {line}: {'/'.join(clip)} is {listed[clip].label} of split "
                action += f"{listed[clip].split} too; keep one row"
                seen.note("duplicate_id", table.name, action)
    return listed


def _rows(table: Annotation, style: str, seen: Notes) -> Iterator[tuple[int, Clip, str]]:
    for line, text in table.lines():
        path, *rest = text.replace("\\", "/").replace(",", " ").split()
        match = _NAMED.fullmatch(path)
        if match is None or len(rest) != (1 if style == "official" else 2):
            seen.note("bad_row", table.name, f"line {line}: {text[:60]!r} is no clip and label")
            continue
        label = canonical(rest[0]) if style == "official" else _numbered(rest[1])
        if label not in NATIVE:
            known = ", ".join(EXPRESSIONS) if style == "official" else "0 to 6"
            action = f"line {line}: label {rest[-1]!r}; known are {known}; left out"
            seen.note("unknown_label", table.name, action)
        else:
            yield line, clip_of_path(match.groupdict()), label


def _numbered(text: str) -> str | None:
    return NATIVE[int(text)] if text.isdecimal() and int(text) < len(NATIVE) else None


class Ferv39k(OfficialDataset):
    """38,935 silent clips with one of seven expressions, visible light, official split."""

    name = "ferv39k"
    classes = CLASSES[:7]
    native: ClassVar[tuple[str, ...]] = NATIVE
    licence = (
        "e-mail from a university account to Fudan University (github.com/wangyanckxx/FERV39k); "
        "non-commercial research, no copy, publication or distribution of any portion"
    )
    wanted = "no 2_ClipsforFaceCrop with clips such as Action/Happy/0015 below it"
    table = TABLE
    tested = "test"
    roles = ("frame", *LISTS)
    survey_class = LargeSurvey

    def match(self, root: Path, found: Matches) -> Match:
        """Confident where clips and lists lie; frames are not counted for it."""
        clips, lists = found.of("frame"), found.of(*LISTS)
        if clips and lists:
            return Match(0.95, f"{len(clips):,} clips of 2_ClipsforFaceCrop, and lists")
        what = (
            "clips and no train_All.csv and test_All.csv of 4_setups/All_scenes"
            if clips
            else ("lists and no clips: add 2_ClipsforFaceCrop, or give the folder above both")
        )
        return Match(0.5 if clips else 0.0, "; ".join((what, *self.hints(root))))

    def collect(self, found: Matches, seen: Survey) -> None:
        """All listed clips with frames, and problems."""
        listed = read_lists(found, seen)
        folders: dict[Clip, Found] = {}
        for hit in found.of("frame"):
            clip = clip_of_path(hit.facts)
            if folders.setdefault(clip, hit) is not hit:
                action = f"not read; {folders[clip].folder} is; remove one"
                seen.note("duplicate_file", hit.folder, action)
        self._note_absent(listed, folders, seen)
        for clip in sorted(folders.keys() & listed.keys() if listed else folders):
            seen.items.append(_item(clip, folders[clip], listed.get(clip), seen))
        for split in ("train", "test"):
            own = [item.label or "" for item in seen.items if item.split == split]
            known: Mapping[str, int] = published("ferv39k")[split]
            seen.problems += compare_labels(".", f"{split} clips", own, known)

    def _note_absent(
        self, listed: Mapping[Clip, Listed], folders: Mapping[Clip, Found], seen: Survey
    ) -> None:
        for clip in sorted(listed.keys() - folders.keys()):
            action = f"{'/'.join(clip)} is listed and has no frames; {OTHERS_USED}"
            seen.note("missing_item", "2_ClipsforFaceCrop", action)
        rest = folders.keys() - listed.keys()
        if listed and rest:
            action = f"{len(rest):,} clips in no list, such as {'/'.join(min(rest))}: left out"
            seen.note("unlabelled_file", "2_ClipsforFaceCrop", action)


def _item(clip: Clip, hit: Found, listed: Listed | None, seen: Survey) -> Item:
    """An item; where list and folder disagree, the list's label counts."""
    scene, expression, _ = clip
    own = canonical(expression)
    if listed is not None and listed.label != own:
        action = f"its folder says {own}, the list {listed.label}, which is used"
        seen.note("label_mismatch", hit.folder, action)
    name = "_".join(clip)
    files = read_clip_frames({name: hit}, [name], seen)[name]
    return Item(
        id=f"ferv39k_{name}",
        label=listed.label if listed else own,
        subject=None,
        spectrum="vis",
        files=files.files,
        split=listed.split if listed else "",
        part=scene,
        frames=files.frames,
    )
