"""`python -m tests.mutation MODULE…`: put faults into modules and say which no test notices.

A MODULE is a name of `targets.toml` or a pattern such as `irfer_bench.statistics.*`. Verdicts are
kept below `build/mutation`; `--survivors` tries only those again that lived, `--report` none.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.mutation.mutants import mutants
from tests.mutation.results import Explained, Kept, earlier, keep, mutant_of, report, targets
from tests.mutation.runs import ROOT, Target, Verdict, judge_all
from tests.mutation.warm import in_fork

HERE = Path(__file__).parent
A_WEEK = 7 * 24 * 3600.0


def main(argv: Sequence[str] | None = None) -> int:
    """Exit code 0, or 1 where a mutant is left that nothing explains; 2 where tests fail anyway."""
    args = arguments().parse_args(argv)
    kept: list[Kept] = []
    broken = False
    for target in targets(args.module, args.targets):
        if not args.report:
            ended = in_fork(lambda _scratch, t=target: run(t, args), A_WEEK, heap=None, quiet=False)
            broken |= bool(ended.why)
        found = earlier(args.kept, target)
        kept += [found] if found else []
    explained = Explained(args.targets.with_name("explained.toml"))
    sys.stdout.write(report(kept, explained))
    left = sum(
        1
        for one in kept
        for row in one.rows
        if not row["noticed"] and not explained.reason(one.name, mutant_of(row))
    )
    return 2 if broken else int(left > 0)


def run(target: Target, args: argparse.Namespace) -> None:
    """Try the mutants of one module and keep the verdicts, whatever ends the run."""
    source = target.file.read_text("utf-8")
    before = earlier(args.kept, target)
    chosen, places = mutants(source, None if args.survivors else args.sample, args.seed)
    if args.survivors:
        alive = before.survivors if before else set()
        chosen = [one for one in chosen if (one.operator, one.occurrence) in alive]
    verdicts: list[Verdict] = []

    def tell(verdict: Verdict) -> None:
        verdicts.append(verdict)
        word = "noticed" if verdict.noticed else "LIVES"
        place = f"{target.name}:{verdict.mutant.line}"
        sys.stderr.write(f"{word} {place} {verdict.mutant.operator} {verdict.seconds:.1f} s\n")

    try:
        judge_all(target, chosen, tell)
    finally:
        keep(args.kept, target, places, verdicts)


def arguments() -> argparse.ArgumentParser:
    """The command's words."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    parser.add_argument("module", nargs="+", help="name or pattern of modules in the table")
    parser.add_argument("--sample", type=int, default=60, metavar="N", help="mutants per module")
    parser.add_argument("--seed", type=int, default=0, metavar="S")
    parser.add_argument("--survivors", action="store_true", help="only what lived in the last run")
    parser.add_argument("--report", action="store_true", help="only show the kept verdicts")
    parser.add_argument("--targets", type=Path, default=HERE / "targets.toml", metavar="FILE")
    parser.add_argument("--kept", type=Path, default=ROOT / "build/mutation", metavar="FOLDER")
    return parser


if __name__ == "__main__":
    sys.exit(main())
