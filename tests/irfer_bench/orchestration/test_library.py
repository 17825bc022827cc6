"""`import irfer_bench`: its functions, their errors, and lazy imports."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest

import irfer_bench as ib
from irfer_bench.errors import CellError, MissingError, RefusedError, UsageError

TOY = {"dataset": "toy", "translators": ["toy_raw", "toy_shift"], "recognizers": "toy_means"}


@pytest.fixture
def results(bench):
    return ib.run(**TOY, out=bench.out, progress=False)


def test_importing_it_imports_nothing(bench):
    code = (
        "import sys, json; before = set(sys.modules); import irfer_bench as ib; "
        "print(json.dumps([sorted(n for n in set(sys.modules) - before), ib.__all__, dir(ib)]))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded, every, listed = json.loads(done.stdout)
    assert loaded == ["irfer_bench"]
    assert set(every) <= set(listed)
    with pytest.raises(AttributeError, match="no attribute 'rnu'"):
        ib.rnu  # noqa: B018


def test_every_name_is_there():
    assert all(getattr(ib, name) for name in ib.__all__)


def test_a_run_leaves_what_the_command_line_leaves(bench, results, capsys):
    said = capsys.readouterr()
    assert (said.out, said.err) == ("", "")
    assert [record.row[1] for record in results] == ["toy_raw", "toy_shift"]
    assert len(results) == 2 and not results.failures
    assert (bench.out / "toy_weak.md").is_file()
    done = bench.log()
    code, out, _ = bench.run("-d", "toy", "-t", "toy_raw", "-t", "toy_shift", "-r", "toy_means",
                             "--json")  # fmt: skip
    assert code == 0
    assert bench.log() == done, "everything was stored"
    cells = json.loads(out)["cells"]
    assert cells[1]["metrics"]["toy_error"]["value"] == results[1].metrics["toy_error"].value


def test_a_plan_says_what_a_run_would_do(bench, results):
    assert all(step.state == "cached" for step in ib.plan(**TOY).steps)
    plan = ib.plan(**TOY, seeds=[0, 1])
    assert len(plan.cells) == 4
    assert {step.kind for step in plan.steps if step.state == "build"} == {
        "fit_recognizer", "predict", "score",
    }  # fmt: skip
    assert len({step.key for step in plan.steps}) == len(plan.steps)
    frame = plan.to_dataframe()
    assert set(frame["seed"]) == {0, 1}
    assert "4 cells" in repr(plan)


def test_results_of_a_folder(bench, results):
    (bench.out / "records/toy_weak/odd.json").write_text("{")
    found = ib.results(bench.out)
    assert {record.key for record in found} == {record.key for record in results}
    assert len(found.problems) == 1
    frame = found.to_dataframe()
    assert {"translator", "fold", "accuracy", "accuracy_low", "toy_error"} <= set(frame.columns)
    assert frame["accuracy"].between(0, 1).all()
    with pytest.raises(MissingError, match="no record below"):
        ib.results(bench.folder / "nothing")


def test_a_comparison_is_of_the_rows_that_are_named(bench):
    both = ib.run(**TOY, folds=[1, 2], metrics="psnr", out=bench.out, progress=False)
    found = both.compare("toy_shift", "toy_raw", "psnr")
    values = both.to_dataframe().groupby("translator")["psnr"].mean()
    assert found.difference == pytest.approx(values["toy_shift"] - values["toy_raw"], abs=1e-6)
    assert found.low <= found.difference <= found.high
    back = both.compare(("toy_raw", "toy_means"), ("toy_shift", "toy_means"), "psnr")
    assert back.difference == pytest.approx(-found.difference)
    for wrong in ("toy_means", "toy", 7, -1, ("toy_raw", "pca")):
        with pytest.raises(UsageError, match="row"):
            both.compare(wrong, 0)
    with pytest.raises(MissingError, match="cannot be compared"):
        both.compare(0, 1, "no_such_metric")


def test_failures_are_beside_results_and_alone_are_an_error(bench):
    broken = TOY | {"recognizers": ["toy_means", "toy_broken"], "translators": "toy_raw"}
    found = ib.run(**broken, out=bench.out, progress=False)
    assert [record.row[2] for record in found] == ["toy_means"]
    (failure,) = found.failures
    assert failure.outcome == "failed"
    assert "the fit is out of order" in failure.warnings[0]
    assert "1 failed" in repr(found)
    assert len(ib.results(bench.out).failures) == 1
    with pytest.raises(CellError, match="the fit is out of order"):
        ib.run(**broken | {"recognizers": "toy_broken"}, out=bench.out, progress=False)


@pytest.mark.parametrize(
    ("asked", "error", "said"),
    [
        ({"translator": "none"}, UsageError, "unknown argument 'translator'; did you mean"),
        ({"seeds": "0"}, UsageError, "not understood"),
        ({"setting": "a", "settings": ["b"]}, UsageError, "both given"),
        ({"metrics": "accurracy"}, UsageError, "did you mean 'accuracy'"),
        ({"rebuild": "resnet18"}, UsageError, "takes no part"),
        ({"workers": -1}, UsageError, "workers"),
        ({"executor": "slrum"}, UsageError, "unknown executor"),
        ({"params": {"pca": {"epochs": 1}}}, UsageError, "takes no part"),
        ({"translators": "toy_shift", "settings": "toy_supervised"}, RefusedError, "not be used"),
        ({"suite": "nowhere.toml"}, MissingError, "no such file"),
    ],
)
def test_wrong_arguments_are_one_clear_error(bench, asked, error, said):
    with pytest.raises(error, match=said):
        ib.run(**TOY | asked, out=bench.out, progress=False)
    assert not bench.artefacts()


def test_a_suite_and_what_is_said_beside_it(bench):
    (bench.folder / "a.toml").write_text(
        'dataset = "toy"\ntranslators = ["toy_raw"]\nrecognizers = ["toy_means"]\nseeds = [4]\n'
    )
    (found,) = ib.run(suite="a.toml", seeds=5, out=bench.out, progress=False)
    assert json.loads(next(bench.out.rglob("*seed5*.json")).read_text())["key"] == found.key


def test_a_further_metric_is_a_column_of_the_settings_board(bench):
    ib.run(**TOY, out=bench.out, progress=False)
    more = ib.run(**TOY, metrics=["weighted_f1", "accuracy"], out=bench.out, progress=False)
    assert set(more[0].metrics) == {"accuracy", "uar", "toy_error", "weighted_f1"}
    page = (bench.out / "toy_weak.md").read_text()
    assert "weighted" in page
    assert page.count("Preset ") == 1, "the same board"
    text = next(p for p in bench.out.rglob(f"records/*/*{more[0].key[:8]}.json")).read_text()
    assert json.loads(text)["cell"]["further_metrics"] == ["weighted_f1"]
    assert bench.log().count("fit_recognizer") == 2


def test_rebuilding_makes_a_methods_steps_again_and_what_follows_once(bench):
    grid = TOY | {"seeds": [0, 1]}
    ib.run(**grid, out=bench.out, progress=False)
    assert bench.log().count("fit_translator") == 1
    kept = bench.log().count("read")
    ib.run(**grid, rebuild="toy_shift", out=bench.out, progress=False)
    assert bench.log().count("fit_translator") == 2
    assert bench.log().count("fit_recognizer") == 6, "two cells of toy_shift again"
    assert bench.log().count("read") == kept
    ib.run(**grid, rebuild="toy_shift", executor="local", workers=2, out=bench.out, progress=False)
    assert bench.log().count("fit_translator") == 3, "once, whichever process does it"


def test_a_loaded_recognizer_predicts_what_the_run_predicted(bench, results):
    fitted = ib.load(results[1])
    assert fitted.classes == ("anger", "disgust", "fear")
    rows = json.loads(next(bench.out.rglob(f"predictions/*/*{results[1].key[:8]}*")).read_text())
    images = np.zeros((2, 8, 8, 3), np.uint8)
    scores = fitted.predict(images)
    assert scores.shape == (2, 3)
    assert np.allclose(np.exp(scores).sum(1), 1, atol=1e-5)
    assert len(rows["items"]) == 15
    moved = fitted.translate(images + 100)
    assert moved[0].spectrum == "nir" and moved[0].frames.shape == (1, 8, 8, 3)
    assert moved[0].frames.mean() != 100
    for wrong in (images[:, :4], images.astype(float), images[0]):
        with pytest.raises(UsageError):
            fitted.predict(wrong)
    assert fitted.predict(images[:0]).shape == (0, 3)
    assert repr(fitted) == "<toy_shift × toy_means, fitted on toy_weak, fold 1>"


def test_a_method_is_not_loaded_with_other_weights_than_the_runs(bench, results):
    from msgspec.structs import replace

    from irfer_bench.errors import DamagedError

    used = replace(results[0].recognizer, inputs={"backbone": "0" * 64})
    with pytest.raises(DamagedError, match="weights behind backbone changed"):
        ib.load(replace(results[0], recognizer=used))


def test_fitted_methods_are_exported_as_they_were_loaded(bench, results, capsys):
    from safetensors.numpy import load_file

    path = next(bench.out.rglob("records/*/*toy_shift*.json"))
    folder = bench.out / "exported"
    assert bench.call("export", str(path), str(folder))[0] == 0
    fitted = ib.load(path)
    for role in ("translator", "recognizer"):
        tensors = load_file(folder / role / "state.safetensors")
        state = getattr(fitted, role).state()
        assert tensors.keys() == state.tensors.keys()
        assert all((tensors[name] == state.tensors[name]).all() for name in tensors)
        facts = json.loads((folder / role / "method.json").read_text())
        assert facts["name"] == getattr(fitted.record, role).name
        assert facts["scalars"] == dict(state.scalars)
    code, _, error = bench.call("export", str(path), str(folder))
    assert (code, "not an empty folder" in error) == (2, True)


def test_what_an_export_leaves_out_is_said(bench, results, monkeypatch):
    from irfer_toy.methods import Shift

    from irfer_bench.orchestration.exporting import export

    path = next(bench.out.rglob("records/*/*toy_shift*.json"))
    said = []
    for note in (None, "no folder for them"):
        monkeypatch.setattr(Shift, "export", lambda self, to, note=note: note, raising=False)
        export(path, bench.out / f"exported {note}", said.append)
    assert said == ["no folder for them"]
    assert "no folder for them" in bench.call("export", str(path), str(bench.out / "again"))[2]


def test_loading_says_what_is_missing(bench, results):
    from irfer_bench.errors import DamagedError

    path = next(bench.out.rglob("records/*/*toy_shift*.json"))
    assert ib.load(path).record.row[1] == "toy_shift"
    for folder in bench.artefacts("fit_recognizer"):
        for file in folder.iterdir():
            file.unlink()
    with pytest.raises(MissingError, match="no longer in the store"):
        ib.load(results[1])
    path.write_text("{}")
    with pytest.raises(DamagedError):
        ib.load(path)
