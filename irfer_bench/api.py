"""The only module a plugin imports."""

from typing import TYPE_CHECKING, Any

from irfer_bench.contracts.hookspecs import hookimpl
from irfer_bench.contracts.interfaces import (
    Dataset,
    Detector,
    Embedder,
    Metric,
    PartnerTranslator,
    PredictorEmbedder,
    Recognizer,
    SummableMetric,
    Translator,
)
from irfer_bench.contracts.job import Executor, Host, Job, JobResult, Resources
from irfer_bench.contracts.params import Params, apply, fit
from irfer_bench.contracts.record import Outcome, Record
from irfer_bench.contracts.values import (
    BASIC,
    CLASSES,
    Clip,
    Clips,
    Component,
    Context,
    Face,
    FaceQuery,
    Features,
    Item,
    Match,
    Problem,
    ScoreInputs,
    Scores,
    Spectrum,
    State,
    TrainingData,
    Traits,
    TranslationData,
)
from irfer_bench.data.fingerprint import content_digest
from irfer_bench.data.image_suffixes import IMAGE_SUFFIXES
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
from irfer_bench.home import private_folder
from irfer_bench.settings.setting import Domain, Setting
from irfer_bench.store.files import atomic_file

if TYPE_CHECKING:
    from irfer_bench.statistics.board import Board


def __getattr__(name: str) -> Any:
    if name == "Board":  # its module imports numpy, which announcing plugins need not
        from irfer_bench.statistics.board import Board

        return Board
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


__all__ = [
    "hookimpl",
    "Component",
    "Traits",
    "Params",
    "fit",
    "apply",
    "Translator",
    "Recognizer",
    "Dataset",
    "Metric",
    "Detector",
    "PartnerTranslator",
    "Embedder",
    "PredictorEmbedder",
    "SummableMetric",
    "Setting",
    "Domain",
    "Item",
    "Clip",
    "Clips",
    "Face",
    "FaceQuery",
    "State",
    "Context",
    "TranslationData",
    "TrainingData",
    "ScoreInputs",
    "Match",
    "Problem",
    "Scores",
    "Features",
    "Spectrum",
    "Job",
    "JobResult",
    "Resources",
    "Host",
    "Executor",
    "Outcome",
    "Record",
    "Board",
    "BASIC",
    "CLASSES",
    "IMAGE_SUFFIXES",
    "content_digest",
    "private_folder",
    "atomic_file",
    "BenchError",
    "CellError",
    "ContractError",
    "DamagedError",
    "MissingError",
    "MissingWeightsError",
    "NonFiniteLossError",
    "RefusedError",
    "UnavailableError",
    "UsageError",
]
