"""Which clips a recognizer is trained on: shots, clips without labels, validation, and leaks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest

from irfer_bench.data.clips import ClipView
from irfer_bench.errors import DamagedError, MissingError
from irfer_bench.experiment.steps import FitRecognizer
from irfer_bench.experiment.training import Training, choose_training
from irfer_bench.settings.kinds import Subset

CLASSES = ("anger", "fear")


def view_of(people: range, spectrum: str, labels: tuple[str, ...] = CLASSES) -> ClipView:
    """Two clips per class and person."""
    rows: Any = [
        {"id": f"p{s}-{label}-{k}-{spectrum}", "subject": f"p{s}", "label": label, "pair": None}
        for s in people for label in labels for k in range(2)
    ]  # fmt: skip
    return ClipView(SimpleNamespace(rows=rows, key=spectrum), tuple(range(len(rows))))


@dataclass
class Domain:
    """Prepared clips, or what they were translated to: people below `split` are tested."""

    whole: ClipView
    takes: Subset = "train"
    split: int = 2
    incomplete: bool = False
    dataset: str = "toy"

    def clips(self, subset: Subset | None = None) -> ClipView:
        asked = subset or self.takes
        tested = [int((s or "p0")[1:]) < self.split for s in self.whole.subjects]
        return self.whole.pick(
            i for i, test in enumerate(tested) if asked == "all" or test == (asked == "test")
        )


@dataclass
class Inputs:
    """Source and target of a fit, and what they were made of."""

    source: Domain | None = field(default_factory=lambda: Domain(view_of(range(8), "vis")))
    target: Domain | None = field(default_factory=lambda: Domain(view_of(range(8), "nir")))

    def fit(self, **given: Any) -> Training[ClipView]:
        values: dict[str, Any] = {
            "component": "c", "distribution": "d", "version": "1", "params": {}, "fold": 3,
            "classes": list(CLASSES), "shots": 1, "draw": 0, "unlabelled": False,
            "validation": 0.0, "seed": 0, "precision": "fp32",
        }  # fmt: skip
        inputs: Mapping[str, Domain] = {
            name: domain for role in ("source", "target")
            if (domain := getattr(self, role)) is not None
            for name in (role, f"prepared_{role}")
        }  # fmt: skip
        return choose_training(FitRecognizer(**values | given), inputs, "fit c")


def people(view: ClipView) -> set[str | None]:
    return set(view.subjects)


TRAINED = {f"p{s}" for s in range(2, 8)}


def test_all_of_the_source_and_a_draw_of_the_target_are_trained_on() -> None:
    found = Inputs().fit(shots=2)
    assert {name: len(view) for name, view in found.views.items()} == {
        "source": 24, "target": 4, "unlabelled": 0, "validation": 0}  # fmt: skip
    assert people(found.views["source"]) == TRAINED
    assert sorted(found.views["target"].labels) == ["anger", "anger", "fear", "fear"]
    assert (found.absent, found.checked) == ([], True)
    draws = {tuple(Inputs().fit(draw=draw).views["target"].ids) for draw in range(5)}
    assert len(draws) == 5


def test_all_of_the_training_target_comes_without_labels_where_it_is_granted() -> None:
    view = Inputs().fit(shots=0, unlabelled=True).views["unlabelled"]
    assert (len(view), set(view.labels), people(view)) == (24, {None}, TRAINED)


@pytest.mark.parametrize("role", ["source", "target"])
def test_one_domain_alone_is_trained_on(role: str) -> None:
    other = "target" if role == "source" else "source"
    views = Inputs(**{other: None}).fit(shots=None).views  # type: ignore[arg-type]
    assert {name: len(view) for name, view in views.items() if len(view)} == {role: 24}
    assert people(views[role]) == TRAINED


def test_without_a_domain_there_is_nothing_to_train_on() -> None:
    with pytest.raises(DamagedError, match="fit c: there is nothing to train on"):
        Inputs(None, None).fit()


def test_a_fold_without_a_test_clip_of_the_target_cannot_be_run() -> None:
    target = Domain(view_of(range(8), "nir"), split=0)
    with pytest.raises(MissingError, match="fold 3 has no test clip"):
        Inputs(target=target).fit()
    source = Domain(view_of(range(8), "vis"), split=0)
    assert Inputs(source, None).fit().checked is False, "no test clip, nothing to check"


def test_a_test_subject_in_training_is_refused_wherever_it_comes_from() -> None:
    whole = Domain(view_of(range(8), "vis"), takes="all")
    with pytest.raises(DamagedError, match=r"fold 3: 2 subject\(s\) are in training and test"):
        Inputs(source=whole).fit()
    with pytest.raises(DamagedError, match=r"fold 3: 2 subject\(s\)"):
        Inputs(source=whole, target=None).fit()
    target = Domain(view_of(range(8), "nir"), takes="all")
    with pytest.raises(DamagedError, match=r"fold 3: 2 subject\(s\)"):
        Inputs(target=target).fit(shots=None)
    with pytest.raises(DamagedError, match=r"fold 3: 2 subject\(s\)"):
        Inputs(target=target).fit(shots=0, unlabelled=True)


def test_another_datasets_people_only_share_their_names() -> None:
    foreign = Domain(view_of(range(8), "vis"), takes="all", dataset="other")
    assert len(Inputs(source=foreign).fit().views["source"]) == 32


def test_a_class_without_a_clip_is_refused_unless_a_copy_is_incomplete() -> None:
    angry = {role: Domain(view_of(range(8), role, ("anger",))) for role in ("source", "target")}
    with pytest.raises(DamagedError, match="fold 3: class 'fear' has 0"):
        Inputs(**angry).fit()
    with pytest.raises(DamagedError, match="fold 3: no training clip of fear"):
        Inputs(**angry).fit(shots=None)
    angry["target"].incomplete = True
    assert Inputs(**angry).fit().absent == ["fear"]
    assert Inputs(**angry).fit(shots=40).absent == ["fear"]
    angry["source"].incomplete, angry["target"].incomplete = True, False
    assert Inputs(**angry).fit(shots=None).absent == ["fear"]


@pytest.mark.parametrize(("shots", "role"), [(None, "target"), (0, "source")])
def test_people_are_held_out_of_all_domains_to_validate(shots: int | None, role: str) -> None:
    """Their labelled target clips validate, or source clips where no target label is granted."""
    views = Inputs().fit(shots=shots, unlabelled=True, validation=0.34).views
    held = people(views["validation"])
    assert len(held) == 2 and len(views["validation"]) == 8
    spectra = {name.rpartition("-")[2] for name in views["validation"].ids}
    assert spectra == {"nir" if role == "target" else "vis"}
    for name in ("source", "unlabelled"):
        assert people(views[name]) == TRAINED - held and len(views[name]) == 16
    assert len(views["target"]) == (16 if role == "target" else 0)


def test_validation_depends_on_the_draw() -> None:
    found = {
        tuple(sorted(map(str, people(Inputs().fit(validation=0.2, draw=draw).views["validation"]))))
        for draw in range(6)
    }
    assert len(found) > 1


def test_nothing_left_to_train_on_or_to_validate_on_is_said() -> None:
    said = "fold 3: 0.9 of the training subjects to validate leaves 0 clips to train on and 4"
    few = Domain(view_of(range(3), "nir"))
    with pytest.raises(DamagedError, match=said):
        Inputs(source=None, target=few).fit(shots=None, validation=0.9)
    none = Domain(view_of(range(2), "vis"))
    with pytest.raises(DamagedError, match="leaves 0 clips to train on and 0 to validate on"):
        Inputs(source=none, target=None).fit(validation=0.5)
