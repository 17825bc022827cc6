"""The table of the six kinds of settings, and that nothing else decides by a kind's name."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import get_args

import pytest

from irfer_bench.api import Domain, Setting
from irfer_bench.settings.description import rows
from irfer_bench.settings.kinds import KINDS, Use, describe_shots, protocol_of
from irfer_bench.settings.setting import SettingKind

ROOT = Path(__file__).parents[3]
VIS, NIR = Domain(spectrum="vis"), Domain(spectrum="nir")


def setting(kind: SettingKind, **more: object) -> Setting:
    fields: dict[str, object] = {"source": VIS, "extra": VIS, "target": NIR} | more
    return Setting(name="s", kind=kind, dataset="d", **fields)  # type: ignore[arg-type]


def test_every_kind_has_a_row_and_no_other() -> None:
    assert set(KINDS) == set(get_args(SettingKind))
    table = {row[0].strip("`"): row[1:] for row in rows()}
    assert table["weak"] == ["pairs (V, N)", "F(V)", "the labelled draw of N", "N′"]
    assert table["augmented"] == ["pairs (V, N)", "F(E)", "N, all labelled", "N′"]
    assert table["supervised"] == ["not used", "empty", "N, all labelled", "N′"]
    assert table["cross"] == ["pairs (V, N)", "F(V)", "empty", "N′"]
    fitting, target = "`--fit-translator-on`", "the labelled draw of F(V)"
    assert table["simulated"] == [fitting, "V", target, "F(V′)"]
    assert table["quality"] == ["pairs (V, N)", "empty", "N, for a judge", "F(V′) against N′"]


def test_a_translator_without_effect_adds_no_source_where_images_are_added() -> None:
    assert protocol_of(setting("augmented")).source == Use("extra", "all", translated=True)
    nothing = protocol_of(setting("augmented"), adds_nothing=True)
    assert (nothing.source, nothing.compared) == (None, None)
    assert protocol_of(setting("weak"), adds_nothing=True).source is not None


def test_another_datasets_source_is_used_as_a_whole_and_has_no_partners() -> None:
    foreign = Domain(spectrum="vis", dataset="other")
    own, other = protocol_of(setting("cross")), protocol_of(setting("cross", source=foreign))
    assert (own.source, own.fitting) == (Use("source", "train", translated=True), "own")
    assert (other.source, other.fitting) == (Use("source", "all", translated=True), "elsewhere")
    assert own.compared is not None
    assert other.compared is None
    assert own.fitted.startswith("fitted on pairs")
    assert other.fitted.startswith("fitted on another dataset's pairs")
    assert not own.partners and not other.partners, "true partners are the tested domain's"


@pytest.mark.parametrize("spectrum", ["nir", "lwir", None])
def test_a_simulated_setting_names_its_spectrum_or_leaves_it_to_the_pairs(spectrum: str) -> None:
    simulated = setting("simulated", target=VIS, simulated=spectrum)
    assert protocol_of(simulated).spectrum == spectrum
    assert protocol_of(simulated, adds_nothing=True).spectrum == "vis", "nothing was translated"


def test_no_module_decides_by_the_name_of_a_kind() -> None:
    names, found = set(get_args(SettingKind)), []
    for path in sorted((ROOT / "irfer_bench").rglob("*.py")):
        if path.parent.name == "settings":
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Compare):
                words = {c.value for c in ast.walk(node) if isinstance(c, ast.Constant)}
                if words & names:
                    found.append(f"{path.relative_to(ROOT)}:{node.lineno}")
    assert not found, "ask irfer_bench.settings.kinds"


def test_few_labels_of_a_supervised_setting_are_drawn_and_said() -> None:
    whole, few = protocol_of(setting("supervised")), protocol_of(setting("supervised", shots=4))
    assert (whole.shots, few.shots) == (False, True)
    assert "4 labelled target frames per class" in few.trained and "nothing else" in few.trained
    assert (few.source, few.target, few.test) == (None, whole.target, whole.test)


@pytest.mark.parametrize(
    ("shots", "unit", "said"),
    [
        (None, "frame", "every label of the target"),
        (0, "frame", "no label of the target"),
        (1, "frame", "1 labelled target frame per class"),
        (2, "item", "2 labelled target items per class"),
        (0.25, "frame", "the target labels of 25 % of the training subjects"),
    ],
)
def test_shots_are_said_in_words(shots: float | None, unit: str, said: str) -> None:
    assert describe_shots(setting("weak", shots=shots, unit=unit)) == said


def test_a_weak_setting_grants_a_draw_of_the_target_and_more_without_labels() -> None:
    plain, unlabelled = (protocol_of(setting("weak", unlabelled=own)) for own in (False, True))
    assert plain.target == Use("target", "train")
    assert plain.source == Use("source", "train", translated=True)
    assert (plain.shots, plain.partners, plain.reads_unlabelled) == (True, True, True)
    assert (plain.judged, plain.spectrum) == (False, "nir")
    assert "without labels" in unlabelled.trained
    assert "without labels" not in plain.trained


def test_all_of_a_foreign_target_is_tested() -> None:
    fold, whole = (protocol_of(setting("cross", tested=tested)) for tested in ("fold", "all"))
    assert (fold.test, whole.test) == (Use("target", "test"), Use("target", "all"))
    assert (fold.tested, whole.tested) == ("the test part of the target", "all of the target")


def test_translators_without_pairs_are_fitted_on_unpaired_images_and_the_page_says_so() -> None:
    paired, unpaired = (protocol_of(setting("weak", paired=own)) for own in (True, False))
    assert paired.fitted.startswith("fitted on pairs")
    assert "there are no pairs" in unpaired.fitted


def test_a_simulated_setting_translates_its_test_part_unless_the_target_is_anothers() -> None:
    own = protocol_of(setting("simulated"))
    assert (own.fitting, own.shots) == ("elsewhere", True)
    assert (own.source, own.target) == (Use("source", "train"), Use("source", "train", True))
    assert own.test == Use("source", "test", translated=True)
    assert own.trained.endswith("both labelled")
    assert "2 labelled target frames" in protocol_of(setting("simulated", shots=2)).trained
    foreign = Domain(spectrum="vis", dataset="other")
    assert protocol_of(setting("simulated", source=foreign)).test == Use("target", "test")


def test_a_quality_setting_judges_images_beside_their_partners() -> None:
    found = protocol_of(setting("quality"))
    assert (found.judged, found.partners, found.shots) == (True, True, False)
    assert found.compared == Use("source", "test", translated=True)
    assert found.source is None


def test_what_has_no_source_compares_nothing_and_adds_nothing() -> None:
    assert protocol_of(setting("weak", source=None)).compared is None
    assert protocol_of(setting("weak", source=None)).source is None
    assert protocol_of(setting("augmented", extra=None)).source is None


def test_the_word_for_a_training_use_has_no_prime() -> None:
    assert Use("source", "train").symbol == "V"
    assert Use("extra", "all", translated=True).symbol == "F(E)"
