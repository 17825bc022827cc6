"""Frames of clips in banks and batches, and what is refused before anything is trained."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from irfer_bench.api import State, UsageError
from irfer_bench.nn.images import to_frames, to_tensor
from irfer_bench.testing.memory import ClipList, MemoryContext
from irfer_translators.diffusion import frames, translator
from irfer_translators.diffusion.frames import FrameBank, build_bank, frame_pairs, translate_clips
from irfer_translators.diffusion.nfer_sde_translator import NferSde
from irfer_translators.diffusion.score_training import check_domain, final_loss
from irfer_translators.diffusion.sr3 import Sr3
from irfer_translators.diffusion.sr3_params import Sr3Params
from tests.irfer_translators.toys import TINY, clip, paired, params


class Told(MemoryContext):
    """Keeps what is told of progress."""

    def progress(self, name: str, done: int, total: int, note: str = "") -> None:
        self.__dict__.setdefault("told", []).append((name, done, total))


CLIPS = ClipList([clip("a", frames=2), clip("b"), clip("c", frames=3), clip("d", side=24)])


def test_a_bank_holds_the_frames_of_all_clips_one_after_another() -> None:
    ctx: Any = Told()
    bank = build_bank(CLIPS, 16, ctx, "source")
    assert bank.first.tolist() == [0, 2, 3, 6, 7]
    expected = np.concatenate([to_frames(to_tensor(c.frames, 16)) for c in CLIPS])
    assert (bank.pixels == expected).all() and bank.points is None
    assert bank.pixels.shape == (7, 16, 16, 3) and bank.pixels.dtype == np.uint8
    assert ctx.told == [("read source", k, 4) for k in (1, 2, 3, 4)]
    images = bank.images([6, 0], "cpu")
    assert torch.equal(images, to_tensor(expected[[6, 0]]))
    assert -1 <= float(images.min()) < -0.5 and 0.5 < float(images.max()) <= 1


def test_a_bank_of_nothing_is_empty() -> None:
    bank = build_bank(ClipList([]), 16, MemoryContext(), "source")
    assert bank.pixels.shape == (0, 16, 16, 3) and bank.first.tolist() == [0]


def test_landmarks_are_read_with_the_frames() -> None:
    asked: list[int] = []

    def marks(number: int, given: Any) -> Any:
        asked.append(number)
        return given.landmarks

    bank = build_bank(CLIPS, 16, MemoryContext(), "source", marks)
    assert asked == [0, 1, 2, 3]
    assert (bank.points == np.concatenate([c.landmarks for c in CLIPS])).all()


def test_landmarks_are_shares_of_the_image_from_its_edges() -> None:
    """The centre of pixel k lies at (k + 0.5) / width, as heat maps of any side expect."""
    marks = np.zeros((1, 68, 2), np.float32)
    marks[0, 0], marks[0, 1] = (0, 0), (9, 19)
    wide = replace(clip("a"), frames=np.zeros((1, 20, 10, 3), np.uint8), landmarks=marks)
    found = frames.normalized_landmarks(wide)
    assert found.dtype == np.float32
    assert found[0, 0] == pytest.approx([0.05, 0.025])
    assert found[0, 1] == pytest.approx([0.95, 0.975])


@pytest.mark.parametrize("spare", [0, 1, 2 * 16 * 16 * 3])
def test_a_large_bank_lies_on_disk_and_is_the_same(
    spare: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Frames above the limit are written out; a file of an interrupted run is overwritten."""
    whole = build_bank(CLIPS, 16, MemoryContext(), "source")
    monkeypatch.setattr(frames, "RAM_BYTES", whole.pixels.nbytes - spare)
    file = tmp_path / "source_16.u8"
    if spare:
        file.write_bytes(b"left over")
    bank = build_bank(CLIPS, 16, MemoryContext(scratch=tmp_path), "source")
    assert file.exists() == (spare > 0), "only above the limit"
    assert (bank.pixels == whole.pixels).all() and (bank.first == whole.first).all()
    assert frames.RAM_BYTES < 2**29
    if spare:
        assert file.stat().st_size == whole.pixels.nbytes


def test_half_a_gigabyte_of_frames_stays_in_memory() -> None:
    assert frames.RAM_BYTES == 2**29


def test_pairs_of_clips_are_pairs_of_their_frames_by_phase() -> None:
    def bank(*counts: int) -> FrameBank:
        return FrameBank(None, np.cumsum([0, *counts]))

    data = replace(paired(), pairs=[(0, 1), (1, 0)])
    pairs = frame_pairs(data, bank(2, 3), bank(6, 2))
    assert pairs.tolist() == [[0, 6], [1, 7], [2, 1], [3, 3], [4, 5]]
    none = frame_pairs(replace(paired(), pairs=[]), bank(2, 3), bank(6, 2))
    assert none.shape == (0, 2)


def negative(x: Tensor, facts: Any) -> Tensor:
    return -x


@pytest.mark.parametrize(
    ("batch", "sizes"),
    [(1, [1] * 7), (2, [2, 2, 2, 1]), (3, [3, 3, 1]),
     (4, [4, 2, 1]), (100, [7])],
)  # fmt: skip
def test_batches_cross_the_borders_of_clips(batch: int, sizes: list[int]) -> None:
    seen: list[Any] = []
    ctx: Any = Told()

    def translate(x: Tensor, facts: Any) -> Tensor:
        assert len(x) == len(facts) <= batch and x.shape[1:] == (3, 16, 16)
        seen.append(facts)
        return -x

    out = list(translate_clips(
        CLIPS, translate, size=16, batch=batch, spectrum="lwir", ctx=ctx))  # fmt: skip
    assert [c.id for c in out] == ["a", "b", "c", "d"]
    facts = [(c.id, k) for c in CLIPS for k in range(len(c.frames))]
    assert [fact for each in seen for fact in each] == facts
    assert [len(each) for each in seen] == sizes
    for before, after in zip(CLIPS, out, strict=True):
        small = -to_tensor(before.frames, 16)
        expected = to_frames(small, before.frames.shape[1:3])
        assert (after.frames == expected).all() and after.spectrum == "lwir"
        assert replace(after, frames=before.frames, spectrum="vis") == before
    assert [name for name, _, _ in ctx.told] == ["translate"] * len(ctx.told)
    assert ctx.told[-1] == ("translate", 4, 4)
    assert [done for _, done, _ in ctx.told] == sorted({done for _, done, _ in ctx.told})


def test_clips_are_given_out_as_soon_as_a_batch_is_full() -> None:
    read: list[str] = []

    class Reading(ClipList):
        def __iter__(self) -> Any:
            for one in super().__iter__():
                read.append(one.id)
                yield one

    out = translate_clips(
        Reading(list(CLIPS)), negative, size=16, batch=3, spectrum="nir", ctx=MemoryContext())
    assert next(out).id == "a" and read == ["a", "b"]


def test_frames_may_be_finished_and_the_progress_named() -> None:
    ctx: Any = Told()
    (out,) = translate_clips(
        ClipList([clip("a")]), negative, size=16, batch=1, spectrum="nir", ctx=ctx,
        finish=torch.ones_like, name="score")  # fmt: skip
    assert (out.frames == 255).all() and ctx.told == [("score", 1, 1)]


@pytest.mark.parametrize(("size", "batch"), [(48, 64), (96, 16), (256, 2), (1000, 1)])
def test_a_batch_holds_as_many_pixels_whatever_the_size(
    size: int, batch: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: dict[str, Any] = {}

    def noted(clips: Any, translate: Any, **named: Any) -> Any:
        given.update(named)
        return iter(())

    monkeypatch.setattr(translator, "translate_clips", noted)
    made = NferSde(params("cond", size=size))
    made.nets, made.spectrum = {"score": torch.nn.Identity()}, "lwir"
    ctx = MemoryContext()
    assert list(made.translate(CLIPS, ctx)) == []
    assert (given["size"], given["batch"], given["spectrum"]) == (size, batch, "lwir")
    assert "channel_spread" not in ctx.reports


class Asked(MemoryContext):
    """Trains nothing: it keeps the names of the parts that are asked for."""

    def part(self, name: str, key: Any, build: Any) -> State:
        self.__dict__.setdefault("names", []).append(name)
        return State({})


def test_methods_that_learn_from_pairs_refuse_others_before_they_train() -> None:
    unpaired = replace(paired(), pairs=[])
    tiny = {k: v for k, v in TINY.items() if k in Sr3Params.__struct_fields__}
    from irfer_bench.contracts.params import resolve

    sr3 = Sr3(resolve(Sr3Params, component="sr3", preset="quick", given=tiny))
    for method, advice in (
        (sr3, "use a paired dataset"), (NferSde(params("cond")), "nfer_sde@baseline"),
        (NferSde(params("")), "nfer_sde@baseline"),
    ):  # fmt: skip
        ctx: Any = Asked()
        with pytest.raises(UsageError, match=f"{method.name} learns from pairs") as found:
            method.fit(unpaired, ctx)
        assert advice in str(found.value) and not hasattr(ctx, "names")
    ctx = Asked()
    NferSde(params("baseline")).train(unpaired, ctx)
    assert ctx.names == ["score_net"], "target images alone"


def test_an_empty_domain_is_refused() -> None:
    with pytest.raises(UsageError, match="a net learns from nir images, and there are none"):
        check_domain(ClipList([]), "nir", "a net")
    check_domain(CLIPS, "nir", "a net")


def test_a_loss_is_reported_where_there_is_one() -> None:
    assert final_loss("loss", 0.5) == {"loss": 0.5}
    assert final_loss("loss", float("nan")) == final_loss("loss", float("inf")) == {}
