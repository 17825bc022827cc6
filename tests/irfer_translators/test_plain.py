"""Plain translators keep the protocol, and the family announces itself without torch."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from importlib import import_module

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from irfer_bench.api import ContractError, RefusedError, UsageError
from irfer_bench.testing.memory import ClipList, MemoryContext
from irfer_translators import plain
from irfer_translators.hooks import irfer_bench_components
from irfer_translators.plain_params import PlainParams
from tests.irfer_translators.toys import clip, paired

KINDS = [plain.Identity, plain.Grey, plain.Red, plain.HistogramMatch, plain.MeanStd]


@pytest.mark.parametrize("kind", KINDS)
def test_facts_pass_and_state_survives(kind: type[plain.Identity]) -> None:
    translator = kind(PlainParams())
    data, ctx = paired(), MemoryContext()
    translator.fit(data, ctx)
    again = kind(PlainParams())
    again.restore(translator.state())
    clips = ClipList([clip("v1", frames=2), clip("v9")])
    for before, after, other in zip(
        clips, translator.translate(clips, ctx), again.translate(clips, ctx), strict=True
    ):
        assert after.frames.shape == before.frames.shape
        assert after.frames.dtype == np.uint8
        assert after.spectrum == "nir"
        assert replace(after, frames=before.frames, spectrum="vis") == before
        assert (after.frames == other.frames).all()
        assert not np.shares_memory(after.frames, before.frames)


def test_identity_is_the_input() -> None:
    translator = plain.Identity(PlainParams())
    translator.fit(paired(), MemoryContext())
    (out,) = translator.translate(ClipList([clip("v1")]), MemoryContext())
    assert (out.frames == clip("v1").frames).all()


def test_matched_levels_follow_the_training_images_and_not_the_batch() -> None:
    for kind in (plain.HistogramMatch, plain.MeanStd):
        translator = kind(PlainParams())
        translator.fit(paired(), MemoryContext())
        both = list(translator.translate(ClipList([clip("v1"), clip("v2")]), MemoryContext()))
        (alone,) = translator.translate(ClipList([clip("v2")]), MemoryContext())
        assert (both[1].frames == alone.frames).all()


@given(level=st.integers(0, 255))
@settings(max_examples=20, deadline=None)
def test_flat_images_divide_by_nothing(level: int) -> None:
    flat = replace(clip("v1"), frames=np.full((1, 8, 8, 3), level, np.uint8))
    for kind in (plain.HistogramMatch, plain.MeanStd):
        translator = kind(PlainParams())
        translator.fit(paired(), MemoryContext())
        (out,) = translator.translate(ClipList([flat]), MemoryContext())
        assert (out.frames == out.frames[0, 0, 0, 0]).all()


def test_oracle_gives_the_partner_with_the_clip_s_facts() -> None:
    oracle = plain.Oracle(PlainParams())
    data, ctx = paired(), MemoryContext()
    oracle.fit(data, ctx)
    out = list(oracle.translate(data.source, ctx, partners=data.target))
    for before, after, partner in zip(data.source, out, data.target, strict=True):
        assert (after.frames == partner.frames).all()
        assert (after.id, after.label, after.spectrum) == (before.id, before.label, "nir")
    with pytest.raises(RefusedError, match="partner"):
        list(oracle.translate(data.source, ctx))
    with pytest.raises(ContractError, match="1 partners for 4 clips"):
        list(oracle.translate(data.source, ctx, partners=ClipList([clip("n0", "nir")])))


def test_nothing_to_learn_from_and_unknown_domains_are_refused() -> None:
    data = paired()
    with pytest.raises(UsageError, match="no target images"):
        plain.HistogramMatch(PlainParams()).fit(replace(data, target=ClipList([])), MemoryContext())
    with pytest.raises(UsageError, match="radar"):
        plain.Red(PlainParams()).fit(replace(data, target_domain="radar"), MemoryContext())
    with pytest.raises(ContractError, match="before fit"):
        list(plain.MeanStd(PlainParams()).translate(data.source, MemoryContext()))


def test_every_announced_address_exists() -> None:
    components = list(irfer_bench_components())
    assert {c.name for c in components} >= {
        "none", "identity", "grey", "red", "histmatch", "meanstd", "oracle", "nfer_sde", "sdedit",
        "egsde", "ilvr", "sr3", "t2v_ddpm",
    }
    for component in components:
        for address in (component.factory, component.params):
            module, _, name = address.partition(":")
            assert getattr(import_module(module), name).__name__ == name
    traits = {c.name: c.traits for c in components}
    assert traits["none"]["adds_nothing"]
    assert traits["oracle"]["partners"]
    assert not traits["identity"]["trains"]
    assert traits["histmatch"]["trains"]


def test_planning_imports_neither_torch_nor_numpy() -> None:
    code = (
        "import sys, irfer_translators.hooks, irfer_translators.plain_params, "
        "irfer_translators.diffusion.nfer_sde_params, "
        "irfer_translators.diffusion.sdedit_params, irfer_translators.diffusion.egsde_params, "
        "irfer_translators.diffusion.ilvr_params, irfer_translators.diffusion.sr3_params, "
        "irfer_translators.diffusion.t2v_ddpm_params; "
        "print(sorted({'torch', 'numpy', 'diffusers', 'PIL'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
