"""What a step's context keeps in the store: scratch, checkpoints, parts; and its threads."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from irfer_bench.api import State
from irfer_bench.engine.context import StepContext
from irfer_bench.store import keys
from irfer_bench.store.artefacts import Store
from irfer_bench.testing.memory import ClipList
from tests.irfer_translators.toys import clip


def context(folder: Path, step: str = "step", **given: Any) -> StepContext:
    said: list[Any] = []
    values: dict[str, Any] = {"seed": 3, "precision": "fp32", "code": "c", "roots": ("m",)} | given
    made = StepContext(
        Store(folder), step, "fit toy", lambda name: f"owner of {name}", device="cpu",
        weights=folder, show=lambda *told: said.append(told), **values)  # fmt: skip
    made.said = said  # type: ignore[attr-defined]
    return made


def test_scratch_and_checkpoints_lie_with_the_unfinished_step(tmp_path: Path) -> None:
    ctx = context(tmp_path)
    assert ctx.scratch == tmp_path / "unfinished" / "step" / "scratch"
    assert ctx.scratch.is_dir()
    ctx.checkpoint("a/b.c 1", State({"w": np.ones(2)}))
    assert (tmp_path / "unfinished" / "step" / "a_b_c_1.checkpoint").is_file()
    found = ctx.last_checkpoint("a/b.c 1")
    assert found is not None and found.tensors["w"].tolist() == [1, 1]
    assert ctx.last_checkpoint("a/b.c 2") is None
    assert context(tmp_path, "other").last_checkpoint("a/b.c 1") is None


def test_a_step_has_one_thread_where_nobody_gives_it_more(tmp_path: Path) -> None:
    before = torch.get_num_threads()
    try:
        for threads, given in ((1, {}), (2, {"threads": 2})):
            torch.set_num_threads(3)
            context(tmp_path, **given).set_threads()
            assert torch.get_num_threads() == threads
    finally:
        torch.set_num_threads(before)


def test_seeds_progress_and_reports_are_handed_on(tmp_path: Path) -> None:
    ctx = context(tmp_path)
    assert ctx.seed_for("a", "b") == keys.seed_for(3, "a", "b")
    ctx.progress("train", 2, 5)
    ctx.progress("train", 3, 5, "loss 1")
    assert ctx.said == [("train", 2, 5, ""), ("train", 3, 5, "loss 1")]  # type: ignore[attr-defined]
    ctx.report("loss", 0.5)
    assert ctx.reports == {"loss": 0.5}


def test_a_part_is_found_by_owner_name_key_and_precision_alone(tmp_path: Path) -> None:
    identity = {"step": "part", "owner": "owner of net", "name": "net", "of": {"lr": 1},
                "precision": "fp32"}  # fmt: skip
    ctx = context(tmp_path)

    def build() -> State:
        ctx.report("loss", 0.5)
        assert ctx.step_key == keys.digest(identity)
        assert ctx.scratch.parent.name == keys.digest(identity), "its own unfinished work"
        return State({"w": np.ones(1)})

    ctx.report("mine", 1)
    assert ctx.part("net", {"lr": 1}, build).tensors["w"].tolist() == [1]
    assert (ctx.step_key, ctx.reports) == ("step", {"mine": 1, "loss": 0.5})
    (manifest,) = tmp_path.glob("artefacts/*/*/manifest.json")
    assert manifest.parent.name == keys.digest(identity)
    kept = json.loads(manifest.read_text())
    assert kept["describe"] == identity | {"title": "part net of fit toy", "code": ["m"]}
    assert kept["source"] == "c"

    def forbidden() -> State:
        raise AssertionError("built again")

    other = context(tmp_path, "other", seed=9, code="new", roots=("n",))
    assert other.part("net", {"lr": 1}, forbidden).tensors["w"].tolist() == [1]
    assert other.reports == {"loss": 0.5}
    for given, name, key in (({"precision": "bf16"}, "net", {"lr": 1}), ({}, "net2", {"lr": 1}),
                             ({}, "net", {"lr": 2})):  # fmt: skip
        with pytest.raises(AssertionError, match="built again"):
            context(tmp_path, **given).part(name, key, forbidden)


def test_a_part_that_fails_leaves_the_step_as_it_was(tmp_path: Path) -> None:
    ctx = context(tmp_path)
    ctx.report("mine", 1)

    def fail() -> State:
        ctx.report("loss", 0.5)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        ctx.part("net", {}, fail)
    assert (ctx.step_key, ctx.reports) == ("step", {"mine": 1})


def test_clips_that_a_user_gives_are_encoded_anew_and_without_labels(tmp_path: Path) -> None:
    from irfer_bench.data.clip_list import GivenClips
    from irfer_bench.errors import ContractError

    given = GivenClips([clip("v1", frames=2), clip("v2")])

    def encode(clips: Any) -> Any:
        assert [each.label for each in clips] == [None, None]
        return np.concatenate([each.frames[:, 0, 0] for each in clips])

    found = context(tmp_path).encode("tower", given, {}, encode)
    assert found.dtype == np.float32 and found.shape == (3, 3)
    assert not list(tmp_path.glob("artefacts/*/*")), "nothing of them is kept"
    for shape in ((3,), (2, 4), (3, 1, 1)):
        with pytest.raises(ContractError, match=r"of shape .* not one row for each of 3 frames"):
            context(tmp_path).encode("tower", given, {}, lambda clips, s=shape: np.zeros(s))
    with pytest.raises(ContractError, match=r"encode\('tower'\) was given a ClipList"):
        context(tmp_path).encode("tower", ClipList([clip("v1")]), {}, encode)
