"""`irfer-bench records check`: files of a folder one was sent, and plugins that are not here."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from irfer_bench.contracts.record import Record
from irfer_bench.store import records
from tests.irfer_bench.cli.sent import (
    SETTING,
    change,
    check,
    forge,
    of_cell,
    predictions_of,
    send,
    sent,
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return send(tmp_path / "sent")


def test_edited_cut_and_misplaced_files_are_told(bench: Any, folder: Path) -> None:
    paths = sent(folder)
    paths[0].write_text(paths[0].read_text().replace('"seed": 0', '"seed": 1'))
    paths[1].write_bytes(paths[1].read_bytes()[:-50])
    paths[2].rename(paths[2].with_name("best.json"))
    predictions_of(paths[3]).write_text("{}")
    (paths[4].with_name("copy.json")).write_bytes(paths[4].read_bytes())
    code, out = check(bench, folder)
    assert code == 4
    for said in (
        "content and digest disagree", "is no record:", "is not named as its cell and key say",
        "predictions are not what was written", f"has the key of {paths[4].name}",
    ):  # fmt: skip
        assert said in out or said.replace(paths[4].name, "copy.json") in out, said


def test_nothing_outside_of_the_folder_is_read(
    bench: Any, folder: Path, tmp_path: Path
) -> None:
    """Links, pipes and devices are faults, and nothing waits for them."""
    paths = sent(folder)
    secret = tmp_path / "secret.json"
    secret.write_bytes(paths[0].read_bytes())
    for path in (paths[0], predictions_of(paths[1])):
        path.unlink()
        path.symlink_to(secret)
    paths[2].unlink()
    os.mkfifo(paths[2])
    (folder / "records" / "other").symlink_to(tmp_path)
    code, out = check(bench, folder)
    assert code == 4
    assert out.count("is a link, which is not followed") == 3
    assert out.count("is no regular file") == 1
    assert check(bench, folder, "--json")[0] == 4


def test_larger_predictions_than_any_real_ones_are_not_read(bench: Any, folder: Path) -> None:
    with predictions_of(sent(folder)[0]).open("r+b") as stream:
        stream.truncate(65 * 2**20)
    code, out = check(bench, folder)
    assert (code, "more than the 67108864 that are read" in out) == (4, True)


def test_a_setting_that_is_not_installed_exits_3_and_faults_count_more(
    bench: Any, folder: Path
) -> None:
    for kind in ("records", "predictions"):
        (folder / kind / SETTING).rename(folder / kind / "not_mine")
    for path in sorted((folder / "records/not_mine").glob("*.json")):
        record = records.read_record(path)
        records.write_record(folder, of_cell(setting="not_mine")(record))
    code, out = check(bench, folder)
    assert code == 4, "the key is of another setting"
    assert "the key is not that of the setting" in out
    assert "is a setting that is not installed here" in out


def test_methods_of_a_plugin_that_is_not_here_are_said_and_not_run(
    bench: Any, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "sent_plugin.py").write_text("raise SystemExit('it was imported')")
    monkeypatch.syspath_prepend(str(tmp_path))

    def alter(record: Record) -> Record:
        assert record.recognizer is not None
        own = change(record.recognizer, name="sent_plugin", distribution="sent_plugin")
        return of_cell(recognizer="sent_plugin")(change(record, recognizer=own))

    forge(folder, alter)
    code, out = check(bench, folder)
    assert code == 0, out
    assert "recognizer 'sent_plugin' of 'sent_plugin' is not installed here: 1 cell" in out


def test_what_the_toy_makes_passes_and_a_missing_plugin_exits_3(
    bench: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Keys are computed from records also where clips are translated once for all folds."""
    bench.run("-d", "toy", "-s", "toy_weak", "-t", "toy_shift", "-t", "toy_raw", "-t",
              "toy_partner", "-r", "toy_means", "--fold", "2", "--seed", "1")  # fmt: skip
    code, out = check(bench, bench.out)
    assert (code, "3 records checked without fault" in out) == (0, True)
    assert "note:" not in out
    monkeypatch.setenv("IRFER_BENCH_PLUGINS", "builtin")
    code, out = check(bench, bench.out)
    assert code == 3
    assert "toy_weak: install the plugin that offers it" in out
    assert "translator 'toy_shift' of" in out


def test_a_folder_without_records_exits_3_and_no_folder_2(bench: Any, tmp_path: Path) -> None:
    assert bench.call("records", "check", str(tmp_path))[0] == 3
    assert bench.call("records", "check")[0] == 2


def test_names_from_the_sender_are_escaped(bench: Any, folder: Path) -> None:
    (folder / "records" / SETTING / "\x1b[31m.json").write_text("{}")
    (folder / "records" / "README").mkdir()
    (folder / "records" / "README" / "a.json").write_text("{}")
    code, out, _ = bench.call("records", "check", str(folder))
    assert code == 4
    assert "\x1b" not in out
    assert "is no name of a setting" in out


def test_json_lists_every_fault_with_its_path(bench: Any, folder: Path) -> None:
    made = forge(folder, of_cell(folds=1))
    code, out, _ = bench.call("records", "check", str(folder), "--json")
    facts = json.loads(out)
    assert code == 4
    assert facts["good"] is False
    assert facts["faults"] == [
        {"path": f"records/{SETTING}/{made.name}", "text": "folds 1: the setting has 5"}
    ]
    assert facts["settings"][SETTING] == {
        "records": 5, "predictions": 5, "signed": {}, "installed": True
    }  # fmt: skip


def test_leaderboard_check_says_the_same(bench: Any, folder: Path) -> None:
    assert bench.call("leaderboard", "--out", str(folder))[0] == 0
    assert bench.call("leaderboard", "--out", str(folder), "--check")[0] == 0
    made = forge(folder, of_cell(folds=1))
    assert bench.call("leaderboard", "--out", str(folder))[0] == 0
    code, _, err = bench.call("leaderboard", "--out", str(folder), "--check")
    assert code == 4
    assert err == f"records/{SETTING}/{made.name}: folds 1: the setting has 5\n"
