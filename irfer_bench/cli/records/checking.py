"""`irfer-bench records check`."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from irfer_bench.render.escape import terminal
from irfer_bench.render.layout import columns, wrapped

if TYPE_CHECKING:
    from irfer_bench.engine.submissions.report import Finding, Report


def configure(parser: argparse.ArgumentParser) -> None:
    """Options of `records check`."""
    add = parser.add_argument
    add("folder", metavar="FOLDER", help="the folder that holds records/ and predictions/")
    add(
        "--trust",
        action="append",
        default=[],
        metavar="PUBLIC_KEY",
        help="minisign's public key, or a file of one, whose signatures count; repeatable",
    )
    add("--json", action="store_true", help="one object on standard output")


def run(args: argparse.Namespace) -> int:
    """Check a folder: 0 all good, 3 a setting is not installed, 4 damaged or contradictory."""
    from irfer_bench.engine.submissions.checking import check_folder
    from irfer_bench.orchestration.reporter import quiet_stdout
    from irfer_bench.registry import load
    from irfer_bench.store.signatures import read_trusted

    trusted = [read_trusted(given) for given in args.trust]
    with quiet_stdout():  # metrics are plugins, and may print
        report = check_folder(Path(args.folder), load(), trusted=trusted)
    if args.json:
        print(json.dumps(_facts(report)))
    else:
        print("\n".join(_lines(report, columns(), trust=bool(trusted))))
    if report.faults:
        return 4
    return 3 if report.absent else 0


def _lines(report: Report, width: int, *, trust: bool) -> Iterator[str]:
    yield from _table(report, width)
    yield ""
    for path, own in groupby(report.faults, key=lambda finding: finding.path):
        yield terminal(path)
        for finding in own:
            yield from wrapped(finding.text, width, "  fault: ", "    ")
    if report.faults:
        yield ""
    for (folder, text), paths in _alike(report.notes).items():
        yield terminal(paths[0]) if len(paths) == 1 else terminal(f"{folder}: {len(paths)} files")
        yield from wrapped(text, width, "  note: ", "    ")
    if report.notes:
        yield ""
    yield from wrapped(_verdict(report, trust=trust), width)


def _alike(findings: Sequence[Finding]) -> dict[tuple[str, str], list[str]]:
    """Paths of findings of one folder and one text, by these."""
    groups: dict[tuple[str, str], list[str]] = {}
    for finding in findings:
        folder = finding.path.rpartition("/")[0]
        groups.setdefault((folder, finding.text), []).append(finding.path)
    return groups


def _table(report: Report, width: int) -> list[str]:
    from tabulate import tabulate

    headers = ["setting", "records", "predictions", "signed", "faults"]
    body = [
        [
            _shortened(terminal(name), max(width - 45, 12)),
            count,
            report.predictions[name],
            report.signed[name].total() if name in report.signed else 0,
            len(list(report.faults_of(name))),
        ]
        for name, count in sorted(report.records.items())
    ]
    return str(tabulate(body, headers, tablefmt="simple")).splitlines()


def _shortened(name: str, longest: int) -> str:
    return name if len(name) <= longest else f"{name[: longest - 1]}…"


def _verdict(report: Report, *, trust: bool) -> str:
    records = _count(report.records.total(), "record")
    faults, files = len(report.faults), len({finding.path for finding in report.faults})
    if faults:
        text = f"{_count(faults, 'fault')} in {_count(files, 'file')}, {records} checked"
    elif report.absent:
        text = f"{records} checked without fault, but not against {', '.join(report.absent)}: "
        text += "install the plugin that offers it"
    else:
        text = f"{records} checked without fault"
    keys = sorted({key for own in report.signed.values() for key in own})
    if trust:
        signed = sum(own.total() for own in report.signed.values())
        by = f" by {', '.join(keys)}" if keys else ""
        text += f"; {signed} signed{by}, {report.records.total() - signed} not"
    return text


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _facts(report: Report) -> dict[str, object]:
    def listed(findings: Sequence[Finding]) -> list[dict[str, str]]:
        return [{"path": finding.path, "text": finding.text} for finding in findings]

    return {
        "good": not report.faults,
        "settings": {
            name: {
                "records": count,
                "predictions": report.predictions[name],
                "signed": dict(report.signed.get(name, {})),
                "installed": name not in report.absent,
            }
            for name, count in sorted(report.records.items())
        },
        "faults": listed(report.faults),
        "notes": listed(report.notes),
    }
