"""Side-by-side images of a cell of which only the record is at hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from irfer_bench.data.clips import StoredClips
from irfer_bench.errors import MissingError, UsageError
from irfer_bench.orchestration.reporter import SilentReporter
from irfer_bench.orchestration.session import Session
from irfer_bench.render.images import draw_faces, make_private, pick_test
from irfer_bench.store.artefacts import MANIFEST, Store
from irfer_bench.store.files import clear_write_errors, read_json
from irfer_bench.store.records import Record


def draw_grid(record: Record, path: Path, folder: Path, allowed: Sequence[str]) -> list[Path]:
    """Draw visible, translated and true images of two test items per class.

    Args:
        path: the record's file, in `OUT/records/SETTING`. folder: where the images go; those of
            people into `folder/faces`, which only this user may enter.
        allowed: datasets of people whose images may be drawn.

    Raises:
        UsageError: the dataset shows people and is not allowed, or nothing was translated.
        MissingError: the cell failed, or the store no longer holds its images.
    """
    if record.outcome != "ok":
        raise MissingError(f"the record is of a cell that {record.outcome}: nothing was translated")
    session = Session.open(SilentReporter())
    name = record.cell.dataset
    private = session.registry.create(session.registry.get("dataset", name)).private
    if private and name not in allowed:
        raise UsageError(f"{name} shows people", f"say --allow-faces {name} to draw them")
    score = next(step.key for step in reversed(record.steps) if step.kind == "score")
    inputs = inputs_of(session.store, score)
    if "translated" not in inputs["from"]:
        raise UsageError(f"{record.cell.setting} compares no translated images: there is no grid")
    key = inputs["from"]["translated"]
    translation = inputs_of(session.store, key)
    made = view_of(session.store, key)
    if translation.get("part") == "all":
        made = pick_test(made, session.store.folder(key), record.cell.fold)
    visible = view_of(session.store, translation["from"]["clips"])
    true = view_of(session.store, inputs["from"]["target"])
    with clear_write_errors(folder):
        place = make_private(folder / "faces", name) if private else folder
        place.mkdir(parents=True, exist_ok=True)
        out = path.absolute().parents[2]
        return draw_faces(record, visible, made, true, out, place / f"{path.stem}.grid")


def inputs_of(store: Store, key: str) -> Mapping[str, Any]:
    """What a stored step was: its specification, and under `from` the keys of its inputs."""
    _require(store, key)
    described: Mapping[str, Any] = read_json(store.folder(key) / MANIFEST)["describe"]
    return described


def view_of(store: Store, key: str) -> Any:
    """All clips of a stored step; MissingError where it is gone."""
    _require(store, key)
    return StoredClips(store.folder(key), key).view()


def _require(store: Store, key: str) -> None:
    if store.get(key) is None:
        raise MissingError(
            f"the images of this cell are no longer in the store {store.root}",
            "run it again: irfer-bench gc keeps what the records it is shown need",
        )
