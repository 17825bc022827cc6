"""What a record's confusion matrix says of the predictions as a whole."""

from __future__ import annotations

from irfer_bench.contracts.record import Record


def only_class(record: Record) -> str:
    """The class that all test items were predicted as; empty where there are two or more."""
    columns = list(zip(*record.confusion, strict=False)) if record.confusion else []
    used = [name for name, column in zip(record.classes, columns, strict=False) if any(column)]
    tested = sum(map(sum, record.confusion or ()))
    return used[0] if len(used) == 1 and tested > 1 else ""
