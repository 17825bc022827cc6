"""Any metric ranks its board, or the board says why not; columns that say nothing stand apart."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import numpy as np
import pytest

from irfer_bench.render.markdown import render_page as render
from irfer_bench.statistics.board import Board, compare_rows, make_boards
from irfer_bench.statistics.kept import Reader
from irfer_bench.statistics.measurement import Installed, Lookup
from irfer_bench.statistics.pooling import pool
from irfer_bench.store import keys, records
from irfer_bench.store.files import write_text
from irfer_bench.store.records import Record, Value
from tests.irfer_bench.store.test_records import GOLDEN

CLASSES = ["anger", "disgust", "fear"]
ITEMS, SUBJECTS = 120, 20


def write(
    out: Path, translator: str = "a", recognizer: str = "r", *, right: float = 0.9, fold: int = 1,
    seed: int = 0, metrics: dict[str, Value], drop: float = 0.0, kept: dict[str, Any] | None = None,
    judge: str = "judge", created: str = "2025-01-01T00:00:00Z",
    said: Callable[[int], tuple[int, int]] | None = None, **cell: Any,
) -> Record:
    """A record of a row right on a share of its items; `drop` is what a seed costs or brings.

    `said` gives true and predicted class of an item instead.
    """
    random = np.random.default_rng([fold, seed, len(translator)])
    value = random.random(ITEMS)
    rows = []
    for i in range(ITEMS):
        true, guess = said(i) if said else (i % 3, (i + (value[i] >= right - drop)) % 3)
        scores = [-0.1 if k == guess else -3.0 for k in range(3)]
        rows.append([f"f{fold}i{i}", f"f{fold}s{i % SUBJECTS}", CLASSES[true], scores])
    text = json.dumps({"classes": CLASSES, "items": rows} | (kept or {}))
    golden, change = records.read_record(GOLDEN), msgspec.structs.replace
    whole = change(
        golden.cell, translator=translator, recognizer=recognizer, fold=fold, seed=seed,
        primary=next(iter(metrics)), **cell,
    )  # fmt: skip
    digest = hashlib.sha256(text.encode()).hexdigest()
    record = records.sealed(change(
        golden, cell=whole, metrics=metrics, classes=CLASSES, confusion=None, created=created,
        key=keys.digest([msgspec.to_builtins(whole)]),
        steps=[change(s, key=judge) if s.kind == "fit_recognizer" else s for s in golden.steps],
        data=change(golden.data, unlabelled_target=False, predictions=digest),
    ))  # fmt: skip
    records.write_record(out, record)
    write_text(records.predictions_path(out, record), text)
    return record


class TopTwo:
    """A third party's metric without sums: the true class is among the two likeliest."""

    consumes = frozenset({"scores"})
    direction, unit, range = "higher", "fraction", (0.0, 1.0)

    def compute(self, inputs: Any, index: Any = None) -> float:
        best = np.argsort(-inputs.scores, axis=1)[:, :1]
        right = (best == inputs.labels[:, None]).any(1)
        return float((right if index is None else right[index]).mean())


def lookup(**known: Any) -> Lookup:
    return lambda name: known.get(name)


def board(out: Path, find: Lookup | None = None) -> Board:
    (made,) = make_boards(records.read_records(out), out, find)
    return made


def rows_of(out: Path, name: str, shares: dict[str, float], **more: Any) -> None:
    for translator, right in shares.items():
        for fold in (1, 2):
            metrics = {name: Value(value=right, unit="fraction")}
            write(out, translator, right=right, fold=fold, metrics=metrics, **more)


def test_a_third_partys_metric_without_sums_ranks_and_has_intervals(tmp_path: Path) -> None:
    rows_of(tmp_path, "top_two", {"good": 0.9, "worse": 0.5})
    made = board(tmp_path, lookup(top_two=Installed(TopTwo())))
    assert [(row.translator, str(row.ranks["translators"])) for row in made.rows] == [
        ("good", "1"), ("worse", "2")]  # fmt: skip
    value = made.rows[0].metrics["top_two"]
    assert value.low is not None
    assert value.high is not None
    assert value.low < 0.9 < value.high
    assert "top\\_two %" in render([made])
    found = pool(made.rows[0].records, Reader(tmp_path)).interval(Installed(TopTwo()))
    assert (value.low, value.high) == pytest.approx(found)


def test_a_metric_without_sums_is_compared_by_what_each_subject_adds(tmp_path: Path) -> None:
    """For a mean over subjects of one size the jackknife is the mean itself."""
    from irfer_bench.registry import load
    from irfer_bench.statistics.measurement import lookup_in

    rows_of(tmp_path, "accuracy", {"good": 0.9, "worse": 0.8})
    a, b = board(tmp_path).rows
    exact = compare_rows(a, b, "accuracy", tmp_path, lookup_in(load()))
    general = compare_rows(a, b, "accuracy", tmp_path, lookup(accuracy=Installed(TopTwo())))
    assert general.difference == pytest.approx(exact.difference)
    assert general.p == pytest.approx(exact.p)


class Broken(TopTwo):
    """The same with a way to fail."""

    def __init__(self, how: str) -> None:
        self.how = how

    def compute(self, inputs: Any, index: Any = None) -> float:
        if self.how == "raises":
            raise IndexError("no such item")
        if self.how == "array":
            return np.zeros(3)  # type: ignore[return-value]
        return float("nan")


class BrokenSums(TopTwo):
    """Sums of the wrong shape."""

    def __init__(self, how: str) -> None:
        self.how = how

    def summands(self, inputs: Any) -> Any:
        found = np.ones((len(inputs.labels), 2))
        return found[1:] if self.how == "short" else found * np.nan if self.how == "nan" else found

    def from_sums(self, sums: Any) -> Any:
        if self.how == "from_sums":
            raise ZeroDivisionError("division by zero")
        return sums[..., :1] if self.how == "wide" else sums[..., 0] * np.nan


@pytest.mark.parametrize(
    ("known", "said"),
    [
        (None, "metric top_two is not installed here"),
        (Installed(TopTwo(), version="2"), "values are of version 1 of top_two, installed is 2"),
        (Installed(TopTwo(), resamples=0), "metric top_two is not resampled"),
        (Installed(Broken("raises")), "compute raised IndexError: no such item"),
        (Installed(Broken("array")), "compute gave an array of shape (3,)"),
        (Installed(Broken("nan")), "has no value without one of the subjects"),
        (Installed(BrokenSums("short"), summable=True), "not one row for each of 240"),
        (Installed(BrokenSums("nan"), summable=True), "summands are not all finite"),
        (Installed(BrokenSums("from_sums"), summable=True), "from_sums raised ZeroDivisionError"),
        (Installed(BrokenSums("wide"), summable=True), "from_sums gave shape"),
        (Installed(BrokenSums("value"), summable=True), "no value over all its items"),
    ],
)
def test_a_board_that_cannot_be_ranked_says_why(
    tmp_path: Path, known: Installed | None, said: str
) -> None:
    rows_of(tmp_path, "top_two", {"good": 0.9, "worse": 0.5})
    made = board(tmp_path, lookup(top_two=known))
    assert [row.translator for row in made.rows] == ["good", "worse"]
    assert {row.rank for row in made.rows} == {None}
    (reason,) = [line for line in made.legend if line.startswith("Not ranked: ")]
    assert said in reason
    assert "–" in render([made])
    for row in made.rows:
        assert row.metrics["top_two"].value is not None
        assert row.metrics["top_two"].low is None


def test_a_metric_over_pairs_that_keeps_nothing_ranks_nobody(tmp_path: Path) -> None:
    metric = SimpleNamespace(consumes=frozenset({"features"}), direction="lower", unit="",
                             range=(0, 1), compute=None)  # fmt: skip
    rows_of(tmp_path, "mmd", {"good": 0.9, "worse": 0.5})
    made = board(tmp_path, lookup(mmd=Installed(metric)))  # type: ignore[arg-type]
    assert "Not ranked: metric mmd keeps no per-item values." in made.legend


@pytest.mark.parametrize("form", ["values", "summands"])
def test_a_metric_over_pairs_ranks_by_what_was_kept_of_each_pair(tmp_path: Path, form: str) -> None:
    """Old files keep one number a pair, new ones rows of summands; both pool and may be mixed."""
    for translator, level in (("good", 22.0), ("worse", 20.0)):
        for fold in (1, 2):
            each = np.random.default_rng([fold, 1]).normal(level, 1, 30)
            old = form == "values" or (translator, fold) == ("good", 1)
            kept = {
                "pairs": [f"f{fold}p{i}" for i in range(30)],
                "subjects": [f"f{fold}s{i % 10}" for i in range(30)],
                **({"values": {"psnr": each.tolist()}} if old else
                   {"summands": {"psnr": [[value, 1.0] for value in each.tolist()]}}),
            }  # fmt: skip
            metrics = {"psnr": Value(value=float(each.mean()), unit="dB")}
            write(tmp_path, translator, fold=fold, metrics=metrics, kept=kept)
    made = board(tmp_path)
    assert [str(row.ranks["translators"]) for row in made.rows] == ["1", "2"]
    value = made.rows[0].metrics["psnr"]
    assert value.low is not None
    assert value.value is not None
    assert value.low < value.value


@pytest.mark.parametrize(
    ("primary", "first"), [("war", "majority"), ("accuracy", "majority"), ("uar", "fair")]
)
def test_war_and_uar_rank_unbalanced_classes_each_in_its_own_order(
    tmp_path: Path, primary: str, first: str
) -> None:
    """Of six items per subject four are of class 0: always saying 0 has a high WAR, a low UAR."""
    def true(i: int) -> int:
        return max(0, i // SUBJECTS - 3)

    rows = {
        "majority": lambda i: (true(i), 0),
        "fair": lambda i: (true(i), true(i) or min(i // SUBJECTS, 1)),
    }
    shares = {"majority": (4 / 6, 1 / 3), "fair": (3 / 6, (0.25 + 1 + 1) / 3)}
    for translator, said in rows.items():
        war, uar = (Value(value=share, unit="fraction") for share in shares[translator])
        values = {"war": war, "accuracy": war, "uar": uar}
        metrics = {primary: values[primary]} | values
        for fold in (1, 2):
            write(tmp_path, translator, fold=fold, metrics=metrics, said=said)
    made = board(tmp_path)
    second = "fair" if first == "majority" else "majority"
    assert [(row.translator, str(row.ranks["translators"])) for row in made.rows] == [
        (first, "1"), (second, "2")]  # fmt: skip


def test_differences_below_the_margin_do_not_rank(tmp_path: Path) -> None:
    rows_of(tmp_path, "top_two", {"good": 0.9, "worse": 0.5})
    made = board(tmp_path, lookup(top_two=Installed(TopTwo(), margin=0.6)))
    assert [str(row.ranks["translators"]) for row in made.rows] == ["1–2", "1–2"]
    assert any("below 60 points are never significant" in line for line in made.legend)


def test_rows_are_ranked_within_a_recognizer_and_within_a_translator(tmp_path: Path) -> None:
    """A row of another recognizer changes no rank among the translators of this one."""
    def fill(out: Path, recognizers: tuple[str, ...]) -> Board:
        for recognizer in recognizers:
            for translator, right in (("good", 0.9), ("bad", 0.4)):
                for fold in (1, 2):
                    share = right if recognizer == "strong" else right - 0.3
                    write(out, translator, recognizer, right=share, fold=fold,
                          metrics={"accuracy": Value(value=share, unit="fraction")})  # fmt: skip
        return board(out)

    alone, both = fill(tmp_path / "one", ("strong",)), fill(tmp_path / "two", ("strong", "weak"))
    assert alone.families == ["translators"]
    assert both.families == ["translators", "recognizers"]
    found = {(row.translator, row.recognizer): row.ranks for row in both.rows}
    for row in alone.rows:
        assert found[row.translator, "strong"]["translators"] == row.ranks["translators"]
    assert [(r.recognizer, r.translator) for r in both.rows] == [
        ("strong", "good"), ("strong", "bad"), ("weak", "good"), ("weak", "bad")]  # fmt: skip
    assert str(found["good", "weak"]["recognizers"]) == "2"
    assert found["good", "weak"]["recognizers"].of == 2
    page = render([both])
    assert "rank within recognizer" in page
    assert "rank within translator" in page
    assert "rank within" not in render([alone])


def test_one_seed_is_said_and_several_seeds_are_resampled(tmp_path: Path) -> None:
    """Seeds that differ by 40 points: the difference of two rows is no longer certain."""
    for out, seeds in ((tmp_path / "one", (0,)), (tmp_path / "three", (0, 1, 2))):
        for translator, right in (("a", 0.8), ("bb", 0.65)):
            for seed in seeds:
                for fold in (1, 2):
                    write(out, translator, right=right, fold=fold, seed=seed, seeds=len(seeds),
                          drop=0.2 * (seed - 1) * (len(seeds) > 1),
                          metrics={"accuracy": Value(value=right, unit="fraction")})  # fmt: skip
    one, three = board(tmp_path / "one"), board(tmp_path / "three")
    assert any("for these trained networks" in line for line in one.legend)
    assert not any("for these trained networks" in line for line in three.legend)
    assert [row.rank for row in one.rows] == [1, 2]
    assert [str(row.ranks["translators"]) for row in three.rows] == ["1–2", "1–2"]
    widths = [b.rows[0].metrics["accuracy"] for b in (one, three)]
    assert widths[1].high - widths[1].low > 1.5 * (widths[0].high - widths[0].low)  # type: ignore[operator]


def value(number: float | None, unit: str = "", **more: Any) -> Value:
    return Value(value=number, unit=unit, **more)


def test_columns_that_say_nothing_stand_in_the_appendix(tmp_path: Path) -> None:
    for k, translator in enumerate(("a", "b", "c")):
        metrics = {
            "accuracy": value(0.5 + k / 10, "fraction"), "war": value(0.5 + k / 10, "fraction"),
            "psnr": value(20.0 + k**2, "dB"), "psnr_as255": value(62.11 + k**2, "dB"),
            "lpips": value(None, reason="no weights"), "macro_f1": value(0.4 + k / 9, "fraction"),
        }  # fmt: skip
        for fold in (1, 2):
            write(tmp_path, translator, fold=fold, metrics=metrics)
    made = board(tmp_path)
    assert [column.name for column in made.columns] == ["accuracy", "psnr", "macro_f1"]
    assert {column.name: column.reason for column in made.appendix} == {
        "war": "equal to accuracy in every row", "psnr_as255": "psnr + 42.11 in every row",
        "lpips": "no value in any row: no weights",
    }  # fmt: skip
    page = render([made])
    assert page.index("Appendix") < page.index("war %: equal to accuracy in every row")


@pytest.mark.parametrize("judges", [("one", "one"), ("one", "other")])
def test_what_each_rows_own_recognizer_says_is_not_compared(
    tmp_path: Path, judges: tuple[str, str]
) -> None:
    for translator, judge, mmd in zip("ab", judges, (0.1, 0.2), strict=True):
        for fold in (1, 2):
            metrics = {"accuracy": value(0.5, "fraction"), "mmd2_rbf5": value(mmd)}
            write(tmp_path, translator, fold=fold, metrics=metrics, judge=judge)
    made = board(tmp_path)
    apart = [column.name for column in made.appendix]
    assert apart == (["mmd2_rbf5"] if judges[1] == "other" else [])
    if apart:
        assert "not comparable between rows" in made.appendix[0].reason
        assert "0.2000" in render([made])


def test_a_column_never_mixes_two_versions_of_a_metric(tmp_path: Path) -> None:
    old = {"accuracy": value(0.5, "fraction"), "mmd2_rbf5": value(-0.007)}
    new = {"accuracy": value(0.5, "fraction"), "mmd2_rbf5": value(0.001, version="2")}
    for fold in (1, 2):
        write(tmp_path, "old", fold=fold, metrics=old, created="2020-01-01T00:00:00Z")
        write(tmp_path, "partly", fold=fold, metrics=(old, new)[fold - 1],
              created="2020-01-01T00:00:00Z")  # fmt: skip
        write(tmp_path, "new", fold=fold, metrics=new)
    found = {row.translator: row.metrics["mmd2_rbf5"] for row in board(tmp_path).rows}
    assert found["new"].value == 0.001
    for name in ("old", "partly"):
        assert found[name].value is None
        assert "version 1 of mmd2_rbf5, this column is of version 2" in found[name].reason


def test_an_old_column_says_that_a_newer_version_is_installed(tmp_path: Path) -> None:
    for fold in (1, 2):
        metrics = {"accuracy": value(0.5, "fraction"), "mmd2_rbf5": value(-0.007)}
        write(tmp_path, "old", fold=fold, metrics=metrics)
    made = board(tmp_path)
    assert made.rows[0].metrics["mmd2_rbf5"].value == -0.007
    assert "mmd2_rbf5 is of version 1 of the metric; installed is 2." in made.legend
