"""What the steps of a cell are given: seeds, folds, labels, subsets and frames."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import pytest

from irfer_bench.errors import RefusedError, UsageError
from irfer_bench.experiment import steps as specs
from irfer_bench.experiment.graph import Cell, Step, needed_steps, prepare_step
from irfer_bench.experiment.graph_maker import GraphMaker
from irfer_bench.experiment.planner import Planner
from irfer_bench.experiment.request import Request
from irfer_bench.registry.discovery import load
from irfer_bench.settings.setting import Domain

VERSIONS = dict.fromkeys(("accuracy", "macro_f1", "uar", "war", "psnr", "ssim", "lpips"), "3")
VIS, NIR = Domain(spectrum="vis"), Domain(spectrum="nir")


@cache
def cell(setting: str = "synth_nir_weak5", translator: str = "histmatch",
         recognizer: str = "resnet18") -> Cell:  # fmt: skip
    """A cell of the embedded benchmark."""
    judges = [recognizer] if recognizer else []
    asked = {"device": "cpu", "precision": "fp32", "preset": "quick", "settings": [setting],
             "translators": [translator], "recognizers": judges}  # fmt: skip
    planner = Planner(load(), Path("home"), Path("weights"))
    return planner.plan([msgspec.convert(asked, Request)]).cells[0].cell


def of(made: Cell, **fields: Any) -> Cell:
    """The cell with another setting; metrics are of version 3."""
    known = {"metrics": ("accuracy", "psnr")} | fields
    return replace(made, setting=msgspec.structs.replace(made.setting, **known))


def steps(made: Cell) -> dict[str, Step]:
    """Steps of a cell by title, without the maker of their methods."""
    score = GraphMaker(VERSIONS, {"seen": "7"}).score_step(made)
    return {step.title: step for step in score.walk()}


def spec(found: dict[str, Step], title: str) -> Any:
    return found[title].spec


def test_a_cell_becomes_these_steps_in_this_order() -> None:
    found = steps(of(replace(cell(), seed=7, precision="bf16")))
    assert sorted(found) == [
        "fit histmatch", "fit resnet18", "predict by resnet18", "predict partners by resnet18",
        "prepare synth nir normal stills", "prepare synth vis normal stills", "score",
        "translate test by histmatch", "translate train by histmatch",
    ]  # fmt: skip
    assert list(found)[-1] == "score"
    for title, step in found.items():
        assert getattr(step.spec, "precision", "bf16") == "bf16", title
        assert getattr(step.spec, "fold", 1) == 1, title
    assert spec(found, "score").draws == 1000
    assert spec(found, "score").metrics == {"accuracy": "3", "psnr": "3"}
    assert spec(found, "score").setting == ("synth_nir_weak5", "1")


def test_a_translator_never_sees_labels_of_the_target() -> None:
    assert spec(steps(of(cell())), "fit histmatch").hidden is True


def test_seeds_of_a_cell_are_the_recognizers_and_the_translators_where_the_setting_says() -> None:
    for both, seed in ((False, 0), (True, 7)):
        found = steps(of(replace(cell(), seed=7), translator_seeds=both, draws=5))
        for title in ("fit histmatch", "translate train by histmatch"):
            assert spec(found, title).seed == seed
        for title in ("fit resnet18", "predict by resnet18"):
            assert spec(found, title).seed == 7
        assert spec(found, "fit resnet18").draw == 2, "7 % 5"


def test_features_are_kept_where_images_were_translated() -> None:
    """Distances of distributions compare features of translated and of true partners."""
    weak = steps(of(cell()))
    for title in ("predict by resnet18", "predict partners by resnet18"):
        assert spec(weak, title).embed
    assert weak["predict partners by resnet18"].takes == {"clips": "test"}
    plain = steps(of(cell("synth_nir_supervised", "none")))
    assert not spec(plain, "predict by resnet18").embed
    assert "predict partners by resnet18" not in plain


def test_shots_are_drawn_where_the_kind_of_setting_draws_any() -> None:
    assert spec(steps(of(cell(), shots=3)), "fit resnet18").shots == 3
    augmented = steps(of(cell("synth_nir_augmented"), shots=3))
    assert spec(augmented, "fit resnet18").shots is None
    more = spec(steps(of(cell(), unlabelled=True, validation=0.25)), "fit resnet18")
    assert (more.unlabelled, more.validation) == (True, 0.25)


def test_all_of_a_foreign_target_is_tested_and_its_key_says_so() -> None:
    for tested, part in (("fold", ""), ("all", "all")):
        found = steps(of(cell(), tested=tested))
        assert spec(found, "score").part == spec(found, "predict by resnet18").part == part
        assert found["score"].takes["test"] == ("all" if part else "test")


def test_what_is_fitted_on_another_dataset_has_no_fold_and_takes_all_of_it() -> None:
    made = cell()
    other = msgspec.structs.replace(
        made.setting, name="other", size=32, target=Domain(spectrum="lwir"))  # fmt: skip
    component = replace(made.source.component, name="elsewhere")
    source = replace(made.source, component=component)
    found = steps(of(replace(made, seed=7, fold=2, fit_on=source, fit_on_setting=other)))
    fitted = found["fit histmatch"]
    assert (spec(found, "fit histmatch").fold, fitted.takes) == (0, {})
    assert [step.title for step in fitted.inputs.values()] == [
        "prepare elsewhere vis normal stills", "prepare elsewhere lwir"]  # fmt: skip
    for step in fitted.inputs.values():
        assert isinstance(step.spec, specs.Prepare) and step.spec.size == made.setting.size
    once = found["translate train and test by histmatch"]
    assert isinstance(once.spec, specs.Translate)
    assert (once.spec.part, once.spec.fold, once.spec.spectrum) == ("all", 0, "nir")
    own = steps(of(replace(made, fold=2)))["fit histmatch"]
    assert own.takes == {"source": "train", "target": "train"}


def test_a_simulated_spectrum_is_the_settings_or_that_of_the_pairs() -> None:
    made = cell("synth_vis_to_nir", "grey")
    fields: dict[str, Any] = {"kind": "simulated", "target": VIS, "source": VIS}
    other = msgspec.structs.replace(made.setting, target=Domain(spectrum="lwir"))
    there = replace(made, fit_on=made.source, fit_on_setting=other)
    for start, named, spectrum in (
        (made, "nir", "nir"), (there, None, "lwir"), (there, "nir", "nir"),
    ):  # fmt: skip
        found = steps(of(start, simulated=named, **fields))
        assert spec(found, "translate train and test by grey").spectrum == spectrum


def test_a_step_that_two_cells_share_is_made_once() -> None:
    maker = GraphMaker(VERSIONS)
    one, two = (maker.score_step(of(replace(cell(), seed=seed))) for seed in (0, 1))
    assert one.inputs["translated"] is two.inputs["translated"]
    assert one.inputs["predict"] is not two.inputs["predict"]
    assert maker.score_step(of(cell())).inputs["predict"].key == one.inputs["predict"].key


def test_a_role_without_a_domain_is_refused() -> None:
    made = of(cell("synth_nir_quality"), source=None)
    with pytest.raises(RefusedError, match="has no source to fit 'histmatch' on"):
        GraphMaker(VERSIONS)._fit_translator(made)
    simulated = of(cell("synth_vis_to_nir", "none"), kind="simulated", source=None)
    with pytest.raises(RefusedError, match="names no source and its kind needs one"):
        GraphMaker(VERSIONS).score_step(simulated)


def test_a_cell_says_whether_images_without_labels_are_trained_on() -> None:
    """A translator that is fitted on the target, or a recognizer that is granted them."""
    made = cell()
    assert made.reads_unlabelled
    assert not replace(made, fit_on=made.source).reads_unlabelled
    plain = cell(translator="none")
    assert not plain.reads_unlabelled
    assert of(plain, unlabelled=True).reads_unlabelled
    assert not of(replace(plain, recognizer=None), unlabelled=True).reads_unlabelled
    assert not cell("synth_nir_augmented").reads_unlabelled, "all labels are granted"


def test_a_cell_is_named_by_its_setting_methods_fold_and_seed() -> None:
    made = replace(cell(), fold=3, seed=2)
    assert str(made) == "synth_nir_weak5 histmatch × resnet18 fold 3 seed 2"
    assert replace(made, recognizer=None).row == ("synth_nir_weak5", "histmatch", "-")


def prepared(domain: Domain = NIR, **fields: Any) -> Any:
    setting = msgspec.structs.replace(cell().setting, **fields)
    return prepare_step(setting, domain, cell().source, {"seen": "7", "other": "8"}).spec


def test_without_a_detector_nothing_that_it_would_decide_is_in_the_key() -> None:
    plain = prepared(no_face="drop", every=4)
    assert (plain.detector, plain.no_face, plain.detector_version, plain.every) == (
        "none", None, "", 1)  # fmt: skip
    found = prepared(detector="seen", no_face="drop", every=4, align="eyes", crop=1.5)
    assert (found.detector, found.no_face, found.detector_version, found.every) == (
        "seen", "drop", "7", 4)  # fmt: skip
    assert (found.align, found.crop) == ("eyes", 1.5)


def test_a_domain_has_a_detector_of_its_own_and_crops_are_not_aligned_again() -> None:
    own = prepared(Domain(spectrum="nir", detector="other"), detector="seen", align="eyes")
    assert (own.detector, own.detector_version, own.align) == ("other", "8", "eyes")
    crops = prepared(Domain(spectrum="nir", detector="none"), detector="seen", align="eyes")
    assert (crops.detector, crops.align) == ("none", "")
    assert "detector" not in own.domain


def test_frames_are_stored_of_whole_items_by_a_known_rule() -> None:
    assert prepared(stored="uniform(3)", unit="item").stored == "uniform(3)"
    with pytest.raises(UsageError, match=r"scores single frames and stores others \(all\)"):
        prepared(stored="all", unit="frame")
    with pytest.raises(UsageError, match="some"):
        prepared(stored="some(3)", unit="item")


class Stored:
    """A store that has some keys."""

    def __init__(self, *steps: Step) -> None:
        self.keys = {step.key for step in steps}

    def has(self, key: str) -> bool:
        return key in self.keys


def test_what_only_a_stored_step_reads_is_not_needed() -> None:
    found = steps(of(cell()))
    score = found["score"]

    def needed(*stored: str) -> set[str]:
        store: Any = Stored(*(found[title] for title in stored))
        titles = [step.title for step in needed_steps(score, store)]
        assert len(titles) == len(set(titles))
        return set(titles)

    assert needed() == set(found)
    assert needed("score") == set()
    left = needed("translate train by histmatch", "translate test by histmatch")
    assert left == set(found) - {
        "fit histmatch", "translate train by histmatch", "translate test by histmatch"}  # fmt: skip
    whole: Any = Stored()
    seen = {found["fit resnet18"].key}
    assert "fit resnet18" not in [step.title for step in needed_steps(score, whole, seen)]
    assert score.key in seen


def test_only_steps_that_fit_own_parts() -> None:
    found = steps(of(cell(translator="sdedit")))
    assert found["fit sdedit"].parts and not found["translate test by sdedit"].parts
    assert found["score"].parts == found["prepare synth nir normal stills"].parts == {}


def test_a_default_never_changes_since_it_is_in_no_key() -> None:
    """A field at its default is left out of the key: another default would find old artefacts."""
    known = {
        "Prepare": {
            "stored": "", "coding": "raw", "no_face": None, "detector_version": "", "align": "",
            "every": 1,
        },
        "FitTranslator": {"inputs": None, "code": ""}, "Translate": {"inputs": None, "code": ""},
        "FitRecognizer": {"inputs": None, "code": ""},
        "Predict": {"inputs": None, "code": "", "part": ""}, "Score": {"part": ""},
    }  # fmt: skip
    for name, defaults in known.items():
        kind = getattr(specs, name)
        found = {f.name: f.default for f in msgspec.structs.fields(kind) if not f.required}
        assert found == defaults, name


def test_a_default_is_left_out_of_a_key_and_a_field_nobody_knows_is_refused() -> None:
    text = msgspec.json.encode(prepared())
    assert b'"every"' not in text and b'"step":"prepare"' in text
    assert b'"every":2' in msgspec.json.encode(prepared(detector="seen", every=2))
    with pytest.raises(msgspec.ValidationError, match="unknown field `colour`"):
        msgspec.json.decode(text.replace(b"{", b'{"colour":1,', 1), type=specs.Spec)


def test_facts_of_artefacts_from_before_a_field_read_as_nothing_found() -> None:
    old = {"clips": 2, "items": 1, "problems": [], "incomplete": False, "weak_pairs": False}
    found = msgspec.convert(old, specs.Prepared)
    assert (found.landmarks, found.detector) == (False, "none")
    assert (found.no_face, found.without_audio) == (0, 0)
    assert (found.crops, found.folds, found.align) == ("", "", "")
    assert (found.every, found.outside) == (1, {})
    assert (found.reports, found.threads) == ({}, None)
    fitted = msgspec.convert(
        {"source": 1, "target": 2, "absent": [], "subjects": "checked"}, specs.FittedRecognizer
    )
    assert (fitted.unlabelled, fitted.validation) == (0, 0)
