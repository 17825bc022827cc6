"""Translations: once for all folds where no fold was fitted, resumed after a kill."""

from __future__ import annotations

import json
import os
import signal
import time

import pytest

PEOPLE = ("-p", "toy.subjects=40")


@pytest.mark.parametrize("folds", [(1,), (1, 2)])
def test_what_is_fitted_on_no_fold_is_translated_once(bench, folds):
    words = ["-d", "toy", "-t", "toy_raw", "-r", "toy_means"]
    words += [word for fold in folds for word in ("--fold", str(fold))]
    code, _, err = bench.run(*words)
    assert code == 0, err
    assert bench.log().count("clip") == 30, "ten people, three expressions, each once"
    assert len(bench.artefacts("translate")) == 1


def test_what_is_fitted_per_fold_is_translated_per_fold(bench):
    code, _, err = bench.run("--fold", "1", "--fold", "2")
    assert code == 0, err
    assert bench.log().count("clip") == 60


def test_translating_once_or_per_fold_gives_the_same_cells(bench):
    """A translator without a fit equals one whose fit adds nothing."""
    found = []
    for words in (("-t", "toy_raw"), ("-t", "toy_shift", "-p", "toy_shift.gain=0")):
        code, out, err = bench.run("-d", "toy", *words, "-r", "toy_means", "--fold", "2", "--json")
        assert code == 0, err
        found.append(json.loads(out)["metrics"])
    assert found[0] == found[1]


def killed_in_the_second_file(bench):
    """How many clips a run had translated when it was killed."""
    child = bench.start(*PEOPLE, TOY_SLOW="0.02")
    ending = time.monotonic() + 60
    while bench.log().count("clip") < 45:
        assert child.poll() is None, child.communicate()[1]
        assert time.monotonic() < ending
        time.sleep(0.005)
    os.kill(child.pid, signal.SIGKILL)
    child.wait()
    count = bench.log().count("clip")
    assert count < 60, "it was killed in the middle of the first translation"
    return count


def test_a_killed_translation_loses_at_most_one_file(bench, monkeypatch):
    before = killed_in_the_second_file(bench)
    code, _, err = bench.run(*PEOPLE)
    assert code == 0, err
    again = bench.log().count("clip") - before
    assert again == 60 - 32 + 60, "one file of 32 was kept; the test part follows"
    (record,) = bench.out.glob("records/toy_weak/*.json")
    metrics = json.loads(record.read_text())["metrics"]
    monkeypatch.setenv("IRFER_BENCH_HOME", str(bench.folder / "other home"))
    code, out, _ = bench.run(*PEOPLE, "--out", "other", "--json")
    assert code == 0
    whole = json.loads(out)["metrics"]
    assert {k: v["value"] for k, v in metrics.items()} == {k: v["value"] for k, v in whole.items()}


def test_files_of_edited_code_are_not_mixed_with_new_ones(bench):
    before = killed_in_the_second_file(bench)
    (marker,) = (bench.home / "store" / "unfinished").glob("*/code.txt")
    marker.write_text("of other code")
    assert bench.run(*PEOPLE)[0] == 0
    assert bench.log().count("clip") - before == 120


def test_a_damaged_kept_file_is_translated_again(bench):
    before = killed_in_the_second_file(bench)
    for kept in (bench.home / "store" / "unfinished").glob("*/clips-00000.arrow"):
        kept.write_bytes(kept.read_bytes()[:-100])
    assert bench.run(*PEOPLE)[0] == 0
    assert bench.log().count("clip") - before == 120
