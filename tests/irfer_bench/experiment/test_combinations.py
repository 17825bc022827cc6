"""Which settings, translators and recognizers cannot be combined, and how that is said."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import msgspec
import pytest

from irfer_bench.contracts.component import Component
from irfer_bench.errors import MissingError, RefusedError
from irfer_bench.experiment.graph import Cell
from irfer_bench.experiment.validation import validate
from irfer_bench.settings.setting import Setting
from tests.irfer_bench.experiment.test_graph import cell


def traits(made: Cell, role: str, **given: Any) -> Cell:
    """The cell with a method that declares something else."""
    method = getattr(made, role)
    component: Component = replace(method.component, traits={**method.component.traits, **given})
    return replace(made, **{role: replace(method, component=component)})


@pytest.mark.parametrize(
    ("start", "fields", "said"),
    [
        ({}, {"folds": 2, "fold": 3}, "has folds 1 to 2, not 3"),
        ({}, {"folds": 2, "fold": 0}, "has folds 1 to 2, not 0"),
        ({}, {"kind": "supervised"}, "trains and tests on one domain: translator 'histmatch'"),
        ({"translator": "oracle"}, {"paired": False}, "gives the true partner and .* has none"),
        ({}, {"paired": False, "pairs": True}, "is fitted on pairs and .* has none"),
        ({"translator": "none"}, {"kind": "quality"}, "measures images and 'none' makes none"),
        ({"translator": "oracle"}, {"kind": "cross"}, "what .* translates has none"),
        ({}, {"recognizer": None}, "scores a recognizer and none was asked for"),
        ({}, {"modality": "audio"}, "needs audio and .* has frames without any"),
        ({}, {"modality": "audio_video", "unit": "item"}, "has clips without any"),
        ({}, {"unlabelled": True}, "learns from target images without labels, and .* grants none"),
    ],
)
def test_what_cannot_be_combined_is_refused(
    start: dict[str, str], fields: dict[str, Any], said: str
) -> None:
    made = changed(cell(**start), fields)
    with pytest.raises(RefusedError, match=said) as found:
        validate(made)
    assert made.setting.name in str(found.value)
    validate(cell(**start))


def changed(made: Cell, fields: dict[str, Any]) -> Cell:
    """The cell with another fold, recognizer, trait or field of its setting."""
    for name, value in fields.items():
        if name in ("fold", "recognizer"):
            made = replace(made, **{name: value})
        elif name in ("pairs", "modality", "unlabelled"):
            made = traits(made, "translator" if name == "pairs" else "recognizer", **{name: value})
        else:
            made = replace(made, setting=msgspec.structs.replace(made.setting, **{name: value}))
    return made


@pytest.mark.parametrize(
    "fields",
    [{"folds": 2, "fold": 1}, {"folds": 2, "fold": 2}, {"pairs": True},
     {"modality": "audio", "audio": True}, {"modality": "video"}, {"paired": False},
     {"kind": "quality", "recognizer": None}],
)  # fmt: skip
def test_what_can_be_combined_is_not_refused(fields: dict[str, Any]) -> None:
    validate(changed(cell(), fields))


def test_a_granted_recognizer_learns_without_labels() -> None:
    made = traits(cell(), "recognizer", unlabelled=True)
    setting: Setting = msgspec.structs.replace(made.setting, unlabelled=True)
    validate(replace(made, setting=setting))


def test_pairs_of_another_dataset_are_asked_for_where_there_are_none_here() -> None:
    made = changed(cell(), {"kind": "simulated"})
    with pytest.raises(MissingError, match="has no pairs to fit 'histmatch' on"):
        validate(made)
    validate(replace(made, fit_on=made.source))
    validate(changed(cell(translator="grey"), {"kind": "simulated"}))
    unpaired = traits(changed(made, {"paired": False}), "translator", pairs=True)
    validate(replace(unpaired, fit_on=made.source))
