"""Plugins that break their contract give one line and exit 1, and affect no other plugin."""

from __future__ import annotations

import importlib
import json
from pathlib import Path

import pytest

from irfer_bench.cli import main
from irfer_bench.store.artefacts import Store
from tests.irfer_bench.distributions import write_distribution
from tests.irfer_bench.engine.bad_plugin import HOOKS, METHODS, PARAMS
from tests.third_party.installing import TOY

FIT = {
    "make": "RuntimeError: cannot be made",
    "fit": "KeyError: 'brow'",
    "exit": "SystemExit: 0",
    "write": "wrote into the clips it was given",
    "write_out": "wrote into the clips it was given",
    "state": "a dict was given where a State was due",
    "objects": "the state's array 'weights' is of object",
    "infinite": "the state's scalars are no JSON: ",
}
TRANSLATE = {
    "restore": "ValueError: half of it is missing",
    "none": "TypeError",
    "few": "returned 14 clips for 15",
    "many": "returned 16 clips for 15",
    "order": "was due",
    "ids": "returned clip 'somebody else' where",
    "objects_out": "returned a str where a Clip was due",
    "half": "came back as (1, 4, 4, 3), not (1, 8, 8, 3)",
    "floats": "float64, not (T, H, W, 3) uint8",
    "write_clip": "wrote into the clips it was given",
    "midway": "RuntimeError: lost the connection",
}
PREDICT = {
    "restore": "ValueError: half of it is missing",
    "shape": "scores of shape (15, 2), not (15, 3)",
    "rows": "scores of shape (14, 3), not (15, 3)",
    "nan": "not finite",
    "minus_infinity": "not finite",
    "logits": "sum to 20.1 to 20.1, not 1; predict gives log-probabilities",
    "words": "ValueError",
    "none": "scores of shape (), not (15, 3)",
    "write_clip": "wrote into the clips it was given",
    "features": "features of shape (16, 4)",
    "flat": "features of shape (15,)",
}
CASES = [
    *(("translator", how, "fit bad_translator", said) for how, said in FIT.items()),
    *(("translator", how, "by bad_translator", said) for how, said in TRANSLATE.items()),
    *(("recognizer", how, "fit bad_recognizer", said) for how, said in FIT.items()),
    *(("recognizer", how, "predict by bad_recognizer", said) for how, said in PREDICT.items()),
]


@pytest.fixture(autouse=True)
def plugins(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The bad distribution and the toy on the path, and an empty home."""
    site = tmp_path_factory.getbasetemp() / "bad_site"
    if not site.exists():
        texts = {"hooks": HOOKS, "params": PARAMS, "methods": METHODS}
        modules = {f"irfer_bad_{name}": text for name, text in texts.items()}
        write_distribution(site, "irfer-bench-bad", modules, {"bad": "irfer_bad_hooks"})
    for folder in (site, TOY):
        monkeypatch.syspath_prepend(folder)
    monkeypatch.setenv("IRFER_BENCH_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)


def run(translators: str, recognizers: str, how: str, *more: str) -> int:
    words = ["run", "--setting", "toy_weak", "--fold", "1", "--json", "--out", "out", *more]
    words += [word for name in translators.split() for word in ("-t", name)]
    words += [word for name in recognizers.split() for word in ("-r", name)]
    for kind, names in (("translator", translators), ("recognizer", recognizers)):
        if f"bad_{kind}" in names:
            words += ["-p", f"bad_{kind}.how={how}"]
    return main(words)


@pytest.mark.filterwarnings("ignore:The given NumPy array is not writable")
@pytest.mark.parametrize("kind, how, step, said", CASES)
def test_one_clear_line_and_the_others_finish(
    kind: str, how: str, step: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = f"bad_{kind}"
    names, good = ("toy_shift", "toy_means"), "shift" if kind == "translator" else "means"
    both = [f"{bad} {name}" if name.endswith(good) else name for name in names]
    assert run(*both, how) == 1
    out, err = capsys.readouterr()
    (line,) = [line for line in err.splitlines() if line.startswith("irfer-bench: ")]
    assert step in line, line
    assert said in line, line
    assert "Traceback" not in err
    outcomes = [cell.get("outcome") for cell in json.loads(out)["cells"]]
    assert sorted(outcomes) == ["failed", "ok"]
    assert "toy" in (tmp_path / "out" / "toy_weak.md").read_text()
    _nothing_half_written(tmp_path, step)


def _nothing_half_written(tmp_path: Path, step: str) -> None:
    root = tmp_path / "home" / "store"
    said: list[str] = []
    store = Store(root, said.append)
    titles = []
    for manifest in root.glob("artefacts/*/*/manifest.json"):
        assert store.get(manifest.parent.name) is not None, said
        titles.append(json.loads(manifest.read_text())["describe"].get("title", ""))
    assert said == []
    assert titles
    assert not any(title.endswith(step) for title in titles), titles
    assert not any((root / "building").glob("*")), "a half-built folder is left"
    found = {p.name: json.loads(p.read_text()) for p in (tmp_path / "out/records").rglob("*.json")}
    outcomes = {"bad" in name: (r["outcome"], bool(r["metrics"])) for name, r in found.items()}
    assert outcomes == {False: ("ok", True), True: ("failed", False)}


@pytest.mark.parametrize("how, code, said", [
    ("post_init", 1, "recognizer 'bad_recognizer': KeyError: 'brow'; its parameters"),
    ("inputs", 1, "recognizer 'bad_recognizer': ZeroDivisionError: no weights; its parameters"),
    ("weights", 3, "bad.pt are not here (a plugin tried to fetch it: OSError: no network); put"),
])
def test_what_cannot_be_planned_is_one_line(
    how: str, code: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("toy_shift", "bad_recognizer", how) == code
    (line,) = capsys.readouterr().err.splitlines()
    assert said in line


def test_what_a_plugin_wrote_into_nobody_else_sees(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """torch writes past numpy's flag, into a copy: the next cell gives what it gives alone."""
    assert run("toy_shift", "bad_recognizer toy_means", "torch") == 0
    after = json.loads(capsys.readouterr().out)["cells"]
    assert run("toy_shift", "toy_means", "", "--out", str(tmp_path / "alone")) == 0
    alone = json.loads(capsys.readouterr().out)
    (good,) = [cell for cell in after if "toy_means" in cell["cell"]["recognizer"]]
    assert good["metrics"] == alone["metrics"]


def test_the_failure_is_not_kept(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Asked again, the step is tried again: a mended plugin of the same version works."""
    assert run("toy_shift", "bad_recognizer", "fit") == 1
    assert "KeyError: 'brow'" in capsys.readouterr().err
    assert run("toy_shift", "bad_recognizer", "fit") == 1
    assert "KeyError: 'brow'" in capsys.readouterr().err
    methods = importlib.import_module("irfer_bad_methods")
    monkeypatch.setattr(methods.Bad, "fit", lambda self, data, ctx: None)
    assert run("toy_shift", "bad_recognizer", "fit") == 0


def test_a_plugin_may_refuse_in_its_own_words(capsys: pytest.CaptureFixture[str]) -> None:
    code = run("toy_shift", "bad_recognizer", "refuse")
    assert code == 2
    assert "this method wants thermal images; choose an lwir setting" in capsys.readouterr().err


def test_a_translator_is_shown_no_target_label_in_weak(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("bad_translator", "toy_means", "labels") == 0
