"""Mutated records, predictions and signatures: always an answer, and never a false one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import minisign
import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from irfer_bench.engine.submissions.checking import check_folder
from irfer_bench.engine.submissions.report import Report
from irfer_bench.registry import Registry, load
from irfer_bench.store import records
from irfer_bench.store.keys import digest_file
from irfer_bench.store.signatures import TrustedKey, read_trusted, sign, signature_path
from tests.irfer_bench.cli.sent import predictions_of, send, sent

FEW = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
ODD = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=20),
    st.sampled_from([[], {}, [[]], [[1], [2, 3]], "\x1b[31m", "../../x", 10**30, -1, 1e308]),
)  # fmt: skip


class Sent:
    """A signed record of one fold, whose bytes are put back after each example."""

    def __init__(self, folder: Path) -> None:
        self.folder = send(folder)
        for path in sent(self.folder)[1:]:
            path.unlink()
            predictions_of(path).unlink()
        (self.path,) = sent(self.folder)
        pair = minisign.KeyPair.generate()
        sign(self.path, pair.secret_key, self.path.read_bytes())
        self.key: TrustedKey = read_trusted(pair.public_key.to_base64().decode())
        self.whole = {path: path.read_bytes() for path in self.folder.rglob("*.*")}
        self.registry: Registry = load()

    def check(self, alter: Callable[[], object]) -> Report:
        for path in self.folder.rglob("*.*"):
            path.unlink()
        for path, content in self.whole.items():
            path.write_bytes(content)
        alter()
        return check_folder(self.folder, self.registry, trusted=[self.key])


@pytest.fixture(scope="module")
def one(tmp_path_factory: pytest.TempPathFactory) -> Sent:
    return Sent(tmp_path_factory.mktemp("sent") / "sent")


def flip(path: Path, data: st.DataObject) -> bytes:
    """Change one byte of a file, and give its content."""
    content = bytearray(path.read_bytes())
    place = data.draw(st.integers(0, len(content) - 1))
    content[place] ^= data.draw(st.integers(1, 255))
    path.write_bytes(content)
    return bytes(content)


@FEW
@given(data=st.data())
def test_any_changed_byte_of_a_record_or_its_predictions_is_a_fault(
    one: Sent, data: st.DataObject
) -> None:
    path = data.draw(st.sampled_from([one.path, predictions_of(one.path)]))
    assert one.check(lambda: flip(path, data)).faults


@FEW
@given(data=st.data())
def test_no_changed_signature_counts_unless_it_says_the_same(
    one: Sent, data: st.DataObject
) -> None:
    place = signature_path(one.path)
    report = one.check(lambda: flip(place, data))
    if report.signed:
        kept, before = (
            minisign.Signature.from_bytes(content)
            for content in (place.read_bytes(), one.whole[place])
        )
        assert kept == before, "the untrusted comment and spare bits of base64 are not covered"


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Where each value of a JSON document stands."""
    found = [path] if path else []
    inside = {dict: dict.items, list: enumerate}.get(type(value))
    for name, inner in inside(value) if inside else ():
        found += places(inner, (*path, name))
    return found


def put(value: Any, path: tuple[Any, ...], odd: object) -> None:
    for name in path[:-1]:
        value = value[name]
    value[path[-1]] = odd


@FEW
@given(data=st.data(), odd=ODD)
def test_a_sealed_record_with_any_value_gets_an_answer(
    one: Sent, data: st.DataObject, odd: object
) -> None:
    raw = msgspec.json.decode(one.whole[one.path])
    place = data.draw(st.sampled_from(places(raw)))

    def alter() -> None:
        put(raw, place, odd)
        try:
            record = msgspec.convert(raw, records.Record)
            one.path.unlink()
            records.write_record(one.folder, record)
        except ValueError:  # no record, or not to be written
            one.path.write_text(repr(raw))

    report = one.check(alter)
    assert report.findings or report.signed, "what is unchanged is signed, all else is told"


@FEW
@given(data=st.data(), odd=ODD)
def test_predictions_with_any_value_and_their_digest_get_an_answer(
    one: Sent, data: st.DataObject, odd: object
) -> None:
    beside = predictions_of(one.path)
    raw = msgspec.json.decode(one.whole[beside])
    place = data.draw(st.sampled_from(places(raw)[:40]))

    def alter() -> None:
        put(raw, place, odd)
        beside.write_bytes(msgspec.json.encode(raw))
        record = records.read_record(one.path)
        change = msgspec.structs.replace
        digest = digest_file(beside)
        records.write_record(
            one.folder, change(record, data=change(record.data, predictions=digest))
        )

    report = one.check(alter)
    assert not report.signed
