"""`data check`: counts, problems and fingerprint of one copy."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from irfer_bench.cli import main
from irfer_bench.contracts.component import BASIC
from tests.irfer_datasets.trees import folder_tree, oulu_tree

Capture = pytest.CaptureFixture[str]


def test_check_as_json_has_the_documented_keys(tmp_path: Path, capsys: Capture) -> None:
    root = oulu_tree(tmp_path, ("P001", "P002"))
    (root / "NI/Strong/P001/Fear/002.jpeg").write_bytes(b"")
    assert main(["data", "check", "oulu_casia", "--json", "--data-root", str(root)]) == 4
    found = json.loads(capsys.readouterr().out)
    assert list(found)[:7] == [
        "dataset",
        "items",
        "by_class",
        "by_subject",
        "by_domain",
        "problems",
        "fingerprint",
    ]
    assert (found["dataset"], found["items"]) == ("oulu_casia", 24)
    assert found["by_class"] == dict.fromkeys(BASIC, 4)
    assert found["by_subject"] == {"P001": 12, "P002": 12}
    assert found["by_domain"] == {"nir_strong": 12, "vis_strong": 12}
    assert {
        "kind": "empty",
        "path": "NI/Strong/P001/Fear/002.jpeg",
        "action": "restore the file or remove it; a run that needs it stops",
    } in found["problems"]
    assert len(found["fingerprint"]) == 64 and found["incomplete"] is True


def test_check_for_people(tmp_path: Path, capsys: Capture) -> None:
    folder_tree(tmp_path, [f"s{k}" for k in range(5)])
    assert main(["data", "check", "folder", "--data-root", str(tmp_path)]) == 0
    lines = capsys.readouterr().out.splitlines()
    fingerprint = lines.pop(5)
    assert fingerprint.startswith("  fingerprint  ") and len(fingerprint) == 15 + 64
    end = lines.index("  problems     none") + 1
    assert lines[:end] == [
        "folder: 20 usable items",
        "  by class     anger 10, happiness 10",
        "  by domain    nir 10, vis 10",
        "  items        20 stills",
        "  subjects     5",
        "  problems     none",
    ]
    verdict = lines[end:]
    assert verdict[0].startswith("verdict: this copy can run ")
    assert verdict[1].startswith("  can     folder_nir_quality")
    assert verdict[1].endswith(": all folds")
    for name, reason in (
        ("folder_nir_weak5", "fold 1: class 'anger' has 4 labelled target clip(s), 5 are needed"),
        ("folder_nir_supervised", "fold 1: no training clip of disgust, fear, sadness, surprise"),
    ):
        (line,) = (line for line in verdict if line.startswith(f"  cannot  {name}"))
        assert f": {reason}" in line
    assert verdict[-1] == (
        "next: irfer-bench run -s folder_nir_quality -t identity --preset quick "
        f"--data-root folder={tmp_path}"
    )


def test_another_datasets_folder_is_told_what_it_looks_like(
    tmp_path: Path, capsys: Capture
) -> None:
    oulu_tree(tmp_path)
    assert main(["data", "check", "folder", "--data-root", str(tmp_path)]) == 3
    assert "it looks like oulu_casia (24 items under .)" in capsys.readouterr().err


def test_listing_and_checking_import_no_torch(tmp_path: Path) -> None:
    folder_tree(tmp_path)
    code = (
        "import sys; from irfer_bench.cli import main; "
        f"main(['data', 'check', 'folder', '--data-root', {str(tmp_path)!r}]); "
        "heavy = {'torch', 'numpy', 'pandas', 'pyarrow', 'datasets'} & set(sys.modules); "
        "assert not heavy, heavy"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
