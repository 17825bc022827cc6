"""Protocols of components; a plugin implements them without inheriting."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol, runtime_checkable

from irfer_bench.contracts.context import Context
from irfer_bench.contracts.explanations import Course, NearestWords, Regions
from irfer_bench.contracts.values import (
    Clip,
    Clips,
    Face,
    FaceQuery,
    Features,
    Item,
    Match,
    Problem,
    ScoreInputs,
    Scores,
    State,
    TrainingData,
    TranslationData,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray


@runtime_checkable
class Translator(Protocol):
    """Turns clips of one spectrum into clips of another.

    Constructed with one params value. `translate` yields the same ids in the same order, with the
    same number of frames; its noise depends on the item id, so batch size never changes a pixel.
    """

    def fit(self, data: TranslationData, ctx: Context) -> None: ...
    def translate(self, clips: Clips, ctx: Context) -> Iterator[Clip]: ...
    def state(self) -> State: ...
    def restore(self, state: State) -> None: ...


@runtime_checkable
class PartnerTranslator(Protocol):
    """A translator with the trait `partners`: it is given the true partner of every clip."""

    def translate(self, clips: Clips, ctx: Context, partners: Clips) -> Iterator[Clip]: ...


@runtime_checkable
class Recognizer(Protocol):
    """Turns clips into (N, classes) float32 log-probabilities.

    Constructed with one params value. Optional: `Embedder`, `PredictorEmbedder`, `PlainEmbedder`,
    `Explainer`, `WordExplainer` and `FrameTaker`.
    """

    def fit(self, data: TrainingData, ctx: Context) -> None: ...
    def predict(self, clips: Clips, ctx: Context) -> Scores: ...
    def state(self) -> State: ...
    def restore(self, state: State) -> None: ...


@runtime_checkable
class Embedder(Protocol):
    """A recognizer with features: (N, D) float32, for MMD, KL and t-SNE."""

    def embed(self, clips: Clips, ctx: Context) -> Features: ...


@runtime_checkable
class PredictorEmbedder(Protocol):
    """A recognizer that gives scores and features of the same clips in one pass."""

    def predict_and_embed(self, clips: Clips, ctx: Context) -> tuple[Scores, Features]: ...


@runtime_checkable
class PlainEmbedder(Protocol):
    """A recognizer on a frozen encoder: `embed` as it was before anything was learned.

    `irfer-bench show RECORD --explain` compares both.
    """

    def embed_plain(self, clips: Clips, ctx: Context) -> Features: ...


@runtime_checkable
class TrainedReader(Protocol):
    """A recognizer that takes a published classifier in the place of a fit.

    Its parameter `trained` holds the file's path. `irfer-bench predict --weights FILE` calls it.
    """

    def read_trained(self, classes: Sequence[str], ctx: Context) -> None:
        """Read `params.trained`, whose outputs stand for these classes, in this order."""
        ...


@runtime_checkable
class FrameTaker(Protocol):
    """A recognizer over time that says how many frames of a user's video are to be kept for it."""

    @property
    def frames_taken(self) -> int:
        """Frames of a video that its clips take when scored; 0 where it sees none."""
        ...


@runtime_checkable
class Explainer(Protocol):
    """A recognizer that tells what its prediction of a clip rests on: regions, or modalities."""

    def explain(self, clip: Clip, ctx: Context) -> Sequence[Regions | Course]: ...


@runtime_checkable
class WordExplainer(Protocol):
    """A recognizer that tells which words its learned vectors are near to; may be none."""

    def explain_words(self, ctx: Context) -> Sequence[NearestWords]: ...


@runtime_checkable
class Exporter(Protocol):
    """A fitted translator or recognizer that writes itself in the formats of other programs."""

    def export(self, folder: Path) -> str | None:
        """Write into the folder; returns what the user should know of it, if anything."""
        ...


@runtime_checkable
class Dataset(Protocol):
    """Reads one dataset as it is distributed, or generates it.

    Constructed with one params value. `root` is None for datasets that need no files.

    Optional: `read_audio(root, item) -> (audio, rate) | None`, the audio of an item whose frames
    are image files, (samples,) float32, channel 0 at its native rate; `lists_audio = False` where
    `Item.audio` does not tell who has any; `read_many(items)` for generated stills; `native`, the
    distributor's class order in canonical names, which `irfer-bench show` prints;
    `inventory(root)`, rows of facts that a user corrects by hand (`irfer-bench data scan`).
    """

    classes: tuple[str, ...]
    licence: str
    private: bool
    """True where images of people may leave the machine only with `--allow-faces`."""

    def identify(self, root: Path) -> Match: ...
    def index(self, root: Path | None) -> Iterable[Item]: ...
    def problems(self, root: Path | None) -> Iterable[Problem]: ...
    def read(self, root: Path | None, item: Item, frames: Sequence[int] | None = None) -> Clip:
        """The item, or only the given frame positions of it, at its original size."""
        ...

    def folds(self, items: Sequence[Item]) -> Sequence[frozenset[str]]:
        """Test subjects of each fold (item ids where there are no subjects); fold 1 comes first."""
        ...

    def fingerprint(self, root: Path | None) -> str:
        """Digest of the content, equal on every machine with the same files."""
        ...


@runtime_checkable
class Detector(Protocol):
    """Finds the face by which an image is cropped.

    Constructed with one params value. `open` is called once per process, before `find`. With
    `exact` the box found is the crop, else the crop is a square around it, larger by the setting's
    factor. `looks` says whether it needs the pixels; a detector that uses given landmarks or boxes
    does not. `find` gives one face or None per frame and depends on nothing but its query.
    """

    exact: bool
    looks: bool

    def open(self, weights: Path) -> None:
        """Load what it needs from the folder of pretrained weights, or raise MissingError."""
        ...

    def find(self, query: FaceQuery) -> Sequence[Face | None]: ...


@runtime_checkable
class FaceLister(Protocol):
    """A detector that gives every face of a frame, of which `find` gives one.

    `irfer-bench predict` labels each; any other detector shows it the one face that it chose.
    """

    def find_all(self, query: FaceQuery) -> Sequence[Sequence[Face]]: ...


@runtime_checkable
class Metric(Protocol):
    """One number from predictions or images.

    `consumes` names fields of `ScoreInputs`. `compute` may raise `UnavailableError(reason)`.
    With `index` (positions of resampled items) it returns the value on the resample. The unit
    `fraction` is shown as percent. Optional: `SummableMetric`, and an attribute `margin` in the
    metric's unit: differences between rows below it are never significant (default 0).
    """

    consumes: frozenset[str]
    direction: Literal["higher", "lower", "none"]
    unit: str
    range: tuple[float, float]

    def compute(self, inputs: ScoreInputs, index: NDArray[Any] | None = None) -> float: ...


@runtime_checkable
class SummableMetric(Protocol):
    """A metric that depends on its items through sums only, so that folds pool and rows rank.

    `summands` gives (N, K) float64: one row per test item, or per pair where the metric consumes
    anything of pairs; it may raise `UnavailableError(reason)`. `from_sums` turns sums (..., K)
    over any items into values (...), NaN where such a set has none; over all items that is what
    `compute` gives. A metric over test items without these methods is resampled by calling
    `compute` on each resample; one over pairs without them has no interval on several folds and
    ranks no row. A mean of x has the summands [x, 1]; a metric of several fits is given the mean
    of their sums.
    """

    def summands(self, inputs: ScoreInputs) -> NDArray[Any]: ...
    def from_sums(self, sums: NDArray[Any]) -> NDArray[Any]: ...
