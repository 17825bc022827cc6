"""Layout of MAFW on disk as a table: videos, frames, face crops, audio and lists.

The distributor's page: `data/clips/00025.mp4`, `data/frames/00025/*.png`, `Train & Test Set/single/
no_caption/set_1/test.txt`; public loaders call that folder `split`, `anno` or `Train_Test_Set`, so
it may have any name. MMA-DFER has `clips_faces`, `clips_wav` and lists `MAFW_set_1_train_faces.txt`
of its own, as DFER-CLIP does; S2D puts crops into `frames/frames_crop_align_224`, HiCMAE audio into
`audio_16k`.
"""

from __future__ import annotations

from irfer_bench.api import FRAME_PATH, SOUND_PATH, VIDEO_PATH, Patterns

SOURCES = ("clips", "frames", "faces")
SOUNDS = ("clips", "wav")
SPLITS = ("Train & Test Set", "Train_Test_Set", "split", "anno", "annotation")
"""Known names of the folder of the lists: official, and in public loaders."""
_CLIP = r"(?P<clip>\d{5})"
_SETS = tuple(f"set_{fold}" for fold in range(1, 6))
_LIST = r"/set_(?P<fold>[1-5])/(?P<side>train|test)\.txt"
TABLE = Patterns(
    {
        "clips": f"clips//{VIDEO_PATH}",
        "frames": f"frames/(?:(?!frames_crop_align)[^/]+/){{0,2}}{_CLIP}/{FRAME_PATH}",
        "faces": f"(?:faces|clips_faces|frames_crop_align_224)//{_CLIP}/{FRAME_PATH}",
        "wav": f"(?:clips_wav|audio_16k)//{SOUND_PATH}",
        **{
            f"{labelling}/{style}": f"{labelling}/{style}{_LIST}"
            for labelling in ("single", "compound")
            for style in ("no_caption", "with_caption")
        },
        "single/numbered": r"MAFW_set_(?P<fold>[1-5])_(?P<side>train|test)(?:_faces)?\.txt",
    },
    names=("data", SPLITS[0], *SOURCES, "single", "compound", "no_caption", "with_caption", *_SETS),
    holders=("data", *SPLITS),
)
