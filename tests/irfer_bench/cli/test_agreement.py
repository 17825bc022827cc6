"""`data check`, `plan` and `run` say the same of what is there, before anything is computed."""

from __future__ import annotations

import json
import shlex
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save_file

from irfer_bench import home as machine
from irfer_bench.contracts.component import BASIC
from irfer_bench.contracts.values import Item
from irfer_bench.data.domains import select_items
from irfer_bench.errors import DamagedError, MissingError, UsageError
from irfer_bench.experiment import requirements
from irfer_bench.experiment.component_needs import is_here
from irfer_bench.experiment.planner import Planner
from irfer_bench.experiment.request import Request
from irfer_bench.registry import load
from irfer_bench.settings.setting import Domain
from irfer_bench.store.files import require_writable
from tests.conformance.sample_trees import SAMPLES
from tests.irfer_datasets.trees import folder_tree

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


CHEAP = ("affectnet", "ck_plus", "folder", "hub", "kdef", "mafw", "mafw_compound", "raf_db")


@pytest.mark.parametrize("name", CHEAP)
def test_check_promises_what_plan_accepts(bench, name):
    root = bench.folder / "tree"
    root.mkdir()
    SAMPLES[name](root)
    place = ("--data-root", f"{name}={root}")
    checked, out, _ = bench.call("data", "check", name, *place, "--json")
    said = json.loads(out)
    assert said["settings"], "every dataset has a setting"
    for row in said["settings"]:
        quality = row["name"].endswith("quality")
        words = ["-s", row["name"], "--preset", "quick", *place]
        one_domain = row["name"].endswith("supervised") or "_shots" in row["name"]
        words += [] if one_domain else ["-t", "identity"]
        words += [] if quality else ["-r", "resnet18"]
        code, _, err = bench.call("plan", *words, "--fold", "all")
        assert (code == 0) == (len(row["folds"]) == row["of"]), (row, err)
        assert (row["reason"] == "") == (code == 0), row
        if row["folds"]:
            assert bench.call("plan", *words, "--fold", str(row["folds"][0]))[0] == 0
        else:
            assert bench.call("plan", *words)[0] == code and row["reason"] in err
    able = any(row["folds"] for row in said["settings"])
    assert (checked == 0) == able
    command = said["next"].replace("FOLDER", str(root))
    assert able == command.startswith("irfer-bench run ")
    if able:
        assert bench.call("plan", *shlex.split(command)[2:])[0] == 0


@pytest.fixture
def photos(bench) -> Path:
    return folder_tree(bench.folder / "photos", [f"s{k}" for k in range(4)], labels=BASIC, each=2)


def test_labels_outside_the_setting_are_the_reason_not_the_spectrum(bench):
    root = folder_tree(bench.folder / "own", spectra=("nir",), labels=("neutral",))
    words = ("-s", "folder_nir_supervised", *PLAIN, "--data-root", f"folder={root}")
    assert both(bench, *words) == (
        3,
        "irfer-bench: folder: 2 items are nir main and none has a label of the setting (found "
        "neutral); irfer-bench data check folder says what this copy can run\n",
    )


def test_items_without_labels_are_the_reason_not_the_spectrum():
    items = [Item(f"a{k}", None, None, "vis") for k in range(35)]
    with pytest.raises(MissingError, match="35 items are vis and none of them is labelled"):
        select_items("dfew", items, Domain(spectrum="vis"), BASIC)
    with pytest.raises(MissingError, match="dfew: no item is nir"):
        select_items("dfew", items, Domain(spectrum="nir"), BASIC)


def test_folds_that_cannot_be_tested_are_left_out_of_a_grid(bench, photos):
    words = ("-s", "folder_nir_supervised", *PLAIN, "--data-root", f"folder={photos}")
    code, out, _ = bench.call("plan", *words, "--fold", "all")
    assert code == 4
    assert "4 cells" in out
    assert "folder_nir_supervised: folder: fold 5 was asked for and there are 4" in out
    assert both(bench, *words, "--fold", "5")[0] == 4


def test_landmarks_are_looked_for_when_planning(bench, photos):
    words = ("-s", "folder_nir_weak5", "-t", "nfer_sde", "-r", "toy_means", "--preset", "quick")
    words = (*words, "--data-root", f"folder={photos}")
    code, err = both(bench, *words)
    assert code == 3
    assert err.startswith(
        "irfer-bench: translator 'nfer_sde' needs 68 landmarks of every image, and 36 of 36 items "
        "of folder have none (such as vis_"
    )
    assert "--detector" in err and "say nfer_sde@cond_f, which needs none" in err
    variant = [word.replace("nfer_sde", "nfer_sde@cond_f") for word in words]
    assert bench.call("plan", *variant)[0] == 0
    items = json.loads(
        bench.call("data", "items", "folder", "--data-root", str(photos), "--format", "json")[1]
    )
    # Of a registered pair the landmarks of one image are those of both.
    points = {i["id"]: np.zeros((1, 68, 2), "f4") for i in items if i["spectrum"] == "vis"}
    save_file(points, "points.safetensors")
    assert bench.call("plan", *words, "--landmarks", "points.safetensors")[0] == 0
    save_file(dict(list(points.items())[1:]), "fewer.safetensors")
    words = (*words, "--fold", "1-4")
    code, out, _ = bench.call("plan", *words, "--landmarks", "fewer.safetensors")
    assert code == 3 and "1 of 36 items" in " ".join(out.split()) and "\n1 cell: " in out
    save_file({"a": np.zeros((1, 5, 2), "f4")}, "odd.safetensors")
    code, err = both(bench, *words, "--landmarks", "odd.safetensors")
    assert code == 4 and "a is F32 [1, 5, 2]" in err


def test_a_dataset_with_landmarks_of_its_own_needs_no_file(bench):
    words = ("-t", "nfer_sde", "-r", "toy_means", "-p", "synth.size=32")
    code, _, err = bench.call("plan", *words)
    assert code == 0, err


def test_the_landmarks_detector_needs_landmarks(bench, photos):
    words = ("-s", "folder_nir_supervised@landmarks", *PLAIN, "--data-root", f"folder={photos}")
    code, err = both(bench, *words)
    assert code == 3
    assert "detector 'landmarks' needs 68 landmarks of every image" in err


def test_a_file_that_check_found_damaged_stops_plan_and_run(bench, photos):
    (photos / "nir/s1/fear/0.png").write_bytes(b"cut")
    place = ("--data-root", f"folder={photos}")
    code, out, _ = bench.call("data", "check", "folder", *place, "--json")
    rows = {row["name"]: row for row in json.loads(out)["settings"]}
    assert code == 4
    assert rows["folder_nir_supervised"]["folds"] == []
    assert rows["folder_vis_supervised"]["folds"] == [1, 2, 3, 4]
    code, err = both(bench, "-s", "folder_nir_supervised", *PLAIN, *place)
    assert code == 4
    assert "folder: damaged: nir/s1/fear/0.png" in err


def test_where_damage_alone_blocks_the_next_step_is_to_mend_it(bench, photos):
    for path in (photos / "vis", photos / "nir/s1/fear/0.png"):
        shutil.rmtree(path) if path.is_dir() else path.write_bytes(b"\x89PNG\r\n")
    code, out, _ = bench.call("data", "check", "folder", "--data-root", str(photos))
    assert code == 4
    assert "verdict: this copy can run none of" in out
    assert "next: put right what blocks, then irfer-bench data check folder" in out


def test_a_disk_that_is_too_small_is_said_before_it_is_full(bench, photos, monkeypatch):
    free = shutil.disk_usage(bench.folder)._replace(free=10**6)
    monkeypatch.setattr(requirements.shutil, "disk_usage", lambda place: free)
    words = ("-s", "folder_nir_supervised", *PLAIN, "--data-root", f"folder={photos}")
    code, err = both(bench, *words)
    assert code == 4
    assert "about 0.0 GiB of images are to be stored in" in err


def test_blocking_problems_come_first_and_a_kind_is_one_line(bench, photos):
    rows = "".join(f"nir/s0/fear/0.png,near{k},fear\n" for k in range(10))
    (photos / "manifest.csv").write_text(f"path,spectrum,label\n{rows}")
    code, out, _ = bench.call("data", "check", "folder", "--data-root", str(photos))
    assert code == 4
    lines = out.splitlines()
    assert lines[1].startswith("bad_row: ") and lines[1].endswith(
        "(and 9 more; data check --json lists all)"
    )
    assert lines[2].startswith("  by class")
    assert len([line for line in lines if line.startswith("bad_row")]) == 1
    assert lines[-1].startswith("next: put right what blocks, then irfer-bench data check folder")


def test_a_need_is_a_module_or_a_program():
    assert is_here("numpy.linalg") and is_here("sh")
    assert not is_here("no_such_module") and not is_here("no such thing")


def test_another_folder_is_refused_with_the_tree_that_is_expected(bench, photos):
    code, out, err = bench.call("data", "check", "kdef", "--data-root", str(photos))
    assert (code, out) == (3, "")
    first, tree, refusal = err.splitlines()
    assert (first, tree) == ("expected below the root:", "  KDEF_and_AKDEF/KDEF/AF01/AF01ANS.JPG")
    assert refusal.startswith(f"irfer-bench: {photos} is not kdef: ")
    assert f"{first}\n{tree}\n" in bench.call("show", "kdef")[1]


def test_every_dataset_of_files_says_its_tree():
    registry = load()
    for component in registry.components("dataset"):
        assert bool(component.tree) == registry.needs_root(component), component.name
