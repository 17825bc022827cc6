"""The only module a plugin imports."""

from irfer_bench.data.content import content_digest
from irfer_bench.errors import (
    BenchError,
    CellError,
    ContractError,
    DamagedError,
    MissingError,
    MissingWeightsError,
    NonFiniteLossError,
    RefusedError,
    UnavailableError,
    UsageError,
)
from irfer_bench.hookspecs import hookimpl
from irfer_bench.params import Params, apply, fit
from irfer_bench.protocols import Dataset, Metric, Recognizer, Translator
from irfer_bench.settings import Domain, Setting
from irfer_bench.values import (
    BASIC,
    CLASSES,
    Clip,
    Clips,
    Component,
    Context,
    Features,
    Item,
    Problem,
    Recognition,
    ScoreInputs,
    Scores,
    Spectrum,
    State,
    TrainingData,
    TranslationData,
)

__all__ = [
    "hookimpl", "Component", "Params", "fit", "apply",
    "Translator", "Recognizer", "Dataset", "Metric", "Setting", "Domain",
    "Item", "Clip", "Clips", "State", "Context", "TranslationData", "TrainingData", "ScoreInputs",
    "Recognition", "Problem", "Scores", "Features", "Spectrum", "BASIC", "CLASSES",
    "content_digest",
    "BenchError", "CellError", "ContractError", "DamagedError", "MissingError",
    "MissingWeightsError", "NonFiniteLossError", "RefusedError", "UnavailableError", "UsageError",
]
