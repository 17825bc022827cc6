"""`irfer-bench run`: the cells that are run, their messages, exit codes."""

from __future__ import annotations

import json

import pytest


def test_json_is_one_object_with_the_documented_names(bench):
    code, out, _ = bench.run("--json")
    assert code == 0
    assert out.count("\n") == 1
    cell = json.loads(out)
    assert set(cell) == {
        "cell", "setting", "outcome", "metrics", "timings", "record", "warnings",
    }  # fmt: skip
    assert cell["setting"] == "toy_weak"
    assert cell["cell"]["translator"] == "toy_shift"
    assert (cell["cell"]["fold"], cell["cell"]["seed"]) == (1, 0)
    assert set(cell["metrics"]) == {"accuracy", "uar", "toy_error"}
    for value in cell["metrics"].values():
        assert value["low"] <= value["value"] <= value["high"]
    assert 0 <= cell["metrics"]["accuracy"]["value"] <= 1
    assert len(cell["timings"]) == 9, "one time per step, no two steps of one name"
    assert (bench.folder / cell["record"]).is_file()


def test_a_metric_without_a_value_says_why(bench):
    _, out, _ = bench.run("-d", "toy", "-s", "toy_augmented", "-t", "toy_raw", "-r", "toy_means",
                          "--json")  # fmt: skip
    error = json.loads(out)["metrics"]["toy_error"]
    assert error["value"] is None
    assert error["low"] is None
    assert "true partner" in error["reason"]


def test_several_cells_are_listed_in_the_order_asked(bench):
    code, out, err = bench.run(
        "-d", "toy", "-s", "toy_weak", "-s", "toy_supervised", "-t", "toy_raw", "-t", "toy_shift",
        "-r", "toy_broken", "-r", "toy_means", "--json",
    )  # fmt: skip
    assert code == 1, "a cell failed; the others were done"
    cells = json.loads(out)["cells"]
    assert [cell["outcome"] for cell in cells] == [
        "failed", "ok", "failed", "ok", "failed", "ok", "refused",
    ]  # fmt: skip
    assert cells[0]["cell"]["recognizer"] == "toy_broken"
    assert cells[0]["record"] is None
    assert "the fit is out of order" in cells[0]["warnings"][0]
    assert "would not be used" in cells[-1]["warnings"][0]
    assert "Traceback" not in err
    records = [json.loads(path.read_text()) for path in bench.out.glob("records/*/*.json")]
    assert sorted(record["outcome"] for record in records) == ["failed"] * 3 + ["ok"] * 3


def test_a_refused_cell_is_not_a_result(bench):
    words = "-d toy -s toy_supervised -t toy_raw -t toy_shift -r toy_means"
    code, _, err = bench.run(*words.split())
    assert code == 2
    assert "refused: toy_supervised" in err
    assert len(list(bench.out.glob("records/*/*.json"))) == 1


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ("raise", "fit toy_broken: RuntimeError: the fit is out of order"),
        ("oserror", "fit toy_broken: FileNotFoundError"),
        ("exit", "fit toy_broken: SystemExit: 7"),
        ("write", "read-only"),
        ("shape", "returned scores of shape (15, 2), not (15, 3)"),
        ("nan", "returned scores that are not finite"),
    ],
)
def test_a_plugin_that_breaks_fails_its_cell(bench, how, said):
    words = f"-d toy -t toy_raw -r toy_broken -p toy_broken.how={how}"
    code, _, err = bench.run(*words.split())
    assert code == 1
    assert said in err
    assert "Traceback" not in err
    assert not bench.artefacts("score")


def test_an_observer_that_raises_is_reported_and_ignored(bench, monkeypatch):
    monkeypatch.setenv("TOY_OBSERVER", "1")
    code, _, err = bench.run("--seed", "0", "--seed", "1")
    assert code == 0
    assert err.count("failed: RuntimeError: the observer is out of order") == 2


def test_every_kind_of_setting_runs(bench):
    for setting, translator in (
        ("toy_weak1", "toy_partner"), ("toy_augmented", "toy_shift"), ("toy_cross", "toy_shift"),
        ("toy_supervised", "toy_raw"), ("toy_simulated", "toy_raw"), ("toy_quality", "toy_shift"),
    ):  # fmt: skip
        code, out, err = bench.run(
            "-d", "toy", "-s", setting, "-t", translator, "-r", "toy_means", "--json")  # fmt: skip
        assert code == 0, err
        record = json.loads((bench.folder / json.loads(out)["record"]).read_text())
        assert record["data"]["subjects"] == "checked"
        assert record["data"]["test"] > 0
        assert record["data"]["unlabelled_target"] is False


def test_a_simulated_setting_has_no_true_partner(bench):
    """Its images are translations of what it is scored on: comparing the two means nothing."""
    words = "-d toy -s toy_simulated -t toy_raw -r toy_means --json"
    _, out, _ = bench.run(*words.split())
    found = json.loads(out)["metrics"]
    assert found["accuracy"]["value"] is not None
    assert found["toy_error"]["value"] is None
    assert "true partner" in found["toy_error"]["reason"]


def test_fitting_on_unlabelled_target_images_is_marked(bench):
    _, out, _ = bench.run("--json")
    record = json.loads((bench.folder / json.loads(out)["record"]).read_text())
    assert record["data"]["unlabelled_target"] is True
