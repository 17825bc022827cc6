"""Conformance suite for recognizers."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from irfer_bench.contracts.component import BASIC, Kind
from irfer_bench.contracts.explanations import Course, NearestWords, Regions
from irfer_bench.contracts.interfaces import (
    Explainer,
    PlainEmbedder,
    Recognizer,
    WordExplainer,
)
from irfer_bench.contracts.values import Clips, TrainingData
from irfer_bench.errors import BenchError
from irfer_bench.testing.announcement import ComponentConformance
from irfer_bench.testing.comparison import assert_plain, hide_labels, pick, round_trip, unchanged
from irfer_bench.testing.faces import TEST, make_clip, make_faces, training_data
from irfer_bench.testing.memory import ClipList


class RecognizerConformance(ComponentConformance):
    """Fits on nine small faces in two spectra, predicts three others; seconds for a small method.

    `tolerance` is how far a log-probability may move with the composition of a batch. Set
    `unlabelled` for a method that needs unlabelled target clips beside the labelled ones.
    """

    kind: ClassVar[Kind] = "recognizer"
    tolerance: ClassVar[float] = 1e-4
    unlabelled: ClassVar[bool] = False
    _cached: ClassVar[tuple[Any, NDArray[Any]] | None] = None

    def data(self, **sides: Any) -> TrainingData:
        """The training data: labelled visible and near-infrared faces."""
        return training_data(unlabelled=self.unlabelled, **sides)

    def clips(self) -> ClipList:
        """The clips to recognise: near-infrared faces of subjects who are not in `data`."""
        return make_faces("nir", TEST)

    def fitted(self, seed: int = 0, **sides: Any) -> Any:
        """A fresh instance after `fit`."""
        recognizer = self.make()
        recognizer.fit(self.data(**sides), self.context(seed))
        return recognizer

    def predict(self, recognizer: Any, clips: Clips) -> NDArray[Any]:
        """Log-probabilities, checked for shape, type, range and sum."""
        scores = recognizer.predict(clips, self.context())
        assert isinstance(scores, np.ndarray), f"predict gave {type(scores).__name__}, not numpy"
        shape = (len(clips), len(BASIC))
        assert scores.shape == shape, f"scores have shape {scores.shape}, not {shape}"
        assert scores.dtype == np.float32, f"scores are {scores.dtype}, not float32"
        assert np.isfinite(scores).all(), "scores are not finite: clip probabilities before the log"
        total = np.exp(scores.astype(np.float64)).sum(1)
        assert np.allclose(total, 1, atol=1e-3), (
            f"rows of exp(scores) sum to {total.min():.3f} to {total.max():.3f}, not 1: give "
            "log-probabilities (log_softmax), not logits"
        )
        return scores

    def result(self) -> tuple[Any, NDArray[Any]]:
        """One fitted recognizer and its scores of `clips`, made once per class."""
        cls = type(self)
        if "_cached" not in cls.__dict__ or cls._cached is None:
            recognizer = self.fitted()
            cls._cached = recognizer, self.predict(recognizer, self.clips())
        return cls._cached

    def test_has_the_protocol(self) -> None:
        """fit, predict, state and restore are there."""
        assert isinstance(self.make(), Recognizer), "fit, predict, state or restore is missing"

    def test_scores_are_log_probabilities(self) -> None:
        """(N, classes) float32, finite, each row's exp sums to 1."""
        self.result()

    def test_a_subset_in_another_order_gives_the_same_scores(self) -> None:
        """A score depends on its clip alone, not on the batch or the order."""
        recognizer, scores = self.result()
        chosen = [len(scores) - 1, 3, 0]
        some = self.predict(recognizer, pick(self.clips(), chosen))
        assert np.allclose(some, scores[chosen], atol=self.tolerance), (
            "scores of three clips alone differ from theirs among all: is a layer (batch norm, "
            "dropout) still in training mode, or a statistic taken over the batch?"
        )

    def test_predicting_twice_gives_the_same_scores(self) -> None:
        """`predict` does not change the recognizer and uses no unseeded randomness."""
        recognizer, scores = self.result()
        assert np.array_equal(self.predict(recognizer, self.clips()), scores)

    def test_inputs_are_left_alone(self) -> None:
        """Arrays are shared and read-only: nothing is written into them."""
        data, clips = self.data(), self.clips()
        recognizer = self.make()
        with unchanged(source=data.source, target=data.target, clips=clips):
            recognizer.fit(data, self.context())
            self.predict(recognizer, clips)

    def test_a_fresh_one_restores_the_state(self) -> None:
        """The step that predicts runs in another process and has only the stored state."""
        recognizer, scores = self.result()
        other = self.make()
        other.restore(round_trip(recognizer.state()))
        assert np.array_equal(self.predict(other, self.clips()), scores), (
            "scores differ after restore(state()): something that fit learnt is not in the state"
        )

    def test_the_state_is_tensors_and_scalars(self) -> None:
        """Numpy arrays and JSON: what safetensors can hold."""
        recognizer, _ = self.result()
        assert_plain(recognizer.state())

    def test_the_seed_decides(self) -> None:
        """Fitting again with the same seed gives the same scores."""
        _, scores = self.result()
        again = self.predict(self.fitted(), self.clips())
        assert np.allclose(again, scores, atol=1e-6), (
            "two fits with one seed differ: take randomness from ctx.seed_for(...)"
        )

    def test_labels_of_test_clips_are_not_looked_at(self) -> None:
        """Hidden labels give the same scores."""
        recognizer, scores = self.result()
        hidden = self.predict(recognizer, hide_labels(self.clips()))
        assert np.array_equal(hidden, scores), "scores depend on the labels of the predicted clips"

    def test_an_empty_source_is_met(self) -> None:
        """`supervised` settings and translator `none` have no source; refusing is allowed."""
        self._one_side(source=False)

    def test_an_empty_target_is_met(self) -> None:
        """`cross` and zero-shot settings have no labelled target; refusing is allowed."""
        self._one_side(target=False)

    def test_clips_of_several_frames(self) -> None:
        """Any recognizer accepts any dataset: T differs between clips, audio may be present."""
        recognizer, _ = self.result()
        clips = ClipList([
            make_clip(TEST[0], BASIC[0], "nir", frames=3, voice=True),
            make_clip(TEST[1], BASIC[3], "nir", frames=1),
            make_clip(TEST[2], BASIC[5], "nir", frames=2),
        ])
        self.predict(recognizer, clips)

    def test_features_are_rows(self) -> None:
        """Where there is `embed`, it gives (N, D) finite float32, one row per clip."""
        recognizer, _ = self.result()
        embed = getattr(recognizer, "embed", None)
        if embed is None:
            return
        clips = self.clips()
        features = embed(clips, self.context())
        assert features.ndim == 2, f"features have shape {features.shape}, not (N, D)"
        assert len(features) == len(clips), f"{len(features)} features for {len(clips)} clips"
        assert features.dtype == np.float32, f"features are {features.dtype}, not float32"
        assert np.isfinite(features).all(), "features are not finite"
        some = embed(pick(clips, (3, 0)), self.context())
        assert np.allclose(some, features[[3, 0]], atol=1e-3 * max(1, np.abs(features).max())), (
            "features of two clips alone differ from theirs among all"
        )

    def test_plain_features_are_rows(self) -> None:
        """Where there is `embed_plain`, it gives (N, D) finite float32, whatever was learned."""
        recognizer: Any = self.result()[0]
        embed = recognizer.embed_plain if isinstance(recognizer, PlainEmbedder) else None
        if embed is None:
            return
        features = embed(self.clips(), self.context())
        assert features.dtype == np.float32, f"features are {features.dtype}, not float32"
        assert features.ndim == 2, f"features have shape {features.shape}, not (N, D)"
        assert len(features) == len(self.clips()), f"{len(features)} rows, not one per clip"
        assert np.isfinite(features).all(), "features are not finite"

    def test_explanations_have_their_form(self) -> None:
        """Where there is `explain`: regions inside a scored frame, courses of log-probabilities."""
        recognizer: Any = self.result()[0]
        explain = recognizer.explain if isinstance(recognizer, Explainer) else None
        if explain is None:
            return
        for frames in (1, 3):
            clip = make_clip(TEST[0], BASIC[0], "nir", frames=frames, voice=True)
            for explained in explain(clip, self.context()):
                if isinstance(explained, Regions):
                    check_regions(explained, frames)
                else:
                    assert isinstance(explained, Course), f"{explained!r} is no Regions nor Course"
                    check_course(explained, frames)

    def test_words_have_distances(self) -> None:
        """Where there is `explain_words`: words with distances, the nearest first."""
        recognizer: Any = self.result()[0]
        explain = recognizer.explain_words if isinstance(recognizer, WordExplainer) else None
        for each in () if explain is None else explain(self.context()):
            assert isinstance(each, NearestWords), f"{each!r} is no NearestWords"
            far = [distance for _, distance in each.words]
            assert far, f"{each.name} has no words"
            assert np.isfinite(far).all(), f"distances of {each.name} are not finite"
            assert far == sorted(far), f"the words of {each.name} are not ordered by distance"

    def _one_side(self, **sides: bool) -> None:
        try:
            recognizer = self.fitted(**sides)
        except BenchError:
            return
        self.predict(recognizer, self.clips())


def check_regions(found: Regions, frames: int) -> None:
    """Boxes inside one of the frames, each with a finite weight."""
    boxes, weights = np.asarray(found.boxes), np.asarray(found.weights)
    assert 0 <= found.frame < frames, f"{found.name}: frame {found.frame} of {frames}"
    assert boxes.shape == (len(weights), 4), f"{found.name}: boxes {boxes.shape}, not (K, 4)"
    assert np.isfinite(weights).all(), f"{found.name}: weights are not finite"
    assert ((boxes >= 0) & (boxes <= 1)).all(), f"{found.name}: boxes are fractions of the frame"
    assert (boxes[:, :2] < boxes[:, 2:]).all(), f"{found.name}: left < right, top < bottom"


def check_course(found: Course, frames: int) -> None:
    """Log-probabilities of every frame, or of the whole clip."""
    scores = np.asarray(found.scores, np.float64)
    assert scores.shape in ((frames, len(BASIC)), (1, len(BASIC))), (
        f"{found.name}: scores have shape {scores.shape} for {frames} frames"
    )
    assert np.allclose(np.exp(scores).sum(1), 1, atol=1e-3), f"{found.name}: give log-probabilities"
