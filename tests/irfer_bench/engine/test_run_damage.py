"""A run on a full disk, and after records, predictions or artefacts were damaged."""

from __future__ import annotations

import errno
import json
import os

import pytest


@pytest.mark.parametrize("where", ["store", "out"])
@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS])
def test_a_full_or_read_only_disk_is_one_line(bench, monkeypatch, where, number):
    """Root may write anywhere, so the system's refusal is simulated at the point of writing."""
    import tempfile

    real = tempfile.mkstemp, tempfile.mkdtemp

    def refuse(make):
        def made(*args, **kwargs):
            if where in str(kwargs["dir"]) or (
                where == "out" and "results" in str(kwargs["dir"])
            ):
                raise OSError(number, os.strerror(number), str(kwargs["dir"]))
            return make(*args, **kwargs)

        return made

    monkeypatch.setattr(tempfile, "mkstemp", refuse(real[0]))
    monkeypatch.setattr(tempfile, "mkdtemp", refuse(real[1]))
    code, _, err = bench.run("--json")
    assert code == 4
    assert "IRFER_BENCH_HOME" in err
    assert "Traceback" not in err
    monkeypatch.setattr(tempfile, "mkstemp", real[0])
    monkeypatch.setattr(tempfile, "mkdtemp", real[1])
    assert bench.run()[0] == 0


def test_out_that_is_a_file_is_said(bench):
    bench.out.write_text("")
    code, _, err = bench.run()
    assert code == 4
    assert "results" in err
    assert "Traceback" not in err


@pytest.mark.parametrize("damage", ["cut", "edit"])
def test_a_damaged_record_is_set_aside_and_written_again(bench, damage):
    both = ("--fold", "1", "--fold", "2")
    bench.run(*both)
    (path,) = bench.out.glob("records/toy_weak/*fold1*.json")
    whole = path.read_text()
    path.write_text(whole[:200] if damage == "cut" else whole.replace('"seed": 0', '"seed": 1'))
    assert bench.call("leaderboard")[0] == 0
    assert "Not shown" in (bench.out / "toy_weak.md").read_text()
    assert bench.run(*both)[0] == 0
    again, before = json.loads(path.read_text()), json.loads(whole)
    assert again["metrics"] == before["metrics"]
    assert len(list(path.parent.glob("*.damaged"))) == 1
    assert "Not shown" not in (bench.out / "toy_weak.md").read_text()


def test_a_record_of_a_newer_schema_is_left_alone(bench):
    bench.run()
    (path,) = bench.out.glob("records/toy_weak/*.json")
    newer = path.read_text().replace('"schema": 2', '"schema": 99')
    path.write_text(newer)
    code, _, err = bench.run()
    assert code == 4
    assert "record of schema 99, this irfer-bench knows 2; upgrade irfer-bench" in err
    assert path.read_text() == newer


@pytest.mark.parametrize("damage", ["cut", "lost"])
def test_predictions_are_restored(bench, damage):
    bench.run()
    (path,) = bench.out.glob("predictions/toy_weak/*.json")
    whole = path.read_bytes()
    path.write_bytes(whole[:50])
    if damage == "lost":
        path.unlink()
    page = (bench.out / "toy_weak.md").read_bytes()
    assert bench.run()[0] == 0
    assert path.read_bytes() == whole
    assert (bench.out / "toy_weak.md").read_bytes() == page


def test_predictions_whose_record_was_not_written_any_more_are_kept(bench):
    bench.run()
    (record,) = bench.out.glob("records/toy_weak/*.json")
    (path,) = bench.out.glob("predictions/toy_weak/*.json")
    before, stamp = record.read_bytes(), path.stat().st_mtime_ns
    record.unlink()
    assert bench.run()[0] == 0
    assert json.loads(record.read_bytes())["metrics"] == json.loads(before)["metrics"]
    assert path.stat().st_mtime_ns == stamp


def test_a_damaged_artefact_in_the_middle_is_rebuilt(bench):
    bench.run()
    folder = bench.artefacts("fit_recognizer")[0]
    (folder / "state.safetensors").write_bytes(b"half")
    bench.artefacts("score")[0].joinpath("metrics.json").unlink()
    for predicted in bench.artefacts("predict"):
        predicted.joinpath("scores.safetensors").write_bytes(b"")
    code, _, err = bench.run()
    assert code == 0
    assert err.count("set aside in") == 4
    assert bench.log().count("fit_recognizer") == 2
    assert bench.log().count("fit_translator") == 1


def test_a_page_is_not_replaced_where_no_record_can_be_read(bench):
    bench.run()
    (path,) = bench.out.glob("records/toy_weak/*.json")
    path.write_text("{")
    page = (bench.out / "toy_weak.md").read_bytes()
    code, _, err = bench.call("leaderboard")
    assert code == 4
    assert "toy_weak: no record can be read" in err
    assert (bench.out / "toy_weak.md").read_bytes() == page
