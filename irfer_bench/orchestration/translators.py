"""Translators that are ready for a user's own images: fitted by a run, published, or fixed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from irfer_bench.contracts.params import PUBLISHED
from irfer_bench.contracts.values import Clip, TranslationData
from irfer_bench.data.clip_list import GivenClips
from irfer_bench.errors import ContractError, UsageError, plugin_errors
from irfer_bench.experiment.graph import Step
from irfer_bench.experiment.methods import Method, resolve_method
from irfer_bench.experiment.steps import Translate
from irfer_bench.home import check_device, pick_device, pick_precision
from irfer_bench.orchestration.loading import load_method
from irfer_bench.orchestration.wanted import Wanted, read_wanted_record

if TYPE_CHECKING:
    from irfer_bench.engine.runner import Runner
    from irfer_bench.orchestration.session import Session

ROLE: Final = "translator"
WEIGHTS = "weights"
"""Parameter of the translators that read a published checkpoint in the place of training."""


KEYS: Final = "_keys"
"""End of the name of a report on a checkpoint's tensors, after the parameter that names it."""


@dataclass(frozen=True)
class ReadyTranslator:
    """A translator that can translate, and the step in whose context it does.

    Attributes:
        notes: how the tensors of published checkpoints fitted.
    """

    method: Method
    step: Step
    instance: Any
    runner: Runner
    notes: tuple[str, ...] = ()

    def translate(self, clips: Sequence[Clip]) -> Iterator[Clip]:
        """One translated clip per clip, of the same id and shape; frames are uint8.

        Raises:
            ContractError: the translator returned something else. CellError: it raised.
        """
        name, context = self.method.name, self.runner.context(self.step)
        context.set_threads()
        with plugin_errors(name):
            made = list(self.instance.translate(GivenClips(clips), context))
        if [clip.id for clip in made] != [clip.id for clip in clips]:
            raise ContractError(f"{name} returned {len(made)} other clips for {len(clips)}")
        for before, clip in zip(clips, made, strict=True):
            if clip.frames.shape != before.frames.shape or clip.frames.dtype != "uint8":
                raise ContractError(
                    f"{name}: {clip.id} came back as {clip.frames.dtype} {clip.frames.shape}, "
                    f"not uint8 {before.frames.shape}"
                )
        yield from made


def open_translator(session: Session, wanted: Wanted) -> ReadyTranslator:
    """The translator that the user asked for, fitted or read from a file.

    Raises:
        UsageError: it has to be fitted and is not, or options contradict each other.
        MissingError: its weights, or what the record left in the store, are not here.
        DamagedError: the checkpoint is of another network.
    """
    check_device(wanted.device)
    device = pick_device(wanted.device)
    if wanted.record is not None:
        return _fitted(session, wanted, wanted.record, device)
    if not wanted.method:
        raise UsageError("no translator is named", "say --translator NAME, or --from RECORD")
    method = _resolved(session, wanted)
    if method.traits["partners"]:
        raise UsageError(f"{method.name} needs the true partner of every image")
    runner = session.runner(device, pick_precision("auto", device))
    spec = Translate(
        **method.identity("apply"), part="all", spectrum=None, fold=0, seed=0,
        precision=runner.precision,
    )  # fmt: skip
    step = Step(f"translate by {method.name}", spec, method=method)
    instance = session.registry.create(method.component, method.params)
    if getattr(method.params, WEIGHTS, ""):
        none: Any = _NoImages(method)  # neither images nor pairs of them
        context = runner.context(step)
        instance.fit(TranslationData(none, none, none, "vis", "nir"), context)
        notes = tuple(
            f"{name.removesuffix(KEYS)}: {value}"
            for name, value in context.reports.items() if name.endswith(KEYS)
        )  # fmt: skip
        return ReadyTranslator(method, step, instance, runner, notes)
    if method.traits["trains"] and not method.traits["adds_nothing"]:
        raise UsageError(
            f"{method.name} has to be fitted first",
            "say --from RECORD, a record of a run with it"
            + _or(method.params.without_fit),
        )
    return ReadyTranslator(method, step, instance, runner)


def _fitted(
    session: Session, wanted: Wanted, record: Path, device: str
) -> ReadyTranslator:
    found, used = read_wanted_record(wanted, record, ROLE)
    method, step, instance, runner = load_method(
        session, found, ROLE, device, wanted.given(ROLE, used)
    )
    if method.traits["partners"]:
        raise UsageError(f"{method.name} needs the true partner of every image")
    return ReadyTranslator(method, step, instance, runner)


def _resolved(session: Session, wanted: Wanted) -> Method:
    given, name = wanted.given(ROLE, wanted.method), wanted.method
    if wanted.weights:
        given[WEIGHTS] = wanted.weights
        component = session.registry.owner(ROLE, name.partition("@")[0]).component
        if WEIGHTS not in session.registry.params_class(component).__struct_fields__:
            raise UsageError(f"{name} reads no published weights", "leave --weights out")
    return resolve_method(
        session.registry, ROLE, name, preset=wanted.preset or "paper", given=given,
        weights=session.weights,
    )  # fmt: skip


def _or(words: str) -> str:
    return f", or {words}" if words else ""


class _NoImages(Sequence[Clip]):
    """Training images that are not there: reading them is refused."""

    key = "no images"

    def __init__(self, method: Method) -> None:
        self._method = method

    def _refuse(self) -> UsageError:
        words = self._method.params.without_fit
        return UsageError(
            f"{self._method.name} is trained on images beside its checkpoint",
            "fit it by irfer-bench run, and say --from RECORD"
            + _or(words if words != PUBLISHED else ""),
        )

    def __len__(self) -> int:
        raise self._refuse()

    def __getitem__(self, index: Any) -> Any:
        raise self._refuse()

    def __iter__(self) -> Iterator[Clip]:
        raise self._refuse()

    @property
    def ids(self) -> Sequence[str]:
        raise self._refuse()

    @property
    def labels(self) -> Sequence[str | None]:
        raise self._refuse()

    @property
    def subjects(self) -> Sequence[str | None]:
        raise self._refuse()
