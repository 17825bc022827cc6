"""`python -m tests.mutation MODULE…`: put faults into modules and say which no test notices.

A MODULE is a name of `targets.toml` or a pattern such as `irfer_bench.statistics.*`. Verdicts are
kept below `build/mutation`; `--survivors` tries only those again that lived, `--report` none.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from tests.mutation.collected import judge_swapped
from tests.mutation.mutants import Mutant, mutants
from tests.mutation.observer import Measured
from tests.mutation.results import Explained, earlier, keep, report, targets
from tests.mutation.runs import ROOT, Target, Verdict, import_libraries, judge_anew, measure
from tests.mutation.warm import in_fork

HERE = Path(__file__).parent
A_WEEK = 7 * 24 * 3600.0


def main(argv: Sequence[str] | None = None) -> int:
    """Exit code 0, or 1 where a mutant is left that nothing explains; 2 where tests fail anyway."""
    args = arguments().parse_args(argv)
    chosen = targets(args.module, args.targets, args.tests)
    broken = False
    for tests in sorted({target.tests for target in chosen}) if not args.report else ():
        group = [target for target in chosen if target.tests == tests]
        measured = measure(tests, [target.file for target in group])
        os.nice(args.nice)
        import_libraries(measured, group)
        broken |= not try_all(tests, measured, group, args)
    explained = Explained(args.targets.with_name("explained.toml"))
    kept = [found for target in chosen if (found := earlier(args.kept, target))]
    text, left = report(kept, explained)
    sys.stdout.write(text)
    return 2 if broken else int(left > 0)


def try_all(
    tests: Sequence[str], measured: Measured, group: Sequence[Target], args: argparse.Namespace
) -> bool:
    """Try the mutants of some modules with common tests; returns whether that went well."""
    plan = {target: choose(target, args) for target in group}

    def tell(target: Target, verdict: Verdict) -> None:
        keep(args.kept, target, [verdict])
        word = "noticed" if verdict.noticed else "LIVES"
        place = f"{target.name}:{verdict.mutant.line}"
        sys.stderr.write(f"{word} {place} {verdict.mutant.operator} {verdict.seconds:.1f} s\n")

    for target in group:
        keep(args.kept, target, [], forget=plan[target])
    work = partial(judge_swapped, plan, tests, measured, args.budget, tell)
    fine = not in_fork(work, A_WEEK, heap=None, quiet=False).why
    for target, own in plan.items():
        known = earlier(args.kept, target)
        tried = known.tried if known else set()
        rest = [mutant for mutant in own if mutant.place not in tried]
        if rest:

            def anew(_scratch: Path, target: Target = target, rest: list[Mutant] = rest) -> None:
                judge_anew(target, measured, rest, args.budget, tell)

            fine &= not in_fork(anew, A_WEEK, heap=None, quiet=False).why
    return fine


def choose(target: Target, args: argparse.Namespace) -> list[Mutant]:
    """The mutants of a module that are to be tried."""
    source = target.file.read_text("utf-8")
    if not args.survivors:
        return mutants(source, args.sample, args.seed)
    known = earlier(args.kept, target)
    alive = known.survivors if known else set()
    return [mutant for mutant in mutants(source) if mutant.place in alive]


def arguments() -> argparse.ArgumentParser:
    """The command's words."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    parser.add_argument("module", nargs="+", help="name or pattern of modules in the table")
    parser.add_argument("--sample", type=int, default=60, metavar="N", help="mutants per module")
    parser.add_argument("--seed", type=int, default=0, metavar="S")
    parser.add_argument(
        "--budget", type=float, default=20, metavar="SECONDS", help="of tests per mutant"
    )
    parser.add_argument(
        "--tests", nargs="+", default=(), metavar="FILE", help="in place of the table's"
    )
    parser.add_argument("--survivors", action="store_true", help="only what lived in the last run")
    parser.add_argument("--report", action="store_true", help="only show the kept verdicts")
    parser.add_argument("--nice", type=int, default=0, metavar="N", help="once tests are measured")
    parser.add_argument("--targets", type=Path, default=HERE / "targets.toml", metavar="FILE")
    parser.add_argument("--kept", type=Path, default=ROOT / "build/mutation", metavar="FOLDER")
    return parser


if __name__ == "__main__":
    sys.exit(main())
