"""Digests of code include imported modules, and no modules that are imported for types only."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from irfer_bench.experiment.code_digest import SCHEME, CodeDigests

PACKAGE = {
    "__init__": "",
    "method": '''
"""A method."""
from typing import TYPE_CHECKING

import codish.helper
from codish import inner
from irfer_bench.api import State

if TYPE_CHECKING:
    from codish.types_only import Kind


def fit():
    from codish.late import late  # run when it is called

    return late() + codish.helper.ONE + inner.TWO
''',
    "helper": "from .deeper import ONE\n",
    "deeper": '"""Doc."""\n# a comment\nONE = 1\nTEXT = """\n# no comment\n"""\n',
    "inner": "TWO = 2\n",
    "late": "def late():\n    return 3\n",
    "types_only": "class Kind: ...\n",
    "beside": "OTHER = 1\n",
}


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "codish"
    folder.mkdir()
    for name, text in PACKAGE.items():
        (folder / f"{name}.py").write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    return folder


def digest(kept: Path | None = None) -> str:
    return CodeDigests(frozenset({"codish", "irfer_bench"}), kept).digest(["codish.method"])


def test_the_closure_follows_what_is_run(package: Path) -> None:
    found = CodeDigests(frozenset({"codish", "irfer_bench"})).closure(["codish.method"])
    assert found == {
        "codish.method", "codish.helper", "codish.deeper", "codish.inner", "codish.late",
        "irfer_bench.contracts.component", "irfer_bench.contracts.values",
    }  # fmt: skip
    assert "codish" not in sys.modules, "nothing was imported"


@pytest.mark.parametrize("name", ["method", "helper", "deeper", "inner", "late"])
def test_an_edit_of_what_is_run_shows(package: Path, name: str) -> None:
    before = digest()
    with (package / f"{name}.py").open("a") as stream:
        stream.write("MORE = 1\n")
    assert digest() != before


@pytest.mark.parametrize("name", ["types_only", "beside", "__init__"])
def test_an_edit_of_what_is_not_run_does_not(package: Path, name: str) -> None:
    before = digest()
    (package / f"{name}.py").write_text("EDITED = 1\n")
    (package / "new.py").write_text("EDITED = 1\n")
    assert digest() == before


def test_docstrings_and_comments_are_not_code_but_text_is(package: Path) -> None:
    before, path = digest(), package / "deeper.py"
    path.write_text(PACKAGE["deeper"].replace("Doc.", "Another.").replace("# a com", "# no com"))
    assert digest() == before
    path.write_text(PACKAGE["deeper"].replace("# no comment", "# another line of text"))
    assert digest() != before


def test_what_was_read_is_remembered_until_the_file_changes(
    package: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = tmp_path / "code.json"
    watch = CodeDigests(frozenset({"codish", "irfer_bench"}), kept)
    before = watch.digest(["codish.method"])
    watch.save()
    with monkeypatch.context() as patch:
        patch.setattr("ast.parse", None)
        assert digest(kept) == before
    (package / "late.py").write_text("def late():\n    return 4\n")
    assert digest(kept) != before
    kept.write_text("no JSON")
    assert digest(kept) == digest()


def test_a_file_that_cannot_be_parsed_or_found_is_left_out(package: Path) -> None:
    (package / "inner.py").write_text("def (")
    (package / "late.py").unlink()
    assert digest().startswith(f"{SCHEME}:")
