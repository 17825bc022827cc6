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

from tests.mutation.mutants import Mutant, Place
from tests.mutation.runs import ROOT, Target, Verdict


@dataclass(frozen=True)
class Kept:
    """A module's verdicts of the latest run.

    Args:
        rows: per mutant its operator, occurrence, line, diff, noticed, by, reached and seconds.
    """

    name: str
    digest: str
    rows: tuple[dict[str, Any], ...]

    @property
    def tried(self) -> set[Place]:
        """All mutants."""
        return {(row["operator"], row["occurrence"]) for row in self.rows}

    @property
    def survivors(self) -> set[Place]:
        """The mutants that no test noticed."""
        return {(row["operator"], row["occurrence"]) for row in self.rows if not row["noticed"]}


def digest_of(target: Target) -> str:
    """Of the module's source: an occurrence means another place in another source."""
    return hashlib.sha256(target.file.read_bytes()).hexdigest()


def keep(
    folder: Path, target: Target, verdicts: Iterable[Verdict], forget: Iterable[Mutant] = ()
) -> None:
    """Write a module's verdicts beside those over the same source, less forgotten ones."""
    known = earlier(folder, target)
    rows = {(row["operator"], row["occurrence"]): row for row in (known.rows if known else ())}
    for mutant in forget:
        rows.pop(mutant.place, None)
    for verdict in verdicts:
        mutant = verdict.mutant
        rows[mutant.place] = {
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
    found = {"digest": digest_of(target), "rows": list(rows.values())}
    (folder / f"{target.name}.json").write_text(json.dumps(found, indent=1), "utf-8")


def earlier(folder: Path, target: Target) -> Kept | None:
    """The latest run over this very source."""
    file = folder / f"{target.name}.json"
    if not file.is_file():
        return None
    found = json.loads(file.read_text("utf-8"))
    if found["digest"] != digest_of(target):
        return None
    return Kept(target.name, found["digest"], tuple(found["rows"]))


def targets(patterns: Sequence[str], table: Path, tests: Sequence[str] = ()) -> list[Target]:
    """The modules of the table whose name matches one of the patterns; raises ValueError.

    `tests` stand in place of the table's tests.
    """
    known = tomllib.loads(table.read_text("utf-8"))
    found = []
    for group in known.get("group", []):
        for name in group["modules"]:
            if any(fnmatchcase(name, pattern) for pattern in patterns):
                found.append(Target(name, file_of(name), tuple(tests or group["tests"])))
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
        """Why a survivor is fine, or "".

        An entry has the old and the new line, or with `part` what is replaced by `new` in it; a
        `new` of `*` is any.
        """
        for entry in self.entries:
            new = entry["new"]
            if "part" in entry:
                same = mutant.new in replaced_once(mutant.old, entry["part"], new)
            else:
                same = mutant.old == entry["old"] and new in ("*", mutant.new)
            if same and fnmatchcase(module, entry["module"]):
                return entry["reason"]
        return ""


def replaced_once(text: str, part: str, new: str) -> list[str]:
    """The text with one occurrence of a part replaced, each in turn."""
    pieces = text.split(part)
    return [
        part.join(pieces[: k + 1]) + new + part.join(pieces[k + 1 :])
        for k in range(len(pieces) - 1)
    ]


def report(kept: Sequence[Kept], explained: Explained) -> tuple[str, int]:
    """A table of the modules, then every survivor that nothing explains; and their number."""
    lines = [
        "| module | tried | noticed | explained | left | noticed or explained |",
        "|---|---|---|---|---|---|",
    ]
    left: list[str] = []
    sums = [0, 0, 0, 0]
    for one in kept:
        alive = [row for row in one.rows if not row["noticed"]]
        open_ones = [row for row in alive if not explained.reason(one.name, mutant_of(row))]
        tried, noticed = len(one.rows), len(one.rows) - len(alive)
        numbers = [tried, noticed, len(alive) - len(open_ones), len(open_ones)]
        sums = [a + b for a, b in zip(sums, numbers, strict=True)]
        lines.append(table_line(one.name, numbers))
        left += [shown_survivor(one.name, row) for row in open_ones]
    lines.append(table_line("all", sums))
    return "\n".join(lines) + "\n" + "".join(f"\n{text}\n" for text in left), len(left)


def table_line(name: str, numbers: Sequence[int]) -> str:
    """One line of the table."""
    tried, noticed, explained, _left = numbers
    part = f"{100 * (noticed + explained) / tried:.0f} %" if tried else "–"
    return f"| {name} | {' | '.join(map(str, numbers))} | {part} |"


def mutant_of(row: dict[str, Any]) -> Mutant:
    """The mutant of a stored row, without its source."""
    return Mutant(row["operator"], row["occurrence"], row["line"], "", row["diff"])


def shown_survivor(name: str, row: dict[str, Any]) -> str:
    """Where it is, and its diff."""
    unreached = "" if row["reached"] else ", a line that no test runs"
    return f"{name}:{row['line']} {row['operator']}{unreached}\n{row['diff']}"
