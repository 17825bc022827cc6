"""Folders of many files: problems that stay few."""

from __future__ import annotations

from pathlib import Path

from irfer_bench.api import LargeSurvey


def test_much_of_one_kind_is_counted_not_listed(tmp_path: Path) -> None:
    seen = LargeSurvey(tmp_path)
    for number in range(LargeSurvey.limit + 1007):
        seen.note("missing_item", tmp_path / str(number), "gone")
    seen.note("bad_row", tmp_path / "list", "odd")
    seen.close()
    assert len(seen.problems) == LargeSurvey.limit + 2
    assert seen.problems[-1].action == "and 1,007 more of this kind"
    assert seen.problems[-1].kind == "missing_item"
