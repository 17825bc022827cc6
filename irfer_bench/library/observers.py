"""Calls of observer plugins for each cell; their exceptions are only reported."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import TYPE_CHECKING, Any

from irfer_bench.contracts.record import Outcome, Record

if TYPE_CHECKING:
    from irfer_bench.library.session import Session


def tell_observers(
    session: Session,
    event: str,
    cell: Mapping[str, Any],
    *,
    outcome: Outcome = "ok",
    record: Record | None = None,
    cached: bool = False,
    message: str = "",
) -> None:
    """Call `irfer_bench_cell` of every plugin with the arguments it accepts."""
    facts = {
        "event": event,
        "cell": cell,
        "outcome": "" if event == "started" else outcome,
        "record": record,
        "cached": cached,
        "message": message,
    }
    for observer in session.registry.manager.hook.irfer_bench_cell.get_hookimpls():
        given = deepcopy(facts)  # what one observer changes, no other and no board sees
        try:
            observer.function(*(given[name] for name in observer.argnames))
        except (Exception, SystemExit) as error:  # noqa: BLE001  observers may raise anything
            name, kind = observer.plugin_name, type(error).__name__
            session.reporter.line(f"observer {name} failed: {kind}: {error}")
