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
    assert "steps int 8 4 2 fit ge 1 le 100 passes over the pairs" in lines
    assert 'toy_shift@strong: {"gain": 2.0}' in lines
    code, _, err = bench.call("show", "toy_shft")
    assert code == 2
    assert "did you mean 'toy_shift'" in err


def test_show_prints_a_setting_and_a_record(bench):
    assert '"weak"' in bench.call("show", "toy_weak")[1]
    bench.run()
    (path,) = bench.out.glob("records/toy_weak/*.json")
    code, out, _ = bench.call("show", str(path))
    assert code == 0
    assert "toy_shift × toy_means on toy_weak" in out
    path.write_text("{}")
    assert bench.call("show", str(path))[0] == 4


def test_plan_tells_what_is_cached_and_does_nothing(bench):
    words = ("plan", "-d", "toy", "-t", "toy_shift", "-r", "toy_means")
    code, out, _ = bench.call(*words)
    assert code == 0
    assert out.count("  build ") == 9
    assert bench.log() == []
    assert not (bench.home / "store").exists()
    bench.run()
    assert bench.call(*words)[1].count("  cached ") == 9
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
