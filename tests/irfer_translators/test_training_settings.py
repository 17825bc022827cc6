"""What each setting of a diffusion translator's training does: rates, flips, averages, keys."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, get_args, get_origin, get_type_hints

import numpy as np
import pytest
import torch
from torch import Tensor

from irfer_bench.api import State
from irfer_bench.contracts.params import resolve, stages
from irfer_bench.testing.memory import ClipList, MemoryContext
from irfer_translators.diffusion import domain_training, landmark_training, score_training
from irfer_translators.diffusion.egsde import Egsde
from irfer_translators.diffusion.egsde_params import EgsdeParams
from irfer_translators.diffusion.frames import build_bank
from irfer_translators.diffusion.ilvr import Ilvr
from irfer_translators.diffusion.ilvr_params import IlvrParams
from irfer_translators.diffusion.nfer_sde_params import NferSdeParams
from irfer_translators.diffusion.nfer_sde_translator import NferSde, conditional_task
from irfer_translators.diffusion.score_training import UNCONDITIONAL, train_score_net
from irfer_translators.diffusion.sdedit import SdEdit
from irfer_translators.diffusion.sdedit_params import SdEditParams
from irfer_translators.diffusion.sr3 import Sr3
from irfer_translators.diffusion.sr3_params import Sr3Params
from irfer_translators.diffusion.t2v_ddpm import T2vDdpm
from irfer_translators.diffusion.t2v_ddpm_params import T2vDdpmParams
from tests.irfer_translators.toys import TINY, clip, paired, params
from tests.recorder import Recorder


def opposites(count: int = 4) -> Any:
    """Pairs of an image and its negative, which is -x in [-1, 1]."""
    target = [clip(f"n{k}", "nir") for k in range(count)]
    source = ClipList([replace(c, frames=255 - c.frames, spectrum="vis") for c in target])
    return replace(paired(count), source=source, target=ClipList(target))


def recorded(
    patch: pytest.MonkeyPatch, given: dict[str, Any], shift: float = 0.0, conditional: bool = True
) -> tuple[Recorder, State]:
    loop, p = Recorder.install(patch, score_training, shift), params("cond", **given)
    task = conditional_task(p) if conditional else UNCONDITIONAL
    return loop, train_score_net(p, opposites(), MemoryContext(), task)


def test_the_score_network_s_rate_warms_up_and_falls_as_asked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    given = {"iterations": 10, "warmup": 4, "lr": 0.5, "weight_decay": 0.25, "muon_lr": 0.125}
    loop, _ = recorded(monkeypatch, {**given, "decay": "linear"})
    expected = [0.25, 0.5, 0.75, 1.0, 1.0, 5 / 6, 4 / 6, 3 / 6, 2 / 6, 1 / 6]
    assert [loop.given["rate"](step) for step in range(10)] == pytest.approx(expected)
    assert loop.given["steps"] == 10
    adam, muon = loop.groups()
    assert (adam["lr"], adam["weight_decay"], muon["lr"]) == (0.5, 0.25, 0.125)
    loop, _ = recorded(monkeypatch, {**given, "decay": "none", "muon_lr": 0.0})
    assert [loop.given["rate"](step) for step in (0, 9, 999)] == [0.25, 1.0, 1.0]
    assert len(loop.groups()) == 1


def test_flips_mirror_both_images_of_a_pair_half_of_the_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for flip in (True, False):
        loop, _ = recorded(monkeypatch, {"flip": flip, "batch": 8})
        bank = build_bank(opposites().target, 16, MemoryContext(), "bank")
        images = bank.images(np.arange(4), "cpu")
        mirrored = []
        for step in range(8):
            c, x0 = loop.given["batch"](step)
            torch.testing.assert_close(c, -x0, atol=0.01, rtol=0)  # rounded on their own
            for image in x0:
                forms = (image, image.flip(-1))
                kinds = [(images == form).flatten(1).all(1).any() for form in forms]
                assert any(kinds)
                mirrored.append(bool(kinds[1]))
        assert (12 < sum(mirrored) < 52) if flip else not any(mirrored)


def test_a_pair_s_source_is_found_by_its_own_number(monkeypatch: pytest.MonkeyPatch) -> None:
    """Partners stand in the opposite order here."""
    loop, p = Recorder.install(monkeypatch, score_training), params("cond", flip=False, batch=8)
    data = opposites()
    crossed = replace(
        data, source=ClipList(list(data.source)[::-1]), pairs=[(k, 3 - k) for k in range(4)])
    train_score_net(p, crossed, MemoryContext(), conditional_task(p))
    c, x0 = loop.given["batch"](0)
    torch.testing.assert_close(c, -x0, atol=0.01, rtol=0)


@pytest.mark.parametrize(("ema", "kept"), [(0.99, 0.1), (0.05, 0.05), (0.0, 0.0)])
def test_averaged_weights_are_what_is_kept(
    ema: float, kept: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A first step that moves every weight by 1; the average's decay begins at a tenth."""
    loop, state = recorded(monkeypatch, {"ema": ema}, shift=1.0)
    for name, weight in loop.module.state_dict().items():
        np.testing.assert_allclose(state.tensors[name], weight - kept, atol=1e-5)
    landmarks = Recorder.install(monkeypatch, landmark_training, shift=1.0)
    found = landmark_training.train_landmark_net(params("", h_ema=ema), paired(), MemoryContext())
    weight = landmarks.module.state_dict()["net.conv_in.weight"]
    np.testing.assert_allclose(found.tensors["net.conv_in.weight"], weight - kept, atol=1e-5)


def test_an_unconditional_network_is_given_target_images_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    loop = Recorder.install(monkeypatch, score_training)
    data = paired()
    train_score_net(params("cond", batch=16), data, MemoryContext(), UNCONDITIONAL)
    _, x0 = loop.given["batch"](0)
    assert torch.equal(x0[:, 0], x0[:, 1])  # near-infrared images have three equal channels


def test_a_network_learns_at_all_levels_of_noise(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Tensor] = []

    def noting(net: Any, process: Any, x0: Tensor, c: Tensor, t: Tensor, *rest: Any) -> Tensor:
        seen.append(t)
        return x0.sum()

    loop, p = Recorder.install(monkeypatch, score_training), params("cond", batch=64)
    train_score_net(p, opposites(), MemoryContext(), replace(UNCONDITIONAL, loss=noting))
    for step in range(8):
        loop.given["loss"](loop.given["batch"](step))
    levels = torch.cat(seen)
    assert levels.max() > 950
    assert levels.min() < 50
    assert len(levels.unique()) > 300


def test_the_landmark_network_s_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    loop = Recorder.install(monkeypatch, landmark_training)
    # The loss is called after the training, whose threads for parts of a batch have ended by then.
    monkeypatch.setattr(torch, "get_num_threads", lambda: 1)
    given = {
        "h_iterations": 100, "h_warmup": 3, "h_lr": 0.5, "h_muon_lr": 0.25, "h_weight_decay": 0.125,
        "h_levels": 7, "start_level": 7, "h_augment": 0.0, "h_sigma": 2.0, "h_batch": 3,
    }
    landmark_training.train_landmark_net(params("", **given), paired(), MemoryContext())
    rate = [loop.given["rate"](step) for step in range(100)]
    assert rate[:3] == pytest.approx([0.25, 0.5, 0.75], rel=0.01)
    assert rate[50] == pytest.approx(0.5)
    assert 0 < rate[99] < 0.01
    adam, muon = loop.groups()
    assert (adam["lr"], adam["weight_decay"], muon["lr"]) == (0.5, 0.125, 0.25)
    highest: list[int] = []
    original = torch.randint
    monkeypatch.setattr(torch, "randint", lambda *a: highest.append(a[0]) or original(*a))
    sigmas: list[float] = []
    maps = landmark_training.heat_maps
    monkeypatch.setattr(
        landmark_training, "heat_maps",
        lambda p, n, sigma: sigmas.append(sigma) or maps(p, n, sigma))
    images, points = loop.given["batch"](0)
    single = loop.given["loss"]((images[:1], points[:1]))
    three = loop.given["loss"]((images[:1].expand(3, -1, -1, -1), points[:1].expand(3, -1, -1)))
    assert 0.3 < float((single / three).detach()) < 3, "a mean over images"
    assert (highest, sigmas, len(points)) == ([7, 7], [2.0, 2.0], 3)
    # Without augmentation but flips every image is one of the bank.
    banks = landmark_training.read_banks(16, paired(), MemoryContext())
    known = torch.cat([bank.images(np.arange(4), "cpu") for bank in banks])
    for image in images:
        forms = (image, image.flip(-1))
        assert min(float((known - each).abs().amax((1, 2, 3)).min()) for each in forms) < 1e-3


def test_the_domain_classifier_s_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    loop = Recorder.install(monkeypatch, domain_training)
    p = resolve(EgsdeParams, component="egsde", preset="quick", given={
        "size": 16, "dse_iterations": 10, "dse_batch": 33, "dse_lr": 0.5, "dse_weight_decay": 0.25,
    })
    domain_training.train_domain_net(p, paired(), MemoryContext())
    assert [loop.given["rate"](step) for step in (0, 5, 9)] == pytest.approx([1.0, 0.5, 0.1])
    (group,) = loop.groups()
    assert (group["lr"], group["weight_decay"]) == (0.5, 0.25)
    images, domain = loop.given["batch"](0)
    assert domain.tolist() == [0] * 17 + [1] * 16
    grey = (images[:, 0] == images[:, 1]).flatten(1).all(1)  # toys in near-infrared are grey
    assert grey.tolist() == domain.bool().tolist()
    bank = build_bank(paired().target, 16, MemoryContext(), "bank").images(np.arange(4), "cpu")
    plain = [bool((bank == image).flatten(1).all(1).any()) for image in images[17:]]
    assert 0 < sum(plain) < 16


METHODS: dict[str, tuple[Any, Any, dict[str, Any]]] = {
    "nfer_sde": (NferSde, NferSdeParams, {}), "egsde": (Egsde, EgsdeParams, {"dse_iterations": 4}),
    "sdedit": (SdEdit, SdEditParams, {}), "ilvr": (Ilvr, IlvrParams, {}),
    "sr3": (Sr3, Sr3Params, {}), "t2v_ddpm": (T2vDdpm, T2vDdpmParams, {}),
}
FREE = {"weights", "dse_weights"}
"""Files: their digests are in the key."""


def keys_of(name: str, given: dict[str, Any], **context: Any) -> list[str]:
    """Keys under which the method asks for its networks; nothing is trained."""

    class Asked(MemoryContext):
        def part(self, name: str, key: Any, build: Any) -> State:
            asked.append(f"{name} {sorted(key.items())!r}")
            return State({})

    asked: list[str] = []
    method, cls, more = METHODS[name]
    tiny = {k: v for k, v in TINY.items() if k in cls.__struct_fields__}
    values = {**tiny, **more, **given}
    made = method(resolve(cls, component=name, preset="quick", given=values))
    made.train(paired(), Asked(**context))
    return asked


def another(cls: Any, name: str, value: Any) -> Any:
    """A valid value other than this one."""
    kind = get_type_hints(cls)[name]
    if get_origin(kind) is not None:
        return next(each for each in get_args(kind) if each != value)
    if isinstance(value, bool):
        return not value
    return value + 16 if isinstance(value, int) else value / 2 or 0.01


@pytest.mark.parametrize("name", METHODS)
def test_every_setting_of_training_is_in_the_key_of_a_network(name: str) -> None:
    """A network trained with other settings, on other data or with another seed is another one."""
    _, cls, _ = METHODS[name]
    usual = keys_of(name, {})
    start = resolve(cls, component=name, preset="quick")
    for field, stage in stages(cls).items():
        if stage != "fit" or field in FREE:
            continue
        given = {field: another(cls, field, getattr(start, field))}
        if field in ("landmark_net", "h_levels"):
            given |= {"lambda_h": 0.0}
        assert keys_of(name, given) != usual, field
    for context in ({"seed": 1}, {"precision": "bf16"}):
        assert not set(keys_of(name, {}, **context)) & set(usual)
