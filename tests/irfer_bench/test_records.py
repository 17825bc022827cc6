"""Records: old schemas stay readable, edits are seen, newer ones are refused, unions are unions."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from irfer_bench.errors import DamagedError
from irfer_bench.store import records
from irfer_bench.store.records import NewerError, Record

GOLDEN = Path(__file__).parent / "records_v1" / "whole.json"


def test_a_record_of_schema_1_is_read_for_ever():
    record = records.read_record(GOLDEN)
    assert record.schema == 1
    assert record.row == ("toy_weak", "toy_shift (gain=2.0)", "toy_means")
    assert record.cell["fold"] == 1
    assert record.metrics["accuracy"].value == 1.0
    assert record.metrics["toy_error"].direction == "lower"
    assert record.translator["params"] == {"steps": 2, "kind": "mean", "gain": 2.0}
    assert record.translator["given"] == {"gain": 2.0}
    assert record.confusion == [[5, 0, 0], [0, 5, 0], [0, 0, 5]]
    assert len(record.steps) == 9
    assert record.data["subjects"] == "checked"


def test_every_field_of_schema_1_is_still_written(bench):
    """A field that goes or changes its type needs a new schema number and a golden file."""
    code, out, _ = bench.run("-p", "toy_shift.gain=2", "--json")
    assert code == 0
    new = json.loads((bench.folder / json.loads(out)["record"]).read_text())
    old = json.loads(GOLDEN.read_text())
    assert new.keys() == old.keys()
    for name in old:
        assert type(new[name]) is type(old[name]), name
    for name in ("cell", "translator", "recognizer", "data"):
        assert new[name].keys() >= old[name].keys(), name
    assert new["steps"][0].keys() == old["steps"][0].keys()


def paths(value, above=()):
    """Addresses of all leaves of a JSON value."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value)
    for name, inner in pairs:
        if isinstance(inner, dict | list) and inner:
            yield from paths(inner, (*above, name))
        else:
            yield (*above, name)


LEAVES = [path for path in paths(json.loads(GOLDEN.read_text())) if path != ("schema",)]


@given(st.sampled_from(LEAVES), st.sampled_from([0, 1, "x", None, 0.5, [], {}, 1e999]))
def test_an_edit_anywhere_is_seen(tmp_path_factory, path, value):
    record = json.loads(GOLDEN.read_text())
    inner = record
    for name in path[:-1]:
        inner = inner[name]
    if inner[path[-1]] == value:
        return
    inner[path[-1]] = value
    place = tmp_path_factory.mktemp("record") / "edited.json"
    place.write_text(json.dumps(record))
    with pytest.raises(DamagedError):
        records.read_record(place)


@given(st.integers(0, len(GOLDEN.read_bytes()) - 2))
def test_a_cut_anywhere_is_seen(tmp_path_factory, length):
    place = tmp_path_factory.mktemp("record") / "cut.json"
    place.write_bytes(GOLDEN.read_bytes()[:length])
    with pytest.raises(DamagedError):
        records.read_record(place)


@pytest.mark.parametrize("text", ["[]", "3", "null", "{}", '{"schema": "1"}', "\xff"])
def test_what_is_no_record_is_said(tmp_path, text):
    (tmp_path / "x.json").write_bytes(text.encode("latin-1"))
    with pytest.raises(DamagedError, match=r"x\.json"):
        records.read_record(tmp_path / "x.json")


def test_a_newer_schema_is_refused_and_left_alone(tmp_path):
    record = records.read_record(GOLDEN)
    path = records.path_of(tmp_path, record.cell, record.key)
    path.parent.mkdir(parents=True)
    path.write_text(GOLDEN.read_text().replace('"schema": 1', '"schema": 2'))
    with pytest.raises(NewerError, match="record of schema 2, this irfer-bench knows 1"):
        records.find(tmp_path, record.cell, record.key)
    assert path.exists()


def test_a_sealed_record_that_lacks_what_a_board_needs_is_no_record(tmp_path):
    record = records.read_record(GOLDEN)
    cell = {name: value for name, value in record.cell.items() if name != "primary"}
    odd = records.sealed(msgspec.structs.replace(record, cell=cell))
    (tmp_path / "x.json").write_text(json.dumps(msgspec.to_builtins(odd)))
    with pytest.raises(DamagedError, match="primary"):
        records.read_record(tmp_path / "x.json")


def test_a_record_in_another_settings_folder_is_not_shown(tmp_path):
    place = tmp_path / "records" / "other" / "x.json"
    place.parent.mkdir(parents=True)
    place.write_text(GOLDEN.read_text())
    (found,) = records.read_records(tmp_path)
    assert isinstance(found, DamagedError)
    assert str(tmp_path) not in found.message, "no folder of this machine on a page"


def test_records_of_two_people_merge_by_union(bench):
    """Two results folders copied into one give the board of all; equal cells count once."""
    pages = {}
    for name, words in (("a", "--fold 1"), ("b", "--fold 2"), ("both", "--fold 1 --fold 2")):
        assert bench.run(*words.split(), "--out", name)[0] == 0
        pages[name] = (bench.folder / name / "toy_weak.md").read_text()
    assert "partial" in pages["a"]
    for source in ("a", "b", "a"):
        for path in (bench.folder / source).rglob("*.json"):
            target = bench.folder / "merged" / path.relative_to(bench.folder / source)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(path.read_bytes())
    assert bench.call("leaderboard", "--out", "merged")[0] == 0
    assert (bench.folder / "merged" / "toy_weak.md").read_text() == pages["both"]


def test_names_of_places_are_harmless(tmp_path):
    cell = records.read_record(GOLDEN).cell | {"translator": "../../x (a=/etc, b=\x1b[1m)" * 20}
    path = records.path_of(tmp_path, cell, "0" * 64)
    assert path.resolve().is_relative_to(tmp_path / "records" / "toy_weak")
    assert len(path.name) < 160
    assert path.name.isascii()
    assert "/" not in path.name


def test_a_record_without_a_digest_is_no_record():
    record = records.read_record(GOLDEN)
    assert isinstance(record, Record)
    assert records.sealed(msgspec.structs.replace(record, digest="")) == record
