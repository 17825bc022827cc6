"""`data check`, `plan` and `run` say the same of what is there, before anything is computed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from irfer_bench import home as machine
from irfer_bench.errors import DamagedError, MissingError, UsageError
from irfer_bench.experiment.planner import Planner
from irfer_bench.experiment.request import Request
from irfer_bench.registry import load
from irfer_bench.store.files import require_writable

TOY = ("-d", "toy", "-t", "toy_shift", "-r", "toy_means")
PLAIN = ("-t", "toy_raw", "-r", "toy_means", "--preset", "quick")


def both(bench: Any, *words: str) -> tuple[int, str]:
    """Exit code and standard error of `plan`, after `run` ended in the same way."""
    code, out, err = bench.call("run", *words)
    assert (bench.call("plan", *words)[0], bench.call("plan", *words)[2]) == (code, err)
    assert out == "" and "Traceback" not in err
    assert bench.log() == [] and not list(bench.folder.glob("**/records"))
    return code, err


@pytest.mark.parametrize(
    ("words", "code", "line"),
    [
        (
            (*TOY, "--detector", "mtcnn"),
            3,
            "detector 'mtcnn' needs the package facenet-pytorch (No module named "
            "'facenet_pytorch'); pip install --no-deps facenet-pytorch",
        ),
        (
            (*TOY, "--detector", "boxes"),
            3,
            "detector 'boxes' has no boxes; pass --boxes FILE, such as a kept boxes.json",
        ),
        ((*TOY, "--executor", "slurm"), 2, "unknown executor 'slurm'; known: inline, local"),
        (
            (*TOY, "--out", "file/x"),
            4,
            "nothing can be written into file/x: Not a directory; name a folder you own by --out",
        ),
        (
            (*TOY, "--seed", "-1"),
            2,
            "seed -1: seeds are whole numbers from 0 to 4294967295",
        ),
        (
            ("-d", "toy", "-t", "toy_means", "-r", "toy_shift"),
            2,
            "unknown translator 'toy_means'; toy_means is a recognizer: were -t and -r swapped? "
            "(irfer-bench list translators)",
        ),
        (
            (*TOY, "--fold", "one"),
            2,
            "fold 'one' is not understood; write a number from 1, a range such as 1-5, a list "
            "such as 1,2, or all",
        ),
        (
            (*TOY, "--device", "gpu"),
            2,
            "unknown device 'gpu'; use auto, cpu, cuda, cuda:1 … or mps",
        ),
    ],
)
def test_what_cannot_be_done_is_one_line_of_plan_and_run(bench, words, code, line):
    (bench.folder / "file").touch()
    assert both(bench, *words) == (code, f"irfer-bench: {line}\n")


@pytest.mark.parametrize("method", ["resnet18", "pca", "resnet18_given"])
def test_missing_weights_name_the_preset_that_needs_none(bench, method):
    name, _, given = method.partition("_")
    words = ["-p", "resnet18.weights=imagenet"] if given else []
    code, err = both(bench, "-d", "toy", "-t", "toy_raw", "-r", name, "--preset", "bench", *words)
    assert code == 3
    assert "pretrained weights" in err
    assert ("or --preset quick, which needs none" in err) == (not given)


def test_a_device_that_is_not_here_is_missing(bench, monkeypatch, tmp_path):
    (tmp_path / "dev").mkdir()
    monkeypatch.setattr(machine, "DEVICES", tmp_path / "dev")
    code, err = both(bench, *TOY, "--device", "cuda")
    assert code == 3
    assert err == (
        "irfer-bench: device 'cuda' was asked for and no GPU is here (no /dev/nvidia0); say "
        "--device cpu, or auto, which takes a GPU where there is one\n"
    )


def test_devices_are_counted_as_the_driver_and_the_user_show_them(monkeypatch, tmp_path):
    monkeypatch.setattr(machine, "DEVICES", tmp_path)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    for name in ("nvidia0", "nvidia1", "nvidiactl", "nvidia-uvm"):
        (tmp_path / name).touch()
    monkeypatch.setattr(machine, "torch_knows_cuda", lambda: True)
    for asked in ("auto", "cpu", "cuda", "cuda:0", "cuda:1"):
        machine.check_device(asked)
    with pytest.raises(MissingError, match="cuda:1 is the last one"):
        machine.check_device("cuda:2")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "1")
    with pytest.raises(MissingError, match="cuda is the last one"):
        machine.check_device("cuda:1")
    monkeypatch.setattr(machine, "torch_knows_cuda", lambda: False)
    with pytest.raises(MissingError, match="built for the CPU alone"):
        machine.check_device("cuda")
    for asked in ("cuda:x", "cpu:1", ""):
        with pytest.raises(UsageError, match="unknown device"):
            machine.check_device(asked)


def test_devices_of_another_machine_are_not_looked_for_here(bench, monkeypatch, tmp_path):
    monkeypatch.setattr(machine, "DEVICES", tmp_path)
    request = Request(dataset="toy", recognizers=("toy_means",), device="cuda", precision="fp32")
    planner = Planner(load(), bench.home, bench.home / "weights", remote=True)
    assert planner.plan([request]).device == "cuda"


def test_a_results_folder_is_tried_and_left_as_it_was(tmp_path):
    require_writable(tmp_path / "a" / "b")
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(DamagedError, match="nothing can be written into /proc/x"):
        require_writable(Path("/proc/x"))


@pytest.mark.parametrize(
    ("option", "suite", "folds"),
    [("all", '"all"', [1, 2]), ("1-2", '"1-2"', [1, 2]), ("2,1", '["2", 1]', [2, 1])],
)
def test_folds_are_written_alike_everywhere(bench, option, suite, folds):
    import irfer_bench as ib

    (bench.folder / "s.toml").write_text(
        f'settings = ["toy_weak"]\ntranslators = ["toy_raw"]\nrecognizers = ["toy_means"]\n'
        f"folds = {suite}"
    )
    said = [
        bench.call("plan", *words, "--json")[1]
        for words in (("-s", "toy_weak", *PLAIN, "--fold", option), ("s.toml",))
    ]
    assert said[0] == said[1]
    made = ib.plan(setting="toy_weak", translators="toy_raw", recognizers="toy_means", folds=option)
    assert [planned.cell.fold for planned in made.cells] == folds


def test_one_value_where_a_list_is_due_is_told_how_to_be_written(bench):
    (bench.folder / "s.toml").write_text('translators = "grey"')
    assert both(bench, "s.toml") == (
        2,
        "irfer-bench: suite s.toml: Expected `array`, got `str` - at `$.translators`; write "
        'translators = ["grey"]\n',
    )


def test_show_refuses_a_variant_as_a_run_does(bench):
    code, out, err = bench.call("show", "nfer_sde@con")
    assert (code, out) == (2, "")
    assert err.startswith("irfer-bench: unknown variant of nfer_sde 'con'; did you mean 'cond'")
    assert bench.call("show", "toy@x")[::2] == (2, "irfer-bench: toy has no variants; say toy\n")
    assert bench.call("show", "nfer_sde@cond")[0] == 0


def test_list_takes_words_that_all_must_hold(bench):
    rows = json.loads(bench.call("list", "settings", "synth", "weak", "--json")[1])["components"]
    assert rows
    assert all("synth" in row["name"] and "weak" in row["name"] for row in rows)
    code, out, err = bench.call("list", "settings", "zebra")
    assert (code, out) == (2, "") and "no setting is named or described so" in err
