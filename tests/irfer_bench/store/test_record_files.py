"""Files of a results folder: their names, what is read of them, and what is set aside."""

from __future__ import annotations

import errno
import hashlib
import os
from pathlib import Path
from typing import Any

import msgspec
import pytest

from irfer_bench.errors import DamagedError, MissingError
from irfer_bench.store import records, schemas
from irfer_bench.store.records import Record
from tests.irfer_bench.store.test_records import EVERY, GOLDEN

RECORD = records.read_record(GOLDEN)
CONTENT = b'{"items": []}'


def changed(**fields: Any) -> Record:
    return msgspec.structs.replace(RECORD, **fields)


def with_predictions(folder: Path, content: bytes = CONTENT, digest: str | None = None) -> Record:
    """The golden record beside predictions of a digest."""
    known = hashlib.sha256(CONTENT).hexdigest() if digest is None else digest
    record = changed(data=msgspec.structs.replace(RECORD.data, predictions=known))
    path = records.predictions_path(folder, record)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return record


def test_a_record_that_is_read_and_written_again_has_the_same_bytes() -> None:
    content = EVERY[-1].read_bytes()
    assert schemas.encode(schemas.decode(content, "x")) == content
    assert schemas.decode(content.replace(b"\n", b"\r\n"), "a checkout on Windows").schema == 2


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"confusion": [[1, 2], [3]]}, "its confusion is no table of 3 by 3 classes"),
        ({"confusion": [[1, 2, 3]] * 2}, "its confusion is no table of 3 by 3 classes"),
        ({"facts": {"fit": 3}}, "its facts are no tables by the title of a step"),
    ],
)
def test_a_sealed_record_whose_tables_are_none_is_said(fields: Any, said: str) -> None:
    with pytest.raises(DamagedError, match=f"x is no record: {said}"):
        schemas.decode(schemas.encode(changed(**fields)), "x")
    assert schemas.decode(schemas.encode(changed(confusion=None)), "x").confusion is None


def test_a_cell_is_named_in_its_file_in_small_letters_and_harmless_signs(tmp_path: Path) -> None:
    cell = msgspec.structs.replace(
        RECORD.cell, setting="toy weak/ß@b-c", translator="A (gain=2.0)", recognizer="B_c@d+e",
        preset="quick", fold=3, seed=12)  # fmt: skip
    name = "a-gain=2.0-+b_c@d+e.quick.fold3.seed12.0f-f-f00.json"
    where = tmp_path / "records" / "toy-weak-@b-c" / name
    assert records.path_of(tmp_path, cell, "0fXf/f0099") == where
    record = changed(cell=cell, key="0fXf/f0099")
    predicted = tmp_path / "predictions" / "toy-weak-@b-c" / name
    assert records.predictions_path(tmp_path, record) == predicted


def test_long_names_are_cut_and_keep_the_key(tmp_path: Path) -> None:
    cell = msgspec.structs.replace(RECORD.cell, setting="s" * 300, translator="t" * 300)
    path = records.path_of(tmp_path, cell, "1234567890")
    assert (path.parent.name, path.name) == ("s" * 120, f"{'t' * 120}.12345678.json")


@pytest.mark.parametrize("name", ["x" * 300, "a\0b", "file/x"])
def test_a_path_that_cannot_be_opened_is_damage(name: str, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DamagedError, match="cannot be read"):
        records.read_record(tmp_path / name)


def test_a_disk_that_fails_while_it_is_read_is_damage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(handle: int, size: int) -> bytes:
        raise OSError(errno.EIO, "Input/output error")

    (tmp_path / "x.json").write_text("{}")
    monkeypatch.setattr(os, "read", fail)
    with pytest.raises(DamagedError, match=r"x\.json cannot be read: .*Input/output error"):
        records.read_record(tmp_path / "x.json")


def test_a_file_of_just_the_limit_is_read(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"12345")
    assert records.read_regular(tmp_path / "x", 5) == b"12345"
    with pytest.raises(DamagedError, match="has 5 bytes, more than the limit of 4"):
        records.read_regular(tmp_path / "x", 4)
    assert records.RECORD_LIMIT == 2**24, "16 MB"


def test_predictions_are_read_where_they_are_what_was_written(tmp_path: Path) -> None:
    record = with_predictions(tmp_path)
    assert records.predictions_of(tmp_path, record) == CONTENT
    assert records.predictions_are_whole(tmp_path, record)
    with_predictions(tmp_path, b"edited")
    with pytest.raises(DamagedError, match="predictions are not what was written"):
        records.predictions_of(tmp_path, record)
    assert not records.predictions_are_whole(tmp_path, record)
    records.predictions_path(tmp_path, record).unlink()
    assert records.predictions_of(tmp_path, record) is None
    assert not records.predictions_are_whole(tmp_path, record)


def test_predictions_without_a_digest_are_taken_as_they_are(tmp_path: Path) -> None:
    assert records.predictions_of(tmp_path, with_predictions(tmp_path, b"any", "")) == b"any"


def test_a_cells_result_is_found_and_a_damaged_one_set_aside(tmp_path: Path) -> None:
    assert records.find(tmp_path, RECORD.cell, RECORD.key) is None
    path = records.write_record(tmp_path, RECORD)
    record, where = records.find(tmp_path, RECORD.cell, RECORD.key) or (None, None)
    assert (record, where) == (records.read_record(path), path)
    longer = f"{RECORD.key[:8]}{'0' * 56}"
    assert records.find(tmp_path, RECORD.cell, longer) is None, "another key of the same name"
    path.write_bytes(path.read_bytes()[:-30])
    assert records.find(tmp_path, RECORD.cell, RECORD.key) is None
    assert [one.name for one in path.parent.iterdir()] == [f"{path.name}.damaged"]
    records.set_aside(path)  # another process was first


def test_what_another_process_sets_aside_meanwhile_is_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = records.write_record(tmp_path, RECORD)
    whole = records.read_placed

    def late(path: Path) -> Record:
        path.unlink(missing_ok=True)
        return whole(path)

    monkeypatch.setattr(records, "read_placed", late)
    assert records.find(tmp_path, RECORD.cell, RECORD.key) is None
    records.write_record(tmp_path, RECORD)
    assert list(records.read_records(tmp_path)) == []
    path.symlink_to(tmp_path / "nowhere")
    monkeypatch.undo()
    (found,) = records.read_records(tmp_path)
    assert isinstance(found, DamagedError) and "is a link to nothing" in found.message


def test_a_clock_may_be_wrong_by_a_day(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records.time, "time", lambda: 1_000_000_000.0)  # 2001-09-09T01:46:40Z
    records.write_record(tmp_path, changed(created="2001-09-10T01:46:40Z"))
    (found,) = records.read_records(tmp_path)
    assert isinstance(found, Record)
    records.write_record(tmp_path, changed(created="2001-09-10T01:46:41Z"))
    (found,) = records.read_records(tmp_path)
    assert isinstance(found, DamagedError) and "in the future" in found.message


def test_a_failure_replaces_what_is_damaged_and_nothing_newer(tmp_path: Path) -> None:
    path = records.write_record(tmp_path, RECORD)
    newer = path.read_bytes().replace(b'"schema": 2', b'"schema": 3')
    path.write_bytes(newer)
    failure = changed(outcome="oom", metrics={}, warnings=["killed"])
    assert records.write_record(tmp_path, failure) == path
    assert path.read_bytes() == newer
    path.write_bytes(newer[:100])
    records.write_record(tmp_path, failure)
    assert records.read_record(path).outcome == "oom"


def test_settings_are_the_folders_that_hold_records_in_order(tmp_path: Path) -> None:
    for name in ("b", "a", "empty"):
        (tmp_path / "records" / name).mkdir(parents=True)
    for name in ("b", "a"):
        (tmp_path / "records" / name / "x.json").touch()
    assert records.settings_in(tmp_path) == ["a", "b"]
    assert len(list(records.read_records(tmp_path, "a"))) == 1


def test_a_folder_or_file_that_is_none_hides_no_other(tmp_path: Path) -> None:
    path = records.write_record(tmp_path, RECORD)
    path.with_name("0.json").write_text("{}")
    for name in ("README", "a b"):
        (tmp_path / "records" / name).mkdir()
        (tmp_path / "records" / name / "x.json").touch()
    found = [type(each) for each in records.read_records(tmp_path)]
    assert found == [DamagedError, DamagedError, DamagedError, Record]


@pytest.mark.parametrize(
    ("name", "fits"),
    [("synth_nir", True), ("synth@eyes", True), ("synth@s64-crop2", True), ("readme2", True),
     ("readme", False), ("a/b", False), ("a@", False), ("", False), ("a@b@c", False)],
)  # fmt: skip
def test_names_of_settings_and_their_variants(name: str, fits: bool) -> None:
    assert (records.SETTING.fullmatch(name) is not None) == fits


def test_there_is_no_such_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(MissingError, match=r"no file .*gone"):
        records.read_regular(tmp_path / "gone", 10)
