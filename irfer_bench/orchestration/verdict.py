"""Which settings a copy of a dataset can run, found by planning each of them."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from irfer_bench.errors import BenchError, MissingError
from irfer_bench.experiment.methods import Method, resolve_method
from irfer_bench.experiment.planner import Planner
from irfer_bench.experiment.request import Request
from irfer_bench.experiment.requirements import Requirements
from irfer_bench.settings.kinds import protocol_of
from irfer_bench.settings.setting import Setting

if TYPE_CHECKING:
    from irfer_bench.data.manifest import Manifest
    from irfer_bench.registry import Registry

PRESET = "quick"


@dataclass(frozen=True)
class SettingVerdict:
    """What a copy can do in one setting.

    Args:
        folds: that can be run. of: how many the setting has.
        reason: why the others cannot. exit_code: of `plan` and `run` then.
        options: with which a first run works.
    """

    setting: str
    folds: tuple[int, ...]
    of: int
    reason: str = ""
    exit_code: int = 0
    options: tuple[str, ...] = ()


@dataclass
class Judge:
    """Judges the settings of a dataset with methods that need no pretrained file and no fit.

    Args:
        roots: folder per dataset. params: of the dataset, as given.
        manifests: of datasets whose folders were read just now.
    """

    registry: Registry
    home: Path
    weights: Path
    roots: Mapping[str, str]
    params: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    manifests: Mapping[str, Manifest] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._planner = Planner(
            self.registry, self.home, self.weights, scan=True, manifests=self.manifests
        )
        self._requirements = Requirements(self.registry, self.weights)
        self._plain = self._translator(adds_nothing=True)
        self._effective = self._translator(adds_nothing=False)
        self._recognizer = self._find_recognizer()

    def judge(self, dataset: str) -> list[SettingVerdict]:
        """A verdict on every setting of a dataset, in their order."""
        return [self._judge(setting) for setting in self.registry.settings_of(dataset)]

    def _judge(self, setting: Setting) -> SettingVerdict:
        protocol = protocol_of(setting)
        translator = self._plain if protocol.fitting == "unused" else self._effective
        recognizers = () if protocol.judged else (self._recognizer,)
        request = Request(
            settings=(setting.name,),
            translators=(translator,),
            recognizers=recognizers,
            preset=PRESET,
            folds="all",
            data_roots=dict(self.roots),
            params={name: dict(given) for name, given in self.params.items()},
            device="cpu",
        )
        folds: list[int] = []
        failed: BenchError | None = None
        try:
            for planned in self._planner.plan([request]).cells:
                try:
                    for step in planned.score.walk():
                        self._requirements.check(step)
                    folds.append(planned.cell.fold)
                except BenchError as error:
                    failed = failed or error
        except BenchError as error:
            failed = error
        words = ["-s", setting.name]
        words += [] if translator == self._plain else ["-t", translator]
        words += [word for name in recognizers for word in ("-r", name)]
        words += ["--preset", PRESET]
        words += ["--fold", str(folds[0])] if folds and folds[0] != 1 else []
        return SettingVerdict(
            setting.name,
            tuple(folds),
            setting.folds,
            "" if failed is None else _why(failed),
            0 if failed is None else failed.exit_code,
            tuple(words),
        )

    def _translator(self, *, adds_nothing: bool) -> str:
        for component in self.registry.components("translator"):
            traits = self._method("translator", component.name).traits
            if not (traits["trains"] or traits["partners"]) and (
                traits["adds_nothing"] == adds_nothing
            ):
                return component.name
        raise MissingError("no translator works without a fit", "irfer-bench doctor")

    def _find_recognizer(self) -> str:
        """The first that reads no pretrained file; else the first that finds its own."""
        able: list[str] = []
        for component in self.registry.components("recognizer"):
            try:
                method = self._method("recognizer", component.name)
            except BenchError:
                continue
            if method.traits["modality"] != "image":
                continue
            able.append(component.name)
            if not method.inputs:
                return component.name
        if not able:
            raise MissingError("no recognizer works without further files", "irfer-bench doctor")
        return able[0]

    def _method(self, kind: Any, name: str) -> Method:
        return resolve_method(
            self.registry, kind, name, preset=PRESET, given={}, weights=self.weights
        )


def next_command(
    dataset: str, verdicts: Sequence[SettingVerdict], roots: Mapping[str, str]
) -> str:
    """The command that a user should try next: a first run, or the check again."""
    words = [f"--data-root {name}={shlex.quote(path)}" for name, path in roots.items()]
    for verdict in verdicts:
        if verdict.folds:
            return " ".join(("irfer-bench run", *verdict.options, *words))
    return " ".join((f"irfer-bench data check {dataset}", *words))


def _why(error: BenchError) -> str:
    """The reason and the remedy, but for the advice to look at the data."""
    return error.message if "irfer-bench data" in error.hint else str(error)
