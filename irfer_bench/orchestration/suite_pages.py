"""Pages of a suite's own, written beside the boards: printed values, and comparisons of rows."""

from __future__ import annotations

from collections.abc import Container, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from irfer_bench.store.files import clear_write_errors, write_text

if TYPE_CHECKING:
    from irfer_bench.contracts.published import Published
    from irfer_bench.experiment.ablation import Ablation
    from irfer_bench.orchestration.running import Finished
    from irfer_bench.orchestration.session import Session
    from irfer_bench.statistics.board import Board
    from irfer_bench.statistics.measurement import Lookup


def write_published(
    published: Published, suite: str, finished: Finished, session: Session, out: Path
) -> list[Path]:
    """Write `OUT/published/SUITE.md`: the run's rows beside the published values.

    Raises:
        DamagedError: no record of a setting can be read.
    """
    from irfer_bench.render.published import render_published

    boards = _boards(finished, session, out)
    if not boards:
        return []
    rows = [cell.record.row[1:] for cell in finished.cells if cell.record is not None]
    return _write(out, "published", suite, render_published(suite, published, boards, rows))


def write_ablation(
    ablation: Ablation, suite: str, finished: Finished, session: Session, out: Path
) -> list[Path]:
    """Write `OUT/ablations/SUITE.md`: the run's rows, each compared with the full one.

    Raises:
        DamagedError: no record of a setting can be read.
    """
    from irfer_bench.statistics.measurement import lookup_in

    boards, lookup = _boards(finished, session, out), lookup_in(session.registry)
    rows = {cell.record.row[1:] for cell in finished.cells if cell.record is not None}
    if not boards:
        return []
    page = draw_ablation(ablation, suite, boards, rows, out, lookup)
    return _write(out, "ablations", suite, page)


def draw_ablation(
    ablation: Ablation,
    suite: str,
    boards: Sequence[Board],
    rows: Container[tuple[str, str]],
    out: Path,
    lookup: Lookup,
) -> str:
    """The page of `write_ablation`: of each board those rows (translator, recognizer)."""
    from irfer_bench.render.ablation import render_ablation
    from irfer_bench.statistics.ablation import compare_with

    tables = []
    for board in boards:
        shown = [row for row in board.rows if (row.translator, row.recognizer) in rows]
        full = next((r for r in shown if ablation.full in (r.recognizer, r.translator)), None)
        metric = ablation.metric or board.primary
        compared = compare_with(full, shown, metric, out, lookup) if full else []
        tables.append((board, metric, full, compared))
    return render_ablation(suite, tables)


def _boards(finished: Finished, session: Session, out: Path) -> Sequence[Board]:
    """The boards that hold the run's records, in the order of its settings."""
    from irfer_bench.engine.checked_boards import read_boards

    records = [cell.record for cell in finished.cells if cell.record is not None]
    presets = {(record.cell.setting, record.cell.preset) for record in records}
    return [
        board
        for setting in dict.fromkeys(record.cell.setting for record in records)
        for board in read_boards(out, setting, session.registry)
        if (board.setting, board.preset) in presets
    ]


def _write(out: Path, folder: str, suite: str, page: str) -> list[Path]:
    path = out / folder / f"{suite}.md"
    with clear_write_errors(out):
        path.parent.mkdir(exist_ok=True)
        write_text(path, page)
    return [path]
