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
    from irfer_bench.contracts.explanations import Course, NearestWords, Regions
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
    from irfer_bench.data.audio import decode_audio
    from irfer_bench.data.fingerprint import content_digest
    from irfer_bench.data.image_files import UnreadableImageError, decode_image, open_image, why
    from irfer_bench.data.image_suffixes import IMAGE_SUFFIXES
    from irfer_bench.data.sheets import plain_cell
    from irfer_bench.data.trees.annotations import Annotation, open_annotation
    from irfer_bench.data.trees.clip_files import (
        CLIP_PATH,
        FRAME_PATH,
        SOUND_PATH,
        VIDEO_PATH,
        VIDEO_SUFFIXES,
        clip_number,
        frame_number,
        probe_videos,
        read_clip_frames,
    )
    from irfer_bench.data.trees.clips import ClipFrames, VideoClips
    from irfer_bench.data.trees.counts import (
        compare_count,
        compare_labels,
        compare_list,
        compare_splits,
        label_digest,
    )
    from irfer_bench.data.trees.fold_lists import (
        Assigned,
        FoldList,
        FoldPaths,
        ListedClip,
        ListSide,
        choose_fold_lists,
        merge_fold_lists,
        name_labels,
        numbered_list_rows,
        read_fold_lists,
    )
    from irfer_bench.data.trees.folds import (
        cut_folds,
        every_fifth,
        few_subjects,
        own_folds,
        read_folds,
        split_fold,
    )
    from irfer_bench.data.trees.images import read_image, read_images, stack_images
    from irfer_bench.data.trees.labelled import LabelledStills
    from irfer_bench.data.trees.labels import canonical, nearest
    from irfer_bench.data.trees.official import (
        DatasetCopy,
        OfficialDataset,
        SplitDataset,
        choose_copy,
        find_copies,
        note_other_copies,
        top_folders,
        visible_still,
    )
    from irfer_bench.data.trees.patterns import Found, Matches, Patterns
    from irfer_bench.data.trees.recorded import (
        Recorded,
        SequenceKey,
        note_absent_sequences,
        read_sequences,
    )
    from irfer_bench.data.trees.stills import Stills, clip_of
    from irfer_bench.data.trees.survey import (
        OTHERS_USED,
        LargeSurvey,
        Notes,
        RefusedRowError,
        Survey,
        VideoSurvey,
        note_gaps,
        path_below,
        read_rows,
        relative,
    )
    from irfer_bench.data.trees.video import probe_video, read_audio_track, read_video
    from irfer_bench.data.trees.walk import (
        Tree,
        few,
        inside,
        is_archive,
        join,
        list_folder,
        natural,
        subfolders,
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
    "contracts.explanations": "Course NearestWords Regions",
    "contracts.interfaces": (
        "Dataset Detector Embedder Explainer Exporter FaceLister Metric PartnerTranslator "
        "PlainEmbedder PredictorEmbedder Recognizer SummableMetric TrainedReader Translator "
        "WordExplainer"
    ),
    "contracts.job": "Executor Host Job JobResult Resources",
    "contracts.params": "Params apply fit",
    "contracts.record": "Outcome Record",
    "contracts.values": (
        "Clip Clips Face FaceQuery Features Item Match Problem "
        "ScoreInputs Scores State TrainingData TranslationData"
    ),
    "data.fingerprint": "content_digest",
    "data.image_files": "UnreadableImageError decode_image open_image why",
    "data.image_suffixes": "IMAGE_SUFFIXES",
    "data.audio": "decode_audio",
    "data.sheets": "plain_cell",
    "data.trees.annotations": "Annotation open_annotation",
    "data.trees.images": "read_image read_images stack_images",
    "data.trees.labelled": "LabelledStills",
    "data.trees.labels": "canonical nearest",
    "data.trees.patterns": "Found Matches Patterns",
    "data.trees.stills": "Stills clip_of",
    "data.trees.clip_files": (
        "CLIP_PATH FRAME_PATH SOUND_PATH VIDEO_PATH VIDEO_SUFFIXES clip_number frame_number "
        "probe_videos read_clip_frames"
    ),
    "data.trees.clips": "ClipFrames VideoClips",
    "data.trees.counts": "compare_count compare_labels compare_list compare_splits label_digest",
    "data.trees.fold_lists": (
        "Assigned FoldList FoldPaths ListSide ListedClip "
        "choose_fold_lists merge_fold_lists name_labels numbered_list_rows read_fold_lists"
    ),
    "data.trees.folds": "cut_folds every_fifth few_subjects own_folds read_folds split_fold",
    "data.trees.official": (
        "DatasetCopy OfficialDataset SplitDataset choose_copy find_copies note_other_copies "
        "top_folders "
        "visible_still"
    ),
    "data.trees.recorded": "Recorded SequenceKey note_absent_sequences read_sequences",
    "data.trees.survey": (
        "OTHERS_USED LargeSurvey Notes RefusedRowError "
        "Survey VideoSurvey note_gaps path_below read_rows relative"
    ),
    "data.trees.video": "probe_video read_audio_track read_video",
    "data.trees.walk": "Tree few inside is_archive join list_folder natural subfolders walk",
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
    "decode_audio",
    "why",
    "content_digest",
    "Annotation",
    "open_annotation",
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
    "path_below",
    "read_rows",
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
    "CLIP_PATH",
    "FRAME_PATH",
    "SOUND_PATH",
    "VIDEO_PATH",
    "clip_number",
    "frame_number",
    "probe_videos",
    "read_clip_frames",
    "ClipFrames",
    "VideoClips",
    "compare_count",
    "compare_labels",
    "compare_list",
    "compare_splits",
    "label_digest",
    "Assigned",
    "FoldList",
    "FoldPaths",
    "ListSide",
    "ListedClip",
    "choose_fold_lists",
    "merge_fold_lists",
    "name_labels",
    "numbered_list_rows",
    "read_fold_lists",
    "cut_folds",
    "own_folds",
    "read_folds",
    "DatasetCopy",
    "OfficialDataset",
    "SplitDataset",
    "choose_copy",
    "find_copies",
    "note_other_copies",
    "visible_still",
    "top_folders",
    "Recorded",
    "SequenceKey",
    "note_absent_sequences",
    "read_sequences",
    "OTHERS_USED",
    "LargeSurvey",
    "VideoSurvey",
    "VIDEO_SUFFIXES",
    "probe_video",
    "read_audio_track",
    "read_video",
    "inside",
    "plain_cell",
    "subfolders",
]
