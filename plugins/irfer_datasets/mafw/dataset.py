"""Datasets `mafw` and `mafw_compound`: Multi-modal Affective database in the Wild.

Liu, Dai, Feng, Wang, Yin, Zeng, Shan, "MAFW: A large-scale, multi-modal, compound affective
database for dynamic facial expression recognition in the wild", ACM Multimedia 2022. An item is a
video with audio, a whole scene. The single-label and the compound set partition the same clips
differently, so each is a dataset of its own and neither reads the other's lists.

The distributor's page: `data/clips/00025.mp4`, `data/frames/00025/*.png`, `Train & Test Set/single/
no_caption/set_1/test.txt`; public loaders call that folder `split`, `anno` or `Train_Test_Set`, so
it may have any name. MMA-DFER has `clips_faces`, `clips_wav` and lists `MAFW_set_1_train_faces.txt`
of its own, as DFER-CLIP does; S2D puts crops into `frames/frames_crop_align_224`, HiCMAE audio into
`audio_16k`. The official lists with captions are GB18030 and leave out neutral.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from irfer_bench.api import (
    CLASSES,
    FRAME_PATH,
    SOUND_PATH,
    VIDEO_PATH,
    Assigned,
    Match,
    Matches,
    Patterns,
    VideoClips,
    VideoSurvey,
    choose_fold_lists,
    merge_fold_lists,
)
from irfer_datasets.expected import published
from irfer_datasets.mafw.lists import COMPOUND, NATIVE, Labelling, read_lists
from irfer_datasets.params import MafwParams

SOURCES = ("clips", "frames", "faces")
SOUNDS = ("clips", "wav")
SPLITS = ("Train & Test Set", "Train_Test_Set", "split", "anno", "annotation")
"""Known names of the folder of the lists: official, and in public loaders."""
_CLIP = r"(?P<clip>\d{5})"
_SETS = tuple(f"set_{fold}" for fold in range(1, 6))
_LIST = r"/set_(?P<fold>[1-5])/(?P<side>train|test)\.txt"
LISTS: Mapping[str, str] = {
    **{
        f"{labelling}/{style}": f"{labelling}/{style}{_LIST}"
        for labelling in ("single", "compound")
        for style in ("no_caption", "with_caption")
    },
    "single/numbered": r"MAFW_set_(?P<fold>[1-5])_(?P<side>train|test)(?:_faces)?\.txt",
}
"""In the order of preference: captions leave out neutral, numbers are a re-export."""
TABLE = Patterns(
    {
        "clips": f"clips//{VIDEO_PATH}",
        "frames": f"frames/(?:(?!frames_crop_align)[^/]+/){{0,2}}{_CLIP}/{FRAME_PATH}",
        "faces": f"(?:faces|clips_faces|frames_crop_align_224)//{_CLIP}/{FRAME_PATH}",
        "wav": f"(?:clips_wav|audio_16k)//{SOUND_PATH}",
        **LISTS,
        "films": r"films\.csv",
    },
    names=("data", SPLITS[0], *SOURCES, "single", "compound", "no_caption", "with_caption", *_SETS),
    holders=("data", *SPLITS),
)


class Mafw(VideoClips):
    """9,172 videos with one of eleven emotions, visible light, five official folds."""

    name = "mafw"
    prefix = "mafw"
    classes: tuple[str, ...] = CLASSES
    native: tuple[str, ...] = NATIVE
    licence = (
        "EULA of China University of Geosciences (Wuhan), signed by a permanent academic, "
        "mafw-database.github.io; non-commercial, no redistribution, no upload, no modification"
    )
    labelling: ClassVar[Labelling] = "single"
    table = TABLE
    sources: ClassVar[Mapping[str, tuple[str, ...]]] = {name: (name,) for name in SOURCES}
    videos = frozenset({"clips"})
    sounds = SOUNDS
    audio_hint = "data/clips"
    wanted = "no data/clips or data/frames of MAFW and no lists of Train & Test Set below it"
    list_roles = tuple(LISTS)
    holders: ClassVar[Mapping[str, tuple[str, ...]]] = {"clips": ("data",), "lists": SPLITS}
    params: MafwParams
    params_class = MafwParams

    def match(self, frames: str, found: Matches) -> Match:
        """Confident where there are this set's lists, or none at all."""
        lists = [role.partition("/")[2] for role in self._roles() if found.of(role)]
        if lists:
            return Match(0.95, f"{frames} and lists {', '.join(lists)} of {self.labelling} labels")
        if self.labelling == "compound" or found.of(*self.list_roles):
            return Match(0.3, f"it is MAFW and holds no lists of {self.labelling} labels")
        return Match(0.9, f"{frames} and no lists")

    def labels(self, found: Matches, seen: VideoSurvey) -> dict[str, Assigned]:
        """Label and fold by the lists of this labelling; those with captions leave out neutral."""
        captioned = f"{self.labelling}/with_caption"
        style, paths = choose_fold_lists(found, self._roles(), seen, [captioned])
        lists = read_lists(paths, style, self.labelling, seen)
        usual = f"Train & Test Set/{self.labelling}/no_caption/set_{{fold}}/{{side}}.txt"
        return merge_fold_lists(lists, paths, usual, published("mafw")[self.labelling], seen)

    def _roles(self) -> list[str]:
        return [role for role in LISTS if role.startswith(f"{self.labelling}/")]


class MafwCompound(Mafw):
    """8,996 of MAFW's clips with one of 43 single or compound emotions, in folds of their own."""

    name = "mafw_compound"
    classes = COMPOUND
    native = ()
    """The distributor publishes no order of the combinations."""
    labelling = "compound"
