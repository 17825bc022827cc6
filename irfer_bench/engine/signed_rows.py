"""Marks of signed rows: whose key signed the records that a row is made of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from irfer_bench.statistics.board import Board
from irfer_bench.statistics.rows import Row
from irfer_bench.store.records import path_of
from irfer_bench.store.signatures import KEYS, SUFFIX, TrustedKey, keys_in, verify


def mark_signed_rows(out: Path, boards: Sequence[Board]) -> None:
    """Mark the rows whose records carry signatures by the keys in `OUT/keys`, good or bad.

    Rows without signatures, or with those of other keys, stay as they are. A page thus follows
    from its folder alone.

    Raises:
        DamagedError: a file in `OUT/keys` is no public key. MissingError: py-minisign is missing.
    """
    settings = {board.setting for board in boards}
    if not any(
        place.name.endswith(SUFFIX)
        for setting in settings
        for place in (out / "records" / setting).glob("*")
    ):
        return
    keys = keys_in(out)
    if not keys:
        return
    for board in boards:
        used = [key for row in board.rows for key in _mark(out, row, keys)]
        board.notes += [_describe(key) for key in dict.fromkeys(used)]


def _mark(out: Path, row: Row, keys: Sequence[TrustedKey]) -> list[TrustedKey]:
    """The keys by which a row is marked as signed."""
    found = [verify(path_of(out, record.cell, record.key), keys) for record in row.records]
    total = len(found)
    good = Counter(each.key for each in found if each.state == "good" and each.key is not None)
    for key, count in good.items():
        row.marks.append(f"{_share(count, total)}signed by {key.name}")
    if bad := sum(each.state == "bad" for each in found):
        row.marks.append(f"bad signature on {bad} of {total} cells")
    return list(good)


def _share(count: int, total: int) -> str:
    return "" if count == total else f"{count} of {total} cells "


def _describe(key: TrustedKey) -> str:
    comment = "" if not key.comment or key.id in key.comment else f" ({key.comment[:120]})"
    return f"Signed by {key.name}: key {key.id} of {KEYS}/{key.name}.pub{comment}."
