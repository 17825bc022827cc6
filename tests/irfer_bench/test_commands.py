"""list, show, plan, doctor, gc: what they print and how they end."""

from __future__ import annotations

import json

import pytest


def test_a_command_that_is_not_there(bench):
    code, out, err = bench.call("runn")
    assert (code, out) == (2, "")
    assert "unknown command 'runn'; did you mean 'run'?" in err


def test_no_command_prints_the_help(bench):
    code, out, _ = bench.call()
    assert code == 2
    assert "irfer-bench run --translator nfer_sde --recognizer pca" in out
    assert bench.call("--help")[:2] == (0, out)


def test_commands_follow_each_other_in_one_process(bench):
    for words in (("list",), ("show", "toy"), ("plan", "-d", "toy", "-r", "toy_means"), ("list",)):
        assert bench.call(*words)[0] == 0, words


def test_list_tells_whose_a_component_is(bench):
    code, out, _ = bench.call("list", "translators")
    assert code == 0
    assert "toy_shift" in out
    assert "(irfer-toy)" in out
    assert "toy_means" not in out
    rows = json.loads(bench.call("list", "--json")[1])["components"]
    assert {row["kind"] for row in rows} == {
        "dataset", "setting", "translator", "recognizer", "metric", "detector",
    }  # fmt: skip
    code, _, err = bench.call("list", "translatrs")
    assert code == 2
    assert "did you mean 'translators'?" in err


def test_show_prints_every_parameter_with_its_bounds(bench):
    code, out, _ = bench.call("show", "toy_shift")
    assert code == 0
    lines = [" ".join(line.split()) for line in out.splitlines()]
    assert "steps 8 4 2 passes over the pairs (int, fit, ge 1 le 100)" in lines
    assert 'toy_shift@strong: {"gain": 2.0}' in lines
    code, _, err = bench.call("show", "toy_shft")
    assert code == 2
    assert "did you mean 'toy_shift'" in err


def test_show_prints_a_record(bench):
    bench.run()
    (path,) = bench.out.glob("records/toy_weak/*.json")
    code, out, _ = bench.call("show", str(path))
    assert code == 0
    assert "toy_shift × toy_means on toy_weak" in out
    path.write_text("{}")
    assert bench.call("show", str(path))[0] == 4


def test_show_prints_a_protocol_in_words(bench):
    code, out, _ = bench.call("show", "raf_db_to_ck_plus")
    assert code == 0
    said = " ".join(out.split())
    for words in (
        "source raf_db: visible, part aligned, split train, centre squares",
        "target ck_plus: visible, part sequence or neutral",
        "named by --fit-translator-on",
        "tested on all of the target",
        "classes 7, in the order of the scores: anger, disgust, fear, happiness, sadness, surprise",
        "frames the last one of each item; one frame is one scored example",
        "found by opencv, square 1.3 times its box; where none is found, the whole image's",
        "pixels 224 x 224",
        "accuracy (share of test items that are right): the primary one",
        "from MPA-FER (ICCV 2025), cross-dataset",
    ):
        assert words in said, words
    assert max(map(len, out.splitlines())) <= 100
    assert "{" not in out


def test_show_says_where_folds_labels_and_faces_come_from(bench):
    said = " ".join(bench.call("show", "oulu_nir_weak5")[1].split())
    assert "folds 5, each tested once, the rest trains; the five published test lists" in said
    assert "and 5 labelled target frames per class" in said
    assert "draws 5 fixed ones of distinct subjects where possible; seed s uses draw s mod" in said
    assert "full row 5 folds x 5 seeds" in said
    said = " ".join(bench.call("show", "oulu_nir_weak5@boxes")[1].split())
    assert said.startswith("setting oulu_nir_weak5@boxes")
    assert "faces the squares of --boxes FILE, as they are" in said
    code, _, err = bench.call("show", "oulu_nir_weak5@bxes")
    assert code == 2
    assert "did you mean 'boxes'" in err


@pytest.mark.parametrize("kind", ["weak", "augmented", "supervised", "cross", "simulated",
                                  "quality"])
def test_every_kind_of_setting_has_its_words(bench, kind):
    rows = json.loads(bench.call("list", "settings", "--json")[1])["components"]
    for row in rows:
        (facts,) = json.loads(bench.call("show", row["name"], "--json")[1])
        if facts["setting"]["kind"] == kind:
            break
    code, out, _ = bench.call("show", row["name"])
    assert code == 0
    heads = {line[2:15].strip() for line in out.splitlines() if line[:2] == "  "} - {""}
    assert heads >= {
        "task", "dataset", "target", "translator", "trained on", "tested on", "classes", "folds",
        "frames", "faces", "pixels", "metrics", "full row", "from",
    }  # fmt: skip
    assert row["name"] in out and f"{facts['setting']['size']} x" in out


def test_show_json_of_a_setting_is_the_setting_itself(bench):
    (facts,) = json.loads(bench.call("show", "toy_weak", "--json")[1])
    assert facts["setting"]["kind"] == "weak"
    assert facts["kind"] == "setting"


def test_show_prints_a_dataset_as_its_owner_orders_it(bench):
    code, out, _ = bench.call("show", "dfew")
    assert code == 0
    said = " ".join(out.split())
    assert (
        "native order happiness, sadness, neutral, anger, surprise, disgust, fear" in said
    )
    assert "settings dfew_supervised, dfew_nir_simulated" in said
    assert "application form of Southeast University" in said
    assert "--data-root dfew=FOLDER" in said
    assert "people yes" in said


def test_plan_tells_what_is_cached_and_does_nothing(bench):
    words = ("plan", "-d", "toy", "-t", "toy_shift", "-r", "toy_means")
    code, out, _ = bench.call(*words)
    assert code == 0
    assert "1 cell: 9 steps to do, 0 cached" in out
    assert bench.call(*words, "--steps")[1].count("  build ") == 9
    assert bench.log() == []
    assert not (bench.home / "store").exists()
    bench.run()
    assert bench.call(*words, "--steps")[1].count("  cached ") == 9
    assert "1 cell: 0 steps to do, 9 cached" in bench.call(*words)[1]
    plan = json.loads(bench.call(*words, "--json", "--seed", "1")[1])
    states = [step["state"] for step in plan["cells"][0]["steps"]]
    assert states.count("build") == 4
    assert plan["seconds"] > 0


def test_doctor_ends_with_what_it_found(bench):
    code, out, _ = bench.call("doctor", "--json")
    facts = json.loads(out)
    assert facts["home"] == str(bench.home)
    assert code == (3 if facts["missing_modules"] or facts["broken"] else 0)
    assert not bench.home.exists(), "a doctor changes nothing"


def test_gc_keeps_what_records_reach(bench):
    bench.run("--seed", "0", "--seed", "1")
    (lost,) = bench.out.glob("records/toy_weak/*seed1*.json")
    lost.unlink()
    whole = len(bench.artefacts())
    code, out, _ = bench.call("gc")
    assert code == 0
    assert "deleted 4 artefacts" in out
    assert len(bench.artefacts()) == whole - 4
    assert len(bench.artefacts("part")) == 1, "a part that a kept fit was made of is kept"
    done = bench.log()
    assert bench.run()[0] == 0
    assert bench.log() == done, "nothing that the kept record needs was deleted"


def test_gc_elsewhere_deletes_nothing(bench):
    bench.run()
    whole = len(bench.artefacts())
    code, _, err = bench.call("gc", "--out", "elsewhere")
    assert code == 3
    assert "nothing would be kept" in err
    assert len(bench.artefacts()) == whole
    assert bench.call("gc", "--all")[0] == 0
    assert bench.artefacts() == []


def test_gc_waits_its_turn(bench):
    bench.run()
    child = bench.paused("translate", "--fold", "2")
    whole = bench.artefacts()
    code, _, err = bench.call("gc")
    assert code == 2
    assert "another run is at work" in err
    assert bench.artefacts() == whole
    (bench.folder / "pause0" / "go").touch()
    _, err = child.communicate(timeout=60)
    assert child.returncode == 0, err


@pytest.mark.parametrize("words", [("run", "--help"), ("leaderboard", "--help"), ("--version",)])
def test_help_of_every_kind(bench, words):
    code, out, _ = bench.call(*words)
    assert code == 0
    assert "irfer-bench" in out
