"""How much translated videos change from frame to frame, beside their source.

NFER-SDE is fitted on fold 1's training pairs of the embedded benchmark (`quick`) and translates
clips of test subjects: with one noise for a clip, and with new noise for each frame.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from irfer_bench.api import BASIC, Clip, Spectrum, TranslationData
from irfer_bench.contracts.params import resolve
from irfer_bench.engine.stages.frame_change import frame_change
from irfer_bench.testing.memory import ClipList, MemoryContext
from irfer_synth.clips import count_frames, draw_clip
from irfer_synth.dataset import FOLDS, SUBJECTS
from irfer_synth.faces import Camera, draw_moments, render
from irfer_synth.identity import BENCHMARK
from irfer_translators.diffusion.nfer_sde_params import NferSdeParams
from irfer_translators.diffusion.nfer_sde_translator import NferSde
from tests.irfer_translators.toys import TINY

TESTED = [n for n in range(1, SUBJECTS + 1) if n % FOLDS == 1]


def stills(numbers: list[int], camera: Camera, spectrum: Spectrum) -> ClipList:
    """Each person's six expressions."""
    people, labels = [n for n in numbers for _ in BASIC], BASIC * len(numbers)
    images, marks = render(draw_moments(people, labels, BENCHMARK), camera)
    return ClipList([
        Clip(f"{camera}{k}", image[None], spectrum, landmarks=m[None])
        for k, (image, m) in enumerate(zip(images, marks, strict=True))
    ])


def videos(count: int, frames: int) -> list[Clip]:
    """Visible clips of test subjects from their first frame on, one for each expression in turn."""
    made = []
    for k, number in enumerate(TESTED[:count]):
        label = BASIC[k % len(BASIC)]
        moments = draw_clip(number, label, range(min(frames, count_frames(number, label))))
        images, marks = render(moments, "vis")
        made.append(Clip(f"c{number}", images, "vis", landmarks=marks))
    return made


def change_by_noise(tiny: bool) -> tuple[float, float]:
    """Change from frame to frame over the source's: one noise for a clip, new noise per frame."""
    method = NferSde(
        resolve(NferSdeParams, component="nfer_sde", preset="quick", given=TINY if tiny else {}))
    people = [2, 3] if tiny else [n for n in range(1, SUBJECTS + 1) if n not in TESTED]
    source, target = stills(people, "vis", "vis"), stills(people, "nir", "nir")
    pairs = [(k, k) for k in range(len(source))]
    method.fit(TranslationData(source, target, pairs, "vis", "nir"), MemoryContext())
    clips = videos(2 if tiny else 6, 3 if tiny else 40)
    alone = [
        [replace(clip, id=f"{clip.id}.{k}", frames=clip.frames[k : k + 1],
                 landmarks=clip.landmarks[k : k + 1]) for k in range(len(clip.frames))]
        for clip in clips if clip.landmarks is not None
    ]
    together = _translated(method, clips)
    apart = [replace(c, frames=np.concatenate([x.frames for x in _translated(method, parts)]))
             for c, parts in zip(clips, alone, strict=True)]
    ours, other = frame_change(clips, together), frame_change(clips, apart)
    assert ours is not None and other is not None, "the clips move"
    return ours, other


def _translated(method: NferSde, clips: list[Clip]) -> list[Clip]:
    made = method.translate(ClipList(clips), MemoryContext())
    return [replace(clip, frames=x.frames) for clip, x in zip(clips, made, strict=True)]
