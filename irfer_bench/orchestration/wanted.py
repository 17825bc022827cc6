"""What a user asked of one method, without a run: which, from where, and its parameters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from irfer_bench.errors import UsageError
from irfer_bench.experiment.request import params_for
from irfer_bench.store.records import Record, read_record


@dataclass(frozen=True)
class Wanted:
    """What a user asked for.

    Args:
        method: `name` or `name@variant`; may be empty where `record` is given.
        weights: file or name of a checkpoint, or empty. record: a record file, or None.
        preset: or empty. params: per component name (or its role), field to value.
    """

    method: str = ""
    weights: str = ""
    record: Path | None = None
    preset: str = ""
    params: Mapping[str, Mapping[str, Any]] | None = None
    device: str = "auto"

    def given(self, role: str, name: str) -> dict[str, Any]:
        """Field to value of the method of this role and name.

        Raises:
            UsageError: parameters of another component.
        """
        known = (role, name.partition("@")[0], name)
        for owner in self.params or ():
            if owner not in known:
                raise UsageError(
                    f"-p {owner}.…: {owner!r} takes no part", f"say -p {known[1]}.FIELD"
                )
        return params_for(self.params or {}, role, name)


def read_wanted_record(wanted: Wanted, record: Path, role: str) -> tuple[Record, str]:
    """The record of `--from`, and the name of its method of this role.

    Raises:
        UsageError: options contradict the record, or its cell has no such method.
    """
    for option, value in (("--weights", wanted.weights), ("--preset", wanted.preset)):
        if value:
            raise UsageError(f"{option} and --from are both given", "the record says what it used")
    found = read_record(record)
    method = getattr(found, role)
    if method is None:
        raise UsageError(f"{record} has no {role}")
    used = f"{method.name}@{method.variant}".rstrip("@")
    if wanted.method and wanted.method != used:
        raise UsageError(f"{record} is of {used}, not {wanted.method}")
    return found, used
