"""docs/datasets.md: every dataset, parameter, setting, detector and problem, and its commands."""

from __future__ import annotations

import ast
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from irfer_bench.contracts.params import describe
from irfer_bench.data.manifest import BLOCKING, DAMAGED, INCOMPLETE
from irfer_bench.registry import Registry, load
from tests.conformance.sample_trees import SAMPLES

ROOT = Path(__file__).resolve().parents[1]
TEXT = (ROOT / "docs" / "datasets.md").read_text(encoding="utf-8")
CALLS = {"Problem", "note", "add", "_RefusedError", "UnusableError"}
"""What gives a problem its kind, as the first argument."""
KIND = re.compile(r"[a-z]+(_[a-z]+)*")


def sections() -> dict[str, str]:
    """The entry of each dataset."""
    return dict(re.findall(r"^### `(\w+)`\n(.*?)(?=^##)", TEXT, re.M | re.S))


def table() -> dict[str, str]:
    """Kind and consequence, as the page says."""
    rows = re.findall(r"^\| `(\w+)` \| .* \| (\w+) \|$", TEXT.partition("## Problems")[2], re.M)
    return dict(rows)


def kinds_in(tree: ast.AST) -> Iterator[str]:
    """First arguments and `kind=` of calls, variables called so, pairs of kind and advice."""
    for node in ast.walk(tree):
        value: ast.expr | None = None
        if isinstance(node, ast.Call) and node.args:
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(
                node.func, "id", ""
            )
            value = node.args[0] if called in CALLS else None
            for keyword in node.keywords if called == "first" else ():
                yield from texts(keyword.value if keyword.arg == "kind" else None)
        elif isinstance(node, ast.Assign):
            names = [name for target in node.targets for name in ast.walk(target)]
            if any(isinstance(name, ast.Name) and name.id == "kind" for name in names):
                value = node.value
        elif isinstance(node, ast.Return) and isinstance(node.value, ast.Tuple):
            parts = node.value.elts
            advised = len(parts) == 2 and any(" " in text for text in texts(parts[1]))
            value = parts[0] if advised else None
        yield from texts(value)


def texts(value: ast.expr | None) -> Iterator[str]:
    """A text, or both of `a if … else b`."""
    if isinstance(value, ast.IfExp):
        yield from (*texts(value.body), *texts(value.orelse))
    elif isinstance(value, ast.Constant) and isinstance(value.value, str):
        yield value.value


def kinds_in_code() -> set[str]:
    folders = (ROOT / "plugins/irfer_datasets", ROOT / "irfer_bench/data")
    files = [path for folder in folders for path in folder.rglob("*.py")]
    found = {kind for path in files for kind in kinds_in(ast.parse(path.read_text("utf-8")))}
    return {kind for kind in found if KIND.fullmatch(kind)}


@pytest.fixture(scope="module")
def known() -> Registry:
    return load()


def test_the_table_has_every_problem_that_the_code_names_and_no_other() -> None:
    in_code = kinds_in_code()
    assert {"frame_gap", "missing_file", "unknown_label", "few_subjects"} <= in_code
    assert set(table()) == in_code


def test_the_table_says_what_each_problem_does() -> None:
    for kind, then in table().items():
        stops, marks = kind in BLOCKING | DAMAGED, kind in INCOMPLETE
        assert then == ("stops" if stops else "incomplete" if marks else "informs"), kind
    assert set(table()) >= BLOCKING | DAMAGED | INCOMPLETE
    listed = re.findall(r"^\| `(\w+)`", TEXT.partition("## Problems")[2], re.M)
    assert listed == sorted(listed)


def test_every_dataset_has_its_entry(known: Registry) -> None:
    built_in = {
        owned.component.name for owned in known.registered
        if owned.builtin and owned.component.kind == "dataset"
    }  # fmt: skip
    assert set(sections()) == built_in - {"synth"}
    assert set(sections()) == set(SAMPLES)


@pytest.mark.parametrize("name", sorted(SAMPLES))
def test_an_entry_names_its_default_setting_and_every_parameter(name: str, known: Registry) -> None:
    """And leads to the generated table of all."""
    text = sections()[name]
    default = known.settings_of(name)[0].name
    assert f"- Settings: `{default}` by default, [all](reference/settings.md#{name})" in text
    assert f"\n## {name}\n" in (ROOT / "docs/reference/settings.md").read_text("utf-8")
    for row in describe(known.params_class(known.get("dataset", name))):
        field = row["name"]
        assert f"`{field}`" in text or f"{name}.{field}" in text, field
    assert "- Folds:" in text or "folds of its own" in text


def test_no_entry_names_a_setting_that_is_gone(known: Registry) -> None:
    names = {c.name for c in known.components("setting")}
    listed = re.findall(r"^- Settings: (.*?)(?=^- |^###|^##|\Z)", TEXT, re.M | re.S)
    assert len(listed) > 1, "no entry lists its settings any more: the pattern is out of date"
    for name in re.findall(r"`(\w+)`", " ".join(listed)):
        assert name in names | set(SAMPLES) | {"extra"}, name


def test_every_detector_is_in_the_table(known: Registry) -> None:
    rows = re.findall(r"^\| `(\w+)` \|", TEXT.partition("## Faces")[2].partition("\n## ")[0], re.M)
    built_in = {
        owned.component.name for owned in known.registered
        if owned.builtin and owned.component.kind == "detector"
    }  # fmt: skip
    assert set(rows) == built_in


@pytest.mark.slow
def test_its_commands_work_on_small_trees(tmp_path: Path) -> None:
    """One after the other in one folder, as a newcomer types them; `/data` is drawn."""
    for name in ("oulu_casia", "folder"):
        (tmp_path / "data" / name).mkdir(parents=True)
        SAMPLES[name](tmp_path / "data" / name)
    environment = os.environ | {
        "IRFER_BENCH_HOME": str(tmp_path / "home"), "IRFER_BENCH_PLUGINS": "builtin",
        "IRFER_BENCH_WORKERS": "1",
    }  # fmt: skip

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [sys.executable, *words], cwd=tmp_path, env=environment, capture_output=True,
            text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, f"{words}\n{done.stdout}\n{done.stderr}"
        return done

    said: dict[str, str] = {}
    for language, text in re.findall(r"^```(\w+) run\n(.*?)^```$", TEXT, re.M | re.S):
        if language == "python":
            prepared = next((tmp_path / "home/store/artefacts").glob("*/*/clips-00000.arrow"))
            said["python"] = run("-c", text.replace("PREPARED", str(prepared.parent))).stdout
            continue
        for line in text.splitlines():
            command = line.removeprefix("$ irfer-bench ").replace("/data/", f"{tmp_path}/data/")
            said[line] = run("-m", "irfer_bench", *shlex.split(command)).stdout
    assert len(said) > 12
    assert "(incomplete)" in next(iter(said.values()))
    assert "no differences" in said[next(line for line in said if "--against" in line)]
    assert re.search(r"\(\d+, 256, 256, 3\)", said["python"])
    purged = said["$ irfer-bench data purge folder --yes"]
    assert re.search(r"deleted [1-9]\d* artefacts made of folder", purged)
    assert not (tmp_path / "results").exists()
