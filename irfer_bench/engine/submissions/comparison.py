"""Records of one setting against each other: doubled cells, and items that do not fit."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path

from irfer_bench.contracts.record import Record
from irfer_bench.engine.submissions.report import Report
from irfer_bench.settings.setting import Setting
from irfer_bench.statistics.kept import Tested
from irfer_bench.store.keys import canonical


@dataclass
class Comparison:
    """What was seen in the records so far."""

    report: Report
    _keys: dict[str, Path] = field(default_factory=dict)
    _cells: dict[str, Path] = field(default_factory=dict)
    _tested: dict[tuple[str, ...], tuple[str, Path]] = field(default_factory=dict)
    _folds: dict[tuple[str, ...], dict[str, int]] = field(default_factory=dict)

    def add(self, path: Path, record: Record) -> None:
        """Report a key that another file has too, and a cell that another record holds."""
        first = self._keys.setdefault(record.key, path)
        if first != path:
            self.report.fault(path, f"has the key of {first.name}")
            return
        cell = record.cell
        row = [cell.translator, cell.recognizer, cell.preset, cell.fold, cell.seed]
        data = [cell.setting_version, cell.precision, cell.fit_translator_on, cell.further_metrics]
        if record.outcome == "ok":
            own = canonical([row, data, record.data.fingerprint])
            first = self._cells.setdefault(own, path)
            if first != path:
                self.report.note(path, f"is the cell of {first.name}: boards show the newest")

    def add_items(
        self, path: Path, record: Record, tested: Tested, setting: Setting | None
    ) -> None:
        """Report test items that differ within a fold, or that two folds share."""
        data = record.data
        group = (record.cell.setting_version, data.fingerprint, canonical(data.folds))
        fold = str(record.cell.fold)
        facts = sorted(zip(tested.ids, map(str, tested.subjects), tested.names, strict=True))
        digest = hashlib.sha256(repr(facts).encode("utf-8", "replace")).hexdigest()
        first, other = self._tested.setdefault((*group, fold), (digest, path))
        if first != digest:
            self.report.fault(path, f"tests other items than {other.name} in the same fold")
        elif other == path and (setting is None or setting.tested == "fold"):
            known = self._folds.setdefault(group, {})
            shared = [name for name in tested.ids if name in known]
            if shared:
                self.report.fault(
                    path, f"tests {len(shared)} items that fold {known[shared[0]]} tests too"
                )
            known |= dict.fromkeys(tested.ids, record.cell.fold)
