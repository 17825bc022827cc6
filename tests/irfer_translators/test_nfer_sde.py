"""What NFER-SDE makes of clips: same pixels whatever the batch, ablations, switches."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from irfer_bench.api import CellError
from irfer_bench.testing.memory import ClipList, MemoryContext
from irfer_translators.diffusion import translator
from irfer_translators.diffusion.nfer_sde_translator import NferSde
from irfer_translators.diffusion.sampling import ItemNoise
from tests.irfer_translators.toys import clip, params
from tests.irfer_translators.translations import fitted, frames, with_params


@pytest.fixture(scope="module")
def full() -> NferSde:
    return fitted()


def close(a: Any, b: Any) -> bool:
    """Equal but for a value that rounding put on the other side of a half."""
    difference = np.abs(a.astype(int) - b.astype(int))
    return bool(difference.max() <= 1 and (difference > 0).mean() < 1e-3)


def test_what_goes_in_comes_out_translated(full: NferSde) -> None:
    clips = ClipList([clip("v1", frames=1), clip("v2", frames=3, side=24)])
    out = list(full.translate(clips, MemoryContext()))
    for before, after in zip(clips, out, strict=True):
        assert after.frames.shape == before.frames.shape
        assert after.frames.dtype == np.uint8
        assert not (after.frames == before.frames).all()
        assert replace(after, frames=before.frames, spectrum="vis") == before
        assert after.spectrum == "nir"


def test_batch_size_and_order_change_no_pixel(
    full: NferSde, monkeypatch: pytest.MonkeyPatch
) -> None:
    clips = [clip(f"v{k}", frames=1 + k % 3) for k in range(5)]
    together = frames(full, ClipList(clips))
    monkeypatch.setattr(translator, "BATCH_PIXELS", 1)
    one_by_one = frames(full, ClipList(clips))
    reversed_order = frames(full, ClipList(clips[::-1]))[::-1]
    alone = frames(full, ClipList(clips[3:4]))[0]
    for a, b, c in zip(together, one_by_one, reversed_order, strict=True):
        assert close(a, b)
        assert close(a, c)
    assert close(together[3], alone)


def test_frames_of_a_clip_share_its_noise(full: NferSde) -> None:
    still = clip("v1")
    twice = replace(still, frames=np.repeat(still.frames, 2, 0), landmarks=None)
    (out,) = frames(full, ClipList([twice]))
    assert (out[0] == out[1]).all()
    assert close(out[:1], frames(full, ClipList([still]))[0])
    renamed = frames(full, ClipList([replace(still, id="other")]))[0]
    assert not (renamed == frames(full, ClipList([still]))[0]).all()
    assert not (frames(full, ClipList([still]), seed=1)[0] == out[:1]).all()


def test_noise_is_of_the_item_and_not_of_the_batch() -> None:
    both, second = ItemNoise([1, 2], (3, 4, 4)), ItemNoise([2], (3, 4, 4))
    for _ in range(3):
        assert torch.equal(both()[1], second()[0])


def test_ablations_differ_in_pixels_as_their_energies_do(full: NferSde) -> None:
    clips = ClipList([clip("v1")])
    plain = frames(with_params(full, "cond"), clips)[0]
    for variant in ("", "cond_h", "cond_f"):
        strong = {} if variant == "cond_f" else {"lambda_h": 3.5}  # H has learned next to nothing
        assert not (frames(with_params(full, variant, **strong), clips)[0] == plain).all(), variant
    assert (frames(with_params(full, "", lambda_h=0.0, lambda_f=0.0), clips)[0] == plain).all()
    # One step is the first one, where x_M == c_M and both energies are flat.
    single: dict[str, Any] = {"steps": 1, "energy_step": "explicit"}
    one = frames(with_params(full, "", **single), clips)[0]
    assert (one == frames(with_params(full, "cond", steps=1), clips)[0]).all()
    fresh = frames(with_params(full, "", **single, ct_noise="fresh"), clips)[0]
    assert not (one == fresh).all()


@pytest.mark.parametrize(
    "given",
    [{"discretisation": "em"}, {"variance": "fixedlarge"}, {"filter_kernel": "cubic"},
     {"filter_kernel": "fft_gaussian"}, {"filter_factor": 4}, {"start_level": 200},
     {"lambda_f": 2.0}, {"energy_step": "explicit"}],
)
def test_every_inference_switch_does_something(full: NferSde, given: dict[str, Any]) -> None:
    clips = ClipList([clip("v1")])
    changed = frames(with_params(full, "", **given), clips)[0]
    assert not (changed == frames(full, clips)[0]).all()


@pytest.mark.parametrize("prediction", ["eps", "v", "sample"])
def test_from_noise_and_from_the_source(prediction: str) -> None:
    noise = fitted("cond", prediction=prediction, start="noise")
    source = with_params(noise, "cond", prediction=prediction, start="source")
    assert len(noise.process()) == len(source.process()) == 3
    assert noise.process().levels[-1] == noise.params.timesteps - 1
    assert source.process().levels[-1] < noise.process().levels[-1]
    (first,), (second,) = (frames(each, ClipList([clip("v1")])) for each in (noise, source))
    assert first.shape == second.shape == (1, 20, 20, 3)
    assert (first != second).any()


def test_collapse_makes_the_channels_equal(full: NferSde) -> None:
    (out,) = frames(with_params(full, "", collapse="mean"), ClipList([clip("v1", side=16)]))
    assert (out == out[..., :1]).all()
    ctx = MemoryContext()
    list(full.translate(ClipList([clip("v1")]), ctx))
    assert isinstance(ctx.reports["channel_spread"], float)


def test_strength_of_guidance_is_reported_per_step(full: NferSde) -> None:
    ctx = MemoryContext()
    list(full.translate(ClipList([clip("v1"), clip("v2")]), ctx))
    shown = str(ctx.reports["guidance_to_noise_by_level"]).split()
    # Three steps: the first is unguided, the last adds no noise to compare with.
    assert len(shown) == 1
    assert float(ctx.reports["guidance_to_noise"]) > 0  # type: ignore[arg-type]


def test_state_survives_a_round_trip(full: NferSde) -> None:
    other = NferSde(params())
    other.restore(full.state())
    clips = ClipList([clip("v1")])
    assert (frames(other, clips)[0] == frames(full, clips)[0]).all()


def test_strong_energies_explode_where_steps_are_explicit_and_not_where_they_are_stable(
    full: NferSde,
) -> None:
    """Weights at which three explicit steps leave the range of images."""
    clips = ClipList([clip(f"v{k}") for k in range(3)])
    source = np.stack([c.frames[0] for c in clips]).astype(float)
    distances = {}
    for how in ("explicit", "stable"):
        model = with_params(full, "", lambda_f=200.0, lambda_h=0.0, energy_step=how)
        images = np.stack([each[0] for each in frames(model, clips)]).astype(float)
        distances[how] = float(np.abs(images - source).mean())
    assert distances["stable"] < 0.75 * distances["explicit"]


def test_guidance_that_explodes_is_an_error_and_not_an_image(full: NferSde) -> None:
    with pytest.raises(CellError, match=r"'v1'.*lower lambda"):
        frames(with_params(full, "", lambda_f=1e38), ClipList([clip("v1")]))
