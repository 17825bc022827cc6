"""The page of a suite that names published values, written beside the boards."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from irfer_bench.store.files import clear_write_errors, write_text

if TYPE_CHECKING:
    from irfer_bench.contracts.published import Published
    from irfer_bench.orchestration.running import Finished
    from irfer_bench.orchestration.session import Session


def write_published(
    published: Published, suite: str, finished: Finished, session: Session, out: Path
) -> list[Path]:
    """Write `OUT/published/SUITE.md`: the run's rows beside the published values.

    Raises:
        DamagedError: no record of a setting can be read.
    """
    from irfer_bench.engine.checked_boards import read_boards
    from irfer_bench.render.published import render_published

    records = [cell.record for cell in finished.cells if cell.record is not None]
    if not records:
        return []
    presets = {(record.cell.setting, record.cell.preset) for record in records}
    boards = [
        board
        for setting in dict.fromkeys(record.cell.setting for record in records)
        for board in read_boards(out, setting, session.registry)
        if (board.setting, board.preset) in presets
    ]
    rows = [record.row[1:] for record in records]
    path = out / "published" / f"{suite}.md"
    with clear_write_errors(out):
        path.parent.mkdir(exist_ok=True)
        write_text(path, render_published(suite, published, boards, rows))
    return [path]
