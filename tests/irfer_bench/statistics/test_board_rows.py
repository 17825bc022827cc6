"""Which rows of a board are compared with which, by how much, and which columns stand apart."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from irfer_bench.render.markdown import render_page as render
from irfer_bench.statistics.board import Board
from irfer_bench.statistics.measurement import Installed
from irfer_bench.store.records import Value
from tests.irfer_bench.statistics.metric_records import (
    SUBJECTS,
    TopTwo,
    board,
    lookup,
    rows_of,
    write,
)


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
