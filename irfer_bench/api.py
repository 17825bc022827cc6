"""The only module a plugin imports.

What announcing needs is here at once; the module of every other name is imported when the name is
first asked for, so that a plugin's hook module stays light.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from irfer_bench.contracts.component import (
    BASIC as BASIC,
    CLASSES as CLASSES,
    Component as Component,
    Spectrum as Spectrum,
    Traits as Traits,
)
from irfer_bench.contracts.hookspecs import hookimpl as hookimpl

if TYPE_CHECKING:
    from irfer_bench.contracts.context import Context as Context
    from irfer_bench.contracts.explanations import (
        Course as Course,
        NearestWords as NearestWords,
        Regions as Regions,
    )
    from irfer_bench.contracts.interfaces import (
        Dataset as Dataset,
        Detector as Detector,
        Embedder as Embedder,
        Explainer as Explainer,
        Exporter as Exporter,
        FaceLister as FaceLister,
        FrameTaker as FrameTaker,
        Metric as Metric,
        PartnerTranslator as PartnerTranslator,
        PlainEmbedder as PlainEmbedder,
        PredictorEmbedder as PredictorEmbedder,
        Recognizer as Recognizer,
        SummableMetric as SummableMetric,
        TrainedReader as TrainedReader,
        Translator as Translator,
        WordExplainer as WordExplainer,
    )
    from irfer_bench.contracts.job import (
        Executor as Executor,
        Host as Host,
        Job as Job,
        JobResult as JobResult,
        Resources as Resources,
    )
    from irfer_bench.contracts.params import Params as Params, apply as apply, fit as fit
    from irfer_bench.contracts.record import Outcome as Outcome, Record as Record
    from irfer_bench.contracts.values import (
        Clip as Clip,
        Clips as Clips,
        Face as Face,
        FaceQuery as FaceQuery,
        Features as Features,
        Item as Item,
        Match as Match,
        Problem as Problem,
        ScoreInputs as ScoreInputs,
        Scores as Scores,
        State as State,
        TrainingData as TrainingData,
        TranslationData as TranslationData,
    )
    from irfer_bench.data.audio import decode_audio as decode_audio
    from irfer_bench.data.fingerprint import content_digest as content_digest
    from irfer_bench.data.image_files import (
        UnreadableImageError as UnreadableImageError,
        decode_image as decode_image,
        open_image as open_image,
        why as why,
    )
    from irfer_bench.data.image_suffixes import IMAGE_SUFFIXES as IMAGE_SUFFIXES
    from irfer_bench.data.sheets import plain_cell as plain_cell
    from irfer_bench.data.trees.annotations import (
        Annotation as Annotation,
        open_annotation as open_annotation,
    )
    from irfer_bench.data.trees.clip_files import (
        CLIP_PATH as CLIP_PATH,
        FRAME_PATH as FRAME_PATH,
        SOUND_PATH as SOUND_PATH,
        VIDEO_PATH as VIDEO_PATH,
        VIDEO_SUFFIXES as VIDEO_SUFFIXES,
        clip_number as clip_number,
        frame_number as frame_number,
        probe_videos as probe_videos,
        read_clip_frames as read_clip_frames,
    )
    from irfer_bench.data.trees.clips import ClipFrames as ClipFrames, VideoClips as VideoClips
    from irfer_bench.data.trees.counts import (
        compare_count as compare_count,
        compare_labels as compare_labels,
        compare_list as compare_list,
        compare_splits as compare_splits,
        label_digest as label_digest,
    )
    from irfer_bench.data.trees.fold_lists import (
        Assigned as Assigned,
        FoldList as FoldList,
        FoldPaths as FoldPaths,
        ListedClip as ListedClip,
        ListSide as ListSide,
        choose_fold_lists as choose_fold_lists,
        merge_fold_lists as merge_fold_lists,
        name_labels as name_labels,
        numbered_list_rows as numbered_list_rows,
        read_fold_lists as read_fold_lists,
    )
    from irfer_bench.data.trees.folds import (
        cut_folds as cut_folds,
        every_fifth as every_fifth,
        few_subjects as few_subjects,
        own_folds as own_folds,
        read_folds as read_folds,
        split_fold as split_fold,
    )
    from irfer_bench.data.trees.images import (
        read_image as read_image,
        read_images as read_images,
        stack_images as stack_images,
    )
    from irfer_bench.data.trees.labelled import LabelledStills as LabelledStills
    from irfer_bench.data.trees.labels import canonical as canonical, nearest as nearest
    from irfer_bench.data.trees.official import (
        DatasetCopy as DatasetCopy,
        OfficialDataset as OfficialDataset,
        SplitDataset as SplitDataset,
        choose_copy as choose_copy,
        find_copies as find_copies,
        note_other_copies as note_other_copies,
        top_folders as top_folders,
        visible_still as visible_still,
    )
    from irfer_bench.data.trees.patterns import (
        Found as Found,
        Matches as Matches,
        Patterns as Patterns,
    )
    from irfer_bench.data.trees.recorded import (
        Recorded as Recorded,
        SequenceKey as SequenceKey,
        note_absent_sequences as note_absent_sequences,
        read_sequences as read_sequences,
    )
    from irfer_bench.data.trees.stills import Stills as Stills, clip_of as clip_of
    from irfer_bench.data.trees.survey import (
        OTHERS_USED as OTHERS_USED,
        LargeSurvey as LargeSurvey,
        Notes as Notes,
        RefusedRowError as RefusedRowError,
        Survey as Survey,
        VideoSurvey as VideoSurvey,
        note_gaps as note_gaps,
        path_below as path_below,
        read_rows as read_rows,
        relative as relative,
    )
    from irfer_bench.data.trees.video import (
        probe_video as probe_video,
        read_audio_track as read_audio_track,
        read_video as read_video,
    )
    from irfer_bench.data.trees.walk import (
        Tree as Tree,
        few as few,
        inside as inside,
        is_archive as is_archive,
        join as join,
        list_folder as list_folder,
        natural as natural,
        subfolders as subfolders,
        walk as walk,
    )
    from irfer_bench.errors import (
        BenchError as BenchError,
        CellError as CellError,
        ContractError as ContractError,
        DamagedError as DamagedError,
        MissingError as MissingError,
        MissingWeightsError as MissingWeightsError,
        NonFiniteLossError as NonFiniteLossError,
        RefusedError as RefusedError,
        UnavailableError as UnavailableError,
        UsageError as UsageError,
    )
    from irfer_bench.home import private_folder as private_folder
    from irfer_bench.settings.setting import Domain as Domain, Setting as Setting
    from irfer_bench.statistics.board import Board as Board
    from irfer_bench.store.files import atomic_file as atomic_file

_HOMES = {
    "contracts.context": "Context",
    "contracts.explanations": "Course NearestWords Regions",
    "contracts.interfaces": (
        "Dataset Detector Embedder Explainer Exporter FaceLister FrameTaker Metric "
        "PartnerTranslator PlainEmbedder PredictorEmbedder Recognizer SummableMetric "
        "TrainedReader Translator WordExplainer"
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
__all__ = ["BASIC", "CLASSES", "Component", "Spectrum", "Traits", "hookimpl", *_HOME_OF]


def __getattr__(name: str) -> Any:
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = getattr(import_module(f"irfer_bench.{_HOME_OF[name]}"), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
