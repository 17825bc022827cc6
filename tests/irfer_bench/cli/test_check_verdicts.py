"""`data check` and a grid of folds promise what `plan` and `run` then accept."""

from __future__ import annotations

import json
import shlex
import shutil
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from irfer_bench.contracts.component import BASIC
from irfer_bench.contracts.values import Item
from irfer_bench.data.domains import select_items
from irfer_bench.errors import MissingError
from irfer_bench.experiment import requirements
from irfer_bench.experiment.component_needs import is_here
from irfer_bench.registry import load
from irfer_bench.settings.setting import Domain
from tests.conformance.sample_trees import SAMPLES
from tests.irfer_bench.cli.test_agreement import PLAIN, both
from tests.irfer_datasets.trees import folder_tree

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
