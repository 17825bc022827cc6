"""How a board says what its ranks compare."""

from __future__ import annotations

from collections import Counter

import pytest

from irfer_bench.statistics.ranking import Primary, describe, families_of
from irfer_bench.statistics.rows import Row


def lines(*fits: int, margin: float = 0.01, unit: str = "fraction") -> list[str]:
    return describe(["translators"], Primary("m", "higher", unit, margin), Counter(fits))


@pytest.mark.parametrize(
    ("margin", "unit", "said"),
    [
        (0.01, "fraction", "differences below 1 point are never"),
        (0.025, "fraction", "differences below 2.5 points are never"),
        (0.1, "dB", "differences below 0.1 dB are never"),
        (1, "", "differences below 1 are never"),
    ],
)
def test_the_margin_is_said_in_its_unit(margin: float, unit: str, said: str) -> None:
    assert said in lines(1, margin=margin, unit=unit)[0]


def test_without_a_margin_none_is_said() -> None:
    assert "never significant" not in lines(1, margin=0.0)[0]


@pytest.mark.parametrize(
    ("fits", "said"),
    [
        ((1, 1), "every row has one seed"),
        ((1, 1, 3), "2 rows have one seed"),
        ((3, 3), r"Fits (seeds) are resampled"),
    ],
)
def test_what_training_again_would_change_is_said(fits: tuple[int, ...], said: str) -> None:
    (_, line) = lines(*fits)
    assert said in line


def test_without_rows_nothing_is_said_of_fits() -> None:
    assert len(lines()) == 1


def test_a_board_compares_rows_that_share_a_recognizer_or_a_translator() -> None:
    def families(*names: str) -> list[str]:
        return list(families_of([Row(name[0], name[1], []) for name in names]))

    assert families("ax", "bx") == ["translators"]
    assert families("ax", "ay") == ["recognizers"]
    assert families("ax", "bx", "by") == ["translators", "recognizers"]
    assert families("ax", "by") == ["translators"]
