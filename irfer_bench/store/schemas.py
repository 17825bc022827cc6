"""Encoding of records, and decoding of all record schemas so far."""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any

import msgspec

from irfer_bench.contracts.record import (
    SCHEMA,
    CellFacts,
    DataFacts,
    Machine,
    MethodFacts,
    Record,
    StepFacts,
    Value,
)
from irfer_bench.errors import DamagedError
from irfer_bench.store import keys

_DIGEST = b',\n "digest": "'
_TAIL = re.compile(rb'([0-9a-f]{64})"\n}\n?')
_DECODER = msgspec.json.Decoder(Record)


class NewerError(DamagedError):
    """A record of the schema of a newer irfer-bench; it is not changed (exit 4)."""


class _Head(msgspec.Struct):
    schema: int


_HEAD = msgspec.json.Decoder(_Head)


def seal(record: Record) -> Record:
    """The record in the current schema with its digest."""
    return msgspec.structs.replace(
        record, schema=SCHEMA, digest=hashlib.sha256(_body(record)).hexdigest()
    )


def encode(record: Record) -> bytes:
    """The file's bytes, with a new digest."""
    body = _body(record)
    digest = hashlib.sha256(body).hexdigest().encode()
    return b"".join((body.removesuffix(b"\n}\n"), _DIGEST, digest, b'"\n}\n'))


def decode(content: bytes, name: str) -> Record:
    """The record in a file, converted to the current structs.

    Its `schema` and `digest` stay as they are in the file.

    Args:
        name: the file, for messages.

    Raises:
        DamagedError: not a record, truncated or edited. NewerError: of a newer schema.
    """
    try:
        schema = _HEAD.decode(content).schema
        if schema > SCHEMA:
            raise NewerError(
                f"{name}: record of schema {schema}, this irfer-bench knows {SCHEMA}",
                "upgrade irfer-bench",
            )
        if schema < 1:
            raise DamagedError(f"{name} is no record: there is no schema {schema}")
        record = _DECODER.decode(content) if schema == SCHEMA else _converted(content)
        whole = record is not None and (schema != SCHEMA or _is_whole(content))
    except (ValueError, RecursionError) as error:  # also numbers that are not finite
        reason = str(error) or type(error).__name__
        raise DamagedError(f"{name} is no record: {reason}") from None
    if record is None or not whole:
        raise DamagedError(f"{name}: content and digest disagree, it was edited or cut")
    if odd := _odd_part(record):
        raise DamagedError(f"{name} is no record: {odd}")
    return record


def _odd_part(record: Record) -> str:
    """What pages that are drawn from a record would stumble over; empty where nothing is."""
    count, rows = len(record.classes), record.confusion
    if rows is not None and [len(row) for row in rows] != [count] * count:
        return f"its confusion is no table of {count} by {count} classes"
    if not all(isinstance(reported, dict) for reported in record.facts.values()):
        return "its facts are no tables by the title of a step"
    return ""


def _body(record: Record) -> bytes:
    value = msgspec.to_builtins(msgspec.structs.replace(record, schema=SCHEMA))
    del value["digest"]
    text = json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False)
    # Half of a surrogate pair, as in names of files that are no UTF-8, becomes a question mark.
    return f"{text}\n".encode("utf-8", "replace")


def _is_whole(content: bytes) -> bool:
    if b"\r\n" in content:  # a checkout on Windows
        content = content.replace(b"\r\n", b"\n")
    body, _, tail = content.rpartition(_DIGEST)
    match = _TAIL.fullmatch(tail)
    return match is not None and hashlib.sha256(body + b"\n}\n").hexdigest().encode() == match[1]


def _converted(content: bytes) -> Record | None:
    """A record of schema 1, whose digest is of its canonical JSON; None where it disagrees."""
    raw: dict[str, Any] = msgspec.json.decode(content, type=dict[str, Any])
    body = {name: value for name, value in raw.items() if name != "digest"}
    body = {"outcome": "ok", "warnings": []} | body
    if raw.get("digest") != keys.digest(body):
        return None
    parts: dict[str, Any] = {
        "cell": _known(CellFacts, body.get("cell")),
        "translator": _known(MethodFacts, body.get("translator")),
        "recognizer": _known(MethodFacts, body.get("recognizer")),
        "data": _known(DataFacts, body.get("data")),
        "machine": _known(Machine, body.get("machine")),
        "steps": _each(StepFacts, body.get("steps")),
        "metrics": {
            name: _known(Value, value) for name, value in dict(body.get("metrics", {})).items()
        },
    }
    return msgspec.convert(_known(Record, body | parts | {"digest": raw["digest"]}), Record)


def _known(cls: type[msgspec.Struct], value: Any) -> Any:
    """The fields of a struct; schema 1 allowed further ones."""
    if not isinstance(value, dict):
        return value
    return {name: value[name] for name in cls.__struct_fields__ if name in value}


def _each(cls: type[msgspec.Struct], values: Any) -> Any:
    return [_known(cls, value) for value in values] if isinstance(values, list) else values
