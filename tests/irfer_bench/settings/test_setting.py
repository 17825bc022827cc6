"""What a setting need not say, and what it may not."""

from __future__ import annotations

import msgspec
import pytest

from irfer_bench.api import Domain, Setting
from irfer_bench.contracts.component import BASIC

NIR = Domain(spectrum="nir")


def test_what_a_setting_need_not_say_stays_what_it_is() -> None:
    """Boards of third-party plugins depend on it: their settings leave these fields out."""
    made = Setting(name="s", kind="weak", dataset="d", target=NIR)
    found = {name: getattr(made, name) for name in made.__struct_fields__[4:]}
    assert found == {
        "source": None, "extra": None, "classes": BASIC, "folds": 5, "shots": None, "draws": 5,
        "unlabelled": False, "validation": 0.0, "paired": True, "frames": "all", "stored": "",
        "coding": "raw", "audio": False, "unit": "frame", "size": 256, "detector": "none",
        "crop": 1.3, "no_face": "whole", "align": "", "every": 1, "tested": "fold",
        "range_16bit": None, "simulated": None, "primary": "accuracy", "seeds": 1,
        "translator_seeds": False,
        "metrics": ("accuracy", "macro_f1", "uar", "war", "psnr", "ssim", "lpips"),
        "version": "1", "summary": "", "source_text": "",
    }  # fmt: skip
    assert len(BASIC) == 6 and "neutral" not in BASIC
    assert (NIR.dataset, NIR.lightings, NIR.parts, NIR.splits, NIR.detector) == ("", (), (), (), "")


@pytest.mark.parametrize(("kind", "given"), [
    (Domain, {"spectrum": "nir", "lighting": ["dark"]}),
    (Setting, {"name": "s", "kind": "weak", "dataset": "d", "target": {"spectrum": "nir"},
               "fold": 3}),
])  # fmt: skip
def test_a_misspelt_field_is_refused(kind: type, given: dict[str, object]) -> None:
    with pytest.raises(msgspec.ValidationError, match="unknown field"):
        msgspec.convert(given, kind)


def test_a_setting_and_a_domain_are_never_changed_and_can_be_looked_up() -> None:
    made = Setting(name="s", kind="weak", dataset="d", target=NIR)
    assert {made: 1, NIR: 2}[msgspec.structs.replace(made)] == 1
    with pytest.raises(AttributeError):
        made.folds = 3  # type: ignore[misc]
