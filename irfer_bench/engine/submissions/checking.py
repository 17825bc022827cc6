"""A results folder, checked without its sender's code: what it says against what follows from it.

Links are not followed, sizes are bounded, and only plugins that are installed here are imported:
settings, metrics and datasets by the names that the registry knows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from irfer_bench.contracts.record import Record
from irfer_bench.engine.checked_boards import rules_of
from irfer_bench.engine.submissions.cell_keys import find_key_faults
from irfer_bench.engine.submissions.claims import find_claims
from irfer_bench.engine.submissions.comparison import Comparison
from irfer_bench.engine.submissions.expected_items import ItemLists, find_item_faults
from irfer_bench.engine.submissions.listing import Listing, list_files
from irfer_bench.engine.submissions.predictions import find_prediction_faults
from irfer_bench.engine.submissions.report import Report
from irfer_bench.errors import BenchError, DamagedError, MissingError
from irfer_bench.home import home
from irfer_bench.registry import Registry
from irfer_bench.settings.setting import Setting
from irfer_bench.statistics.board import without_collection
from irfer_bench.statistics.kept import KeptItems, Reader
from irfer_bench.statistics.verification import Rules, find_contradictions, with_rules
from irfer_bench.store.records import find_misplacement, predictions_path, read_record
from irfer_bench.store.signatures import TrustedKey, verify

AT_ONCE = 32 * 2**20
"""Bytes of predictions that are decoded together."""


def check_folder(
    folder: Path,
    registry: Registry,
    *,
    settings: Collection[str] | None = None,
    trusted: Sequence[TrustedKey] = (),
    follow: bool = False,
) -> Report:
    """Check every record and predictions file of a results folder.

    Args:
        settings: those that are checked; all by default. trusted: keys that count.
        follow: whether links are followed: only in a folder of one's own.

    Raises:
        MissingError: there is no record.
    """
    report = Report(folder)
    listing = list_files(report, settings, follow=follow)
    if not listing.records and not report.faults:
        raise MissingError(f"no record below {folder}", "name the folder that holds records/")
    lists = ItemLists(registry, home())
    with without_collection():
        for name, paths in sorted(listing.records.items()):
            check = _Check(report, registry, lists, trusted, listing, name)
            check.read(paths)
            check.compare()
    return report


@dataclass
class _Check:
    """The check of one setting's records."""

    report: Report
    registry: Registry
    lists: ItemLists
    trusted: Sequence[TrustedKey]
    listing: Listing
    name: str
    records: dict[Path, Record] = field(default_factory=dict)
    _faulty: set[Path] = field(default_factory=set)

    def read(self, paths: Sequence[Path]) -> None:
        """Read the records; those that cannot be read are faults."""
        self.report.records[self.name] += len(paths)
        for path in paths:
            try:
                record = read_record(path)
            except (DamagedError, MissingError) as error:
                text = error.message.replace(str(path), "").lstrip(": ")
                self.report.fault(path, text)
                continue
            self.report.fault(path, *find_misplacement(path, record))
            self._signature(path)
            self.records[path] = record

    def _signature(self, path: Path) -> None:
        found = verify(path, self.trusted)
        if found.state == "bad":
            self.report.fault(path, f"bad signature: {found.reason}")
        elif found.state == "good" and found.key is not None:
            self.report.signed.setdefault(self.name, Counter())[found.key.id] += 1
        elif found.state == "unknown" and self.trusted:
            self.report.note(path, f"signed by key {found.id}, which is not trusted")

    def compare(self) -> None:
        """Compare the records with the setting, with themselves and with their predictions."""
        if not self.records:
            return
        own = self._setting()
        rules = rules_of(self.name, list(self.records.values()), self.registry)
        assert rules is not None
        self._tell_unknown(rules)
        comparison = Comparison(self.report)
        for path, record in self.records.items():
            setting = own if own and own.version == record.cell.setting_version else None
            before = len(self.report.faults)
            self.report.fault(path, *find_claims(record, setting, rules.lookup))
            comparison.add(path, record)
            if record.outcome != "ok":
                self.report.note(path, f"has no result: {record.outcome}")
                continue
            self.report.fault(path, *find_key_faults(record, self.registry, setting))
            if len(self.report.faults) > before:
                self._faulty.add(path)
        for batch in self._batches():
            self._check_predictions(batch, own, rules, comparison)

    def _setting(self) -> Setting | None:
        try:
            return self.registry.setting(self.name)
        except BenchError:
            self.report.absent.append(self.name)
            self.report.note(
                f"records/{self.name}",
                "is a setting that is not installed here: folds, seeds, classes and metrics were "
                "not compared",
            )
            return None

    def _tell_unknown(self, rules: Rules) -> None:
        """Methods and metrics that are not installed, and other versions of the setting."""
        place, records = f"records/{self.name}", self.records.values()
        methods = Counter(
            (role, facts.name, facts.distribution)
            for record in records
            for role, facts in (
                ("translator", record.translator),
                ("recognizer", record.recognizer),
            )
            if facts is not None
        )
        for (role, name, package), count in sorted(methods.items()):
            if not _is_installed(self.registry, role, name, package):
                self.report.note(
                    place, f"{role} {name!r} of {package!r} is not installed here: {_cells(count)}"
                )
        metrics = Counter(name for record in records for name in record.metrics)
        for name, count in sorted(metrics.items()):
            if rules.lookup(name) is None:
                self.report.note(place, f"metric {name!r} is not installed here: {_cells(count)}")
        versions = Counter(record.cell.setting_version for record in records)
        for version, count in sorted(versions.items()):
            if rules.installed and version != rules.version:
                self.report.note(
                    place, f"version {version!r} of the setting, here it is {rules.version}: "
                    f"not compared with it: {_cells(count)}",
                )  # fmt: skip

    def _batches(self) -> Iterator[Mapping[Path, Record]]:
        """Results whose predictions are decoded together, so that memory stays bounded."""
        batch: dict[Path, Record] = {}
        size = 0
        for path, record in self.records.items():
            if record.outcome != "ok":
                continue
            own = self.listing.sizes.get((self.name, path.name), 0)
            if batch and size + own > AT_ONCE:
                yield batch
                batch, size = {}, 0
            batch[path], size = record, size + own
        if batch:
            yield batch

    def _check_predictions(
        self,
        batch: Mapping[Path, Record],
        own: Setting | None,
        rules: Rules,
        comparison: Comparison,
    ) -> None:
        reader = Reader(self.report.folder)
        read = {path: self._read(path, record, reader) for path, record in batch.items()}
        pairs = [(with_rules(batch[path], rules), kept) for path, kept in read.items()]
        contradictions = find_contradictions(pairs, rules.lookup)
        for (path, kept), contradiction in zip(read.items(), contradictions, strict=True):
            record = batch[path]
            if contradiction:
                self.report.fault(path, contradiction)
            if kept is None:
                continue
            self.report.fault(path, *find_prediction_faults(record, kept))
            if kept.items is None:
                continue
            comparison.add_items(path, record, kept.items.tested, own)
            if own and own.version == record.cell.setting_version and path not in self._faulty:
                expected = self.lists.expected(record, own)
                if expected is not None:
                    self.report.fault(path, *find_item_faults(kept, expected))

    def _read(self, path: Path, record: Record, reader: Reader) -> KeptItems | None:
        place = predictions_path(self.report.folder, record)
        name = place.parent.name, place.name
        if name not in self.listing.sizes:
            if not place.is_symlink() and not place.exists():
                self.report.note(path, "has no predictions: nobody can check its metrics")
            return None
        self.report.predictions[self.name] += 1
        if not record.data.predictions:
            self.report.fault(path, "names no digest of its predictions")
            return None
        try:
            return reader.read(record)
        except DamagedError as error:
            self.report.fault(place, error.message.removeprefix(f"{place.name}: "))
            return None


def _is_installed(registry: Registry, role: str, name: str, package: str) -> bool:
    return any(
        (owned.component.kind, owned.component.name, owned.distribution) == (role, name, package)
        for owned in registry.registered
    )


def _cells(count: int) -> str:
    return f"{count} cell" if count == 1 else f"{count} cells"
