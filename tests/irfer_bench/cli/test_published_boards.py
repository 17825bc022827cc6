"""`leaderboard` of a setting for whose protocol values are published."""

from __future__ import annotations

import json

import pytest

from irfer_bench.cli import main
from irfer_bench.render.markdown import render_page
from irfer_bench.store.published import published_board
from tests.irfer_bench.test_boards import boards, write


def test_printed_values_are_shown_where_nothing_is_measured(tmp_path, capsys):
    assert main(["leaderboard", "dfew_supervised", "--out", str(tmp_path)]) == 0
    out = capsys.readouterr().out
    assert "WavLM-Plus" in out and "44.64" in out and "rank " not in out
    page = (tmp_path / "dfew_supervised.md").read_text("utf-8").replace("\\", "")
    assert "Nothing has been measured here." in page
    (own,) = [line for line in page.splitlines() if line.startswith("| MMA-DFER 224  ")]
    assert ">67.01</span>" in own and "AV 224" in own
    (quoted,) = [line for line in page.splitlines() if line.startswith("| WavLM-Plus")]
    assert ">37.78<sup>a</sup></span>" in quoted, "printed for another group's method"


def test_printed_values_in_json_are_in_percent_and_have_no_rank(tmp_path, capsys):
    assert main(["leaderboard", "dfew_supervised", "--out", str(tmp_path), "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)["dfew_supervised"]
    (own,) = [r for r in rows if r["published"] == "MMA-DFER 224"]
    assert own["rank"] is None and own["source"] == "MMA-DFER (CVPRW 2024) Table 1"
    assert own["metrics"]["uar"] == {"percent": 67.01, "comparable": True, "note": ""}


def test_a_page_of_published_values_is_kept_only_where_it_was_asked_for(tmp_path, capsys):
    assert main(["leaderboard", "--out", str(tmp_path)]) == 3, "there is no record"
    assert main(["leaderboard", "mafw_supervised", "--out", str(tmp_path)]) == 0
    assert main(["leaderboard", "--out", str(tmp_path), "--check"]) == 0
    page = tmp_path / "mafw_supervised.md"
    page.write_text("edited")
    assert main(["leaderboard", "--out", str(tmp_path), "--check"]) == 4
    assert "mafw_supervised.md" in capsys.readouterr().err
    assert main(["leaderboard", "--out", str(tmp_path)]) == 0
    assert "SVFAP" in page.read_text("utf-8")
    assert [path.name for path in tmp_path.glob("*.md")] == [page.name]


def test_printed_values_have_no_rank_beside_measured_ones(tmp_path):
    for fold in (1, 2):
        write(tmp_path, "a", fold=fold)
    (board,) = boards(tmp_path)
    without = render_page([board])
    board.published = published_board("raf_db_supervised")
    page = render_page([board])
    assert page.startswith(without), "the measured table is the same"
    section = page.removeprefix(without).replace("\\", "")
    assert "never ranked with measured rows" in section
    (secondary,) = [line for line in section.splitlines() if "ViT-L/14" in line]
    assert ">93.74<sup>a</sup></span>" in secondary
    assert "a: not seen in the paper, only in three texts about it" in section


@pytest.mark.parametrize("setting", ["pca", "synth_nir_weak5", "oulu_nir_weak5"])
def test_nothing_is_published_where_nothing_comparable_was_printed(setting):
    assert published_board(setting) is None
