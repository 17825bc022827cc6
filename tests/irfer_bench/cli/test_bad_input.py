"""Wrong names and values on the command line or in a suite give one line and an exit code."""

from __future__ import annotations

import pytest

CELL = ("-d", "toy", "-t", "toy_shift", "-r", "toy_means")


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (
            ("-p", "translator.gian=3"),
            2,
            "unknown parameter of toy_shift 'gian'; did you mean 'gain'",
        ),
        (("-p", "translator.gain=30"), 2, "toy_shift.gain = 30: Expected `float` <= 10.0"),
        (("-p", "translator.gain=NaN"), 2, "toy_shift.gain = nan"),
        (
            ("-p", "recognizer.sharpness=Infinity"),
            2,
            "toy_means.sharpness = inf: not a finite value",
        ),
        (("-p", "translator.steps=many"), 2, "toy_shift.steps = 'many': Expected `int`, got `str`"),
        (
            ("-p", "translator.kind=mod"),
            2,
            "toy_shift.kind = 'mod': Invalid enum value 'mod', not one of mean, median",
        ),
        (("-p", "toy.subjects=1"), 2, "toy.subjects = 1: Expected `int` >= 2"),
        (("-p", "gain"), 2, "-p 'gain' is not COMPONENT.FIELD=VALUE"),
        (("-p", "pca.epochs=3"), 2, "'pca' takes no part in this run"),
        (("-t", "toy_shft"), 2, "unknown translator 'toy_shft'; did you mean 'toy_shift'"),
        (
            ("-t", "toy_shift@stong"),
            2,
            "unknown variant of toy_shift 'stong'; did you mean 'strong'?",
        ),
        (("-s", "toy_wek"), 2, "unknown setting 'toy_wek'; did you mean 'toy_weak'"),
        (
            ("-s", "synth_nir_weak5"),
            2,
            "setting 'synth_nir_weak5' is of dataset 'synth', not 'toy'",
        ),
        (("--fold", "9"), 2, "toy_weak has folds 1 to 2, not 9"),
        (("--fold", "0"), 2, "toy_weak has folds 1 to 2, not 0"),
        (("--data-root", "syth=/x"), 2, "unknown dataset 'syth'; did you mean 'synth'?"),
        (("--preset", "fast"), 2, "invalid choice: 'fast'"),
        (("--executor", "inlin"), 2, "unknown executor 'inlin'"),
        (("--executor", "local", "--limit-seconds", "nan"), 2, "nan seconds: a number from 0"),
        (("--executor", "local", "--limit-memory-mb", "inf"), 2, "inf memory-mb: a number from 0"),
        (("-p", f"translator.steps={'[' * 990}{']' * 990}"), 2, "Expected `int`, got `str`"),
        (("--landmarks", "no.safetensors"), 3, "--landmarks no.safetensors: no such file"),
        (("no.toml",), 3, "suite no.toml: no such file"),
        (("-d", "folder"), 3, "dataset 'folder' needs its files"),
    ],
)
def test_a_wrong_word_is_said_in_one_line(bench, words, code, said):
    got, out, err = bench.call("run", *CELL, *words)
    assert (got, out) == (code, "")
    assert said in err
    assert "Traceback" not in err
    assert bench.log() == []


@pytest.mark.parametrize(
    ("setting", "translator", "said"),
    [
        ("toy_supervised", "toy_shift", "translator 'toy_shift' would not be used"),
        ("toy_quality", "toy_raw", "measures images and 'toy_raw' makes none"),
        ("toy_augmented", "toy_partner", "gives the true partner"),
        ("toy_cross", "toy_partner", "gives the true partner"),
    ],
)
def test_a_combination_without_meaning_is_refused(bench, setting, translator, said):
    code, _, err = bench.run("-d", "toy", "-s", setting, "-t", translator, "-r", "toy_means")
    assert code == 2
    assert said in err
    assert bench.log() == []


def test_a_simulated_setting_asks_for_pairs(bench):
    code, _, err = bench.run("-s", "toy_simulated", "-t", "toy_shift", "-r", "toy_means")
    assert code == 3
    assert "--fit-translator-on" in err


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("translators", "is no TOML"),
        ("deep = " + "[" * 990 + "]" * 990, "is no TOML"),
        ("run = 3", "run is no list of tables"),
        ("colour = 1", "unknown field `colour`"),
        ('precision = "fp64"', "Invalid enum value 'fp64'"),
        ("folds = 1", "$.folds"),
        ('[[run]]\ndevice = "cpu"\n[[run]]\ndevice = "cuda"', "one run has one device"),
        ('[[run]]\nprecision = "fp32"\n[[run]]\nprecision = "bf16"', "one run has one precision"),
    ],
)
def test_a_wrong_suite_is_said_in_one_line(bench, text, said):
    (bench.folder / "suite.toml").write_text(text)
    code, _, err = bench.call("run", "suite.toml")
    assert code == 2
    assert said in err


def test_a_folder_is_no_suite(bench):
    code, _, err = bench.call("run", str(bench.folder))
    assert code == 2
    assert "cannot be read: Is a directory" in err


def test_suite_and_options_mean_the_same(bench):
    (bench.folder / "suite.toml").write_text(
        """
        dataset = "toy"
        translators = ["toy_shift", "toy_raw"]
        recognizers = ["toy_means"]
        settings = ["toy_weak", "toy_augmented"]
        folds = [1, 2]
        seeds = [0, 3]
        preset = "bench"
        params = {translator = {}, toy_means = {passes = 7}}
        """
    )
    words = "-d toy -t toy_shift -t toy_raw -r toy_means -s toy_weak -s toy_augmented --fold 1"
    words += " --fold 2 --seed 0 --seed 3 --preset bench -p toy_means.passes=7"
    assert bench.call("plan", "suite.toml", "--json") == bench.call(
        "plan", *words.split(), "--json"
    )


def test_the_runs_of_a_suite_stand_on_its_top_level(bench):
    (bench.folder / "suite.toml").write_text(
        """
        dataset = "toy"
        translators = ["toy_shift"]
        recognizers = ["toy_means"]
        params.toy_shift.gain = 2.0
        [[run]]
        params.toy_shift.steps = 3
        [[run]]
        params.toy.subjects = 20
        """
    )
    code, out, _ = bench.call("plan", "suite.toml", "--steps")
    assert code == 0
    assert "toy_shift (gain=2.0, steps=3)" in out
    keys = {line.split()[5] for line in out.splitlines() if "prepare toy nir main" in line}
    assert len(keys) == 2, "each run has data of its own"


def test_options_win_over_the_suite(bench):
    (bench.folder / "suite.toml").write_text(
        'dataset = "toy"\nrecognizers = ["toy_means"]\nseeds = [4]'
    )
    _, out, _ = bench.call("plan", "suite.toml", "-t", "toy_raw", "--seed", "5", "--steps")
    assert "seed 5" in out
    assert "seed 4" not in out


def test_a_bare_data_root_is_the_settings_dataset(bench):
    code, _, err = bench.call(
        "plan",
        "-s",
        "folder_nir_weak5",
        "-r",
        "toy_means",
        "-t",
        "toy_raw",
        "--data-root",
        "/nowhere",
    )
    assert code == 3
    assert "--data-root folder=/nowhere: no such folder" in err
