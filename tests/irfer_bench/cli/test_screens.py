"""Every command on terminals of 80 and 120 columns: no line is wider, and what stands where."""

from __future__ import annotations

import re
from argparse import _SubParsersAction
from pathlib import Path

import pytest

from docs.generate.commands import parser_of
from irfer_bench import cli
from tests.conformance.sample_trees import SAMPLES
from tests.irfer_bench.cli.sent import forge, of_cell, send
from tests.irfer_bench.conftest import CELL, TOY, Preparer

GRID = ("-d", "toy", "-t", "toy_shift", "-t", "toy_raw", "-r", "toy_means")
MINE = ("folder", "--data-root", "mine")
WORDS = {
    "help": ("--help",),
    "run": ("run", *CELL),
    "run of several": ("run", *GRID),
    "run that is refused": ("run", "-d", "toy", "-t", "toy_raw", "-r", "toy_voice"),
    "run of unknown names": ("run", "-d", "toy", "-t", "toy_shft", "-r", "toy_means"),
    "run without data": ("run", "-s", "oulu_nir_weak5", "-r", "resnet18", "--preset", "quick"),
    "plan": ("plan", *GRID),
    "plan with steps": ("plan", *GRID, "--steps"),
    "plan of real data": ("plan", "-s", "dfew_nir_simulated", "-t", "nfer_sde", "-r", "pca"),
    "list": ("list",),
    "list translators": ("list", "translators"),
    "list recognizers": ("list", "recognizers"),
    "show a translator": ("show", "nfer_sde"),
    "show a setting": ("show", "oulu_nir_weak5"),
    "show a dataset": ("show", "dfew"),
    "show a metric": ("show", "lpips"),
    "leaderboard": ("leaderboard", "--out", "boards"),
    "leaderboard of nothing": ("leaderboard", "no_setting", "--out", "boards"),
    "records check": ("records", "check", "sent"),
    "records check of a forged": ("records", "check", "forged"),
    "records check of nothing": ("records", "check", "no_folder"),
    "records keygen": ("records", "keygen", "--key", "mine.key", "--no-password"),
    "records sign nothing": ("records", "sign", "--key", "no.key", "boards"),
    "doctor": ("doctor",),
    "new": ("new", "plugin", "a_translator_of_mine", "--into", "plugins"),
    "gc": ("gc", "--dry-run", "--out", "boards"),
    "export of nothing": ("export", "no_record.json", "exported"),
    "predict nothing": ("predict", "-r", "clip_zero_shot", "no_folder"),
    "translate nothing": ("translate", "-t", "grey", "no_folder", "translated"),
    "data list": ("data", "list"),
    "data check": ("data", "check", "synth"),
    "data items": ("data", "items", *MINE),
    "data manifest": ("data", "manifest", *MINE, "-s", "folder_nir_quality", "--out", "ours.json"),
    "data scan": ("data", "scan", *MINE),
    "data prepare": ("data", "prepare", *MINE, "-s", "folder_nir_quality"),
    "data export": ("data", "export", *MINE, "-s", "folder_nir_quality", "--out", "exported"),
    "data check of a folder": ("data", "check", *MINE),
    "data check of other data": ("data", "check", "dfew", "--data-root", "mine"),
    "data purge": ("data", "purge", "synth"),
}
BOARDS = Path(__file__).parents[3] / "leaderboards"


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home in which the toy's cells were run, with their records."""
    return tmp_path_factory.mktemp("screens")


@pytest.fixture(scope="module")
def mine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Somebody's own photographs."""
    folder = tmp_path_factory.mktemp("mine")
    SAMPLES["folder"](folder)
    return folder


@pytest.fixture
def screen(done: Path, mine: Path, bench: Preparer, monkeypatch: pytest.MonkeyPatch) -> Preparer:
    """Commands over one home, so that cells are computed once for all tests."""
    monkeypatch.setenv("IRFER_BENCH_HOME", str(done / "home"))
    for kind in ("records", "predictions"):
        (bench.folder / "boards" / kind).mkdir(parents=True)
        for name in ("synth_nir_quality", "synth_nir_supervised"):
            (bench.folder / "boards" / kind / name).symlink_to(BOARDS / kind / name)
    (bench.folder / "mine").symlink_to(mine)
    send(bench.folder / "sent")
    forge(send(bench.folder / "forged"), of_cell(folds=1, primary="uar"))
    return bench


def too_wide(text: str, width: int) -> list[str]:
    """Lines that do not fit, but for a word that cannot be broken, such as a path."""
    wide = [line for line in text.splitlines() if len(line) > width]
    return [line for line in wide if len(line.split()) > 1]


def test_every_command_has_a_screen() -> None:
    shown = {words[0] for words in WORDS.values()}
    assert set(cli.COMMANDS) - shown == {"completion"}, "its output is read by a shell"
    for name in ("data", "records"):
        actions = {words[1] for words in WORDS.values() if words[0] == name}
        (group,) = [a for a in parser_of(name)._actions if isinstance(a, _SubParsersAction)]
        assert set(group.choices) == actions


@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize("name", WORDS)
def test_no_line_is_wider_than_the_terminal(
    screen: Preparer, monkeypatch: pytest.MonkeyPatch, name: str, width: int
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    code, out, err = screen.call(*WORDS[name])
    assert out + err
    assert "Traceback" not in err
    assert too_wide(out, width) == []
    assert too_wide(err, width) == []
    bad = ("refused", "names", "data", "nothing", "forged")
    assert (code == 0) == (name.split()[-1] not in bad)


@pytest.mark.parametrize("width", [80, 120])
def test_the_room_of_a_wide_terminal_is_used(
    screen: Preparer, monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    out = screen.call("show", str(next(BOARDS.glob("records/synth_nir_weak5/nfer_sde+pca*"))))[1]
    lines = out.splitlines()
    (metrics,) = [line for line in lines if line.startswith("metric")]
    assert ("step" in metrics) == (width == 120), "times stand beside the metrics"
    assert any(line.startswith("true  ") and "recall %" in line for line in lines)
    assert any(re.match(r"lpips +– a\b", line) for line in lines)
    (reason,) = [line for line in lines if line.startswith("a  ")]
    assert reason.startswith("a  pretrained weights of LPIPS' trunk")
    assert lines[-1].strip().endswith(".json")


PLAN = """\
toy_weak, preset quick
translator  recognizer  fold  seed   to do  time
────────────────────────────────────────────────
toy_shift   toy_means      1     0  9 of 9  <time>
toy_raw     toy_means      1     0  5 of 7  <time>

2 cells: 14 steps to do, 0 cached, about <time>
"""
SUMMARY = """\

toy_weak, preset quick
translator  recognizer  fold  seed  accuracy %  95 % interval      uar %  toy_error
───────────────────────────────────────────────────────────────────────────────────
toy_shift   toy_means      1     0      100.00  100.00 to 100.00  100.00      24.94
toy_raw     toy_means      1     0      100.00  100.00 to 100.00  100.00      25.50

wrote results/toy_weak.md
2 cells are done; irfer-bench show RECORD prints the panel of one, --figures draws it
records: results/records/toy_weak
next: irfer-bench leaderboard
      or the same line with another -t, -r resnet18 or --fold 2
"""


def timeless(text: str) -> str:
    return re.sub(r"\d+ (s|min)\b", "<time>", text)


def test_the_whole_screen_of_a_plan(bench: Preparer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert timeless(bench.call("plan", *GRID)[1]) == PLAN


def test_the_whole_screen_of_a_grid(screen: Preparer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    code, out, _ = screen.call("run", *GRID)
    assert code == 0
    assert out == SUMMARY


def test_partial_rows_of_the_same_folds_have_provisional_ranks_on_the_screen(
    screen: Preparer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    screen.call("run", *GRID)
    out = screen.call("leaderboard")[1]
    assert re.search(r"^\(1.*\)  +toy_\w+ × toy_means", out, re.M)
    assert "Ranks in parentheses are provisional" in out


def test_a_failure_is_printed_once(screen: Preparer) -> None:
    words = ("-d", "toy", "-t", "toy_raw", "-r", "toy_broken", "-p", "toy_broken.how=raise")
    for grid in ((), ("-r", "toy_means")):
        code, out, err = screen.call("run", *words, *grid, "--seed", "7")
        assert code == 1
        assert (out + err).count("the plugin raised it") == 1, grid


def test_list_groups_sorts_and_marks(screen: Preparer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setenv("IRFER_BENCH_DATA_DFEW", str(TOY))
    lines = screen.call("list", "settings")[1].splitlines()
    heads = [line.strip() for line in lines if re.match(r"  \w", line)]
    here = [head for head in heads if "needs" not in head]
    assert here == sorted(here) and {"dfew", "synth", "toy"} <= set(here)
    assert heads[: len(here)] == here, "what can run here stands first"
    assert "nvie: needs --data-root nvie=FOLDER or IRFER_BENCH_DATA_NVIE" in heads
    names = [line.split()[1] for line in lines if "synth_nir_weak" in line]
    assert names.index("synth_nir_weak5") < names.index("synth_nir_weak10")
    assert all("✓" in line for line in lines if " dfew_" in line or " synth_" in line)
    assert not [line for line in lines if "✓" in line and " nvie_" in line]
    lines = screen.call("list", "recognizers")[1].splitlines()
    assert any("✓ pca" in line for line in lines)
    assert "no weights for preset bench and paper" in " ".join(" ".join(lines).split())


def test_doctor_is_a_checklist(screen: Preparer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setenv("IRFER_BENCH_DATA_NVIE", "/nowhere")
    code, out, _ = screen.call("doctor")
    said = " ".join(out.split())
    assert code == 0
    for words in ("✓ packages", "GPU", "GiB free", "✓ here synth", "✓ here boxes",
                  "✗ data IRFER_BENCH_DATA_NVIE: /nowhere is no folder"):  # fmt: skip
        assert words in said, words
    assert re.search(r"^  pca +✓ +– \w +– \w$", out, re.M), "weights per preset"
    assert "ViT-B-16" in said
    assert out.splitlines()[-1] == (
        "all well; next: irfer-bench run --translator nfer_sde --recognizer pca"
    )
