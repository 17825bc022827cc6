"""The items that a cell tests, where they are known without data."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from irfer_bench.contracts.record import Record
from irfer_bench.data import subsets
from irfer_bench.errors import BenchError
from irfer_bench.experiment.dataset_copy import DatasetCopy, find_copy
from irfer_bench.experiment.graph import prepare_step
from irfer_bench.experiment.item_views import ItemView, Listing, prepared_view
from irfer_bench.experiment.steps import Prepare
from irfer_bench.registry import Registry
from irfer_bench.settings.kinds import protocol_of
from irfer_bench.settings.setting import Domain, Setting
from irfer_bench.statistics.kept import KeptItems

if TYPE_CHECKING:
    from irfer_bench.data.manifest import Manifest

Facts = dict[str, tuple[str | None, str | None]]
"""Subject and label by id."""


@dataclass(frozen=True)
class Expected:
    """Test items of a cell by id, and whether all of them have to be there."""

    items: Facts
    whole: bool


class ItemLists:
    """Items of embedded datasets, and of those of which this machine keeps the manifest."""

    def __init__(self, registry: Registry, home: Path) -> None:
        self.registry, self.home = registry, home
        self._copies: dict[tuple[str, str], Listing | None] = {}
        self._known: dict[tuple[str, str, int, tuple[str, ...]], Expected | None] = {}

    def expected(self, record: Record, setting: Setting) -> Expected | None:
        """The items that a cell of this setting tests; None where they are unknown."""
        domain = setting.target
        name = domain.dataset or setting.dataset
        own = name == setting.dataset
        data = record.data
        content = data.fingerprint if own else data.other_fingerprints.get(name, "")
        asked = (setting.name, content, record.cell.fold, tuple(record.classes))
        if asked not in self._known:
            listing = self._listing(name, content)
            self._known[asked] = (
                None if listing is None else self._expected(record, setting, domain, listing)
            )
        return self._known[asked]

    def _expected(
        self, record: Record, setting: Setting, domain: Domain, listing: Listing
    ) -> Expected | None:
        use, source = protocol_of(setting).test, listing.source
        fitted = msgspec.structs.replace(setting, classes=tuple(record.classes))
        detectors = {domain.detector or setting.detector: ""}
        try:
            spec = prepare_step(fitted, domain, source, detectors).spec
            assert isinstance(spec, Prepare)
            view = prepared_view(spec, listing)
            folds = listing.folds(record.classes) if use.subset == "test" else []
            view = subsets.split_fold(view, folds, record.cell.fold, use.subset, source.name)
        except BenchError:  # the copy here lacks what the setting needs
            return None
        dropped = spec.no_face == "drop"
        return Expected(_facts(view), whole=source.root is None and not dropped)

    def _listing(self, name: str, fingerprint: str) -> Listing | None:
        if (name, fingerprint) not in self._copies:
            copy = self._copy(name, fingerprint)
            made = None if copy is None else Listing(self.registry, copy)
            self._copies[name, fingerprint] = made
        return self._copies[name, fingerprint]

    def _copy(self, name: str, fingerprint: str) -> DatasetCopy | None:
        try:
            component = self.registry.get("dataset", name)
            params = self.registry.params_class(component)()
            if not self.registry.needs_root(component):
                source = find_copy(self.registry, name, roots={}, home=self.home)
                return source if source.fingerprint == fingerprint else None
        except BenchError:
            return None
        manifest = self._manifest(name, fingerprint)
        if manifest is None:
            return None
        return DatasetCopy(component, params, self.home, fingerprint, manifest=manifest)

    def _manifest(self, name: str, fingerprint: str) -> Manifest | None:
        from irfer_bench.data.kept_manifests import manifest_of

        return manifest_of(name, fingerprint, self.home)


def _facts(view: ItemView) -> Facts:
    return {
        row_id: (subject, label)
        for row_id, subject, label in zip(view.ids, view.subjects, view.labels, strict=True)
    }


def find_item_faults(kept: KeptItems, expected: Expected) -> Iterator[str]:
    """Items that the cell cannot have tested, are not described as they are, or are missing."""
    if kept.items is None:
        return
    tested, known = kept.items.tested, expected.items
    others = [name for name in tested.ids if name not in known]
    if others:
        yield f"{_many(others)} not tested in this fold: {others[0][:80]!r}"
    wrong = [
        name
        for name, subject, label in zip(tested.ids, tested.subjects, tested.names, strict=True)
        if name in known and known[name] != (subject, label)
    ]
    if wrong:
        yield f"{_many(wrong)} of another subject or label in the dataset: {wrong[0][:80]!r}"
    missing = sorted(known.keys() - set(tested.ids)) if expected.whole else []
    if missing:
        yield f"{_many(missing)} of this fold missing: {missing[0][:80]!r}"


def _many(names: list[str]) -> str:
    return f"{len(names)} item is" if len(names) == 1 else f"{len(names)} items are"
