"""`data items` and `data list`: whole outputs, third-party text escaped."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from irfer_bench.cli import main
from tests.irfer_datasets.trees import folder_tree, image, oulu_tree

Capture = pytest.CaptureFixture[str]


def write_manifest(root: Path) -> Path:
    for name in ("a", "b"):
        image(root / "vis" / f"{name}.png")
        image(root / "nir" / f"{name}.png")
    (root / "manifest.csv").write_text(
        "path,subject,spectrum,label,lighting,pair,split\n"
        "vis/a.png,s1,vis,happy,normal,1,train\n"
        "nir/a.png,s1,nir,Joy,normal,1,train\n"
        "vis/b.png,s2,vis,fear,dark,2,test\n"
        "nir/b.png,s2,nir,feer,dark,2,test\n"
    )
    return root


def test_items_as_csv(tmp_path: Path, capsys: Capture) -> None:
    write_manifest(tmp_path / "data")
    assert main(["data", "items", "folder", "--data-root", str(tmp_path / "data")]) == 0
    shown = capsys.readouterr()
    assert shown.out.splitlines()[0] == "id,subject,label,spectrum,lighting,split,pair,files"
    rows = sorted(line.split(",", 1)[1] for line in shown.out.splitlines()[1:])
    assert rows == [
        "s1,happiness,nir,normal,train,1,nir/a.png",
        "s1,happiness,vis,normal,train,1,vis/a.png",
        "s2,fear,vis,dark,test,,vis/b.png",
    ]
    assert shown.err == (
        "unknown_label: nir/b.png: manifest.csv row 4: label 'feer'; did you mean fear? "
            "(a class of your own is named by -p folder.classes=NAME,NAME)\n"
    )


def test_items_of_sequences_join_their_files(tmp_path: Path, capsys: Capture) -> None:
    oulu_tree(tmp_path / "OriginalImg", ("P001",), cameras=(("NI", 2), ("VL", 3)))
    assert main(["data", "items", "oulu_casia", "--data-root", f"oulu_casia={tmp_path}"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 13
    assert lines[1] == (
        "ni_strong_p001_anger,P001,anger,nir,strong,,strong_p001_anger,"
        "OriginalImg/NI/Strong/P001/Anger/000.jpeg;OriginalImg/NI/Strong/P001/Anger/001.jpeg"
    )


def test_items_as_json_lists_the_files(tmp_path: Path, capsys: Capture) -> None:
    folder_tree(tmp_path)
    main(["data", "items", "folder", "--format", "json", "--data-root", str(tmp_path)])
    items = json.loads(capsys.readouterr().out)
    assert len(items) == 8 and sorted(i["files"] for i in items)[0] == ["nir/anna/anger/0.png"]


def test_items_without_any_usable_one_fail(tmp_path: Path, capsys: Capture) -> None:
    (tmp_path / "manifest.csv").write_text("path,spectrum,label\nx.png,vis,anger\n")
    assert main(["data", "items", "folder", "--data-root", str(tmp_path)]) == 3
    shown = capsys.readouterr()
    assert shown.out == "id,subject,label,spectrum,lighting,split,pair,files\n"
    assert "missing_file: x.png" in shown.err and "no usable item" in shown.err


def test_the_root_may_come_from_the_environment(
    tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder_tree(tmp_path)
    monkeypatch.setenv("IRFER_BENCH_DATA_FOLDER", str(tmp_path))
    assert main(["data", "items", "folder"]) == 0
    assert capsys.readouterr().out.count("\n") == 9


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (["items", "oulu_casia"], 3, "use --data-root oulu_casia=FOLDER"),
        (["items", "oulu_casia", "--data-root", "/nowhere"], 3, "/nowhere: no such folder"),
        (["items", "oulu"], 2, "unknown dataset 'oulu'; did you mean 'oulu_casia'?"),
        (
            ["prepare", "folder", "-s", "oulu_nir_weak5"],
            2,
            "is of dataset 'oulu_casia', not 'folder'",
        ),
        (
            ["items", "oulu_casia", "-p", "oulu_casia.tree=raw", "--data-root", "/"],
            2,
            "oulu_casia.tree",
        ),
    ],
)
def test_what_is_missing_or_wrong_is_one_line(
    words: list[str], code: int, says: str, capsys: Capture
) -> None:
    assert main(["data", *words]) == code
    error = capsys.readouterr().err
    assert says in error and error.count("\n") == 1


def test_a_file_name_sends_no_escape_sequence(
    tmp_path: Path, capsys: Capture
) -> None:
    folder_tree(tmp_path)
    (tmp_path / "vis/anna/anger/\x1b[2Jevil\u202egnp.exe").touch()
    assert main(["data", "items", "folder", "--data-root", str(tmp_path)]) == 0
    shown = capsys.readouterr()
    assert "\x1b" not in shown.out + shown.err and "\u202e" not in shown.out + shown.err
    assert "bad_name" in shown.err and "evil" in shown.err


def test_list_says_whether_the_data_is_here(
    tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IRFER_BENCH_PLUGINS", "builtin")
    assert main(["data", "list", "--json", "--data-root", f"folder={tmp_path}"]) == 0
    rows = {row["name"]: row for row in json.loads(capsys.readouterr().out)["datasets"]}
    here = {name: row["here"] for name, row in rows.items()}
    assert {name for name, is_here in here.items() if is_here} == {"synth", "folder"}
    assert "oulu_casia" in here
    assert rows["oulu_casia"]["licence"] and rows["folder"]["root"] == str(tmp_path)
    assert main(["data", "list"]) == 0
    text = capsys.readouterr().out
    assert "not given: --data-root oulu_casia=FOLDER or IRFER_BENCH_DATA_OULU_CASIA" in text
