"""SDEdit as a translator: shares the unconditional network, keeps more of the source at low M."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import msgspec
import numpy as np
import pytest

from irfer_bench.api import Component, UsageError
from irfer_bench.contracts.params import resolve
from irfer_bench.testing.memory import ClipList, MemoryContext
from irfer_translators.diffusion.egsde import Egsde
from irfer_translators.diffusion.egsde_params import EgsdeParams
from irfer_translators.diffusion.ilvr import Ilvr
from irfer_translators.diffusion.ilvr_params import IlvrParams
from irfer_translators.diffusion.nfer_sde_params import NferSdeParams
from irfer_translators.diffusion.nfer_sde_translator import NferSde
from irfer_translators.diffusion.score_training import FIELDS
from irfer_translators.diffusion.sdedit import SdEdit
from irfer_translators.diffusion.sdedit_params import SdEditParams
from irfer_translators.diffusion.sr3 import Sr3
from irfer_translators.diffusion.sr3_params import Sr3Params
from irfer_translators.diffusion.t2v_ddpm import T2vDdpm
from irfer_translators.diffusion.t2v_ddpm_params import T2vDdpmParams
from irfer_translators.hooks import irfer_bench_components
from tests.irfer_translators.toys import clip, paired, params
from tests.irfer_translators.translations import fits

TINY = {"size": 16, "iterations": 3, "batch": 2, "steps": 3, "warmup": 1}
COMPONENTS: dict[str, Component] = {c.name: c for c in irfer_bench_components()}


def sdedit_params(**given: Any) -> SdEditParams:
    return resolve(SdEditParams, component="sdedit", preset="quick", given={**TINY, **given})


def context(name: str, shared: MemoryContext) -> MemoryContext:
    """A context of another method of the same distribution over the same store."""
    component = COMPONENTS[name]
    return MemoryContext(
        distribution="irfer-bench", component=f"{name}/{component.version}",
        owners=component.parts, parts=shared.parts,
    )


def translated(translator: Any, **given: Any) -> Any:
    (out,) = translator.translate(ClipList([clip("v1")]), MemoryContext(**given))
    return out.frames


def test_all_unconditional_methods_train_one_network() -> None:
    shared, data = MemoryContext(), paired()
    SdEdit(sdedit_params()).fit(data, context("sdedit", shared))
    NferSde(params("baseline")).fit(data, context("nfer_sde", shared))
    Ilvr(of(IlvrParams, "ilvr")).fit(data, context("ilvr", shared))
    small = {"dse_iterations": 2, "dse_batch": 4}
    Egsde(of(EgsdeParams, "egsde", **small)).fit(data, context("egsde", shared))
    assert fits(shared) == ["domain_net", "score_net"]
    Ilvr(of(IlvrParams, "ilvr", "official")).fit(data, context("ilvr", shared))
    assert fits(shared) == ["domain_net", "score_net", "score_net"]
    Sr3(of(Sr3Params, "sr3")).fit(data, context("sr3", shared))
    for variant in ("", "fast"):
        T2vDdpm(of(T2vDdpmParams, "t2v_ddpm", variant)).fit(data, context("t2v_ddpm", shared))
    assert fits(shared).count("score_net") == 4


@pytest.mark.parametrize("preset", ["paper", "bench", "quick"])
@pytest.mark.parametrize(("cls", "name"), [(IlvrParams, "ilvr"), (EgsdeParams, "egsde")])
def test_their_presets_ask_for_the_same_network(preset: str, cls: Any, name: str) -> None:
    sdedit = resolve(SdEditParams, component="sdedit", preset=preset)
    other = resolve(cls, component=name, preset=preset)
    for name in (*FIELDS, "muon_lr"):
        assert getattr(other, name) == getattr(sdedit, name), name


def test_official_ilvr_has_its_authors_network_and_in_quick_the_shared_one_of_25_levels() -> None:
    def made(preset: str, variant: str = "") -> IlvrParams:
        return resolve(IlvrParams, component="ilvr", variant=variant, preset=preset)

    nets = [made(preset, "official").net for preset in ("paper", "bench", "quick")]
    assert nets == ["bench_base", "bench_base", "mini"]
    levels = {
        "timesteps": 25, "start_level": 25, "steps": 0, "range_t": 12,
        "beta_start": 0.004, "beta_end": 0.8,
    }
    assert made("quick", "official") == msgspec.structs.replace(
        made("quick"), learned_range=True, **levels)


def of(cls: Any, name: str, variant: str = "", **given: Any) -> Any:
    """The quick preset made tiny."""
    return resolve(
        cls, component=name, variant=variant, preset="quick", given={**TINY, **given})


def test_sdedit_and_the_unconditional_baseline_train_one_network() -> None:
    shared, data = MemoryContext(), paired()
    sdedit = SdEdit(sdedit_params())
    sdedit.fit(data, context("sdedit", shared))
    baseline = NferSde(params("baseline"))
    baseline.fit(data, context("nfer_sde", shared))
    assert fits(shared) == ["score_net"]
    conditional = NferSde(params("cond"))
    conditional.fit(data, context("nfer_sde", shared))
    assert fits(shared) == ["score_net", "score_net"]
    # One network, one noise, no energy: the two methods are then the same.
    assert (translated(sdedit) == translated(baseline)).all()


@pytest.mark.parametrize("preset", ["paper", "bench", "quick"])
def test_every_preset_asks_for_the_same_unconditional_network(preset: str) -> None:
    sdedit = resolve(SdEditParams, component="sdedit", preset=preset)
    baseline = resolve(NferSdeParams, component="nfer_sde", variant="baseline", preset=preset)
    for name in (*FIELDS, "muon_lr"):
        assert getattr(sdedit, name) == getattr(baseline, name), name


def test_quick_changes_the_network_of_the_baseline_alone_and_a_given_one_wins() -> None:
    def net(variant: str, **given: Any) -> str:
        return resolve(
            NferSdeParams, component="nfer_sde", variant=variant, preset="quick", given=given
        ).net

    assert (net(""), net("cond_h"), net("baseline")) == ("mini_fine", "mini_fine", "mini")
    assert net("baseline", net="mini_fine") == "mini_fine"


def test_the_learning_rate_follows_the_condition_only_where_none_is_given() -> None:
    def lr(variant: str, preset: str = "paper", **given: Any) -> float:
        return resolve(
            NferSdeParams, component="nfer_sde", variant=variant, preset=preset, given=given
        ).lr

    assert (lr(""), lr("cond"), lr("baseline")) == (1e-5, 1e-5, 1e-4)
    assert lr("baseline", lr=1e-5) == 1e-5
    assert lr("baseline", "bench") == lr("", "bench") == 1e-4
    assert lr("baseline", "quick") == lr("", "quick") == 2e-3


def test_what_samples_differently_trains_nothing_anew() -> None:
    shared, data = MemoryContext(), paired()
    changes: tuple[dict[str, Any], ...] = (
        {}, {"rounds": 2}, {"start_level": 100}, {"steps": 2}, {"variance": "fixedlarge"},
    )
    for given in changes:
        SdEdit(sdedit_params(**given)).fit(data, context("sdedit", shared))
    assert fits(shared) == ["score_net"]
    SdEdit(sdedit_params(ema=0.5)).fit(data, context("sdedit", shared))
    assert len(shared.parts) == 2


def test_a_lower_start_keeps_more_of_the_source_and_rounds_keep_less() -> None:
    low, high, twice = (
        SdEdit(sdedit_params(**given))
        for given in (
            {"prediction": "eps", "start_level": 20}, {"prediction": "eps"},
            {"prediction": "eps", "rounds": 2},
        )
    )
    low.fit(paired(), MemoryContext())
    source = clip("v1").frames.astype(int)
    for other in (high, twice):
        other.restore(low.state())
    far = [float(np.abs(translated(each).astype(int) - source).mean()) for each in (low, high)]
    assert far[0] < far[1] / 2
    assert (translated(high) != translated(twice)).any()


def test_sdedit_needs_neither_pairs_nor_landmarks() -> None:
    data = paired(landmarks=False)
    translator = SdEdit(sdedit_params())
    translator.fit(replace(data, pairs=[]), MemoryContext())
    assert translated(translator).shape == clip("v1").frames.shape
    with pytest.raises(UsageError, match="start_level"):
        sdedit_params(start_level=1001)
