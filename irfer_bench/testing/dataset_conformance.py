"""Conformance suite for datasets."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Sequence
from itertools import combinations
from pathlib import Path
from typing import Any, ClassVar, get_args

import numpy as np
import pytest

from irfer_bench.contracts.component import CLASSES, Kind, Spectrum
from irfer_bench.contracts.interfaces import Dataset
from irfer_bench.contracts.values import Item, Match, Problem
from irfer_bench.data.scanning import SURE
from irfer_bench.testing.announcement import ComponentConformance


class DatasetConformance(ComponentConformance):
    """Reads a small sample of the dataset; a dataset that needs files overrides `write_sample`."""

    kind: ClassVar[Kind] = "dataset"
    reads: ClassVar[int] = 6
    """How many items are decoded, evenly spaced over the index."""

    def write_sample(self, folder: Path) -> None:
        """Write a small tree as it is distributed: two subjects or more, every class.

        Draw it: images of people do not belong in a test. Not called for a generated dataset.
        """
        raise AssertionError(
            f"{self.component}: override write_sample(folder) and draw a small tree of files"
        )

    @pytest.fixture
    def root(self, tmp_path: Path) -> Path | None:
        """The sample's folder; None for a dataset whose params say `needs_root = False`."""
        if self.component and not self.params_class()().needs_root:
            return None
        folder = tmp_path / "sample"
        folder.mkdir()
        self.write_sample(folder)
        return folder

    def items(self, root: Path | None) -> list[Item]:
        """The whole index."""
        items = list(self.make().index(root))
        assert items, "index is empty"
        return items

    def test_has_the_protocol(self) -> None:
        """Every attribute and method of `irfer_bench.api.Dataset` is there."""
        dataset = self.make()
        absent = [name for name in _members() if not hasattr(dataset, name)]
        assert not absent, f"missing: {', '.join(absent)}"
        assert isinstance(dataset.private, bool), "private says whether people are in the images"
        assert dataset.licence, "licence is empty: name the distributor"

    def test_ids_are_unique_and_opaque(self, root: Path | None) -> None:
        """An id names an item on every machine: never twice, never a path."""
        items = self.items(root)
        twice = [name for name, count in Counter(i.id for i in items).items() if count > 1]
        assert not twice, f"ids come twice: {', '.join(twice[:5])}"
        for item in items:
            assert "/" not in item.id, f"id {item.id!r} looks like a path"
            assert "\\" not in item.id, f"id {item.id!r} looks like a path"

    def test_index_keeps_its_order(self, root: Path | None) -> None:
        """Two calls, and two machines, list the same items in the same order."""
        assert self.items(root) == self.items(root)

    def test_labels_and_spectra_are_canonical(self, root: Path | None) -> None:
        """Labels are of `classes`, which are of the unified names; spectra of vis, nir, lwir."""
        classes = self.make().classes
        parts = {part for name in classes for part in name.split("_")}
        assert parts <= set(CLASSES), f"classes {parts - set(CLASSES)} have no name"
        for item in self.items(root):
            assert item.label is None or item.label in classes, f"{item.id}: label {item.label!r}"
            assert item.spectrum in get_args(Spectrum), f"{item.id}: spectrum {item.spectrum!r}"
            assert item.frames >= 1, f"{item.id}: {item.frames} frames"

    def test_files_lie_below_the_root(self, root: Path | None) -> None:
        """Files are relative posix paths that exist."""
        for item in self.items(root):
            for name in item.files:
                assert root is not None, f"{item.id} names files and there is no root"
                assert not Path(name).is_absolute(), f"{item.id}: {name} is absolute"
                assert ".." not in Path(name).parts, f"{item.id}: {name} leaves the root"
                assert (root / name).exists(), f"{item.id}: {name} is not there"

    def test_partners_show_the_same_moment(self, root: Path | None) -> None:
        """Items of one pair agree in subject and label and differ in camera, lighting or part."""
        pairs: dict[str, list[Item]] = {}
        for item in self.items(root):
            if item.pair is not None:
                pairs.setdefault(item.pair, []).append(item)
        for name, members in pairs.items():
            for a, b in combinations(members, 2):
                assert (a.subject, a.label) == (b.subject, b.label), (
                    f"pair {name!r}: {a.id} and {b.id} are of different subjects or labels"
                )
                assert (a.spectrum, a.lighting, a.part) != (b.spectrum, b.lighting, b.part), (
                    f"pair {name!r}: {a.id} and {b.id} are of one spectrum, lighting and part"
                )

    def test_folds_part_the_subjects(self, root: Path | None) -> None:
        """A subject is tested in at most one fold, and every fold leaves training subjects.

        A fold may be empty in a cut sample, but not every one.
        """
        items = self.items(root)
        known = {name for item in items for name in (item.subject, item.id) if name is not None}
        folds = self.make().folds(items)
        assert any(folds), "no fold tests anybody"
        for number, fold in enumerate(folds, start=1):
            assert fold <= known, f"fold {number} tests unknown {sorted(fold - known)[:3]}"
            tested = [i for i in items if i.id in fold or i.subject in fold]
            assert len(tested) < len(items), f"fold {number} leaves no training subject"
        for (i, a), (j, b) in combinations(enumerate(folds, start=1), 2):
            assert not a & b, f"folds {i} and {j} both test {sorted(a & b)[:3]}"

    def test_reads_what_it_lists(self, root: Path | None) -> None:
        """(T, H, W, 3) uint8 (uint16 for thermal), and the item's own facts."""
        dataset = self.make()
        for item in self._some(root):
            clip = dataset.read(root, item)
            assert clip.id == item.id, f"{item.id} came back as {clip.id}"
            for name in ("label", "subject", "spectrum", "lighting", "pair"):
                assert getattr(clip, name) == getattr(item, name), f"{item.id}: {name} differs"
            shape, kind = clip.frames.shape, clip.frames.dtype
            assert len(shape) == 4, f"{item.id}: frames have shape {shape}, not (T, H, W, 3)"
            assert shape[0] == item.frames, f"{item.id}: {shape[0]} frames, {item.frames} listed"
            assert shape[3] == 3, f"{item.id}: {shape[3]} channels; repeat a grey one three times"
            assert kind in (np.uint8, np.uint16), f"{item.id}: frames are {kind}, not uint8"
            self._check_extras(clip)

    def test_reads_single_frames(self, root: Path | None) -> None:
        """`frames=[k]` gives that frame, so that one image needs no decoding of the clip."""
        dataset = self.make()
        for item in self._some(root):
            last = item.frames - 1
            whole = dataset.read(root, item).frames
            assert np.array_equal(dataset.read(root, item, [last]).frames, whole[last:]), item.id

    def test_reads_the_same_twice(self, root: Path | None) -> None:
        """Another instance reads the same pixels."""
        for item in self._some(root):
            again = self.make().read(root, item).frames
            assert np.array_equal(self.make().read(root, item).frames, again), item.id

    def test_fingerprint_is_of_the_content(self, root: Path | None, tmp_path: Path) -> None:
        """Equal for a copy of the folder elsewhere, and for another instance."""
        first = self.make().fingerprint(root)
        assert isinstance(first, str), "fingerprint is no text"
        assert first == self.make().fingerprint(root), "two calls differ"
        if root is not None:
            copy = tmp_path / "elsewhere" / "copy"
            shutil.copytree(root, copy)
            assert self.make().fingerprint(copy) == first, "a copy has another fingerprint"

    def test_fingerprint_sees_a_change(self, root: Path | None) -> None:
        """A changed file is another dataset."""
        if root is None:
            return
        item = next(item for item in self.items(root) if item.files)
        before = self.make().fingerprint(root)
        with (root / item.files[0]).open("ab") as stream:
            stream.write(b"changed")
        assert self.make().fingerprint(root) != before, f"{item.files[0]} grew unseen"

    def test_recognises_its_own_folder(self, root: Path | None, tmp_path: Path) -> None:
        """Confidence of 0.5 or more for its own tree, less for an empty folder, with a reason."""
        dataset = self.make()
        empty = tmp_path / "empty"
        empty.mkdir()
        seen = [dataset.identify(empty)] + ([dataset.identify(root)] if root else [])
        for recognition in seen:
            assert isinstance(recognition, Match), "identify gives a Match"
            assert 0 <= recognition.confidence <= 1, f"confidence {recognition.confidence}"
            assert recognition.reason, "the reason is empty"
        assert seen[0].confidence < SURE, "an empty folder is taken for this dataset"
        if root:
            assert seen[1].confidence >= SURE, f"its own folder is refused: {seen[1].reason}"

    def test_problems_are_problems(self, root: Path | None) -> None:
        """Each names its kind, path and consequence."""
        for problem in self.make().problems(root):
            assert isinstance(problem, Problem), f"{type(problem).__name__} is no Problem"
            assert problem.kind, "a problem has no kind"
            assert problem.action, f"{problem.kind}: says not what is done"

    def _some(self, root: Path | None) -> Sequence[Item]:
        items = self.items(root)
        return items[:: max(1, len(items) // self.reads)]

    def _check_extras(self, clip: Any) -> None:
        count = len(clip.frames)
        if clip.landmarks is not None:
            assert clip.landmarks.shape == (count, 68, 2), f"{clip.id}: {clip.landmarks.shape}"
        if clip.audio is not None:
            assert clip.audio.ndim == 1, f"{clip.id}: audio has shape {clip.audio.shape}"
            assert clip.audio.dtype == np.float32, f"{clip.id}: audio is {clip.audio.dtype}"
            assert clip.sample_rate, f"{clip.id}: audio has no sample rate"


def _members() -> list[str]:
    own = set(Dataset.__annotations__) | set(vars(Dataset))
    return sorted(name for name in own if not name.startswith("_"))
