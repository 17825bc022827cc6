"""Words that problems of several datasets share."""

from irfer_bench.api import Notes, RefusedRowError, note_gaps

REST = "the others are used, results are marked incomplete"

__all__ = ["REST", "Notes", "RefusedRowError", "note_gaps"]
