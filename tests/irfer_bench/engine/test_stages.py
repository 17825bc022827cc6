"""Inputs that the stages pass to recognizers and translators."""

from __future__ import annotations

import json


def record_of(bench, *words):
    code, out, err = bench.run(*words, "--json")
    assert code == 0, err
    return json.loads((bench.folder / json.loads(out)["record"]).read_text())


def reports(bench, setting, *more):
    words = ("-d", "toy", "-s", f"toy_{setting}", "-t", "toy_raw", "-r", "toy_encoded", *more)
    return record_of(bench, *words)["facts"]["fit toy_encoded"]


def people(text):
    return set(text.split())


def test_unlabelled_target_clips_are_given_where_the_setting_grants_them(bench):
    given = reports(bench, "uda")
    assert given["target"] == ""
    assert people(given["unlabelled"]) == people(given["source"]) != set()
    assert given["unlabelled labels"] == 0
    assert given["source labels"] == 15
    (record,) = bench.out.glob("records/toy_uda/*.json")
    assert json.loads(record.read_text())["data"]["unlabelled_target"] is True


def test_without_the_grant_there_are_none(bench):
    given = reports(bench, "weak")
    assert (given["unlabelled"], given["validation"]) == ("", "")


def test_validation_subjects_are_in_no_other_training_view(bench):
    given = reports(bench, "validated")
    held = people(given["validation"])
    assert len(held) == 2, "two fifths of five training subjects"
    assert given["validation labels"] == 6
    for role in ("source", "target"):
        assert people(given[role])
        assert not people(given[role]) & held, role


def test_validation_of_all_subjects_is_refused(bench, monkeypatch):
    import msgspec
    from irfer_toy import settings

    greedy = msgspec.structs.replace(settings.VALIDATED, validation=1.0)
    monkeypatch.setattr(settings, "VALIDATED", greedy)
    code, _, err = bench.run("-d", "toy", "-s", "toy_validated", "-t", "toy_raw", "-r", "toy_means")
    assert code == 4
    assert "leaves 0 clips to train on" in err


def test_features_of_a_stored_artefact_are_encoded_once(bench):
    """Two folds and two seeds read views of the same two artefacts."""
    words = "-d toy -s toy_weak -t toy_raw -r toy_encoded --fold 1 --fold 2 --seed 0 --seed 1"
    code, _, err = bench.run(*words.split())
    assert code == 0, err
    assert bench.log().count("encode") == 2, "the translated source and the prepared target"


def test_scores_and_features_come_from_one_pass(bench):
    code, _, err = bench.run("-d", "toy", "-t", "toy_raw", "-r", "toy_encoded", "--seed", "0")
    assert code == 0, err
    assert bench.log().count("both") == 2, "the test clips, and the translated partners"


def test_a_step_fixes_its_threads_and_the_record_says_so(bench, monkeypatch):
    import torch

    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(1)
        assert reports(bench, "weak")["threads"] == 2
        assert torch.get_num_threads() == 2
        (manifest,) = [path / "manifest.json" for path in bench.artefacts("fit_recognizer")]
        assert json.loads(manifest.read_text())["facts"]["threads"] == 2
        torch.set_num_threads(before)
        monkeypatch.setenv("OMP_NUM_THREADS", "1")
        bench.run("-d", "toy", "-s", "toy_weak", "-t", "toy_raw", "-r", "toy_encoded")
        assert len(bench.artefacts("fit_recognizer")) == 1, "threads are in no key"
    finally:
        torch.set_num_threads(before)


def test_an_audio_method_is_refused_on_stills(bench):
    code, _, err = bench.run("-d", "toy", "-t", "toy_raw", "-r", "toy_voice")
    assert code == 2
    assert "recognizer 'toy_voice' needs audio and toy_weak has frames without any" in err
    code, _, _ = bench.call("plan", "-d", "toy", "-t", "toy_raw", "-r", "toy_voice")
    assert code == 2, "refused when planning, not when running"


def test_clips_without_audio_are_counted_where_the_setting_has_audio(bench):
    said = record_of(bench, "-d", "toy", "-s", "toy_spoken", "-t", "toy_raw", "-r", "toy_means")
    assert "prepare toy nir main: 3 of 30 clips have no audio" in said["warnings"]
    silent = record_of(
        bench, "-d", "toy", "-s", "toy_supervised", "-t", "toy_raw", "-r", "toy_means"
    )
    assert not any("audio" in line for line in silent["warnings"])


def test_simulated_infrared_may_be_thermal(bench):
    """The translator is fitted on pairs of the spectrum that the setting simulates."""
    words = "-t toy_shift -r toy_means --fit-translator-on synth --fold 1 --json"
    for setting, spectrum in (("toy_thermal", "lwir"), ("toy_simulated", "nir")):
        code, out, err = bench.call("plan", "-d", "toy", "-s", setting, *words.split())
        assert code == 0, err
        titles = [step["title"] for step in json.loads(out)["cells"][0]["steps"]]
        assert f"prepare synth {spectrum} normal stills" in titles
