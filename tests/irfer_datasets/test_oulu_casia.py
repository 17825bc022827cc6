"""Oulu-CASIA trees in every spelling seen in public, and everything that can be wrong with one."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from irfer_bench.api import BASIC, MissingError, read_folds
from irfer_bench.data.preparation.prepare import Rules, prepare
from irfer_bench.registry import load
from irfer_datasets.oulu_casia.dataset import EXPRESSIONS, SUBJECTS, OuluCasia
from irfer_datasets.params import OuluCasiaParams
from tests.irfer_datasets.trees import LENGTHS, image, oulu_tree

SPELLINGS = (
    "B_OriginalImg/B_OriginalImg/OriginalImg",
    "B_OriginalImg",
    "OriginalImg",
    "Oulu_CASIA_NIR_VIS",
    ".",
    "a/b/c/d/e/f",
)
PREPROCESSED = ("PreProcess_Img", "PreProcessImg", "PreProcess", "C_PreProcess/PreProcess_Img")
CROPPED = (("VL_Acropped", 4), ("NI_Acropped", 6))


def kinds(dataset: OuluCasia, root: Path) -> list[tuple[str, str]]:
    """Kinds and last two path parts of all problems that are not about the tree being small."""
    small = {"missing_subject", "missing_domain", "frame_count"}
    return [
        (p.kind, "/".join(p.path.split("/")[-2:]))
        for p in dataset.problems(root)
        if p.kind not in small
    ]


def test_every_spelling_of_the_original_tree_is_the_same_dataset(tmp_path: Path) -> None:
    seen = set()
    for number, spelling in enumerate(SPELLINGS):
        root = tmp_path / str(number)
        oulu_tree(root / spelling)
        dataset = OuluCasia()
        assert dataset.identify(root).confidence > 0.9
        items = list(dataset.index(root))
        assert len(items) == 2 * 2 * 6 and {item.part for item in items} == {"original"}
        seen.add((tuple(item.id for item in items), dataset.fingerprint(root)))
    assert len(seen) == 1


@pytest.mark.parametrize("spelling", PREPROCESSED)
def test_the_owners_crops_are_read_and_marked(tmp_path: Path, spelling: str) -> None:
    oulu_tree(tmp_path / spelling, cameras=CROPPED)
    (tmp_path / spelling / "change_log.txt").write_text("v2")
    items = list(OuluCasia().index(tmp_path))
    assert len(items) == 24 and {item.part for item in items} == {"preprocessed"}
    assert kinds(OuluCasia(), tmp_path) == []


def test_an_item_is_a_sequence_with_an_opaque_id(tmp_path: Path) -> None:
    oulu_tree(tmp_path / "OriginalImg", ("P001",))
    item = next(i for i in OuluCasia().index(tmp_path) if i.id == "ni_strong_p001_anger")
    assert (item.subject, item.label, item.spectrum, item.lighting) == (
        "P001",
        "anger",
        "nir",
        "strong",
    )
    assert item.files == tuple(f"OriginalImg/NI/Strong/P001/Anger/{k:03d}.jpeg" for k in range(6))
    assert (item.pair, item.weak_pair, item.frames) == ("strong_p001_anger", True, 6)


def test_partners_share_subject_expression_and_light_and_meet_from_the_end(tmp_path: Path) -> None:
    oulu_tree(tmp_path, ("P001",), lights=("Strong", "Dark"))
    items = list(OuluCasia().index(tmp_path))
    pairs: dict[str | None, list[str]] = {}
    for item in items:
        pairs.setdefault(item.pair, []).append(item.spectrum)
    assert len(pairs) == 12 and all(sorted(both) == ["nir", "vis"] for both in pairs.values())
    clips = {
        clip.id: clip
        for clip in prepare(
            OuluCasia(),
            tmp_path,
            items,
            Rules(frames="last(3)", size=16),
        )
    }
    # Frame k of a test image is 10 k brighter: VL has 4 frames, NI has 6.
    assert clips["vl_strong_p001_fear.0"].pair == clips["ni_strong_p001_fear.0"].pair
    last = (clips["vl_strong_p001_fear.0"].frames, clips["vl_strong_p001_fear.1"].frames)
    assert int(last[0][0, 0, 0, 0]) > int(last[1][0, 0, 0, 0])
    assert sum(name.startswith("ni_strong_p001_fear") for name in clips) == 3


def test_a_sequence_without_a_partner_has_no_pair(tmp_path: Path) -> None:
    oulu_tree(tmp_path)
    shutil.rmtree(tmp_path / "VL/Strong/P001/Anger")
    lonely = next(i for i in OuluCasia().index(tmp_path) if i.id == "ni_strong_p001_anger")
    assert (lonely.pair, lonely.weak_pair) == (None, False)


def _unlink(name: str) -> Callable[[Path], object]:
    return lambda root: (root / name).unlink()


def _rename(old: str, new: str) -> Callable[[Path], object]:
    return lambda root: (root / old).rename(root / new)


@pytest.mark.parametrize(
    ("damage", "problem", "lost"),
    [
        (_unlink("NI/Strong/P001/Fear/002.jpeg"), ("frame_gap", "P001/Fear"), 0),
        (
            lambda r: shutil.rmtree(r / "VL/Strong/P002/Sadness"),
            ("missing_expression", "P002/Sadness"),
            1,
        ),
        (_rename("NI/Strong/P001/Anger", "NI/Strong/P001/anger"), ("mis_cased", "P001/anger"), 0),
        (_rename("NI/Strong/P001", "NI/Strong/p001"), ("mis_cased", "Strong/p001"), 0),
        (_rename("NI", "ni"), ("mis_cased", "ni"), 0),
        (
            lambda r: image(r / "NI/Strong/P001/Boredom/000.jpg"),
            ("unexpected_file", "Boredom/000.jpg"),
            0,
        ),
        (
            lambda r: image(r / "NI/Strong/P999/Fear/000.jpg"),
            ("unexpected_file", "Fear/000.jpg"),
            0,
        ),
        (
            lambda r: image(r / "NI/Strong/P001/Fear/frame.png"),
            ("unexpected_file", "Fear/frame.png"),
            0,
        ),
        (
            lambda r: shutil.copy(
                r / "NI/Strong/P001/Fear/002.jpeg", r / "NI/Strong/P001/Fear/002.jpg"
            ),
            ("duplicate_frame", "Fear/002.jpg"),
            0,
        ),
    ],
)
def test_what_is_wrong_is_listed_and_the_rest_is_used(
    tmp_path: Path,
    damage: Callable[[Path], object],
    problem: tuple[str, str],
    lost: int,
) -> None:
    oulu_tree(tmp_path)
    assert kinds(OuluCasia(), tmp_path) == []
    damage(tmp_path)
    assert kinds(OuluCasia(), tmp_path) == [problem]
    items = list(OuluCasia().index(tmp_path))
    assert len(items) == 24 - lost
    assert {item.id for item in items} >= {"ni_strong_p001_anger", "ni_strong_p001_happiness"}


def test_extensions_are_read_in_any_case_and_system_files_are_no_frames(tmp_path: Path) -> None:
    oulu_tree(tmp_path)
    fear = tmp_path / "NI/Strong/P001/Fear"
    (fear / "000.jpeg").rename(fear / "000.JPG")
    (fear / "Thumbs.db").write_bytes(b"x")
    (fear / "._001.jpeg").write_bytes(b"x")
    assert kinds(OuluCasia(), tmp_path) == []
    item = next(i for i in OuluCasia().index(tmp_path) if i.id == "ni_strong_p001_fear")
    assert item.files[0].endswith("000.JPG") and item.frames == 6


def test_missing_subjects_lights_and_cameras_are_named(tmp_path: Path) -> None:
    oulu_tree(tmp_path, cameras=(("NI", 3),))
    problems = list(OuluCasia().problems(tmp_path))
    missing = [p.path for p in problems if p.kind == "missing_subject"]
    assert missing == [f"NI/Strong/P{n:03d}" for n in range(3, 81)]
    absent = [p.path for p in problems if p.kind == "missing_domain"]
    assert absent == ["NI/Weak", "NI/Dark", "VL"]


def test_sequences_are_compared_with_the_published_lengths(tmp_path: Path) -> None:
    oulu_tree(tmp_path, ("P001",), full=True)
    assert not [p for p in OuluCasia().problems(tmp_path) if p.kind == "frame_count"]
    last = tmp_path / "VL/Strong/P001/Anger" / f"{LENGTHS['P001']['Anger'][0] - 1:03d}.jpeg"
    last.unlink()
    (problem,) = [p for p in OuluCasia().problems(tmp_path) if p.kind == "frame_count"]
    assert problem.path == "VL/Strong/P001/Anger" and problem.action.startswith("16 frames where")


def test_the_published_lengths_are_those_of_the_listing() -> None:
    rows = [(s, e, *LENGTHS[s][e]) for s in SUBJECTS for e in EXPRESSIONS]
    text = "".join(f"{s},{e},{vl},{ni}\n" for s, e, vl, ni in rows)
    assert hashlib.sha256(text.encode()).hexdigest()[:16] == "d43975893035761c"
    assert sum(vl for *_, vl, _ in rows) == sum(ni for *_, ni in rows) == 10379
    assert sum(vl == ni for *_, vl, ni in rows) == 76


def test_where_both_trees_lie_the_original_is_read_and_the_other_named(tmp_path: Path) -> None:
    oulu_tree(tmp_path / "OriginalImg", ("P001",))
    oulu_tree(tmp_path / "PreProcess_Img", ("P001", "P002"), cameras=CROPPED)
    auto, crops = OuluCasia(), OuluCasia(OuluCasiaParams(tree="preprocessed"))
    assert len(list(auto.index(tmp_path))) == 12 and len(list(crops.index(tmp_path))) == 24
    assert kinds(auto, tmp_path) == [("second_tree", "PreProcess_Img")]
    shutil.rmtree(tmp_path / "PreProcess_Img")
    with pytest.raises(MissingError, match="holds only original"):
        list(OuluCasia(crops.params).index(tmp_path))


def test_a_folder_that_is_not_the_dataset_is_told_why(tmp_path: Path) -> None:
    oulu_tree(tmp_path / "O", ("P001",))
    one_below = OuluCasia().identify(tmp_path / "O/NI")
    assert one_below.confidence == 0.0 and "give the folder above it" in one_below.reason
    packed = tmp_path / "packed"
    packed.mkdir()
    (packed / "B_OriginalImg.zip").touch()
    assert "B_OriginalImg.zip: unpack it first" in OuluCasia().identify(packed).reason
    half = tmp_path / "half"
    (half / "NI/Strong").mkdir(parents=True)
    assert OuluCasia().identify(half).confidence < 0.5
    with pytest.raises(MissingError, match="unpack it first"):
        list(OuluCasia().index(packed))


def test_links_are_followed_wherever_they_point(tmp_path: Path) -> None:
    root = oulu_tree(tmp_path / "data")
    before = [(item.id, item.files) for item in OuluCasia().index(root)]
    for inner in (root / "NI/Strong/P001/Fear", root / "VL"):
        inner.rename(tmp_path / inner.name)
        inner.symlink_to(tmp_path / inner.name)
    assert [(item.id, item.files) for item in OuluCasia().index(root)] == before


def test_the_published_folds_part_the_eighty_subjects(tmp_path: Path) -> None:
    folds = read_folds("irfer_datasets.oulu_casia")
    assert [len(fold) for fold in folds] == [16] * 5
    assert sorted(s for fold in folds for s in fold) == [f"P{n:03d}" for n in range(1, 81)]
    oulu_tree(tmp_path, ("P001", "P002", "P006"))
    items = list(OuluCasia().index(tmp_path))
    assert OuluCasia().folds(items)[:3] == [{"P001", "P006"}, {"P002"}, frozenset()]


def test_the_settings_say_what_the_protocol_says() -> None:
    settings = {s.name: s for s in load().settings_of("oulu_casia")}
    assert next(iter(settings)) == "oulu_nir_weak5"
    shots = {name: s.shots for name, s in settings.items() if s.kind == "weak"}
    assert shots == {
        "oulu_nir_weak5": 5,
        "oulu_nir_weak0": 0,
        "oulu_nir_weak1": 1,
        "oulu_nir_weak10": 10,
        "oulu_nir_weak16": 16,
        "oulu_nir_weak_tenth": 0.1,
        "oulu_nir_weak_full": None,
        "oulu_nir_uda": 0,
        "oulu_dark_weak5": 5,
        "oulu_dark_weak0": 0,
        "oulu_dark_weak1": 1,
        "oulu_dark_weak10": 10,
        "oulu_dark_weak16": 16,
        "oulu_dark_weak_tenth": 0.1,
        "oulu_dark_weak_full": None,
        "oulu_dark_nir_weak5": 5,
    }
    assert [name for name, s in settings.items() if s.unlabelled] == ["oulu_nir_uda"]
    for setting in settings.values():
        source = setting.source or setting.target
        assert setting.paired == (source.lightings == setting.target.lightings), "pairs share light"
        black = any(
            domain.spectrum == "vis" and (not domain.lightings or "dark" in domain.lightings)
            for domain in (source, setting.target)
        )
        assert setting.detector == ("none" if black else "opencv"), "no face is found in the dark"
        assert (setting.crop, setting.no_face) == (1.3, "whole")
        assert (setting.frames, setting.unit, setting.folds) == ("last(3)", "frame", 5)
        assert setting.classes == BASIC
        assert setting.seeds == (5 if setting.kind == "weak" else 1)
    dark = settings["oulu_dark_weak5"]
    assert dark.source is not None
    assert (dark.source.spectrum, dark.source.lightings) == ("vis", ("strong",))
    assert (dark.target.spectrum, dark.target.lightings) == ("vis", ("dark",))
    night = settings["oulu_dark_nir_weak5"].target
    assert (night.spectrum, night.lightings) == ("nir", ("dark",))
    own = settings["oulu_nir_augmented"]
    assert own.extra is not None and own.kind == "augmented"
    assert (own.extra.dataset, own.extra.spectrum) == ("cfee", "vis")
    assert "1,080 scored images cannot be reproduced" in own.source_text
    other = settings["oulu_nir_augmented_kdef"].extra
    assert other is not None
    assert (other.dataset, other.parts) == ("kdef", ("straight",))
    lights = {s.target.lightings for s in settings.values() if s.kind == "quality"}
    assert lights == {("strong",), ("weak",), ("dark",), ()}, "each, and all together"
    cross = settings["oulu_vis_to_nir"]
    assert cross.source is not None and cross.kind == "cross"
    assert (cross.source.dataset, cross.source.spectrum, cross.target.spectrum) == (
        "",
        "vis",
        "nir",
    )
