"""Verdicts on disk, mutants that are explained, and the report."""

from __future__ import annotations

import hashlib
import json
import sys
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from tests.mutation.mutants import Mutant
from tests.mutation.runs import ROOT, Target, Verdict


@dataclass(frozen=True)
class Kept:
    """A module's verdicts of the latest run.

    Args:
        places: how many mutants the module has altogether.
        rows: per mutant its operator, occurrence, line, diff, noticed, by, reached and seconds.
    """

    name: str
    digest: str
    places: int
    rows: tuple[dict[str, Any], ...]

    @property
    def survivors(self) -> set[tuple[str, int]]:
        """Operator and occurrence of the mutants that no test noticed."""
        return {(row["operator"], row["occurrence"]) for row in self.rows if not row["noticed"]}


def digest_of(target: Target) -> str:
    """Of the module's source: an occurrence means another place in another source."""
    return hashlib.sha256(target.file.read_bytes()).hexdigest()


def keep(folder: Path, target: Target, places: int, verdicts: Iterable[Verdict]) -> None:
    """Write a module's verdicts; those of mutants that were not tried again stay."""
    rows = {(row["operator"], row["occurrence"]): row for row in earlier_rows(folder, target)}
    for verdict in verdicts:
        mutant = verdict.mutant
        rows[mutant.operator, mutant.occurrence] = {
            "operator": mutant.operator,
            "occurrence": mutant.occurrence,
            "line": mutant.line,
            "diff": mutant.diff,
            "noticed": verdict.noticed,
            "by": verdict.by,
            "reached": verdict.reached,
            "seconds": round(verdict.seconds, 2),
        }
    folder.mkdir(parents=True, exist_ok=True)
    found = {"digest": digest_of(target), "places": places, "rows": list(rows.values())}
    (folder / f"{target.name}.json").write_text(json.dumps(found, indent=1), "utf-8")


def earlier(folder: Path, target: Target) -> Kept | None:
    """The latest run over this very source."""
    file = folder / f"{target.name}.json"
    if not file.is_file():
        return None
    found = json.loads(file.read_text("utf-8"))
    if found["digest"] != digest_of(target):
        return None
    return Kept(target.name, found["digest"], found["places"], tuple(found["rows"]))


def earlier_rows(folder: Path, target: Target) -> Sequence[dict[str, Any]]:
    """Its rows."""
    kept = earlier(folder, target)
    return kept.rows if kept else ()


def targets(patterns: Sequence[str], table: Path) -> list[Target]:
    """The modules of the table whose name matches one of the patterns; raises ValueError."""
    known = tomllib.loads(table.read_text("utf-8"))
    found = []
    for group in known.get("group", []):
        for name in group["modules"]:
            if any(fnmatchcase(name, pattern) for pattern in patterns):
                found.append(Target(name, file_of(name), tuple(group["tests"])))
    if not found:
        raise ValueError(f"no module of {table} matches {' '.join(patterns)}")
    return found


def file_of(name: str) -> Path:
    """The file of a module: this checkout's, or what Python would import."""
    part = Path(*name.split("."))
    for folder in (ROOT, ROOT / "plugins", *map(Path, sys.path)):
        for file in (folder / part.with_suffix(".py"), folder / part / "__init__.py"):
            if file.is_file():
                return file
    raise ValueError(f"the table names {name}, which has no file")


class Explained:
    """Mutants that no test can or need notice, with the reason."""

    def __init__(self, file: Path) -> None:
        text = file.read_text("utf-8") if file.is_file() else ""
        self.entries: list[dict[str, str]] = tomllib.loads(text).get("explained", [])

    def reason(self, module: str, mutant: Mutant) -> str:
        """Why a survivor is fine, or "". An entry's `new` may be a pattern such as `*`."""
        for entry in self.entries:
            fits = fnmatchcase(module, entry["module"]) and mutant.old == entry["old"]
            if fits and (entry["new"] == mutant.new or entry["new"] == "*"):
                return entry["reason"]
        return ""


def report(kept: Sequence[Kept], explained: Explained) -> str:
    """A table of the modules, then every survivor that nothing explains."""
    lines = [
        "| module | mutants | tried | noticed | explained | left | noticed or explained |",
        "|---|---|---|---|---|---|---|",
    ]
    left: list[str] = []
    sums = [0, 0, 0, 0, 0]
    for one in kept:
        alive = [row for row in one.rows if not row["noticed"]]
        open_ones = [row for row in alive if not explained.reason(one.name, mutant_of(row))]
        tried, noticed = len(one.rows), len(one.rows) - len(alive)
        numbers = [one.places, tried, noticed, len(alive) - len(open_ones), len(open_ones)]
        sums = [a + b for a, b in zip(sums, numbers, strict=True)]
        lines.append(table_line(one.name, numbers))
        left += [shown_survivor(one.name, row) for row in open_ones]
    lines.append(table_line("all", sums))
    return "\n".join(lines) + "\n" + "".join(f"\n{text}\n" for text in left)


def table_line(name: str, numbers: Sequence[int]) -> str:
    """One line of the table."""
    _places, tried, noticed, explained, _left = numbers
    part = f"{100 * (noticed + explained) / tried:.0f} %" if tried else "–"
    return f"| {name} | {' | '.join(map(str, numbers))} | {part} |"


def mutant_of(row: dict[str, Any]) -> Mutant:
    """The mutant of a stored row, without its source."""
    return Mutant(row["operator"], row["occurrence"], row["line"], "", row["diff"])


def shown_survivor(name: str, row: dict[str, Any]) -> str:
    """Where it is, and its diff."""
    unreached = "" if row["reached"] else ", a line that no test runs"
    return f"{name}:{row['line']} {row['operator']}{unreached}\n{row['diff']}"
