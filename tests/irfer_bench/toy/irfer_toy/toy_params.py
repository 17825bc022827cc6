"""Parameters of the toy's components."""

from typing import Annotated, ClassVar, Literal

from irfer_bench.api import Params, apply, fit


class ToyParams(Params, frozen=True, kw_only=True):
    needs_root: ClassVar[bool] = False
    subjects: Annotated[int, fit("people", ge=2, le=1000)] = 10


class RawParams(Params, frozen=True, kw_only=True):
    """No parameters."""


class ShiftParams(Params, frozen=True, kw_only=True):
    presets: ClassVar = {"quick": {"steps": 2}, "bench": {"steps": 4}}
    variants: ClassVar = {"strong": {"gain": 2.0}}
    steps: Annotated[int, fit("passes over the pairs", ge=1, le=100)] = 8
    kind: Annotated[Literal["mean", "median"], fit("which middle")] = "mean"
    gain: Annotated[float, apply("how much of the shift", ge=0, le=10)] = 1.0


class PartnerParams(Params, frozen=True, kw_only=True):
    """No parameters."""


class MeansParams(Params, frozen=True, kw_only=True):
    presets: ClassVar = {"quick": {"passes": 3}}
    passes: Annotated[int, fit("passes over the clips", ge=1)] = 5
    sharpness: Annotated[float, apply("of the probabilities", gt=0)] = 1.0


class BrokenParams(MeansParams, frozen=True, kw_only=True):
    how: Annotated[
        Literal[
            "raise", "shape", "nan", "write", "oserror", "exit", "print", "sleep", "memory", "die",
            "spawn", "descriptors",
        ],
        fit("what it does"),
    ] = "raise"
