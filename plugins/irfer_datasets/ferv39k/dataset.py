"""Dataset `ferv39k`: clips of seven expressions from 22 kinds of scenes.

Wang et al., "FERV39k: A Large-Scale Multi-Scene Dataset for Facial Expression Recognition in
Videos", CVPR 2022. 38,935 clips as face crops, 31,088 to train on and 7,847 to test; an item's
part is its scene. The crops have no audio, and there are no subjects.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import ClassVar

from irfer_bench.api import (
    CLASSES,
    OTHERS_USED,
    Found,
    Item,
    LargeSurvey,
    Match,
    Matches,
    OfficialDataset,
    Survey,
    canonical,
    compare_labels,
    read_clip_frames,
    split_fold,
)
from irfer_datasets.expected import published
from irfer_datasets.ferv39k.layout import (
    LISTS,
    NATIVE,
    TABLE,
    Clip,
    Listed,
    clip_of_path,
    read_lists,
)


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
    roles = ("frame", *LISTS)
    survey_class = LargeSurvey

    def match(self, root: Path, found: Matches) -> Match:
        """Confident where clips and lists lie; frames are not counted for it."""
        clips, lists = found.of("frame"), found.of(*LISTS)
        if clips and lists:
            return Match(0.95, f"{len(clips):,} clips of 2_ClipsforFaceCrop, and lists")
        what = "clips and no train_All.csv and test_All.csv of 4_setups/All_scenes" if clips else (
            "lists and no clips: add 2_ClipsforFaceCrop, or give the folder above both"
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

    def folds(self, items: Sequence[Item]) -> Sequence[frozenset[str]]:
        """One fold: the official test clips."""
        return [split_fold(items, "test")]

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
