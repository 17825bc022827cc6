"""Figures of a cell in the results folder; faces only where explicitly allowed."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from irfer_bench.store.files import atomic_file, clear_write_errors
from irfer_bench.store.records import path_of

if TYPE_CHECKING:
    from PIL import Image

    from irfer_bench.contracts.record import Record
    from irfer_bench.experiment.graph import Step
    from irfer_bench.experiment.plan import PlannedCell
    from irfer_bench.registry import Registry
    from irfer_bench.store.artefacts import Store

NOTE = "DO_NOT_PUBLISH.txt"
MANY = 12
"""Cells up to which a run draws figures; `irfer-bench show RECORD --figures` draws one cell's."""


def figures_wanted(cells: int, allowed: Sequence[str]) -> bool:
    """Whether a run draws: not where `IRFER_BENCH_FIGURES` is `none`, nor for a large grid.

    Args:
        cells: of the run. allowed: datasets whose faces were asked for, which are always drawn.
    """
    if os.environ.get("IRFER_BENCH_FIGURES") == "none":
        return False
    return cells <= MANY or bool(allowed)


def draw_cell(
    planned: PlannedCell,
    record: Record,
    registry: Registry,
    store: Store,
    out: Path,
    allowed: Sequence[str],
) -> list[Path]:
    """Draw the figures of a cell and, where allowed, its faces; returns what was written."""
    folder = out / "images" / record.cell.setting
    with clear_write_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
        written = draw_record(record, out, folder)
        stem = folder / _stem(out, record)
        translated = planned.score.inputs.get("translated")
        dataset = planned.cell.setting.dataset
        if translated is None or _is_drawn(stem):
            return written
        private = _private(planned, registry)
        if private and dataset not in allowed:
            return written
        if private:
            folder = make_private(folder / "faces", dataset)
        target = folder / stem.name
        if not _is_drawn(target):
            written += _draw_faces(planned, record, store, out, target)
    return written


def make_private(folder: Path, dataset: str) -> Path:
    """A folder for faces of people, which only this user may enter; it says so."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    (folder / NOTE).write_text(
        f"Faces of {dataset}: not to be published unless your licence says otherwise.\n"
    )
    return folder


def draw_record(record: Record, out: Path, folder: Path) -> list[Path]:
    """Draw what follows from a record and its predictions: no image of anybody.

    Args:
        out: the results folder. folder: where the figures go.
    """
    if record.confusion is None:
        return []
    written: list[Path] = []
    stem = folder / _stem(out, record)
    place = stem.with_name(f"{stem.name}.confusion")
    if not _is_drawn(place):
        from irfer_bench.render.figures.confusion import draw_confusion

        written += draw_confusion(record, place)
    place = stem.with_name(f"{stem.name}.recall")
    if not _is_drawn(place):
        from irfer_bench.render.figures.recall import draw_recall
        from irfer_bench.statistics.kept import Reader

        kept = Reader(out).read(record)
        if kept is not None and kept.items is not None:
            written += draw_recall(record, kept.items, place)
    return written


def _stem(out: Path, record: Record) -> str:
    return path_of(out, record.cell, record.key).stem


def _is_drawn(stem: Path) -> bool:
    return all(stem.with_name(f"{stem.name}{suffix}").is_file() for suffix in (".png", ".svg"))


def _private(planned: PlannedCell, registry: Registry) -> bool:
    source = planned.cell.source
    return bool(registry.create(source.component, source.params).private)


def _draw_faces(
    planned: PlannedCell, record: Record, store: Store, out: Path, stem: Path
) -> list[Path]:
    translated = planned.score.inputs["translated"]
    visible = _view(store, translated.inputs["clips"])
    true = _view(store, planned.score.inputs["target"])
    made = _test_part(planned, store, translated)
    return draw_faces(record, visible, made, true, out, stem)


def draw_faces(
    record: Record, visible: Any, made: Any, true: Any, out: Path, stem: Path
) -> list[Path]:
    """Visible, translated and true images of two test items per class, side by side.

    Args:
        visible, true: views of the source and of the target. made: translated test clips.
        out: the results folder, where the scores of single items may lie.
    """
    from irfer_bench.data.subsets import match_pairs
    from irfer_bench.render.figures.sheet import Example, draw_examples

    where_visible = {clip: i for i, clip in enumerate(visible.ids)}
    where_true = dict(match_pairs(made, true))
    scores = _scores(record, out)
    rows = []
    for name in record.classes:
        own = [i for i, label in enumerate(made.labels) if label == name]
        examples = [
            Example(
                _middle(visible[where_visible[made.ids[i]]]),
                _middle(made[i]),
                _middle(true[where_true[i]]) if i in where_true else None,
                scores.get(made.ids[i], ""),
            )
            for i in own[:: max(1, len(own) // 2)][:2]
        ]
        if examples:
            rows.append((name, examples))
    return draw_examples(record, rows, stem)


def _middle(clip: Any) -> Any:
    return clip.take([clip.count // 2])[0]


def _scores(record: Record, out: Path) -> dict[str, str]:
    """PSNR of each translated item, by its id, where it was kept."""
    from irfer_bench.statistics.kept import Reader

    kept = Reader(out).read(record)
    if kept is None:
        return {}
    file = kept.file
    values = file.values.get("psnr") or [
        row[0] / row[1] for row in file.summands.get("psnr", ()) if len(row) == 2 and row[1]
    ]
    if len(values) != len(file.pairs):
        return {}
    return {name: f"{value:.1f} dB" for name, value in zip(file.pairs, values, strict=True)}


def save_image(canvas: Image.Image, path: Path) -> None:
    """Write an image by one rename, so that no partial image is seen."""
    with atomic_file(path) as draft:
        canvas.save(draft, "PNG")


def _test_part(planned: PlannedCell, store: Store, step: Step) -> Any:
    """The clips of the cell's test items, of those that were translated once for all folds."""
    from irfer_bench.experiment.steps import Translate

    view = _view(store, step)
    if not isinstance(step.spec, Translate) or step.spec.part != "all":
        return view
    return pick_test(view, store.folder(step.key), planned.cell.fold)


def pick_test(view: Any, folder: Path, fold: int) -> Any:
    """The test clips of a fold, of an artefact that holds all folds' clips."""
    from irfer_bench.data.subsets import split
    from irfer_bench.store.files import read_json

    return split(view, frozenset(read_json(folder / "folds.json")[fold - 1]), "test")


def _view(store: Store, step: Step) -> Any:
    from irfer_bench.data.clips import StoredClips
    from irfer_bench.errors import DamagedError

    artefact = store.get(step.key)
    if artefact is None:
        raise DamagedError(f"{step.title} is no longer in the store", "run again")
    return StoredClips(artefact.folder, step.key).view()
