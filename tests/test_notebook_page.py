"""docs/notebook.md: its cells run in order and print the shown output."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.doc_pages import ROOT, blocks

PAGE = ROOT / "docs" / "notebook.md"


def run_cell(text: str, names: dict[str, Any]) -> Any:
    """Run a cell as a notebook does; the value of its last expression."""
    tree = ast.parse(text)
    last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, str(PAGE), "exec"), names)  # noqa: S102  the page's own code
    if not isinstance(last, ast.Expr):
        return None
    return eval(compile(ast.Expression(last.value), str(PAGE), "eval"), names)  # noqa: S307  the same


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Any]:
    """What each cell showed, by its first line, and the names it left under ``."""
    folder = tmp_path_factory.mktemp("notebook")
    names: dict[str, Any] = {}
    found: dict[str, Any] = {"": names}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("IRFER_BENCH_HOME", str(folder / "home"))
        patch.setenv("IRFER_BENCH_PLUGINS", "builtin")
        patch.chdir(folder)
        for block in blocks(PAGE):
            if block.language == "python" and block.runs:
                lines = block.text.strip().splitlines()
                found[lines[-1]] = run_cell(block.text, names)
        yield found


@pytest.mark.slow
def test_every_cell_shows_what_the_page_says(shown: Mapping[str, Any]) -> None:
    assert "2 cells" in repr(shown["plan"])
    assert "<pre>" in shown["plan"]._repr_html_()
    results = shown["results"]
    assert "histmatch" in results._repr_html_() and "<table>" in results._repr_html_()
    assert "histmatch" in results._repr_markdown_()
    table = shown['table[["translator", "psnr", "psnr_low", "psnr_high", "ssim"]]']
    assert list(table["translator"]) == ["identity", "histmatch"]
    assert table["psnr"].between(table["psnr_low"], table["psnr_high"]).all()
    difference, p = shown["difference.difference, difference.p"]
    assert difference == pytest.approx(table["ssim"][1] - table["ssim"][0])
    assert 0 < p <= 1
    count, translators = shown["len(earlier), sorted(record.row[1] for record in earlier)"]
    assert (count, translators) == (2, ["histmatch", "identity"])
    assert shown["translated[0].frames.shape"] == (1, 64, 64, 3)


@pytest.mark.slow
def test_a_loaded_translator_is_the_one_that_was_fitted(
    shown: Mapping[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it makes of a test image is what the run made of it."""
    from irfer_bench.data.clips import StoredClips
    from irfer_bench.store.artefacts import Store

    names = shown[""]
    ib, home = names["ib"], Path(names["fitted"]._runner.store.root)
    record = next(r for r in names["results"] if r.row[1] == "histmatch")
    fitted = ib.load(record)
    store, steps = Store(home), fitted.record.steps
    facts = [step if isinstance(step, dict) else vars_of(step) for step in steps]
    keys = {step["title"]: step["key"] for step in facts}

    def stored(title: str) -> Any:
        artefact = store.get(keys[title])
        assert artefact is not None
        return StoredClips(artefact.folder, keys[title]).view()

    made, visible = stored("translate test by histmatch"), stored("prepare synth vis normal stills")
    ids = list(visible.ids)
    given = [visible[ids.index(name)] for name in made.ids[:3]]
    for one, other in zip(fitted.translate(given), made, strict=False):
        assert np.array_equal(one.frames, other.frames)
    (again,) = fitted.translate(np.stack([given[0].frames[0]]))
    assert np.array_equal(again.frames, made[0].frames)


def vars_of(step: Any) -> dict[str, Any]:
    return {name: getattr(step, name) for name in step.__struct_fields__}
