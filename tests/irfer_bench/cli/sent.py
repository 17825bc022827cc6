"""A results folder that somebody else sends: five records of one row, and ways to forge them."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from irfer_bench.contracts.record import Record
from irfer_bench.store import records
from irfer_bench.store.keys import digest_file

BOARDS = Path(__file__).parents[3] / "leaderboards"
SETTING = "synth_nir_supervised"
change = msgspec.structs.replace
Alter = Callable[[Record], Record]


def send(folder: Path, row: str = "none+clip_zero_shot") -> Path:
    """Copy one row's records and predictions, in the form that is written today."""
    for kind in ("records", "predictions"):
        (folder / kind / SETTING).mkdir(parents=True)
        for path in (BOARDS / kind / SETTING).glob(f"{row}.*"):
            shutil.copy(path, folder / kind / SETTING)
    for path in sent(folder):
        records.write_record(folder, records.read_record(path))
    return folder


def sent(folder: Path) -> list[Path]:
    """The records, fold 1 first."""
    return sorted((folder / "records" / SETTING).glob("*.json"))


def predictions_of(record: Path) -> Path:
    return record.parents[2] / "predictions" / record.parent.name / record.name


def forge(folder: Path, alter: Alter) -> Path:
    """Change the record of fold 1 and seal it anew, at the place that its cell and key say."""
    path = sent(folder)[0]
    record = records.read_record(path)
    path.unlink()
    made = records.write_record(folder, alter(record))
    if made.name != path.name and predictions_of(path).is_file():
        predictions_of(path).rename(predictions_of(made))
    return made


def forge_predictions(folder: Path, alter: Callable[[Any], Any]) -> Path:
    """Change the predictions of fold 1, and the digest of them that the record names."""
    place = predictions_of(sent(folder)[0])
    kept = msgspec.json.decode(place.read_bytes())
    alter(kept)
    place.write_bytes(msgspec.json.encode(kept))
    return forge(
        folder, lambda r: change(r, data=change(r.data, predictions=digest_file(place)))
    )


def check(bench: Any, folder: Path, *words: str) -> tuple[int, str]:
    """Exit code and standard output of `records check`, its lines joined."""
    code, out, err = bench.call("records", "check", str(folder), *words)
    assert "Traceback" not in err
    return code, " ".join(out.split())


def of_cell(**changes: object) -> Alter:
    return lambda record: change(record, cell=change(record.cell, **changes))


def of_data(**changes: object) -> Alter:
    return lambda record: change(record, data=change(record.data, **changes))
