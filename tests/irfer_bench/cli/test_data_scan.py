"""`data scan`: an inventory as CSV, corrected by hand, is read instead of the folders' names."""

from __future__ import annotations

import csv
from pathlib import Path

from tests.irfer_bench.cli.conftest import Data
from tests.irfer_datasets.nvie_tree import spontaneous_tree
from tests.irfer_datasets.trees import folder_tree

TABLE = """\
path,subject,spectrum,label,lighting,part,split,pair,frames
nir/anna/anger/0.png,anna,nir,anger,,main,,1898d4982e3c,1
nir/ben/anger/0.png,ben,nir,anger,,main,,85b14e2abf5f,1
vis/anna/anger/0.png,anna,vis,anger,,main,,1898d4982e3c,1
vis/ben/anger/0.png,ben,vis,anger,,main,,85b14e2abf5f,1
"""
COUNTS = """\
folder: 4 rows
  path        4 different
  subject     anna 2, ben 2
  spectrum    nir 2, vis 2
  label       anger 4
  lighting    nothing (4 empty)
  part        main 4
  split       nothing (4 empty)
  pair        1898d4982e3c 2, 85b14e2abf5f 2
  frames      1 4
"""


def test_a_census_goes_to_standard_output_and_its_counts_do_not(data: Data, tmp_path: Path) -> None:
    folder_tree(tmp_path / "tree", labels=("anger",))
    said = data("scan", "folder", "--data-root", tmp_path / "tree")
    assert (said.code, said.out, said.err) == (0, TABLE, COUNTS)


def test_a_file_that_is_there_is_not_replaced(data: Data, tmp_path: Path) -> None:
    folder_tree(tmp_path / "tree", labels=("anger",))
    words = ("scan", "folder", "--data-root", tmp_path / "tree", "--out", "inventory.csv")
    said = data(*words)
    assert (said.code, said.out, said.err) == (0, "", COUNTS)
    assert Path("inventory.csv").read_text() == TABLE
    Path("inventory.csv").write_text("corrected by hand")
    said = data(*words)
    assert said.code == 2 and said.err == (
        "irfer-bench: --out inventory.csv is there already; move it away, or name another\n"
    )
    assert Path("inventory.csv").read_text() == "corrected by hand"
    said = data(*words[:-1], "no/such/folder.csv")
    assert said.code == 2 and "cannot be written (No such file or directory)" in said.err
    assert said.err.count("\n") == 1


def test_a_generic_census_read_back_is_the_same_data(data: Data, tmp_path: Path) -> None:
    root = folder_tree(tmp_path / "tree", [f"s{k}" for k in range(5)])
    before = data("items", "folder", "--data-root", root)
    assert data("scan", "folder", "--data-root", root, "--out", root / "manifest.csv").code == 0
    after = data("items", "folder", "--data-root", root)
    facts = [
        [{k: row[k] for k in ("subject", "label", "spectrum", "files")} for row in rows]
        for rows in (
            csv.DictReader(before.out.splitlines()), csv.DictReader(after.out.splitlines())
        )
    ]  # fmt: skip
    key = lambda row: row["files"]  # noqa: E731
    assert sorted(facts[0], key=key) == sorted(facts[1], key=key) and len(facts[0]) == 20


def test_a_census_of_nvie_is_corrected_and_then_wins(data: Data, tmp_path: Path) -> None:
    root = spontaneous_tree(tmp_path / "tree" / "NVIE", (1, 2, 3))
    table = root / "manifest.csv"
    assert data("scan", "nvie", "--data-root", root, "--out", table).code == 0
    before = data("check", "nvie", "--data-root", root, "--json").json
    rows = list(csv.DictReader(table.read_text().splitlines()))
    assert {"path", "subject", "modality", "expression"} <= set(rows[0])
    changed = 0
    for row in rows:
        if row["subject"] == "003" and row["expression"] == "anger":
            row["expression"], changed = "fear", changed + 1
    with table.open("w", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    after = data("check", "nvie", "--data-root", root, "--json").json
    assert changed > 0 and after["items"] == before["items"]
    assert after["by_class"]["anger"] == before["by_class"]["anger"] - changed
    assert after["by_class"]["fear"] == before["by_class"]["fear"] + changed
    assert after["fingerprint"] != before["fingerprint"]


def test_what_cannot_be_scanned_is_one_line(data: Data, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    said = data("scan", "nvie", "--data-root", tmp_path / "empty")
    assert said.code == 3 and said.out == "" and said.err.count("\n") == 1
    said = data("scan", "synth")
    assert (said.code, said.err) == (
        2, "irfer-bench: synth has no folder to scan; name a dataset of files\n"
    )  # fmt: skip
