"""Side-by-side images of a cell, one row per class; faces only where explicitly allowed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from irfer_bench.store.files import atomic_file, clear_write_errors
from irfer_bench.store.records import path_of

if TYPE_CHECKING:
    from PIL import Image

    from irfer_bench.contracts.record import Record
    from irfer_bench.experiment.graph import Step
    from irfer_bench.experiment.planner import PlannedCell
    from irfer_bench.registry import Registry
    from irfer_bench.store.artefacts import Store

NOTE = "DO_NOT_PUBLISH.txt"
COLUMNS = ("visible", "translated", "true")
SIDE, GAP, TEXT = 128, 4, 16


def draw_cell(
    planned: PlannedCell,
    record: Record,
    registry: Registry,
    store: Store,
    out: Path,
    allowed: Sequence[str],
) -> list[Path]:
    """Write the cell's confusion matrix and, where allowed, its faces; returns what was written."""
    name = path_of(out, record.cell, record.key).stem
    folder = out / "images" / record.cell.setting
    written: list[Path] = []
    with clear_write_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
        if record.confusion is not None and not (folder / f"{name}.confusion.png").is_file():
            written.append(draw_confusion(record, folder / f"{name}.confusion.png"))
        translated = planned.score.inputs.get("translated")
        dataset = planned.cell.setting.dataset
        if translated is None or (folder / f"{name}.png").is_file():
            return written
        private = _private(planned, registry)
        if private and dataset not in allowed:
            return written
        if private:
            folder = folder / "faces"
            folder.mkdir(mode=0o700, exist_ok=True)
            (folder / NOTE).write_text(
                f"Faces of {dataset}: not to be published unless your licence says otherwise.\n"
            )
        target = folder / f"{name}.png"
        if not target.is_file():
            written.append(_draw_faces(planned, store, target))
    return written


def _private(planned: PlannedCell, registry: Registry) -> bool:
    source = planned.cell.source
    return bool(registry.create(source.component, source.params).private)


def _draw_faces(planned: PlannedCell, store: Store, path: Path) -> Path:
    """Visible, translated and true images of two test items per class, side by side."""
    from PIL import Image, ImageDraw

    from irfer_bench.data.subsets import match_pairs

    translated = planned.score.inputs["translated"]
    visible = _view(store, translated.inputs["clips"])
    true = _view(store, planned.score.inputs["target"])
    made = _test_part(planned, store, translated)
    where_visible = {clip: i for i, clip in enumerate(visible.ids)}
    where_true = dict(match_pairs(made, true))
    classes = [name for name in planned.cell.setting.classes if name in made.labels]
    block = 3 * SIDE + GAP * 3
    canvas = Image.new("RGB", (90 + 2 * block, TEXT + len(classes) * (SIDE + GAP)), "white")
    pen = ImageDraw.Draw(canvas)
    for column in range(6):
        pen.text(
            (92 + (column // 3) * block + (column % 3) * (SIDE + GAP), 2),
            COLUMNS[column % 3],
            fill="black",
        )
    for row, name in enumerate(classes):
        top = TEXT + row * (SIDE + GAP)
        pen.text((4, top + SIDE // 2), name, fill="black")
        own = [i for i, label in enumerate(made.labels) if label == name]
        for slot, i in enumerate(own[:: max(1, len(own) // 2)][:2]):
            left = 90 + slot * block
            faces = [visible[where_visible[made.ids[i]]], made[i]]
            faces += [true[where_true[i]]] if i in where_true else []
            for column, clip in enumerate(faces):
                image = Image.fromarray(clip.frames[len(clip.frames) // 2]).resize((SIDE, SIDE))
                canvas.paste(image, (left + column * (SIDE + GAP), top))
    save_image(canvas, path)
    return path


def save_image(canvas: Image.Image, path: Path) -> None:
    """Write an image by one rename, so that no partial image is seen."""
    with atomic_file(path) as draft:
        canvas.save(draft, "PNG")


def draw_confusion(record: Record, path: Path) -> Path:
    """The confusion matrix, darker where more of a true class was predicted as that class."""
    from PIL import Image, ImageDraw

    assert record.confusion is not None
    cell, left, top = 56, 96, 36
    count = len(record.classes)
    canvas = Image.new("RGB", (left + count * cell + 8, top + count * cell + 8), "white")
    pen = ImageDraw.Draw(canvas)
    pen.text((4, 4), "rows true, columns predicted", fill="black")
    for i, (name, row) in enumerate(zip(record.classes, record.confusion, strict=True)):
        pen.text((4, top + i * cell + 20), name, fill="black")
        pen.text((left + i * cell + 4, 20), name[:8], fill="black")
        for j, number in enumerate(row):
            share = number / max(1, sum(row))
            shade = int(255 * (1 - 0.85 * share))
            box = (
                left + j * cell,
                top + i * cell,
                left + (j + 1) * cell - 2,
                top + (i + 1) * cell - 2,
            )
            pen.rectangle(box, fill=(shade, shade, 255))
            pen.text(
                (box[0] + 18, box[1] + 20), str(number), fill="white" if share > 0.5 else "black"
            )
    save_image(canvas, path)
    return path


def _test_part(planned: PlannedCell, store: Store, step: Step) -> Any:
    """The clips of the cell's test items, of those that were translated once for all folds."""
    from irfer_bench.data.subsets import split
    from irfer_bench.experiment.steps import Translate
    from irfer_bench.store.files import read_json

    view = _view(store, step)
    if not isinstance(step.spec, Translate) or step.spec.part != "all":
        return view
    folds = read_json(store.folder(step.key) / "folds.json")
    return split(view, frozenset(folds[planned.cell.fold - 1]), "test")


def _view(store: Store, step: Step) -> Any:
    from irfer_bench.data.clips import StoredClips
    from irfer_bench.errors import DamagedError

    artefact = store.get(step.key)
    if artefact is None:
        raise DamagedError(f"{step.title} is no longer in the store", "run again")
    return StoredClips(artefact.folder, step.key).view()
