"""Edited code of an unchanged version is reported on cached runs and rebuilt on request."""

from __future__ import annotations

import json
import shutil
import sys

import pytest

from tests.irfer_bench.conftest import TOY

WORDS = ("-d", "toy", "-t", "toy_shift", "-r", "toy_means")
TITLES = ("source changed: ", " was built by other code of the same version")


@pytest.fixture
def toy(bench, monkeypatch):
    """The toy's package in a folder of its own, so that it can be edited; runs are children."""
    site = bench.folder / "site"
    shutil.copytree(TOY, site, ignore=shutil.ignore_patterns("__pycache__"))
    path = monkeypatch.delenv("PYTHONPATH", raising=False)
    assert path is None
    import os

    rest = [word for word in sys.path if word and word != str(TOY)]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join((str(site), *rest)))
    return site / "irfer_toy"


def run(bench, *words):
    child = bench.start(*words, "--json")
    out, err = child.communicate(timeout=120)
    assert child.returncode == 0, err
    return json.loads(out), err


def edit(path, old, new):
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def changed(err):
    lines = [line for line in err.splitlines() if line.startswith(TITLES[0])]
    return [line.removeprefix(TITLES[0]).partition(TITLES[1])[0] for line in lines]


def test_an_edited_method_is_seen_on_a_cached_run(bench, toy):
    first, err = run(bench)
    assert changed(err) == []
    edit(toy / "methods.py", "-self.params.sharpness * far / 100", "+self.params.sharpness * far")
    again, err = run(bench)
    assert "9 steps, 9 cached" in err
    assert set(changed(err)) >= {"fit toy_means", "predict by toy_means", "fit toy_shift"}
    assert "part middle of fit toy_shift" in changed(err)
    assert not any(title.startswith(("prepare", "score")) for title in changed(err))
    assert again["metrics"] == first["metrics"], "neither silently reused nor silently recomputed"


def test_an_edited_metric_or_dataset_is_seen(bench, toy):
    run(bench)
    edit(toy / "metrics.py", "return float(", "return 2 * float(")
    assert changed(run(bench)[1]) == ["score"]
    edit(toy / "dataset.py", "120 if", "110 if")
    assert set(changed(run(bench)[1])) == {
        "score", "prepare toy vis main", "prepare toy nir main",
    }  # fmt: skip


def test_what_nothing_runs_and_docstrings_are_not_seen(bench, toy):
    run(bench)
    (toy / "beside.py").write_text("ANYTHING = 1\n")
    edit(toy / "methods.py", '"""Nearest mean image of a class."""', '"""Says the same."""')
    assert changed(run(bench)[1]) == []


def test_rebuild_builds_a_components_steps_and_what_follows(bench, toy):
    first, _ = run(bench)
    edit(toy / "methods.py", "-self.params.sharpness * far", "+self.params.sharpness * far")
    log = len(bench.log())
    again, err = run(bench, "--rebuild", "toy_means")
    assert set(bench.log()[log:]) == {"fit_recognizer", "predict", "score"}
    assert "fit toy_means" not in changed(err)
    assert again["metrics"] != first["metrics"]
    written = json.loads((bench.folder / again["record"]).read_text())["metrics"]
    assert {k: v["value"] for k, v in written.items()} == {
        k: v["value"] for k, v in again["metrics"].items()
    }
    assert run(bench)[0]["metrics"] == again["metrics"], "the record was written anew"


def test_rebuild_of_a_translator_builds_its_parts_too(bench, toy):
    run(bench)
    log = len(bench.log())
    run(bench, "--rebuild", "toy_shift")
    done = bench.log()[log:]
    assert {"part", "fit_translator", "fit_recognizer", "predict", "score"} <= set(done)
    assert "read" not in done, "the prepared clips stay"


def test_the_digest_of_an_editable_plugin_is_in_its_keys(bench, toy):
    """Its author's edits are new steps at once; nobody has to raise a version."""
    folder = toy.parent / "irfer_toy-1.0.dist-info"
    direct = {"url": "file:///toy", "dir_info": {"editable": True}}
    (folder / "direct_url.json").write_text(json.dumps(direct))
    run(bench)
    done = len(bench.log())
    edit(toy / "methods.py", '"""Nearest mean image of a class."""', '"""Says the same."""')
    run(bench)
    assert len(bench.log()) == done
    edit(toy / "methods.py", "np.mean(own, 0)", "np.max(own, 0)")
    _, err = run(bench)
    assert changed(err) == []
    again = bench.log()[done:]
    assert again.count("fit_translator") == again.count("fit_recognizer") == 1
    assert "read" not in again, "the dataset's module was not edited"
