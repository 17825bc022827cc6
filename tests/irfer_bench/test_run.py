"""`irfer-bench run` as its user sees it: exit codes, one JSON object, plain lines, no torch."""

from __future__ import annotations

import errno
import json
import os
import re
import subprocess
import sys

import pytest

HEAVY = {"torch", "torchvision", "open_clip", "diffusers", "timm", "transformers", "pandas"}


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
    assert len(list(bench.out.glob("records/*/*.json"))) == 3


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


def test_what_libraries_print_stays_off_standard_output(bench):
    child = subprocess.run(
        [sys.executable, "-m", "irfer_bench", "run", "-d", "toy", "-t", "toy_raw", "-r",
         "toy_broken", "-p", "toy_broken.how=print", "--json"],
        cwd=bench.folder, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert json.loads(child.stdout)["outcome"] == "ok"
    assert "a library that talks" in child.stderr
    assert "below Python" in child.stderr


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
    """Its pictures are translations of what it is scored on: comparing the two means nothing."""
    words = "-d toy -s toy_simulated -t toy_raw -r toy_means --json"
    _, out, _ = bench.run(*words.split())
    found = json.loads(out)["metrics"]
    assert found["accuracy"]["value"] is not None
    assert found["toy_error"]["value"] is None
    assert "true partner" in found["toy_error"]["reason"]


def test_fitting_on_unlabelled_target_pictures_is_marked(bench):
    _, out, _ = bench.run("--json")
    record = json.loads((bench.folder / json.loads(out)["record"]).read_text())
    assert record["data"]["unlabelled_target"] is True


def test_a_translator_is_fitted_once_for_every_recognizer_and_apply_parameter(bench):
    bench.run()
    bench.run("--seed", "3")
    bench.run("-p", "toy_means.passes=9")
    assert bench.log().count("fit_translator") == 1
    assert bench.log().count("fit_recognizer") == 3
    bench.run("-p", "toy_shift.gain=2")
    assert bench.log().count("fit_translator") == 1
    bench.run("-p", "toy_shift.kind=median")
    assert bench.log().count("fit_translator") == 2
    assert bench.log().count("part") == 1, "the part does not depend on the kind"


def test_two_presets_of_one_experiment_are_two_records(bench):
    for preset in ("bench", "paper"):
        words = ("-d", "toy", "-t", "toy_raw", "-r", "toy_means", "--preset", preset, "--fold", "1")
        assert bench.run(*words)[0] == 0
    assert bench.log().count("fit_recognizer") == 1, "the same values: nothing is fitted twice"
    page = (bench.out / "toy_weak.md").read_text()
    assert page.count("Preset ") == 2


CHILD = """
import json, sys
from irfer_bench.cli import main
code = main(sys.argv[1:])
print(json.dumps([code, sorted({name.partition(".")[0] for name in sys.modules})]))
"""


def test_a_cached_run_imports_nothing_heavy_and_does_nothing(bench):
    bench.run()
    done = bench.log()
    words = ["run", "-d", "toy", "-t", "toy_shift", "-r", "toy_means", "--json"]
    child = subprocess.run(
        [sys.executable, "-c", CHILD, *words], cwd=bench.folder, capture_output=True, text=True,
        check=True,
    )  # fmt: skip
    code, modules = json.loads(child.stdout.splitlines()[1])
    assert code == 0
    assert not set(modules) & HEAVY
    assert bench.log() == done
    assert "9 steps, 9 cached" in child.stderr


def test_a_plan_needs_not_even_numpy(bench):
    words = ["plan", "-d", "toy", "-t", "toy_shift", "-r", "toy_means"]
    child = subprocess.run(
        [sys.executable, "-c", CHILD, *words], cwd=bench.folder, capture_output=True, text=True,
        check=True,
    )  # fmt: skip
    _, modules = json.loads(child.stdout.splitlines()[-1])
    assert not set(modules) & {*HEAVY, "numpy"}


def plain(text, bench):
    """The text without times and folders."""
    text = text.replace(str(bench.folder), "<here>")
    text = re.sub(r"\b\d+ (s|min)\b", "<time>", text)
    return re.sub(r"\.[0-9a-f]{8}\b", ".<key>", text)


def test_the_whole_output_of_a_first_run(bench):
    _, out, err = bench.run()
    assert "\x1b" not in out + err, "plain lines without a terminal"
    assert "\r" not in out + err
    assert plain(err, bench).splitlines() == [
        "toy_weak toy_shift × toy_means fold 1 seed 0",
        "9 steps, 0 cached; 9 to do, about <time>, on cpu in fp32",
        "  to do   prepare toy nir main (about <time>)",
        "  to do   prepare toy vis main (about <time>)",
        "  to do   fit toy_shift (about <time>)",
        "  to do   translate test by toy_shift (about <time>)",
        "  to do   translate train by toy_shift (about <time>)",
        "  to do   fit toy_means (about <time>)",
        "  to do   predict by toy_means (about <time>)",
        "  to do   predict partners by toy_means (about <time>)",
        "  to do   score (about <time>)",
        "  prepare toy nir main …",
        "  prepare toy nir main: <time>",
        "  prepare toy vis main …",
        "  prepare toy vis main: <time>",
        "  fit toy_shift …",
        "  fit toy_shift: <time>",
        "  translate test by toy_shift …",
        "  translate test by toy_shift: <time>",
        "  translate train by toy_shift …",
        "  translate train by toy_shift: <time>",
        "  fit toy_means …",
        "  fit toy_means: <time>",
        "  predict by toy_means …",
        "  predict by toy_means: <time>",
        "  predict partners by toy_means …",
        "  predict partners by toy_means: <time>",
        "  score …",
        "  score: <time>",
    ]
    lines = plain(out, bench).splitlines()
    assert lines[1:3] == [
        "toy_shift × toy_means on toy_weak, fold 1 of 2, seed 0, preset quick",
        "trained on 15 source and 6 target clips, tested on 15",
    ]
    assert [line for line in lines if line.startswith(("record", "wrote", "next"))] == [
        "record leaderboards/records/toy_weak/toy_shift+toy_means.quick.fold1.seed0.<key>.json",
        "wrote leaderboards/toy_weak.md",
        "wrote leaderboards/pictures/toy_weak/"
        "toy_shift+toy_means.quick.fold1.seed0.<key>.confusion.png",
        "wrote leaderboards/pictures/toy_weak/toy_shift+toy_means.quick.fold1.seed0.<key>.png",
        "next: irfer-bench leaderboard",
    ]


def test_times_of_the_last_run_are_the_next_estimate(bench):
    bench.run()
    times = json.loads((bench.home / "store" / "times.json").read_text())
    assert set(times) >= {"score", "fit_translator toy_shift/quick", "prepare toy"}
    (bench.home / "store" / "times.json").write_text(
        json.dumps({"score": 5000, "prepare toy": "x"})
    )
    _, out, _ = bench.call("plan", "-d", "toy", "-t", "toy_shift", "-r", "toy_means", "--seed", "9")
    assert "about 83 min" in out
    (bench.home / "store" / "times.json").write_text("[")
    assert bench.call("plan", "-d", "toy", "-t", "toy_raw", "-r", "toy_means")[0] == 0


def test_what_is_left_is_told_by_the_steps_and_not_by_the_cells(bench):
    bench.home.joinpath("store").mkdir(parents=True)
    bench.home.joinpath("store/times.json").write_text('{"fit_translator toy_shift/quick": 5000}')
    grid = ("run", "-d", "toy", "-t", "toy_raw", "-t", "toy_shift", "-r", "toy_means")
    code, _, err = bench.call(*grid)
    said = [line for line in err.splitlines() if " of 2 cells" in line]
    assert code == 0 and said == ["1 of 2 cells, about 83 min left", "2 of 2 cells, about 0 s left"]


@pytest.mark.parametrize("where", ["store", "out"])
@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS])
def test_a_full_or_read_only_disk_is_one_line(bench, monkeypatch, where, number):
    """Root may write anywhere, so the system's refusal is simulated at the point of writing."""
    import tempfile

    real = tempfile.mkstemp, tempfile.mkdtemp

    def refuse(make):
        def made(*args, **kwargs):
            if where in str(kwargs["dir"]) or (
                where == "out" and "leaderboards" in str(kwargs["dir"])
            ):
                raise OSError(number, os.strerror(number), str(kwargs["dir"]))
            return make(*args, **kwargs)

        return made

    monkeypatch.setattr(tempfile, "mkstemp", refuse(real[0]))
    monkeypatch.setattr(tempfile, "mkdtemp", refuse(real[1]))
    code, _, err = bench.run("--json")
    assert code == 4
    assert "IRFER_BENCH_HOME" in err
    assert "Traceback" not in err
    monkeypatch.setattr(tempfile, "mkstemp", real[0])
    monkeypatch.setattr(tempfile, "mkdtemp", real[1])
    assert bench.run()[0] == 0


def test_out_that_is_a_file_is_said(bench):
    bench.out.write_text("")
    code, _, err = bench.run()
    assert code == 4
    assert "leaderboards" in err
    assert "Traceback" not in err


@pytest.mark.parametrize("damage", ["cut", "edit"])
def test_a_damaged_record_is_set_aside_and_written_again(bench, damage):
    both = ("--fold", "1", "--fold", "2")
    bench.run(*both)
    (path,) = bench.out.glob("records/toy_weak/*fold1*.json")
    whole = path.read_text()
    path.write_text(whole[:200] if damage == "cut" else whole.replace('"seed": 0', '"seed": 1'))
    assert bench.call("leaderboard")[0] == 0
    assert "Not shown" in (bench.out / "toy_weak.md").read_text()
    assert bench.run(*both)[0] == 0
    again, before = json.loads(path.read_text()), json.loads(whole)
    assert again["metrics"] == before["metrics"]
    assert len(list(path.parent.glob("*.damaged"))) == 1
    assert "Not shown" not in (bench.out / "toy_weak.md").read_text()


def test_a_record_of_a_newer_schema_is_left_alone(bench):
    bench.run()
    (path,) = bench.out.glob("records/toy_weak/*.json")
    newer = path.read_text().replace('"schema": 1', '"schema": 99')
    path.write_text(newer)
    code, _, err = bench.run()
    assert code == 4
    assert "record of schema 99, this irfer-bench knows 1; upgrade irfer-bench" in err
    assert path.read_text() == newer


@pytest.mark.parametrize("damage", ["cut", "lost"])
def test_predictions_are_restored(bench, damage):
    bench.run()
    (path,) = bench.out.glob("predictions/toy_weak/*.json")
    whole = path.read_bytes()
    path.write_bytes(whole[:50])
    if damage == "lost":
        path.unlink()
    page = (bench.out / "toy_weak.md").read_bytes()
    assert bench.run()[0] == 0
    assert path.read_bytes() == whole
    assert (bench.out / "toy_weak.md").read_bytes() == page


def test_a_damaged_artefact_in_the_middle_is_rebuilt(bench):
    bench.run()
    folder = bench.artefacts("fit_recognizer")[0]
    (folder / "state.safetensors").write_bytes(b"half")
    bench.artefacts("score")[0].joinpath("metrics.json").unlink()
    for predicted in bench.artefacts("predict"):
        predicted.joinpath("scores.safetensors").write_bytes(b"")
    code, _, err = bench.run()
    assert code == 0
    assert err.count("set aside in") == 4
    assert bench.log().count("fit_recognizer") == 2
    assert bench.log().count("fit_translator") == 1


def test_a_page_is_not_replaced_where_no_record_can_be_read(bench):
    bench.run()
    (path,) = bench.out.glob("records/toy_weak/*.json")
    path.write_text("{")
    page = (bench.out / "toy_weak.md").read_bytes()
    code, _, err = bench.call("leaderboard")
    assert code == 4
    assert "toy_weak: no record can be read" in err
    assert (bench.out / "toy_weak.md").read_bytes() == page
