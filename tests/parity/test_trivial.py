"""Plain translators against Pillow, scikit-image and numpy."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from irfer_bench.api import Clip, TranslationData
from irfer_bench.testing.memory import ClipList, MemoryContext
from irfer_translators.plain import Grey, HistogramMatch, MeanStd, Red, luma, match, standardise
from irfer_translators.plain_params import PlainParams
from tests.parity.fixtures import error, fixtures, load

FILES = fixtures("translators", "trivial")


def stills(images: Any, spectrum: str) -> ClipList:
    rgb = images if images.shape[-1] == 3 else np.repeat(images[..., None], 3, -1)
    clips = [Clip(f"{spectrum}{k}", image[None].copy(), "vis") for k, image in enumerate(rgb)]
    return ClipList([replace(clip, spectrum=spectrum) for clip in clips])  # type: ignore[arg-type]


def run(kind: type, tensors: dict[str, Any]) -> Any:
    vis, nir = stills(tensors["vis_uint8"], "vis"), stills(tensors["nir_train_uint8"], "nir")
    translator = kind(PlainParams())
    translator.fit(TranslationData(vis, nir, [], "vis", "nir"), MemoryContext())
    frames = np.stack([clip.frames[0] for clip in translator.translate(vis, MemoryContext())])
    assert (frames == frames[..., :1]).all()
    return frames[..., 0]


@pytest.mark.parametrize("path", FILES)
def test_uint8_outputs_are_equal_to_the_pixel(path: Path) -> None:
    tensors, _ = load(path)
    assert (run(Grey, tensors) == tensors["grey_pil_L_uint8"]).all()
    assert (run(Red, tensors) == tensors["red_uint8"]).all()
    assert (run(HistogramMatch, tensors) == tensors["histmatch_pooled_uint8"]).all()
    expected = np.floor(np.clip(tensors["meanstd_f64"], 0, 255) + 0.5)
    assert (run(MeanStd, tensors) == expected).all()


@pytest.mark.parametrize("path", FILES)
def test_values_before_rounding(path: Path) -> None:
    tensors, _ = load(path)
    grey, nir = luma(tensors["vis_uint8"]), tensors["nir_train_uint8"]
    quantiles = np.cumsum(np.bincount(nir.ravel(), minlength=256)) / nir.size
    matched = np.stack([match(image, quantiles) for image in grey])
    assert error(matched, tensors["histmatch_pooled_f64"]) < 1e-6
    scaled = np.stack([standardise(image, nir.mean(), nir.std()) for image in grey])
    assert error(scaled, tensors["meanstd_f64"]) < 1e-6
