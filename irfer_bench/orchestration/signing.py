"""Signatures of the records of a results folder."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from irfer_bench.errors import BenchError, DamagedError, MissingError, UsageError
from irfer_bench.store.records import (
    RECORD_LIMIT,
    predictions_of,
    read_placed,
    read_regular,
    settings_in,
)
from irfer_bench.store.signatures import public_of, sign, verify

if TYPE_CHECKING:
    from minisign import SecretKey


@dataclass
class Signed:
    """Records by what became of them; `others` carry another key's signature."""

    signed: list[Path] = field(default_factory=list)
    kept: list[Path] = field(default_factory=list)
    others: list[Path] = field(default_factory=list)
    errors: list[BenchError] = field(default_factory=list)


def sign_records(what: Path, secret: SecretKey) -> Signed:
    """Sign the records of a folder, or one record, each with a file beside it.

    A record names the digest of its predictions, which its signature therefore covers; predictions
    that are here have to agree.

    Raises:
        MissingError: there is no record. UsageError: a file that is no record of a results folder.
    """
    done, own = Signed(), public_of(secret)
    for path in _records(what):
        try:
            content = _content(path)
            found = verify(path, [own])
        except DamagedError as error:
            done.errors.append(error)
            continue
        if found.state == "good":
            done.kept.append(path)
        elif found.state == "unknown":
            done.others.append(path)
        else:
            sign(path, secret, content)
            done.signed.append(path)
    return done


def _records(what: Path) -> list[Path]:
    if what.is_file():
        if what.suffix != ".json" or what.absolute().parent.parent.name != "records":
            raise UsageError(
                f"{what} is no record of a results folder",
                "name FOLDER, or FOLDER/records/SETTING/NAME.json",
            )
        return [what]
    places = [what / "records" / name for name in settings_in(what)]
    found = [path for place in places for path in sorted(place.glob("*.json"))]
    if not found:
        raise MissingError(f"no record below {what}", "name the folder that holds records/")
    return found


def _content(path: Path) -> bytes:
    """The bytes that are signed: a whole record whose predictions agree with it."""
    record = read_placed(path)
    predictions = predictions_of(path.absolute().parents[2], record)
    if predictions is not None and not record.data.predictions:
        raise DamagedError(
            f"{path} names no digest of its predictions: a signature would not cover them"
        )
    return read_regular(path, RECORD_LIMIT).replace(b"\r\n", b"\n")
