"""Conformance suite for translators."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, ClassVar

import numpy as np

from irfer_bench.contracts.component import BASIC, Kind
from irfer_bench.contracts.interfaces import Translator
from irfer_bench.contracts.values import Clip, Clips, TranslationData
from irfer_bench.testing.announcement import ComponentConformance
from irfer_bench.testing.comparison import (
    assert_plain,
    assert_same_pixels,
    hide_labels,
    pick,
    round_trip,
    unchanged,
)
from irfer_bench.testing.faces import TEST, make_clip, make_faces, translation_data
from irfer_bench.testing.memory import ClipList

KEPT = ("id", "label", "subject", "pair", "lighting", "fps", "sample_rate")


class TranslatorConformance(ComponentConformance):
    """Fits on nine small faces, translates three others; a few seconds for a small method.

    `levels` is how far a pixel may move with the composition of a batch, in steps of 255: keep
    it 0 unless float sums of your networks depend on the batch size, and then 1.
    """

    kind: ClassVar[Kind] = "translator"
    levels: ClassVar[int] = 0
    _cached: ClassVar[tuple[Any, list[Clip]] | None] = None

    def data(self) -> TranslationData:
        """The training data; target labels are hidden, as in every `weak` setting."""
        return translation_data()

    def clips(self) -> ClipList:
        """The clips to translate: visible faces of subjects who are not in `data`."""
        return make_faces("vis", TEST)

    def fitted(self, seed: int = 0) -> Any:
        """A fresh instance after `fit`; one with the trait `trains: False` is never fitted."""
        translator = self.make()
        if self._flag("trains", True):
            translator.fit(self.data(), self.context(seed))
        return translator

    def translate(self, translator: Any, clips: Clips, seed: int = 0) -> list[Clip]:
        """All translated clips; true partners are given to one with the trait `partners`."""
        extra: dict[str, Any] = {}
        if self._flag("partners", False):
            extra["partners"] = ClipList([_partner(clip) for clip in clips])
        return list(translator.translate(clips, self.context(seed), **extra))

    def result(self) -> tuple[Any, list[Clip]]:
        """One fitted translator and its translations of `clips`, made once per class."""
        cls = type(self)
        if "_cached" not in cls.__dict__ or cls._cached is None:
            translator = self.fitted()
            cls._cached = translator, self.translate(translator, self.clips())
        return cls._cached

    def test_has_the_protocol(self) -> None:
        """fit, translate, state and restore are there."""
        assert isinstance(self.make(), Translator), "fit, translate, state or restore is missing"

    def test_same_ids_in_the_same_order(self) -> None:
        """The core matches translations to their sources by position and id."""
        _, made = self.result()
        assert [clip.id for clip in made] == self.clips().ids

    def test_frames_keep_shape_and_type(self) -> None:
        """(T, H, W, 3) uint8 of the input's T, H and W."""
        _, made = self.result()
        for given, clip in zip(self.clips(), made, strict=True):
            assert clip.frames.dtype == np.uint8, f"{clip.id}: {clip.frames.dtype}, not uint8"
            assert clip.frames.shape == given.frames.shape, f"{clip.id}: size or frames changed"

    def test_facts_pass_through(self) -> None:
        """Everything but frames, spectrum and landmarks is kept (dataclasses.replace)."""
        _, made = self.result()
        for given, clip in zip(self.clips(), made, strict=True):
            changed = [name for name in KEPT if getattr(given, name) != getattr(clip, name)]
            assert not changed, f"{clip.id}: {', '.join(changed)} changed in translation"
            assert clip.spectrum == "nir", f"{clip.id}: spectrum is {clip.spectrum!r}, not 'nir'"

    def test_a_subset_in_another_order_gives_the_same_pixels(self) -> None:
        """Noise comes from ctx.seed_for(..., clip.id): the batch changes no pixel."""
        translator, whole = self.result()
        count = len(self.clips())
        some = pick(self.clips(), (count - 1, 3, 0))
        assert_same_pixels(
            self.translate(translator, some), {clip.id: clip for clip in whole},
            "translated with other neighbours", self.levels,
        )

    def test_translating_twice_gives_the_same_pixels(self) -> None:
        """`translate` does not change the translator."""
        translator, first = self.result()
        again = self.translate(translator, self.clips())
        assert_same_pixels(again, {clip.id: clip for clip in first}, "translated a second time")

    def test_inputs_are_left_alone(self) -> None:
        """Arrays are shared and read-only: nothing is written into them."""
        data, clips = self.data(), self.clips()
        translator = self.make()
        with unchanged(source=data.source, target=data.target, clips=clips):
            if self._flag("trains", True):
                translator.fit(data, self.context())
            self.translate(translator, clips)

    def test_a_fresh_one_restores_the_state(self) -> None:
        """The step that translates runs in another process and has only the stored state."""
        translator, made = self.result()
        other = self.make()
        other.restore(round_trip(translator.state()))
        again = self.translate(other, self.clips())
        assert_same_pixels(again, {clip.id: clip for clip in made}, "after restore(state())")

    def test_the_state_is_tensors_and_scalars(self) -> None:
        """Numpy arrays and JSON: what safetensors can hold."""
        translator, _ = self.result()
        assert_plain(translator.state())

    def test_the_seed_decides(self) -> None:
        """Fitting again with the same seed gives the same images."""
        _, made = self.result()
        again = self.translate(self.fitted(), self.clips())
        assert_same_pixels(again, {clip.id: clip for clip in made}, "fitted again with one seed")

    def test_clips_of_several_frames(self) -> None:
        """T is the clip's own, audio passes unchanged, and each frame stays an image."""
        translator, _ = self.result()
        clips = ClipList([
            make_clip(TEST[0], BASIC[0], "vis", frames=3, voice=True),
            make_clip(TEST[1], BASIC[3], "vis", frames=1),
            make_clip(TEST[2], BASIC[5], "vis", frames=2),
        ])
        made = self.translate(translator, clips)
        assert [clip.id for clip in made] == clips.ids
        for given, clip in zip(clips, made, strict=True):
            assert clip.frames.shape == given.frames.shape, f"{clip.id}: frames were lost or added"
            assert clip.frames.dtype == np.uint8, f"{clip.id}: {clip.frames.dtype}, not uint8"
            if given.audio is None:
                assert clip.audio is None, f"{clip.id}: audio was added"
            else:
                assert clip.audio is not None, f"{clip.id}: the audio was lost"
                assert np.array_equal(clip.audio, given.audio), f"{clip.id}: the audio changed"

    def test_labels_change_no_pixel(self) -> None:
        """Test labels must not leak into translations: hidden ones give the same images."""
        translator, made = self.result()
        hidden = hide_labels(self.clips())
        again = self.translate(translator, hidden)
        assert_same_pixels(again, {clip.id: clip for clip in made}, "translated without labels")

    def test_no_clips_give_no_clips(self) -> None:
        """An empty part of a fold is no error."""
        translator, _ = self.result()
        assert self.translate(translator, ClipList([])) == []

    def test_one_fit_does_not_change_another(self) -> None:
        """Two instances share nothing: fitting a second leaves the first one's state alone."""
        translator, _ = self.result()
        before = translator.state()
        kept = {name: value.copy() for name, value in before.tensors.items()}
        self.fitted(seed=1)
        after = translator.state()
        assert dict(before.scalars) == dict(after.scalars), "scalars changed with another instance"
        for name, value in kept.items():
            assert np.array_equal(value, after.tensors[name], equal_nan=True), (
                f"tensor {name!r} changed when another instance was fitted"
            )

    def _flag(self, name: str, default: bool) -> bool:
        if not self.component:
            return default
        traits = {**self.owned().component.traits, **self.made_params().traits()}
        return bool(traits.get(name, default))


def _partner(clip: Clip) -> Clip:
    number = int((clip.subject or "s0")[1:])
    label = clip.id.split("-")[1]
    made = make_clip(number, label, "nir", size=clip.frames.shape[1], frames=len(clip.frames))
    return replace(made, audio=clip.audio)
