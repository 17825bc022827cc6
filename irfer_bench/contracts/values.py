"""Values passed between core and plugins: frozen, numpy-typed, torch-free."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from irfer_bench.contracts.component import Spectrum

if TYPE_CHECKING:
    from numpy.typing import NDArray

Scalar: TypeAlias = str | int | float | bool | None
JSON: TypeAlias = Any
Scores: TypeAlias = "NDArray[Any]"  # (N, classes) float32 log-probabilities
Features: TypeAlias = "NDArray[Any]"  # (N, D) float32


@dataclass(frozen=True, slots=True)
class Item:
    """The dataset's own sequence, clip or still, by reference.

    Args:
        id: opaque, equal on every machine, never a path.
        label: canonical class name (`CLASSES`; a compound one joined by `_`), or None where the
            dataset gives none.
        subject: None where the dataset has no subjects.
        lighting: `strong`, `weak`, `dark`, `normal`, a direction (`front`, `left`, …) or empty.
        files: relative to the root, posix, in frame order.
        pair: items that show the same moment in another spectrum or light share it.
        weak_pair: partners are of one sequence but not frame-aligned.
        split: the dataset's own split name, or empty.
        part: the dataset's own part (a session, `extra`), or empty.
        frames: number of frames.
        audio: the file that holds its audio, relative to the root, or empty.
    """

    id: str
    label: str | None
    subject: str | None
    spectrum: Spectrum
    files: tuple[str, ...] = ()
    lighting: str = ""
    pair: str | None = None
    weak_pair: bool = False
    split: str = ""
    part: str = ""
    frames: int = 1
    audio: str = ""


@dataclass(frozen=True, slots=True)
class Clip:
    """One item; a stored one reads `frames` and `audio` at their first use.

    Where some frames are enough, `count` and `take` read or decode no others.

    Args:
        frames: (T, H, W, 3) uint8; T is 1 for a still.
        audio: (samples,) float32 at `sample_rate`, channel 0 at its native rate, or None.
        landmarks: (T, 68, 2) float32, x then y, in pixels of `frames`, or None.
        label: canonical class name, or None where hidden or unknown.
        positions: place inside the item of each of `frames`, or None where unknown.
        length: number of frames of the item, or None where unknown.
        scored: which of `frames` the setting scores; None means all.
    """

    id: str
    frames: NDArray[Any]
    spectrum: Spectrum
    label: str | None = None
    subject: str | None = None
    lighting: str = ""
    pair: str | None = None
    fps: float | None = None
    audio: NDArray[Any] | None = None
    sample_rate: int | None = None
    landmarks: NDArray[Any] | None = None
    positions: tuple[int, ...] | None = None
    length: int | None = None
    scored: tuple[int, ...] | None = None

    @property
    def count(self) -> int:
        """T, the number of frames; of a stored clip without reading one."""
        return len(self.frames)

    def take(self, places: Sequence[int]) -> NDArray[Any]:
        """(len(places), H, W, 3) uint8: the frames at these places; a stored clip reads no other.

        Args:
            places: among `frames`, in any order, perhaps repeated.
        """
        taken: NDArray[Any] = self.frames[[int(place) for place in places]]
        return taken

    def scored_frames(self) -> NDArray[Any]:
        """(S, H, W, 3) uint8: the frames that the setting scores."""
        return self.frames if self.scored is None else self.take(self.scored)


@dataclass(frozen=True, slots=True)
class Face:
    """Where a face is in one frame, in pixels of the original; it may reach over the border.

    Args:
        landmarks: (68, 2) float32, x then y, continuous pixel coordinates, where known.
    """

    left: float
    top: float
    right: float
    bottom: float
    landmarks: NDArray[Any] | None = None


@dataclass(frozen=True, slots=True)
class FaceQuery:
    """Frames of one item in which a detector looks for the face, and what is known already.

    Args:
        frames: one (H, W, 3) uint8 array per frame; sizes may differ.
        positions: their places inside the item.
        landmarks: (T, 68, 2) of these frames, from the dataset or `--landmarks`, or None.
        boxes: (left, top, side) of these frames from `--boxes`, or None without that file.
    """

    item: Item
    positions: Sequence[int]
    frames: Sequence[NDArray[Any]]
    landmarks: NDArray[Any] | None = None
    boxes: Sequence[tuple[float, float, float] | None] | None = None


class Clips(Protocol):
    """A lazy, indexable, countable collection of clips; equal `key` means equal content."""

    @property
    def key(self) -> str: ...
    @property
    def ids(self) -> Sequence[str]: ...
    @property
    def labels(self) -> Sequence[str | None]: ...
    @property
    def subjects(self) -> Sequence[str | None]: ...
    def __len__(self) -> int: ...
    def __getitem__(self, index: int, /) -> Clip: ...
    def __iter__(self) -> Iterator[Clip]: ...


@dataclass(frozen=True, slots=True)
class TranslationData:
    """What a translator is fitted on: training subjects of one fold only.

    Args:
        source: visible clips. target: clips of the target domain, their labels always hidden.
        pairs: (index into source, index into target) of clips that show the same moment.
        source_domain, target_domain: such as `vis` and `nir`.
        weak_pairs: pairs are of one sequence but not frame-aligned.
    """

    source: Clips
    target: Clips
    pairs: Sequence[tuple[int, int]]
    source_domain: str
    target_domain: str
    weak_pairs: bool = False

    @property
    def key(self) -> str:
        return f"{self.source.key}+{self.target.key}"


@dataclass(frozen=True, slots=True)
class TrainingData:
    """What a recognizer is fitted on: training subjects of one fold only.

    Args:
        source: labelled clips of the source domain, translated or not; may be empty.
        target: labelled clips of the target domain; may be empty.
        unlabelled: target clips without labels; empty unless the setting grants them.
        validation: carved from the training subjects; empty unless the setting grants it.
        classes: canonical names in the order of the scores' columns.
    """

    source: Clips
    target: Clips
    unlabelled: Clips
    validation: Clips
    classes: tuple[str, ...]

    @property
    def key(self) -> str:
        return "+".join(c.key for c in (self.source, self.target, self.unlabelled, self.validation))


@dataclass(frozen=True, slots=True)
class State:
    """What a fitted component is: tensors and JSON scalars, never objects."""

    tensors: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    scalars: Mapping[str, JSON] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Match:
    """How sure a dataset is that a folder is its own (0 to 1), and why."""

    confidence: float
    reason: str


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with a dataset on disk and what is done about it."""

    kind: str
    path: str
    action: str


@dataclass(frozen=True, slots=True)
class ScoreInputs:
    """What a metric may consume; a field is None where the cell has no such thing.

    Every metric of a cell is given the same arrays, so they are read-only views.

    Args:
        labels: (N,) int64 column of the true class. scores: (N, classes) log-probabilities.
        pair_labels, pair_scores, pair_target_scores: the same for the translated test partners and
            for the true partners, in the order of `pairs`.
        pairs: (translated, true) clips of the test subjects.
        features: (source, target) embeddings of the test partners.
        once: `once(name, build)` computes a value one time per score step and keeps it.
        sources: the clips that were translated, in the order of `pairs`.
    """

    classes: tuple[str, ...]
    labels: NDArray[Any]
    scores: Scores | None
    pair_labels: NDArray[Any] | None
    pair_scores: Scores | None
    pair_target_scores: Scores | None
    pairs: Sequence[tuple[Clip, Clip]] | None
    features: tuple[Features, Features] | None
    once: Callable[[str, Callable[[], Any]], Any]
    sources: Sequence[Clip] | None = None

    def __post_init__(self) -> None:
        for name in ("labels", "scores", "pair_labels", "pair_scores", "pair_target_scores"):
            if (array := getattr(self, name)) is not None:
                object.__setattr__(self, name, _read_only(array))
        if self.features is not None:
            source, target = self.features
            object.__setattr__(self, "features", (_read_only(source), _read_only(target)))


def _read_only(array: NDArray[Any]) -> NDArray[Any]:
    view = array.view()
    view.flags.writeable = False
    return view
