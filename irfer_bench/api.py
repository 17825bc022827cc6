"""The only module a plugin imports.

What announcing needs is here at once; the module of every other name is imported when the name is
first asked for, so that a plugin's hook module stays light.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from irfer_bench.contracts.component import BASIC, CLASSES, Component, Spectrum, Traits
from irfer_bench.contracts.hookspecs import hookimpl

if TYPE_CHECKING:
    from irfer_bench.contracts.context import Context
    from irfer_bench.contracts.interfaces import (
        Dataset,
        Detector,
        Embedder,
        Explainer,
        Exporter,
        FaceLister,
        Metric,
        PartnerTranslator,
        PlainEmbedder,
        PredictorEmbedder,
        Recognizer,
        SummableMetric,
        TrainedReader,
        Translator,
        WordExplainer,
    )
    from irfer_bench.contracts.job import Executor, Host, Job, JobResult, Resources
    from irfer_bench.contracts.params import Params, apply, fit
    from irfer_bench.contracts.record import Outcome, Record
    from irfer_bench.contracts.values import (
        Clip,
        Clips,
        Course,
        Face,
        FaceQuery,
        Features,
        Item,
        Match,
        NearestWords,
        Problem,
        Regions,
        ScoreInputs,
        Scores,
        State,
        TrainingData,
        TranslationData,
    )
    from irfer_bench.data.fingerprint import content_digest
    from irfer_bench.data.image_files import UnreadableImageError, decode_image, open_image, why
    from irfer_bench.data.image_suffixes import IMAGE_SUFFIXES
    from irfer_bench.data.sound import decode_sound
    from irfer_bench.data.trees.annotations import (
        Annotation,
        open_annotation,
        read_sheet,
        unread_sheet,
    )
    from irfer_bench.data.trees.folds import every_fifth, few_subjects, split_fold
    from irfer_bench.data.trees.images import read_image, read_images, stack_images
    from irfer_bench.data.trees.labelled import LabelledStills
    from irfer_bench.data.trees.labels import canonical, nearest
    from irfer_bench.data.trees.patterns import Found, Matches, Patterns
    from irfer_bench.data.trees.stills import Stills, clip_of
    from irfer_bench.data.trees.survey import (
        Notes,
        RefusedRowError,
        Survey,
        note_gaps,
        relative,
    )
    from irfer_bench.data.trees.walk import (
        Tree,
        few,
        is_archive,
        join,
        list_folder,
        natural,
        walk,
    )
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
    from irfer_bench.statistics.board import Board
    from irfer_bench.store.files import atomic_file

_HOMES = {
    "contracts.context": "Context",
    "contracts.interfaces": (
        "Dataset Detector Embedder Explainer Exporter FaceLister Metric PartnerTranslator "
        "PlainEmbedder PredictorEmbedder Recognizer SummableMetric TrainedReader Translator "
        "WordExplainer"
    ),
    "contracts.job": "Executor Host Job JobResult Resources",
    "contracts.params": "Params apply fit",
    "contracts.record": "Outcome Record",
    "contracts.values": (
        "Clip Clips Course Face FaceQuery Features Item Match NearestWords Problem Regions "
        "ScoreInputs Scores State TrainingData TranslationData"
    ),
    "data.fingerprint": "content_digest",
    "data.image_files": "UnreadableImageError decode_image open_image why",
    "data.image_suffixes": "IMAGE_SUFFIXES",
    "data.sound": "decode_sound",
    "data.trees.annotations": "Annotation open_annotation read_sheet unread_sheet",
    "data.trees.folds": "every_fifth few_subjects split_fold",
    "data.trees.images": "read_image read_images stack_images",
    "data.trees.labelled": "LabelledStills",
    "data.trees.labels": "canonical nearest",
    "data.trees.patterns": "Found Matches Patterns",
    "data.trees.stills": "Stills clip_of",
    "data.trees.survey": "Notes RefusedRowError Survey note_gaps relative",
    "data.trees.walk": "Tree few is_archive join list_folder natural walk",
    "errors": (
        "BenchError CellError ContractError DamagedError MissingError MissingWeightsError "
        "NonFiniteLossError RefusedError UnavailableError UsageError"
    ),
    "home": "private_folder",
    "settings.setting": "Domain Setting",
    "statistics.board": "Board",
    "store.files": "atomic_file",
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names.split()}


def __getattr__(name: str) -> Any:
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = getattr(import_module(f"irfer_bench.{_HOME_OF[name]}"), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


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
    "PlainEmbedder",
    "Explainer",
    "WordExplainer",
    "TrainedReader",
    "Exporter",
    "FaceLister",
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
    "Regions",
    "Course",
    "NearestWords",
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
    "UnreadableImageError",
    "decode_image",
    "open_image",
    "decode_sound",
    "why",
    "content_digest",
    "Annotation",
    "open_annotation",
    "read_sheet",
    "unread_sheet",
    "every_fifth",
    "few_subjects",
    "split_fold",
    "read_image",
    "read_images",
    "stack_images",
    "LabelledStills",
    "canonical",
    "nearest",
    "Found",
    "Matches",
    "Patterns",
    "Stills",
    "clip_of",
    "Notes",
    "RefusedRowError",
    "Survey",
    "note_gaps",
    "relative",
    "Tree",
    "few",
    "is_archive",
    "join",
    "list_folder",
    "natural",
    "walk",
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
