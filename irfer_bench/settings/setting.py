"""Settings: the protocol of a leaderboard, independent of methods."""

from __future__ import annotations

from typing import Literal, get_args

import msgspec

from irfer_bench.contracts.component import BASIC, Spectrum

NoFace = Literal["fail", "whole", "drop"]
NO_FACE: tuple[NoFace, ...] = get_args(NoFace)
Align = Literal["", "eyes", "landmarks"]
Coding = Literal["raw", "source", "jpeg95"]
SettingKind = Literal["augmented", "weak", "supervised", "simulated", "cross", "quality"]


class Domain(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which items of a dataset play a role.

    Args:
        dataset: its name; empty means the setting's own dataset.
        spectrum: `vis`, `nir` or `lwir`.
        lightings, parts, splits: allowed values; empty means all.
        detector: of its faces; empty means the setting's detector, `none` where its
            images are crops already.
    """

    spectrum: Spectrum
    dataset: str = ""
    lightings: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()
    splits: tuple[str, ...] = ()
    detector: str = ""


class Setting(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The protocol of one leaderboard; `irfer_bench.settings.kinds` says what its kind means.

    Args:
        dataset: whose folds and subjects are used.
        source: visible domain, V. target: N. extra: E, for `augmented` and `quality`.
        classes: names in the order of the scores; empty for those that the data has in each domain.
        shots: labelled target items per class; None for all; a float below 1 is the fraction of
            training subjects.
        unlabelled: whether a recognizer is given the training target without labels, too.
        validation: fraction of the training subjects held out to choose parameters; 0 for none.
        paired: whether source and target show the same moments (pairs, exact or weak).
        draws: which fixed draw of shots a seed uses is `seed % draws`.
        frames: `all`, `last(k)`, `first(k)` or `uniform(k)` of each item: what is scored.
        stored: what is kept of each item, by a like rule, where methods read more than is scored;
            empty keeps what is scored. Only with unit `item`.
        coding: how stored frames are kept. `raw`: pixels. `source`: the dataset's own JPEG files
            where decoding one gives the prepared frame exactly, pixels elsewhere. `jpeg95`: the
            same files, other frames as JPEG of quality 95, which changes them a little. Only with
            unit `item`.
        audio: whether its clips have audio.
        unit: whether a frame or a whole item is one scored example.
        size: stored side in pixels. crop: factor on the detector's square box.
        detector: of the faces; `none` takes the centre square.
        no_face: where none is found, `fail`, take the `whole` frame's centre, or `drop` the frame.
        align: `eyes` or `landmarks` turns and scales each frame so that they lie at fixed places.
        every: the detector looks at every n-th frame of an item; those between are interpolated.
        tested: `all` tests every item of the target (a foreign dataset), not those of a fold.
        simulated: of a simulated setting, the spectrum its images are translated to; None takes
            that of the pairs that the translator was fitted on.
        seeds: how many seeds a full row has.
        range_16bit: (low, high) of 16-bit images; None is the sequence's 1 to 99 percentile.
        source_text: where the protocol comes from, for `irfer-bench show`.
    """

    name: str
    kind: SettingKind
    dataset: str
    target: Domain
    source: Domain | None = None
    extra: Domain | None = None
    classes: tuple[str, ...] = BASIC
    folds: int = 5
    shots: int | float | None = None
    draws: int = 5
    unlabelled: bool = False
    validation: float = 0.0
    paired: bool = True
    frames: str = "all"
    stored: str = ""
    coding: Coding = "raw"
    audio: bool = False
    unit: Literal["frame", "item"] = "frame"
    size: int = 256
    detector: str = "none"
    crop: float = 1.3
    no_face: NoFace = "whole"
    align: Align = ""
    every: int = 1
    tested: Literal["fold", "all"] = "fold"
    range_16bit: tuple[int, int] | None = None
    simulated: Spectrum | None = None
    metrics: tuple[str, ...] = ("accuracy", "macro_f1", "uar", "war", "psnr", "ssim", "lpips")
    primary: str = "accuracy"
    seeds: int = 1
    translator_seeds: bool = False
    version: str = "1"
    summary: str = ""
    source_text: str = ""
