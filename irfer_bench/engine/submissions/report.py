"""What a check of a results folder found."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal


@dataclass(frozen=True, slots=True)
class Finding:
    """One sentence on one file of the folder, or on all of it.

    Args:
        path: below the folder; empty for all of it.
        kind: a `fault` is damage or a contradiction, a `note` is what could not be checked.
    """

    path: str
    kind: Literal["fault", "note"]
    text: str


@dataclass
class Report:
    """A checked folder.

    Args:
        records, predictions: files that were read, by setting.
        signed: records with a good signature, by setting and by key.
        unsigned: records without one, by setting, or with one by a key that is not trusted.
        absent: settings that are not installed here.
    """

    folder: Path
    records: Counter[str] = field(default_factory=Counter)
    predictions: Counter[str] = field(default_factory=Counter)
    signed: dict[str, Counter[str]] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    absent: list[str] = field(default_factory=list)

    @property
    def faults(self) -> list[Finding]:
        return [finding for finding in self.findings if finding.kind == "fault"]

    @property
    def notes(self) -> list[Finding]:
        return [finding for finding in self.findings if finding.kind == "note"]

    def fault(self, path: Path | str, *texts: str) -> None:
        """Add faults of one file."""
        self._add(path, "fault", texts)

    def note(self, path: Path | str, *texts: str) -> None:
        """Add notes on one file."""
        self._add(path, "note", texts)

    def _add(
        self, path: Path | str, kind: Literal["fault", "note"], texts: tuple[str, ...]
    ) -> None:
        name = str(path.relative_to(self.folder)) if isinstance(path, Path) else path
        self.findings += [Finding(name, kind, text) for text in texts]

    def faults_of(self, setting: str) -> Iterator[Finding]:
        """Faults of the files of one setting."""
        places = (f"records/{setting}", f"predictions/{setting}")
        for finding in self.faults:
            if finding.path in places or finding.path.startswith(tuple(f"{p}/" for p in places)):
                yield finding
