"""`python -m tests.benchmarks.overhead [CELLS]`: what a warm worker adds to each cell.

Cells that are stored already are handed to `local` one after the other; all that is left is the
executor's own work: a job out, a plan of the cell, its key compared, the store looked at, a result
back. The host's own work on a result (record, observers) is measured beside it.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import irfer_bench as ib
from irfer_bench.engine.executors.local import execute
from irfer_bench.orchestration.execution import Execution
from irfer_bench.orchestration.host import RunHost
from irfer_bench.orchestration.reporter import SilentReporter
from irfer_bench.orchestration.request import make_requests
from irfer_bench.orchestration.session import Session
from tests.benchmarks.kills import TOY


def main(cells: int = 40) -> float:
    """Milliseconds per cell, the median over the warm ones."""
    sys.path.insert(0, str(TOY))
    with tempfile.TemporaryDirectory() as name:
        os.environ["IRFER_BENCH_HOME"] = name
        asked = {
            "dataset": "toy",
            "translators": "toy_shift",
            "recognizers": "toy_means",
            "seeds": range(cells),
            "threads": 1,
        }
        out = Path(name) / "results"
        ib.run(**asked, out=out, progress=False)  # type: ignore[arg-type]
        session = Session.open(SilentReporter())
        plan = session.plan(make_requests(asked))
        host = RunHost(session, plan, out, Execution(executor="local"), 1)
        took, then = [], time.perf_counter()
        for result in execute([host.job(planned) for planned in plan.cells], host):
            assert result.outcome == "ok", result.message
            took.append(time.perf_counter() - then)
            then = time.perf_counter()
        begun = time.perf_counter()
        assert len(list(host.results())) == cells
        records = (time.perf_counter() - begun) / cells
    warm = 1000 * median(took[1:])
    sys.stdout.write(
        f"first cell, with the start of the worker: {1000 * took[0]:.0f} ms; each further one: "
        f"{warm:.1f} ms; record and observers in the host: {1000 * records:.1f} ms\n"
    )
    return warm


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
