"""Ranks within a recognizer where translators are compared, and the other way round."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from irfer_bench.errors import ContractError
from irfer_bench.statistics.bootstrap import Sums
from irfer_bench.statistics.comparison import Rank, rank
from irfer_bench.statistics.rows import Row

PROVISIONAL = (
    "Ranks in parentheses are provisional: they compare partial rows of the same folds and seeds, "
    "and further folds may change them."
)

Family: TypeAlias = Literal["translators", "recognizers"]
FAMILIES: Mapping[Family, str] = {"translators": "recognizer", "recognizers": "translator"}
"""What is compared, and what the compared rows have in common."""


@dataclass(frozen=True, slots=True)
class Primary:
    """The metric that ranks."""

    name: str
    direction: str
    unit: str
    margin: float


def families_of(rows: Sequence[Row]) -> list[Family]:
    """Which comparisons a board has: two rows at least that share a recognizer or a translator."""
    found: list[Family] = [
        family
        for family, common in FAMILIES.items()
        if any(len(members) > 1 for members in _groups(rows, common).values())
    ]
    return found or ["translators"]


def rank_rows(sums: Sequence[tuple[Row, Sums]], primary: Primary) -> str:
    """Give every row its ranks; returns why no row has one, or an empty text.

    The most common set of items is the board's; a row over other items is marked.
    """
    if not sums:
        return ""
    common, _ = Counter(found.items for _, found in sums).most_common(1)[0]
    same = [(row, found) for row, found in sums if found.items == common]
    for row, found in sums:
        if found.items != common:
            row.marks.append("other items: not ranked")
    try:
        for family, members in _compared(same):
            for (row, _), own in zip(members, _ranks(members, primary), strict=True):
                row.ranks[family] = own
                others = (other.number for other, _ in members)
                row.p[family] = dict(zip(others, own.p, strict=False))
    except (ContractError, ValueError) as error:
        for row, _ in same:
            row.ranks.clear()
            row.p.clear()
        return f"metric {primary.name}: {error}"
    return ""


def rank_partial_rows(sums: Sequence[tuple[Row, Sums]], primary: Primary) -> bool:
    """Give partial rows provisional ranks among those of the same folds, seeds and items.

    Returns:
        Whether any row has one; a row that nothing can be compared with has none.
    """
    alike: dict[object, list[tuple[Row, Sums]]] = defaultdict(list)
    for row, found in sums:
        alike[row.cells, found.items].append((row, found))
    for same in alike.values():
        try:
            for family, members in _compared(same):
                if len(members) > 1:
                    for (row, _), own in zip(members, _ranks(members, primary), strict=True):
                        row.provisional[family] = own
        except (ContractError, ValueError):  # the same as of complete rows, which report it
            for row, _ in same:
                row.provisional.clear()
    return any(row.provisional for row, _ in sums)


def _compared(
    same: Sequence[tuple[Row, Sums]],
) -> Iterator[tuple[Family, list[tuple[Row, Sums]]]]:
    """The groups that are compared in each family."""
    for family, shared in FAMILIES.items():
        groups: dict[str, list[tuple[Row, Sums]]] = defaultdict(list)
        for row, found in same:
            groups[getattr(row, shared)].append((row, found))
        for members in groups.values():
            yield family, members


def _ranks(members: Sequence[tuple[Row, Sums]], primary: Primary) -> list[Rank]:
    higher = primary.direction != "lower"
    sums = [found for _, found in members]
    return rank(sums, higher_is_better=higher, margin=primary.margin)


def place_rows(rows: list[Row], family: Family, primary: Primary) -> None:
    """Sort rows: the groups that were compared stand together, the best group first."""
    shared = FAMILIES[family]
    for row in rows:
        own = row.ranks.get(family)
        row.rank = own.first if own else None
    best = {
        name: min(_signed(row, primary) for row in members)
        for name, members in _groups(rows, shared).items()
    }

    def place(row: Row) -> tuple[object, ...]:
        name = getattr(row, shared)
        value = _signed(row, primary)
        names = row.translator, row.recognizer, "; ".join(row.marks)
        # Partial rows that are compared with each other stand together, most cells first.
        cells = (-len(row.cells), row.cells) if row.provisional else (0, ())
        return best[name], name, row.rank is None, cells, value, *names

    rows.sort(key=place)


def describe(families: Sequence[Family], primary: Primary, fits: Counter[int]) -> list[str]:
    """How the ranks and intervals of a board are to be read, in sentences."""
    margin = f"{100 * primary.margin:g} points" if primary.unit == "fraction" else (
        f"{primary.margin:g} {primary.unit}".strip()
    )
    margin = margin.replace("1 points", "1 point") if margin == "1 points" else margin
    compared = " and ".join(f"{family} within one {FAMILIES[family]}" for family in families)
    lines = [
        f"Ranks compare {compared}. Rank 2–5 of 9: of the 9 compared rows 1 is "
        "significantly better and 4 are significantly worse (paired permutation test over "
        "subjects, folds pooled, Holm at 5 % within the compared rows)"
        + (f"; differences below {margin} are never significant." if primary.margin else ".")
    ]
    if set(fits) == {1}:
        lines.append(
            "Intervals and ranks are for these trained networks: every row has one seed, and "
            "what training again would change is not in them."
        )
    elif 1 in fits:
        lines.append(
            f"{fits[1]} rows have one seed: their intervals and ranks are for these trained "
            "networks. In the other rows fits are resampled before subjects."
        )
    elif fits:
        lines.append("Fits (seeds) are resampled before subjects.")
    return lines


def _groups(rows: Sequence[Row], shared: str) -> dict[str, list[Row]]:
    groups: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        groups[getattr(row, shared)].append(row)
    return groups


def _signed(row: Row, primary: Primary) -> float:
    """The row's value, smaller is better; a row without one comes last."""
    value = row.metrics[primary.name].value if primary.name in row.metrics else None
    if value is None:
        return float("inf")
    return value if primary.direction == "lower" else -value
