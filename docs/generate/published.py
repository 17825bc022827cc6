"""The page of published values: every printed table, and the suites of its structure."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path

from docs.generate.table import plain, table
from irfer_bench.contracts.published import PublishedValue
from irfer_bench.experiment.request import PUBLISHED
from irfer_bench.render.numbers import number
from irfer_bench.render.published_values import UNRANKED, describe_input
from irfer_bench.store.published import BOARDS, published_boards, read_values

ROOT = Path(__file__).resolve().parents[2]
FOLDER = Path("leaderboards/published")
SUITES = Path("leaderboards/suites")


def published_page() -> str:
    """One table per source, in the order of the files."""
    files = [path for path in sorted((ROOT / FOLDER).iterdir()) if path.suffix in (".csv", ".json")]
    lines = ["# Published values", "", UNRANKED, "", *_boards(ROOT / FOLDER)]
    for path in files:
        values = read_values(path)
        for source in dict.fromkeys(value.source for value in values):
            own = [value for value in values if value.source == source]
            lines += _section(source, own, _suites(source), path.name)
    return "\n".join(lines)


def _boards(folder: Path) -> Iterator[str]:
    shown = [
        [f"`{name}`", ", ".join(f"`{metric}`" for metric in board.metrics), str(len(board.rows))]
        for name, board in published_boards(folder).items()
    ]
    yield (
        f"`irfer-bench leaderboard SETTING` shows those that [{BOARDS}](../../{FOLDER}/{BOARDS}) "
        "names below the measured rows of:"
    )
    yield from ("", table(["setting", "metrics", "published rows"], shown), "")


def _section(
    source: str, values: Sequence[PublishedValue], suites: Sequence[str], name: str
) -> Iterator[str]:
    columns = list(dict.fromkeys((value.dataset, value.metric) for value in values))
    rows: dict[tuple[str, str, str], dict[tuple[str, str], PublishedValue]] = {}
    for value in values:
        key = value.method, describe_input(value), value.protocol
        rows.setdefault(key, {})[value.dataset, value.metric] = value
    body = []
    for (method, given, protocol), own in rows.items():
        remarks = dict.fromkeys(plain(v.remark) for v in own.values() if v.remark)
        numbers = [number(own[c].value, "") if c in own else "" for c in columns]
        body.append([plain(method), *numbers, plain(given), plain(protocol), "; ".join(remarks)])
    headers = ["method", *(f"{dataset} {metric}" for dataset, metric in columns)]
    splits = "; ".join(dict.fromkeys(plain(value.split) for value in values if value.split))
    runs = f" Its structure: {', '.join(suites)}." if suites else ""
    yield f"## {plain(source)}"
    yield ""
    yield f"From [{name}](../../{FOLDER}/{name}). {f'{splits}.' if splits else ''}{runs}"
    yield ""
    yield table([*headers, "input", "protocol", "note"], body)
    yield ""


def _suites(source: str) -> list[str]:
    found = []
    for path in sorted((ROOT / SUITES).glob("*.toml")):
        named = tomllib.loads(path.read_text(encoding="utf-8")).get(PUBLISHED, {})
        sources = named.get("source", [])
        if source in ([sources] if isinstance(sources, str) else sources):
            found.append(f"[{path.name}](../../{SUITES}/{path.name})")
    return found
