"""Leaderboards: like beside like, shared ranks, partial rows unranked, always the same bytes."""

from __future__ import annotations

import hashlib
import json
import random

import msgspec
import numpy as np
import pytest

from irfer_bench.registry import load
from irfer_bench.render.markdown import render_page as render
from irfer_bench.render.numbers import number
from irfer_bench.statistics.board import make_boards
from irfer_bench.store import keys, records
from irfer_bench.store.files import write_text
from irfer_bench.store.records import Value
from tests.irfer_bench.store.test_records import GOLDEN

CLASSES = ["anger", "disgust", "fear"]


def write(out, translator="a", *, right=0.9, fold=1, seed=0, items=60, shift=0, **cell):
    """One record of a row that is right on a share of `items` items, with its predictions."""
    value = np.random.default_rng([fold, seed, items, shift]).random(items)
    rows = []
    for i in range(items):
        truth = i % 3
        said = truth if value[i] < right else (truth + 1) % 3
        scores = [-0.1 if k == said else -3.0 for k in range(3)]
        rows.append([f"f{fold}i{i + shift}", f"f{fold}s{i // 3}", CLASSES[truth], scores])
    text = json.dumps({"classes": CLASSES, "items": rows})
    golden = records.read_record(GOLDEN)
    share = float(np.mean(value < right))
    metrics = dict.fromkeys(("accuracy", "uar"), Value(value=share, low=share, high=share))
    change = msgspec.structs.replace
    fingerprint, version = cell.pop("fingerprint", "data"), cell.pop("version", "1")
    whole = change(golden.cell, translator=translator, fold=fold, seed=seed, **cell)
    record = records.sealed(change(
        golden, cell=whole, metrics=metrics, confusion=None,
        translator=change(golden.translator, version=version),
        key=keys.digest([msgspec.to_builtins(whole), fingerprint, version]),
        data=change(
            golden.data, fingerprint=fingerprint, unlabelled_target=False,
            predictions=hashlib.sha256(text.encode()).hexdigest(),
        ),
    ))  # fmt: skip
    records.write_record(out, record)
    write_text(records.predictions_path(out, record), text)
    return record


def boards(out):
    return make_boards(records.read_records(out), out)


def row(board, name):
    (found,) = [row for row in board.rows if row.translator == name]
    return found


def test_rows_that_cannot_be_told_apart_share_a_rank(tmp_path):
    for name, right in (("good", 0.95), ("nearly", 0.94), ("bad", 0.4), ("worst", 0.1)):
        for fold in (1, 2):
            write(tmp_path, name, right=right, fold=fold)
    (board,) = boards(tmp_path)
    assert [row.translator for row in board.rows] == ["good", "nearly", "bad", "worst"]
    assert [str(row.ranks["translators"]) for row in board.rows] == ["1–2", "1–2", "3", "4"]
    assert [row.rank for row in board.rows] == [1, 1, 3, 4]
    for each in board.rows:
        value = each.metrics["accuracy"]
        assert value.low < value.value < value.high


def test_a_partial_row_has_no_rank_and_says_what_is_there(tmp_path):
    for fold in (1, 2):
        write(tmp_path, "whole", fold=fold)
    write(tmp_path, "half", right=1.0, fold=1)
    (board,) = boards(tmp_path)
    assert row(board, "half").rank is None
    assert row(board, "half").marks == ["partial: 1 of 2 folds, 1 of 1 seeds"]
    assert row(board, "whole").rank == 1
    assert board.rows[-1].translator == "half"


def test_partial_rows_of_the_same_folds_are_ranked_provisionally(tmp_path):
    for name, right in (("good", 0.95), ("nearly", 0.94), ("bad", 0.2)):
        write(tmp_path, name, right=right, fold=1)
    write(tmp_path, "other fold", right=0.95, fold=2)
    for fold in (1, 2):
        write(tmp_path, "whole", right=0.9, fold=fold)
    (board,) = boards(tmp_path)
    found = {each.translator: each.provisional.get("translators") for each in board.rows}
    assert [str(found[name]) for name in ("good", "nearly", "bad")] == ["1–2", "1–2", "3"]
    assert found["good"].of == 3
    assert found["other fold"] is None, "nothing to compare it with"
    assert found["whole"] is None
    assert {each.rank for each in board.rows if each.translator != "whole"} == {None}
    assert board.rows[0].translator == "whole"
    page = render([board])
    assert "| (1–2 of 3)" in page and "| (3 of 3)" in page
    assert "Ranks in parentheses are provisional" in page.replace("\\", "")
    assert "provisional\\: they" in page


def test_other_seeds_or_items_of_the_same_folds_are_not_compared(tmp_path):
    write(tmp_path, "a", fold=1)
    write(tmp_path, "b", fold=1, seed=1)
    write(tmp_path, "c", fold=1, shift=1)
    (board,) = boards(tmp_path)
    assert not [each for each in board.rows if each.provisional]
    assert "provisional:" not in render([board]).replace("\\", "")


def test_many_records_of_one_fold_are_no_whole_row(tmp_path):
    for seed in range(4):
        write(tmp_path, "one fold", fold=1, seed=seed)
    (board,) = boards(tmp_path)
    assert board.rows[0].rank is None
    assert board.rows[0].marks == ["partial: 1 of 2 folds, 4 of 1 seeds"]


def test_a_seed_counts_when_all_its_folds_are_there(tmp_path):
    for fold in (1, 2):
        write(tmp_path, "a", fold=fold)
        write(tmp_path, "b", fold=fold)
        write(tmp_path, "b", fold=fold, seed=1)
    before = row(boards(tmp_path)[0], "a").metrics
    write(tmp_path, "a", fold=1, seed=1, right=0.0)
    (board,) = boards(tmp_path)
    assert row(board, "a").metrics == before
    assert {each.rank for each in board.rows} == {1}


def test_unlike_numbers_never_share_a_table(tmp_path):
    write(tmp_path, "a")
    write(tmp_path, "a", preset="bench")
    write(tmp_path, "a", setting_version="2")
    write(tmp_path, "a", fingerprint="other data")
    assert len(boards(tmp_path)) == 4
    page = render(boards(tmp_path))
    assert page.count("\n| rank") == 4
    for said in ("Preset bench", "setting version 2", "data other data"):
        assert said in page


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"precision": "bf16"}, 'precision "bf16"'),
        ({"version": "2"}, 'translator version "2"'),
        ({"fit_translator_on": "synth"}, "translator fitted on synth"),
    ],
)
def test_a_row_is_one_experiment(tmp_path, change, said):
    """Fold 1 in one precision and fold 2 in another are two partial rows, not one whole."""
    write(tmp_path, "a", fold=1)
    write(tmp_path, "a", fold=2, **change)
    (board,) = boards(tmp_path)
    assert len(board.rows) == 2
    assert {each.rank for each in board.rows} == {None}
    assert any(said in each.marks for each in board.rows)


def test_rows_over_other_items_are_not_compared(tmp_path):
    for fold in (1, 2):
        for name in "ab":
            write(tmp_path, name, fold=fold)
        write(tmp_path, "other", fold=fold, shift=1)
    (board,) = boards(tmp_path)
    assert row(board, "other").rank is None
    assert "other items: not ranked" in row(board, "other").marks
    assert {row(board, name).rank for name in "ab"} == {1}


@pytest.mark.parametrize("damage", ["cut", "edited", "lost"])
def test_damaged_predictions_cost_their_own_row_its_rank(tmp_path, damage):
    for name in ("a", "b"):
        for fold in (1, 2):
            last = write(tmp_path, name, fold=fold)
    path = records.predictions_path(tmp_path, last)
    path.write_text({"cut": path.read_text()[:99], "edited": "{}", "lost": ""}[damage])
    if damage == "lost":
        path.unlink()
    (board,) = boards(tmp_path)
    assert row(board, "a").rank == 1
    assert row(board, "b").rank is None
    assert row(board, "b").metrics["accuracy"].value is not None
    assert bool(board.problems) == (damage != "lost")


def test_the_newest_of_two_records_of_a_cell_counts(tmp_path):
    old = write(tmp_path, "a", right=0.2)
    change = msgspec.structs.replace
    new = change(old, created="2026-11-21T00:05:00Z", key="f" * 64,
                 metrics=dict.fromkeys(old.metrics, Value(value=0.7)),
                 data=change(old.data, predictions=""))  # fmt: skip
    records.write_record(tmp_path, new)
    (board,) = boards(tmp_path)
    assert len(board.rows) == 1
    assert board.rows[0].metrics["accuracy"].value == 0.7


def test_a_page_is_the_same_bytes_whatever_the_order(tmp_path):
    for name in "abc":
        for fold in (1, 2):
            write(tmp_path, name, fold=fold, right=0.8)
    found = list(records.read_records(tmp_path))
    pages = set()
    for seed in range(5):
        random.Random(seed).shuffle(found)
        pages.add(render(make_boards(found, tmp_path)))
    assert len(pages) == 1


def test_no_record_is_no_board(tmp_path):
    assert boards(tmp_path) == []


def test_check_sees_a_stale_page(bench):
    bench.run()
    assert bench.call("leaderboard", "--check")[0] == 0
    page = bench.out / "toy_weak.md"
    page.write_text(page.read_text().replace("100.00", "99.00"))
    code, _, err = bench.call("leaderboard", "--check")
    assert code == 4
    assert "toy_weak.md is not what its records say" in err
    assert bench.call("leaderboard")[0] == 0
    assert bench.call("leaderboard", "--check")[0] == 0


def test_leaderboard_as_json(bench):
    bench.run("--fold", "1", "--fold", "2")
    code, out, _ = bench.call("leaderboard", "toy_weak", "--json")
    assert code == 0
    (found,) = json.loads(out)["toy_weak"]
    assert (found["rank"], found["translator"], found["preset"]) == (1, "toy_shift", "quick")
    assert found["notes"] == ["unlabelled target"]
    assert set(found["metrics"]["accuracy"]) == {"value", "low", "high"}
    assert found["p"] == {"translators": [], "recognizers": []}, "nothing to compare with"


def test_leaderboard_as_json_has_the_p_of_each_pair(bench):
    for name, right in (("good", 0.9), ("bad", 0.3)):
        for fold in (1, 2):
            write(bench.out, name, right=right, fold=fold)
    code, out, _ = bench.call("leaderboard", "toy_weak", "--json")
    assert code == 0
    good, bad = json.loads(out)["toy_weak"]
    (of_good,), (of_bad,) = good["p"]["translators"], bad["p"]["translators"]
    assert (of_good["translator"], of_bad["translator"]) == ("bad", "good")
    assert of_good["p"] == of_bad["p"] < 0.001


def test_a_setting_with_aligned_faces_or_skipped_frames_has_its_page(bench):
    code, _, err = bench.call(
        "run", "-s", "toy_weak@opencv-whole-every2", "-t", "toy_raw", "-r", "toy_means"
    )
    assert code == 0, err
    name = "toy_weak@opencv-every2"
    assert (bench.out / f"{name}.md").is_file(), err
    (record,) = records.read_records(bench.out)
    assert record.cell.setting == name
    assert any("every frame number 2" in line for line in record.warnings)
    assert bench.call("leaderboard", "--check")[0] == 0
    for words in ("-align", "-drop-eyes-every16", "-fail-align"):
        assert records.SETTING.fullmatch(load().setting(f"toy_weak@dlib{words}").name)


def test_no_record_of_a_setting_is_said(bench):
    code, _, err = bench.call("leaderboard", "toy_weak")
    assert code == 3
    assert "no record of 'toy_weak' below results" in err


def test_a_rounded_zero_has_no_sign():
    assert number(-0.00001, "nats") == "0.0000"
    assert number(-0.5, "") == "-0.5000"
    assert number(0.41666, "fraction") == "41.67"
