"""Results: the records of a run or of a folder, as tables, boards and comparisons."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import nan
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from irfer_bench.errors import DamagedError, MissingError, UsageError
from irfer_bench.store.records import Record, read_records

if TYPE_CHECKING:
    import pandas as pd

    from irfer_bench.orchestration.boards import ShownBoard
    from irfer_bench.orchestration.running import Finished
    from irfer_bench.statistics.board import Board
    from irfer_bench.statistics.comparison import Comparison
    from irfer_bench.statistics.rows import Row

RowName = int | str | tuple[str, str]


@dataclass(frozen=True)
class Results:
    """Records, in the order of the run or of their files; a sequence of them.

    Args:
        folder: results folder. failures: cells without a result, with the outcome and the reason.
        problems: files that are not valid records.
    """

    folder: Path
    records: tuple[Record, ...] = ()
    failures: tuple[Record, ...] = ()
    problems: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.records)

    def __iter__(self) -> Iterator[Record]:
        return iter(self.records)

    def __getitem__(self, index: int) -> Record:
        return self.records[index]

    def to_dataframe(self) -> pd.DataFrame:
        """One row per record: its cell, then `NAME`, `NAME_low` and `NAME_high` of every metric.

        Fractions stay between 0 and 1; a metric without a value is missing (NaN).

        Raises:
            MissingError: pandas is not installed.
        """
        from irfer_bench.orchestration.tables import dataframe

        return dataframe([_facts(record) for record in (*self.records, *self.failures)])

    def boards(self) -> list[ShownBoard]:
        """A board per setting, preset, version and data, each ranked."""
        from irfer_bench.engine.checked_boards import check_boards
        from irfer_bench.orchestration.boards import ShownBoard

        settings = dict.fromkeys(record.cell.setting for record in self.records)
        return [
            ShownBoard(**vars(board))
            for name in settings
            for board in check_boards(
                self.folder, name, [r for r in self.records if r.cell.setting == name]
            )
        ]

    def board(self, setting: str = "", preset: str = "") -> ShownBoard:
        """The only board, or the one that the arguments select.

        Raises:
            UsageError: there is none, or several.
        """
        every = self.boards()
        found = [b for b in every if setting in ("", b.setting) and preset in ("", b.preset)]
        if len(found) != 1:
            known = ", ".join(f"{b.setting} in {b.preset}" for b in every) or "no record"
            raise UsageError(f"{len(found)} boards are meant", f"there are: {known}")
        return found[0]

    def compare(
        self, a: RowName, b: RowName, metric: str = "", *, setting: str = "", preset: str = ""
    ) -> Comparison:
        """Row `a` minus row `b` over the same items: difference, interval over subjects, p.

        Args:
            a, b: places on the board from 0, `translator` or `recognizer` names that one row has,
                or `(translator, recognizer)`.
            metric: default the board's primary one.

        Raises:
            UsageError: a row is not there or not the only one, or the two hold other items.
            MissingError: the items behind the metric were not kept.
        """
        from irfer_bench.orchestration.boards import compare_rows

        board = self.board(setting, preset)
        first, second = _find(board, a), _find(board, b)
        return compare_rows(first, second, metric or board.primary, self.folder)

    def __repr__(self) -> str:
        failed = f", {len(self.failures)} failed" if self.failures else ""
        bad = f", {len(self.problems)} unreadable" if self.problems else ""
        return f"<{len(self.records)} records in {self.folder}{failed}{bad}>"

    def _repr_markdown_(self) -> str:
        return "\n\n".join(board._repr_markdown_() for board in self._shown()) or repr(self)

    def _repr_html_(self) -> str:
        from irfer_bench.render.escape import web

        tables = "\n".join(board._repr_html_() for board in self._shown())
        return tables or f"<p>{web(repr(self))}</p>"

    def _shown(self) -> list[ShownBoard]:
        return self.boards() if self.records else []


def results(folder: str | Path = "results") -> Results:
    """The records below a results folder.

    Raises:
        MissingError: there is no such folder, or no record in it.
    """
    place = Path(folder)
    found = list(read_records(place))
    if not found:
        raise MissingError(f"no record below {place}", "irfer_bench.run(out=...) writes some")
    whole = [record for record in found if not isinstance(record, DamagedError)]
    return Results(
        place,
        tuple(record for record in whole if record.outcome == "ok"),
        tuple(record for record in whole if record.outcome != "ok"),
        tuple(str(error) for error in found if isinstance(error, DamagedError)),
    )


def merged(base: Results, finished: Finished) -> Results:
    """The results of a run's cells."""
    from irfer_bench.engine.results import make_failure

    return Results(
        base.folder,
        tuple(cell.record for cell in finished.cells if cell.record is not None),
        tuple(
            make_failure(cell.planned, cell.outcome, cell.message)
            for cell in finished.cells
            if cell.record is None
        ),
    )


def _facts(record: Record) -> dict[str, Any]:
    whole = msgspec.to_builtins(record)
    names = ("setting", "translator", "recognizer", "preset", "fold", "seed")
    facts = {name: whole["cell"][name] for name in names} | {"outcome": record.outcome}
    for name, value in record.metrics.items():
        numbers = {name: value.value, f"{name}_low": value.low, f"{name}_high": value.high}
        facts |= {key: nan if number is None else number for key, number in numbers.items()}
    facts["seconds"] = sum(step["seconds"] for step in whole["steps"])
    return facts | {"created": record.created, "key": record.key}


def _find(board: Board, wanted: RowName) -> Row:
    names = [(row.translator, row.recognizer) for row in board.rows]
    if isinstance(wanted, int):
        if not 0 <= wanted < len(names):
            raise UsageError(f"row {wanted}: the board has {len(names)} rows, counted from 0")
        return board.rows[wanted]
    pair = tuple(wanted) if not isinstance(wanted, str) else None
    found = [i for i, row in enumerate(names) if (row == pair if pair else wanted in row)]
    if len(found) != 1:
        known = ", ".join(f"{i} {t} × {r}" for i, (t, r) in enumerate(names))
        raise UsageError(f"{len(found)} rows are {wanted!r}", f"there are: {known}")
    return board.rows[found[0]]


__all__: Sequence[str] = ("Results", "RowName", "merged", "results")
