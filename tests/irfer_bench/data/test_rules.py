"""Frame rules, and matching frames of partners of unequal length."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from irfer_bench.data.preparation.rules import distinct, pick
from irfer_bench.errors import UsageError

counts = st.integers(1, 60)
rules = st.sampled_from(["all", "last({})", "first({})", "uniform({})"])


@given(rules, counts, counts)
def test_positions_ascend_and_exist(rule: str, k: int, count: int) -> None:
    picked = pick(rule.format(k), count)
    positions = [position for position, _ in picked]
    assert positions == sorted(positions) and set(positions) <= set(range(count))
    kept = distinct(picked)
    assert [p for p, _ in kept] == sorted(set(positions))
    assert len({number for _, number in kept}) == len(kept)


@given(counts, counts)
def test_lengths_are_what_was_asked_for(k: int, count: int) -> None:
    assert len(pick("all", count)) == count
    assert len(pick(f"last({k})", count)) == len(pick(f"first({k})", count)) == min(k, count)
    assert len(pick(f"uniform({k})", count)) == k


@given(counts, counts, counts)
def test_last_frames_of_partners_meet_from_the_end(k: int, one: int, other: int) -> None:
    first = {number: one - position for position, number in pick(f"last({k})", one)}
    second = {number: other - position for position, number in pick(f"last({k})", other)}
    assert all(first[number] == second[number] for number in first.keys() & second.keys())
    assert 0 in first and 0 in second


@given(st.integers(2, 60), counts)
def test_uniform_spans_from_the_first_to_the_last(k: int, count: int) -> None:
    picked = pick(f"uniform({k})", count)
    assert picked[0][0] == 0 and picked[-1][0] == count - 1


def test_examples() -> None:
    assert pick("last(3)", 10) == [(7, 2), (8, 1), (9, 0)]
    assert pick("first(2)", 10) == [(0, 0), (1, 1)]
    assert pick("uniform(3)", 10) == [(0, 0), (5, 1), (9, 2)]
    assert pick("uniform(1)", 9) == [(4, 0)]
    assert pick("all", 0) == []


@pytest.mark.parametrize("rule", ["last", "last(0)", "last(-1)", "middle(3)", "last(3) ", ""])
def test_anything_else_is_refused(rule: str) -> None:
    with pytest.raises(UsageError, match="is not a rule"):
        pick(rule, 5)
