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
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

from irfer_bench.api import (
    CLASSES,
    FRAME_PATH,
    OTHERS_USED,
    Found,
    Item,
    LargeSurvey,
    Match,
    Matches,
    Notes,
    Patterns,
    SplitDataset,
    Survey,
    canonical,
    compare_splits,
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
        "films": r"films\.csv",
    },
    names=("2_ClipsforFaceCrop", "4_setups", "All_scenes", *EXPRESSIONS),
    holders=("4_setups", "All_scenes", "annotation"),
)
LISTS = ("official", "numbered")
"""Spellings of the lists, in the order of preference."""
SPLITS = ("train", "test")
Clip = tuple[str, str, str]
"""Scene and expression in lower case, and the number."""
_NAMED = re.compile(rf"(?:.*/)?{_CLIP}/?", re.IGNORECASE)


def clip_of_path(facts: Mapping[str, str]) -> Clip:
    """The clip that the groups of a path name."""
    return facts["scene"].casefold(), facts["expression"].casefold(), facts["clip"]


def read_splits(found: Matches, seen: Notes) -> dict[Clip, str]:
    """Split of every listed clip, whose path names its label; the official lists are preferred.

    Problems: `missing_list`, `bad_row`, `duplicate_id`, `encoding`.
    """
    style = next((style for style in LISTS if found.of(style)), LISTS[0])
    splits: dict[Clip, str] = {}
    sides = {facts["side"].casefold(): path for path, facts in found.files(style)}
    for side in SPLITS:
        if side not in sides:
            place = f"4_setups/All_scenes/{side}_All.csv"
            seen.note("missing_list", place, f"no such list; no clip is of split {side}")
            continue
        table = open_annotation(seen.root / sides[side], seen.root)
        seen.problems.extend(table.problems())
        for line, text in table.lines():
            match = _NAMED.fullmatch(text.replace("\\", "/").replace(",", " ").split()[0])
            if match is None:
                seen.note("bad_row", table.name, f"line {line}: {text[:60]!r} names no clip")
            elif splits.setdefault(clip := clip_of_path(match.groupdict()), side) != side:
                action = f"line {line}: {'/'.join(clip)} is of split {splits[clip]} too"
                seen.note("duplicate_id", table.name, f"{action}; keep one row")
    return splits


class Ferv39k(SplitDataset):
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
        what = "lists and no clips: add 2_ClipsforFaceCrop, or give the folder above both"
        if clips:
            what = "clips and no train_All.csv and test_All.csv of 4_setups/All_scenes"
        return Match(0.5 if clips else 0.0, "; ".join((what, *self.hints(root))))

    def clip_id(self, name: str) -> str | None:
        """Id of a clip that a table of films names as the lists do: `Action/Happy/0015`."""
        match = _NAMED.fullmatch(name)
        return item_id(clip_of_path(match.groupdict())) if match else None

    def collect(self, found: Matches, seen: Survey) -> None:
        """All listed clips with frames, and problems."""
        splits = read_splits(found, seen)
        first: dict[Clip, str] = {}
        folders = {
            clip: hit
            for hit in found.of("frame")
            if seen.first(first, clip := clip_of_path(hit.facts), hit.folder)
        }
        for clip in sorted(splits.keys() - folders.keys()):
            action = f"{'/'.join(clip)} is listed and has no frames; {OTHERS_USED}"
            seen.note("missing_item", "2_ClipsforFaceCrop", action)
        rest = folders.keys() - splits.keys()
        if splits and rest:
            action = f"{len(rest):,} clips in no list, such as {'/'.join(min(rest))}: left out"
            seen.note("unlabelled_file", "2_ClipsforFaceCrop", action)
        for clip in sorted(folders.keys() & splits.keys() if splits else folders):
            seen.items.append(_item(clip, folders[clip], splits.get(clip, ""), seen))
        known = {split: published("ferv39k")[split] for split in SPLITS}
        seen.problems += compare_splits(".", "clips", seen.items, known)


def item_id(clip: Clip) -> str:
    """`ferv39k_action_happy_0015`."""
    return "_".join(("ferv39k", *clip))


def _item(clip: Clip, hit: Found, split: str, seen: Survey) -> Item:
    scene, expression, _ = clip
    name = "_".join(clip)
    files = read_clip_frames({name: hit}, [name], seen)[name]
    return Item(
        id=item_id(clip),
        label=canonical(expression),
        subject=None,
        spectrum="vis",
        files=files.files,
        split=split,
        part=scene,
        frames=files.frames,
    )
