"""Records: old schemas are readable, edits are detected, newer schemas refused, folders merged."""

from __future__ import annotations

import json
import os
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from irfer_bench.errors import DamagedError, MissingError
from irfer_bench.store import keys, records
from irfer_bench.store.records import NewerError, Record

HERE = Path(__file__).parent
GOLDEN = HERE / "records_v1" / "whole.json"
EVERY = [HERE / f"records_v{number}" / "whole.json" for number in (1, 2)]


@pytest.mark.parametrize("path", EVERY)
def test_a_record_of_every_schema_is_read_for_ever(path):
    record = records.read_record(path)
    assert record.schema == EVERY.index(path) + 1
    assert record.row == ("toy_weak", "toy_shift (gain=2.0)", "toy_means")
    assert record.cell.fold == 1
    assert record.metrics["accuracy"].value == 1.0
    assert record.metrics["toy_error"].direction == "lower"
    assert record.translator.params == {"steps": 2, "kind": "mean", "gain": 2.0}
    assert record.translator.given == {"gain": 2.0}
    assert record.confusion == [[5, 0, 0], [0, 5, 0], [0, 0, 5]]
    assert len(record.steps) == 9
    assert record.data.subjects == "checked"


def test_every_schema_has_its_golden_file():
    assert len(EVERY) == records.SCHEMA
    assert all(path.is_file() for path in EVERY)


@pytest.mark.parametrize("path", EVERY)
def test_what_is_read_can_be_written_again(tmp_path, path):
    """An old record that is written takes the current schema and a digest of its own."""
    old = records.read_record(path)
    new = records.read_record(records.write_record(tmp_path, old))
    assert new.schema == records.SCHEMA
    same = dict.fromkeys(("schema", "digest"))
    assert msgspec.structs.replace(new, **same) == msgspec.structs.replace(old, **same)


def test_every_field_of_schema_2_is_still_written(bench):
    """A field that goes or changes its type needs a new schema number and a golden file."""
    code, out, _ = bench.run("-p", "toy_shift.gain=2", "--json")
    assert code == 0
    new = json.loads((bench.folder / json.loads(out)["record"]).read_text())
    old = json.loads(EVERY[-1].read_text())
    assert list(new) == list(old)
    for name in old:
        assert type(new[name]) is type(old[name]), name
    for name in ("cell", "translator", "recognizer", "data", "machine"):
        assert new[name].keys() == old[name].keys(), name
    assert new["steps"][0].keys() == old["steps"][0].keys()


def paths(value, above=()):
    """Addresses of all leaves of a JSON value."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value)
    for name, inner in pairs:
        if isinstance(inner, dict | list) and inner:
            yield from paths(inner, (*above, name))
        else:
            yield (*above, name)


LEAVES = [
    (golden, path)
    for golden in EVERY
    for path in paths(json.loads(golden.read_text()))
    if path != ("schema",)
]


@given(st.sampled_from(LEAVES), st.sampled_from([0, 1, "x", None, 0.5, [], {}, 1e999]))
def test_an_edit_anywhere_is_seen(tmp_path_factory, leaf, value):
    golden, path = leaf
    record = json.loads(golden.read_text())
    inner = record
    for name in path[:-1]:
        inner = inner[name]
    if inner[path[-1]] == value:
        return
    inner[path[-1]] = value
    place = tmp_path_factory.mktemp("record") / "edited.json"
    place.write_text(json.dumps(record, indent=1) + "\n")
    with pytest.raises(DamagedError):
        records.read_record(place)


@given(st.sampled_from(EVERY), st.floats(0, 1))
def test_a_cut_anywhere_is_seen(tmp_path_factory, golden, share):
    place = tmp_path_factory.mktemp("record") / "cut.json"
    content = golden.read_bytes()
    place.write_bytes(content[: int(share * (len(content) - 3))])
    with pytest.raises(DamagedError):
        records.read_record(place)


DEEP = "[" * 990 + "]" * 990


@pytest.mark.parametrize(
    "text",
    [
        "[]", "3", "null", "{}", '{"schema": "1"}', "\xff", "", "1e999", DEEP,
        '{"schema": 0}', '{"schema": -1}', '{"schema": 1e999}', f'{{"schema": 1, "facts": {DEEP}}}',
        f'{{"schema": 2, "facts": {DEEP}}}', '{"schema": true}', '{"schema": 1, "key": 1e999}',
    ],
)  # fmt: skip
def test_what_is_no_record_is_said_in_one_line(tmp_path, text):
    (tmp_path / "x.json").write_bytes(text.encode("latin-1"))
    with pytest.raises(DamagedError, match=r"x\.json") as found:
        records.read_record(tmp_path / "x.json")
    assert "\n" not in str(found.value)


@pytest.mark.parametrize("schema", [0, -1])
def test_a_whole_record_of_no_schema_is_refused(tmp_path, schema):
    value = json.loads(GOLDEN.read_text()) | {"schema": schema}
    value["digest"] = keys.digest({k: v for k, v in value.items() if k != "digest"})
    (tmp_path / "x.json").write_text(json.dumps(value))
    with pytest.raises(DamagedError, match=f"there is no schema {schema}"):
        records.read_record(tmp_path / "x.json")


def test_only_regular_files_of_a_sane_size_are_read(tmp_path):
    os.mkfifo(tmp_path / "pipe.json")
    (tmp_path / "zero.json").symlink_to("/dev/zero")
    (tmp_path / "folder.json").mkdir()
    with (tmp_path / "large.json").open("wb") as stream:
        stream.truncate(records.RECORD_LIMIT + 1)
    for name, said in (
        ("pipe", "no regular file"), ("zero", "no regular file"), ("folder", "no regular file"),
        ("large", f"limit of {records.RECORD_LIMIT}"),
    ):  # fmt: skip
        with pytest.raises(DamagedError, match=said):
            records.read_record(tmp_path / f"{name}.json")
    with pytest.raises(MissingError):
        records.read_record(tmp_path / "none.json")


def test_a_file_is_read_in_pieces_up_to_the_length_it_had_and_closed(tmp_path, monkeypatch):
    content = bytes(range(256)) * 400
    (tmp_path / "x.json").write_bytes(content)
    whole = os.read

    def growing(handle, number):
        with (tmp_path / "x.json").open("ab") as stream:
            stream.write(b"more")
        return whole(handle, min(number, 30_000))

    monkeypatch.setattr(os, "read", growing)
    before = len(list(Path("/proc/self/fd").iterdir()))
    assert records.read_regular(tmp_path / "x.json", records.PREDICTIONS_LIMIT) == content
    assert len(list(Path("/proc/self/fd").iterdir())) == before
    assert records.PREDICTIONS_LIMIT == 2**29, "half a gigabyte"


def test_further_fields_of_schema_1_are_left_out_in_lists_too(tmp_path):
    value = json.loads(GOLDEN.read_text())
    value["steps"] = [step | {"colour": "red"} for step in value["steps"]]
    value["digest"] = keys.digest({k: v for k, v in value.items() if k != "digest"})
    (tmp_path / "x.json").write_text(json.dumps(value))
    found = records.read_record(tmp_path / "x.json")
    assert len(found.steps) == len(value["steps"]) > 0


def test_a_newer_schema_is_refused_and_left_alone(tmp_path):
    record = records.read_record(GOLDEN)
    path = records.path_of(tmp_path, record.cell, record.key)
    path.parent.mkdir(parents=True)
    path.write_text(GOLDEN.read_text().replace('"schema": 1', '"schema": 3'))
    with pytest.raises(NewerError, match="record of schema 3, this irfer-bench knows 2") as found:
        records.find(tmp_path, record.cell, record.key)
    assert found.value.exit_code == 4
    assert path.exists()


def test_a_sealed_record_that_lacks_what_a_board_needs_is_no_record(tmp_path):
    value = json.loads(GOLDEN.read_text())
    del value["cell"]["primary"]
    value["digest"] = keys.digest({k: v for k, v in value.items() if k != "digest"})
    (tmp_path / "x.json").write_text(json.dumps(value))
    with pytest.raises(DamagedError, match="primary"):
        records.read_record(tmp_path / "x.json")


def placed(tmp_path, **changes):
    """The golden record of a results folder after a change, sealed and at its place."""
    record = msgspec.structs.replace(records.read_record(GOLDEN), **changes)
    return records.write_record(tmp_path, record)


def test_a_record_is_used_where_its_cell_and_key_say(tmp_path):
    path = placed(tmp_path)
    (found,) = records.read_records(tmp_path)
    assert isinstance(found, Record)
    copy = path.with_name("zz.json")
    copy.write_bytes(path.read_bytes())
    first, second = records.read_records(tmp_path)
    assert first == found
    assert isinstance(second, DamagedError)
    assert "zz.json is not named as its cell and key say" in second.message
    other = placed(tmp_path, key="f" * 64)
    other.rename(path)  # another experiment's record cannot take this one's place
    assert not [r for r in records.read_records(tmp_path) if isinstance(r, Record)]


def test_a_record_from_the_future_is_not_used(tmp_path):
    placed(tmp_path, created="9999-01-01T00:00:00Z")
    (found,) = records.read_records(tmp_path)
    assert isinstance(found, DamagedError)
    assert "dated 9999-01-01T00:00:00Z, in the future" in found.message


@pytest.mark.parametrize("name", ["README", "readme", "\x1b[31mred", "A", "a b", "..."])
def test_a_folder_that_is_no_setting_is_not_used(tmp_path, name):
    place = tmp_path / "records" / name / "x.json"
    place.parent.mkdir(parents=True)
    place.write_text(GOLDEN.read_text())
    (found,) = records.read_records(tmp_path)
    assert isinstance(found, DamagedError)
    assert "is no name of a setting" in found.message


def test_a_failure_never_replaces_a_result(tmp_path):
    path = placed(tmp_path)
    before = path.read_bytes()
    failure = {"outcome": "oom", "metrics": {}, "warnings": ["killed"]}
    assert placed(tmp_path, **failure) == path
    assert path.read_bytes() == before
    path.unlink()
    assert placed(tmp_path, **failure) == path
    record = records.read_record(path)
    assert record.outcome == "oom"
    assert records.find(tmp_path, record.cell, record.key) is None, "it is carried out again"
    placed(tmp_path)
    assert records.read_record(path).outcome == "ok"


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
    cell = msgspec.structs.replace(
        records.read_record(GOLDEN).cell, translator="../../x (a=/etc, b=\x1b[1m)" * 20
    )
    path = records.path_of(tmp_path, cell, "0" * 64)
    assert path.resolve().is_relative_to(tmp_path / "records" / "toy_weak")
    assert len(path.name) < 160
    assert path.name.isascii()
    assert "/" not in path.name


def test_a_record_without_a_digest_is_no_record():
    record = records.sealed(records.read_record(GOLDEN))
    assert isinstance(record, Record)
    assert records.sealed(msgspec.structs.replace(record, digest="")) == record


def test_text_that_is_no_unicode_is_written_and_read(tmp_path):
    path = placed(tmp_path, warnings=["file \udcff.png"])
    assert records.read_record(path).warnings == ["file ?.png"]
    (found,) = records.read_records(tmp_path)
    assert isinstance(found, Record)
