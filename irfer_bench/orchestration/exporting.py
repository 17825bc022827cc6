"""Fitted methods written out of the store, for other programs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from irfer_bench.contracts.interfaces import Exporter
from irfer_bench.errors import MissingError, UsageError
from irfer_bench.orchestration.loading import Fitted, load
from irfer_bench.orchestration.prediction.exports import write_export
from irfer_bench.orchestration.prediction.rules import rules_of_setting
from irfer_bench.store.records import Record


def export(
    record: Record | str | Path, folder: str | Path, tell: Callable[[str], None]
) -> list[Path]:
    """Write the fitted translator and recognizer behind a record into a new folder.

    Each gets a folder of its own: `state.safetensors` (all tensors), `method.json` (name, version,
    parameters, scalars of the state, of a recognizer classes and crop), and what the method's own
    `export` adds, such as a folder that `diffusers` opens. `irfer-bench predict --weights FOLDER`
    reads a recognizer back.

    Args:
        tell: called with what the user should know, such as a format that is left out.

    Returns:
        The files, in order.

    Raises:
        UsageError: the folder is there and not empty. MissingError: nothing was fitted, or the
            store no longer holds it.
    """
    to = Path(folder)
    if to.exists() and (not to.is_dir() or any(to.iterdir())):
        raise UsageError(f"{to} is not an empty folder", "name a new one")
    fitted = load(record)
    notes = [_write(fitted, role, to / role) for role in ("translator", "recognizer")]
    if all(note is None for note in notes):
        raise MissingError(f"{' × '.join(fitted.record.row[1:])} has no weights: nothing to export")
    for note in filter(None, notes):
        tell(note)
    return sorted(path for path in to.rglob("*") if path.is_file())


def _write(fitted: Fitted, role: str, folder: Path) -> str | None:
    """What the method says of its export; None where it has no weights."""
    method: Any = getattr(fitted, role)
    state = None if method is None else method.state()
    if state is None or not state.tensors:
        return None
    images = rules_of_setting(fitted.setting) if role == "recognizer" else None
    write_export(folder, msgspec.to_builtins(getattr(fitted.record, role)), state, images)
    return (method.export(folder) or "") if isinstance(method, Exporter) else ""
