"""Data and sizes that a translator cannot work with: one line, before anything is trained."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from irfer_bench.api import UsageError
from irfer_bench.contracts.params import resolve
from irfer_bench.testing.memory import ClipList, MemoryContext
from irfer_translators.diffusion.egsde import Egsde
from irfer_translators.diffusion.egsde_params import EgsdeParams
from irfer_translators.diffusion.ilvr import Ilvr
from irfer_translators.diffusion.ilvr_params import IlvrParams
from irfer_translators.diffusion.nfer_sde_params import NferSdeParams
from irfer_translators.diffusion.nfer_sde_translator import NferSde
from irfer_translators.diffusion.sdedit import SdEdit
from irfer_translators.diffusion.sdedit_params import SdEditParams
from irfer_translators.diffusion.sr3 import Sr3
from irfer_translators.diffusion.sr3_params import Sr3Params
from irfer_translators.diffusion.t2v_ddpm import T2vDdpm
from irfer_translators.diffusion.t2v_ddpm_params import T2vDdpmParams
from tests.irfer_translators.toys import paired

TINY: dict[str, Any] = {"size": 16, "iterations": 2, "batch": 2, "steps": 2}
METHODS: dict[str, tuple[Any, Any]] = {
    "egsde": (Egsde, EgsdeParams), "ilvr": (Ilvr, IlvrParams), "sr3": (Sr3, Sr3Params),
    "t2v_ddpm": (T2vDdpm, T2vDdpmParams), "nfer_sde": (NferSde, NferSdeParams),
    "sdedit": (SdEdit, SdEditParams),
}


def made(name: str, **given: Any) -> Any:
    component, _, variant = name.partition("@")
    cls, params = METHODS[component]
    values = {**TINY, **given}
    return cls(resolve(params, component=component, variant=variant, preset="quick", given=values))


@pytest.mark.parametrize("name", ["sr3", "t2v_ddpm"])
def test_conditional_ones_need_pairs(name: str) -> None:
    ctx = MemoryContext()
    with pytest.raises(UsageError, match=f"{name} learns from pairs"):
        made(name).fit(replace(paired(landmarks=False), pairs=[]), ctx)
    assert not ctx.parts


@pytest.mark.parametrize("name", [*METHODS, "nfer_sde@baseline"])
def test_an_empty_target_is_named(name: str) -> None:
    ctx, method = MemoryContext(), name.partition("@")[0]
    with pytest.raises(UsageError, match=f"^{method} learns from nir images, and there are none"):
        made(name).fit(replace(paired(landmarks=False), target=ClipList([]), pairs=[]), ctx)
    assert not ctx.parts


@pytest.mark.parametrize("name", ["egsde", "sr3", "t2v_ddpm", "nfer_sde"])
def test_an_empty_source_is_named_where_it_is_learned_from(name: str) -> None:
    ctx = MemoryContext()
    with pytest.raises(UsageError, match="learns from vis images, and there are none"):
        made(name).fit(replace(paired(landmarks=False), source=ClipList([]), pairs=[]), ctx)
    assert not ctx.parts


@pytest.mark.parametrize(
    ("name", "given", "divisor"),
    [("sr3", {"net": "sr3", "size": 40}, "divisible by 16"),
     ("ilvr", {"net": "bench_base", "size": 48}, "divisible by 32"),
     ("t2v_ddpm", {"net": "ddpm", "size": 48}, "divisible by 32"),
     ("egsde", {"size": 24, "filter_factor": 3}, "divisible by 16"),
     ("egsde", {"dse_net": "adm_64", "size": 48}, "16, 32, 64")],
)
def test_a_size_that_a_network_does_not_divide_is_refused(
    name: str, given: dict[str, Any], divisor: str
) -> None:
    with pytest.raises(UsageError, match=divisor):
        made(name, **given).fit(paired(landmarks=False), MemoryContext())


@pytest.mark.parametrize(
    ("name", "given", "reason"),
    [("egsde", {"filter_factor": 5}, "filter_factor"), ("ilvr", {"filter_factor": 5}, "divide"),
     ("t2v_ddpm", {"skip": 100}, "skip"), ("sr3", {"start_level": 2001}, "start_level"),
     ("egsde", {"energy_s": "dot"}, "energy_s"), ("sr3", {"loss": "l3"}, "loss")],
)
def test_values_that_make_no_sense_are_refused(
    name: str, given: dict[str, Any], reason: str
) -> None:
    with pytest.raises(UsageError, match=reason):
        made(name, **given)
