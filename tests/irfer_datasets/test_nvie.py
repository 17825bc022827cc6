"""USTC-NVIE: levels in any order and depth, ratings as labels, and what is wrong with a tree."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from irfer_bench.api import BASIC, Item, MissingError
from irfer_bench.cli import main
from irfer_bench.data.prepare import Rules, prepare
from irfer_bench.registry import load
from irfer_datasets.nvie.dataset import Nvie, published_folds
from irfer_datasets.nvie.layout import CODES
from tests.irfer_datasets.nvie_tree import (
    CAMERAS,
    FELT,
    POSED,
    SPONTANEOUS,
    clips_of,
    face,
    posed_tree,
    selected_tree,
    spontaneous_tree,
    write_nvie,
    write_ratings,
)
from tests.irfer_datasets.trees import picture

SMALL = {"missing_domain", "unexpected_count", "unexpected_size"}
"""Kinds of problems that every small tree has."""


def items(root: Path, part: str = "") -> list[Item]:
    """What a fresh instance lists, of one part."""
    return [item for item in Nvie().index(root) if item.part.startswith(part)]


def kinds(root: Path) -> list[tuple[str, str]]:
    """Kinds and last path part of all problems that are not about the tree being small."""
    return [(p.kind, p.path.split("/")[-1]) for p in Nvie().problems(root) if p.kind not in SMALL]


@pytest.mark.parametrize("above", [".", "NVIE", "USTC_NVIE/NVIE Database"])
def test_the_whole_set_is_read_wherever_it_lies_in_the_root(tmp_path: Path, above: str) -> None:
    write_nvie(tmp_path / above)
    (tmp_path / above / "NVIE").rename(tmp_path / above / "Disk")
    assert Nvie().recognise(tmp_path).confidence > 0.9
    counts = Counter((item.part, item.spectrum) for item in items(tmp_path))
    assert counts == {
        ("posed", "vis"): 18,
        ("posed", "lwir"): 18,
        ("selected", "vis"): 6,
        ("spontaneous_apex", "vis"): 18,
        ("spontaneous_apex", "lwir"): 18,
        ("spontaneous_sequence", "vis"): 18,
        ("spontaneous_sequence", "lwir"): 18,
    }
    assert kinds(tmp_path) == []


def test_the_roots_name_and_what_lies_above_change_nothing(tmp_path: Path) -> None:
    spontaneous_tree(tmp_path / "a/NVIE")
    shutil.copytree(tmp_path / "a/NVIE", tmp_path / "b")
    ids = [item.id for item in items(tmp_path / "a")]
    assert ids == [item.id for item in items(tmp_path / "b")]
    assert Nvie().fingerprint(tmp_path / "a") == Nvie().fingerprint(tmp_path / "b")


def test_an_item_is_a_clip_whose_partner_is_the_other_cameras(tmp_path: Path) -> None:
    spontaneous_tree(tmp_path, (12,))
    found = {item.id: item for item in items(tmp_path)}
    apex = found["lwir_spontaneous_apex_front_012_3"]
    assert (apex.subject, apex.label, apex.lighting) == ("012", "fear", "front")
    assert apex.files == (f"{SPONTANEOUS}/front/012/infrared/apex/3_0002.BMP",)
    assert (apex.pair, apex.weak_pair) == ("spontaneous_apex_front_012_3", True)
    assert found["vis_spontaneous_apex_front_012_3"].pair == apex.pair
    sequence = found["vis_spontaneous_sequence_front_012_3"]
    assert sequence.frames == 2 and sequence.pair == "spontaneous_sequence_front_012_3"
    clip = Nvie().read(tmp_path, sequence, [1])
    assert clip.frames.shape == (1, 32, 32, 3) and clip.fps == 30.0


@pytest.mark.parametrize(
    ("levels", "subject", "light", "id_part"),
    [
        ("{subject}", "007", "", "posed_007_anger"),
        ("{subject:02d}/Front", "007", "front", "posed_front_007_anger"),
        ("Front/{subject:03d}", "007", "front", "posed_front_007_anger"),
        ("glass/P{subject:03d}/left", "007", "left", "posed_left_007_glass_anger"),
        ("{subject}/without glasses/right", "007", "right", "posed_right_007_noglass_anger"),
        ("{subject:02d}_glass/front", "007", "front", "posed_front_007_glass_anger"),
        ("{subject:02d} not wearing glasses", "007", "", "posed_007_noglass_anger"),
        ("session2/no glass/subject {subject}", "007", "", "posed_007_session2_noglass"),
    ],
)
def test_posed_levels_are_told_by_their_names(
    tmp_path: Path, levels: str, subject: str, light: str, id_part: str
) -> None:
    posed_tree(tmp_path, (7,), levels)
    found = items(tmp_path, "posed")
    assert len(found) == 12 and {i.label for i in found} == set(BASIC)
    assert {(i.subject, i.lighting) for i in found} == {(subject, light)}
    assert all(i.pair and i.weak_pair for i in found)
    assert min(i.id for i in found).startswith(f"lwir_{id_part}")
    assert set(kinds(tmp_path)) <= {("mis_cased", "Front")}


def test_with_and_without_glasses_are_two_items(tmp_path: Path) -> None:
    posed_tree(tmp_path, (1,), "{subject}/glass")
    posed_tree(tmp_path, (1,), "{subject}/no glass")
    assert len(items(tmp_path)) == 24


def test_two_numbers_above_a_camera_are_listed(tmp_path: Path) -> None:
    posed_tree(tmp_path, (1,), "2/{subject}")
    assert {item.subject for item in items(tmp_path)} == {"001"}
    assert {kind for kind, _ in kinds(tmp_path)} == {"ambiguous_subject"}


def test_neutral_is_posed_only_and_a_class(tmp_path: Path) -> None:
    face(tmp_path / POSED / "1/visible/neutral/a.bmp", 1, "anger", "visible")
    (item,) = items(tmp_path)
    assert item.label == "neutral" and Nvie().classes == (*BASIC, "neutral")


@pytest.mark.parametrize("form", ["{clip}_17", "{clip}", "{clip}/a", "{clip}-apex 2"])
def test_apex_pictures_belong_to_the_clip_whose_name_they_begin_with(
    tmp_path: Path, form: str
) -> None:
    for clip in ("1", "2"):
        for camera in CAMERAS:
            place = tmp_path / SPONTANEOUS / "front/5" / camera
            face(place / clip / "1.bmp", 5, "fear", camera)
            face(place / "apex" / f"{form.format(clip=clip)}.bmp", 5, "fear", camera)
    write_ratings(tmp_path / "ratings.csv", (5,), 2)
    found = items(tmp_path, "spontaneous_apex")
    assert sorted(i.id for i in found) == [
        f"{spectrum}_spontaneous_apex_front_005_{clip}"
        for spectrum in ("lwir", "vis")
        for clip in (1, 2)
    ]
    assert {i.id[-1]: i.label for i in found} == {"1": "happiness", "2": "disgust"}


def test_several_apex_pictures_of_a_clip_are_one_item(tmp_path: Path) -> None:
    place = clips_of(tmp_path, 1)
    for name in ("1_0010.bmp", "1_0003.bmp"):
        face(place / "visible/apex" / name, 1, "happiness", "visible")
    write_ratings(tmp_path / "r.csv", (1,))
    item = next(i for i in items(tmp_path) if i.id == "vis_spontaneous_apex_front_001_1")
    assert [name.rpartition("/")[2] for name in item.files] == [
        "1_0002.BMP",
        "1_0003.bmp",
        "1_0010.bmp",
    ]


def test_onset_and_apex_inside_a_clip_are_its_own(tmp_path: Path) -> None:
    for phase in ("onset", "apex"):
        face(tmp_path / SPONTANEOUS / f"left/3/visible/2/{phase}/x.bmp", 3, "fear", "visible")
    write_ratings(tmp_path / "r.csv", (3,), 2)
    assert {(i.id, i.label, i.part) for i in items(tmp_path)} == {
        ("vis_spontaneous_onset_left_003_2", "disgust", "spontaneous_onset"),
        ("vis_spontaneous_apex_left_003_2", "disgust", "spontaneous_apex"),
    }


def test_an_apex_picture_of_no_known_clip_is_listed_and_left_out(tmp_path: Path) -> None:
    place = clips_of(tmp_path, 1)
    face(place / "visible/apex/xyz.bmp", 1, "fear", "visible")
    write_ratings(tmp_path / "r.csv", (1,))
    assert ("unlabelled_file", "xyz.bmp") in kinds(tmp_path)
    row = next(row for row in Nvie().census(tmp_path) if row["path"].endswith("xyz.bmp"))
    assert (row["subject"], row["clip"], row["expression"]) == ("001", "", "")


def test_selected_samples_have_the_owners_codes(tmp_path: Path) -> None:
    selected_tree(tmp_path)
    assert {item.label for item in items(tmp_path)} == set(BASIC)
    assert [CODES[str(k)] for k in range(1, 7)] == list(FELT) == list(Nvie.native)
    picture(tmp_path / "SelectedSamples/9_1.bmp")
    picture(tmp_path / "SelectedSamples/2/12.bmp")
    assert ("unlabelled_file", "9_1.bmp") in kinds(tmp_path)
    label = {item.id: item.label for item in items(tmp_path)}
    assert [label[name] for name in label if name.startswith("vis_selected_apex_2_12")] == [
        "disgust"
    ]


def _cut(name: str) -> Callable[[Path], object]:
    return lambda root: shutil.rmtree(root / SPONTANEOUS / "front" / name)


def _move(old: str, new: str) -> Callable[[Path], object]:
    base = f"{SPONTANEOUS}/front"
    return lambda root: (root / base / old).rename(root / base / new)


@pytest.mark.parametrize(
    ("damage", "told", "lost"),
    [
        (_cut("001/infrared"), ["missing_partner"], 12),
        (_cut("001/visible/2"), ["missing_partner"], 1),
        (_move("001/infrared", "001/Infrared"), ["mis_cased"], 0),
        (_move("001/infrared", "001/thermal"), ["misnamed_folder"], 0),
        (_move("001", "1"), [], 0),
        (_move("002", "nobody"), ["unresolved"] * 24 + ["missing_item"] * 6, 24),
        (lambda r: (r / SPONTANEOUS / "front/001/visible/7").mkdir(), ["empty_folder"], 0),
        (lambda r: (r / SPONTANEOUS / "front/001/visible/Thumbs.db").touch(), [], 0),
    ],
)
def test_what_is_wrong_is_listed_and_the_rest_is_used(
    tmp_path: Path, damage: Callable[[Path], object], told: list[str], lost: int
) -> None:
    spontaneous_tree(tmp_path, (1, 2))
    assert kinds(tmp_path) == []
    damage(tmp_path)
    assert sorted(kind for kind, _ in kinds(tmp_path)) == sorted(told)
    assert len(items(tmp_path)) == 48 - lost


def test_sixteen_bit_thermal_keeps_its_depth(tmp_path: Path) -> None:
    place = tmp_path / POSED / "1/infrared/fear/a.png"
    place.parent.mkdir(parents=True)
    ramp = np.linspace(27000, 31000, 32 * 24).astype(np.uint16).reshape(24, 32)
    Image.fromarray(ramp).save(place)
    (item,) = items(tmp_path)
    frames = Nvie().read(tmp_path, item).frames
    assert frames.dtype == np.uint16 and frames.shape == (1, 24, 32, 3)
    (clip,) = prepare(Nvie(), tmp_path, [item], Rules(size=24))
    assert clip.frames.min() == 0 and clip.frames.max() == 255


def test_a_subject_without_one_camera_has_items_and_no_pair(tmp_path: Path) -> None:
    clips_of(tmp_path, 1, cameras=("infrared",))
    write_ratings(tmp_path / "r.csv", (1,))
    assert {(i.spectrum, i.pair, i.weak_pair) for i in items(tmp_path)} == {("lwir", None, False)}


def test_subjects_lights_and_sizes_are_compared_with_what_is_published(tmp_path: Path) -> None:
    spontaneous_tree(tmp_path, (1, 2), lights=("front", "left"))
    problems = [p for p in Nvie().problems(tmp_path) if p.kind in SMALL]
    counted = [p for p in problems if p.kind == "unexpected_count"]
    assert [p.path for p in counted] == [f"{SPONTANEOUS}/front", f"{SPONTANEOUS}/left"]
    assert "2 subjects" in counted[1].action and "99" in counted[1].action
    assert [p.path for p in problems if p.kind == "missing_domain"] == [f"{SPONTANEOUS}/right"]
    sizes = [p.action for p in problems if p.kind == "unexpected_size"]
    assert len(sizes) == 2 * 2 * 2 and "32x32 pixels where 320x240" in sizes[0]


def test_pictures_of_the_published_sizes_are_no_problem(tmp_path: Path) -> None:
    for camera, size in (("visible", (704, 480)), ("infrared", (320, 240))):
        picture(tmp_path / POSED / "1" / camera / "fear/a.bmp", size=size)
    assert not [p for p in Nvie().problems(tmp_path) if p.kind == "unexpected_size"]


def test_ninety_nine_subjects_under_a_light_are_enough(tmp_path: Path) -> None:
    for subject in range(1, 100):
        place = tmp_path / SPONTANEOUS / f"front/{subject}/visible/1"
        place.mkdir(parents=True)
        (place / "1.bmp").touch()
    assert not [p for p in Nvie().problems(tmp_path) if p.kind == "unexpected_count"]
    shutil.rmtree(tmp_path / SPONTANEOUS / "front/99")
    assert [p.kind for p in Nvie().problems(tmp_path)].count("unexpected_count") == 1


def test_a_tree_without_apex_folders_says_which_settings_cannot_run(tmp_path: Path) -> None:
    face(tmp_path / SPONTANEOUS / "front/1/visible/1/1.bmp", 1, "fear", "visible")
    told = [p for p in Nvie().problems(tmp_path) if p.path.endswith("/apex")]
    assert [p.kind for p in told] == ["missing_domain"] and "manifest.csv" in told[0].action


def test_a_folder_that_is_not_the_dataset_is_told_why(tmp_path: Path) -> None:
    spontaneous_tree(tmp_path / "NVIE", (1,))
    deep = Nvie().recognise(tmp_path / "NVIE" / SPONTANEOUS)
    assert deep.confidence == 0.0 and "give the folder above it" in deep.reason
    subject = Nvie().recognise(tmp_path / "NVIE" / SPONTANEOUS / "front/001")
    assert subject.confidence == 0.0 and "one subject" in subject.reason
    packed = tmp_path / "packed"
    packed.mkdir()
    (packed / "SpontaneousDatabase.part1.rar").touch()
    assert "unpack it first" in Nvie().recognise(packed).reason
    with pytest.raises(MissingError, match="unpack it first"):
        list(Nvie().index(packed))
    half = tmp_path / "half"
    (half / SPONTANEOUS / "front").mkdir(parents=True)
    assert Nvie().recognise(half).confidence < 0.5
    with pytest.raises(MissingError, match="--data-root nvie"):
        list(Nvie().index(None))


def test_links_that_leave_the_root_are_refused(tmp_path: Path) -> None:
    root = spontaneous_tree(tmp_path / "data", (1,))
    inner = root / SPONTANEOUS / "front/001/visible/3"
    inner.rename(tmp_path / "elsewhere")
    inner.symlink_to(tmp_path / "elsewhere")
    assert ("outside_root", "3") in kinds(root)
    assert "vis_spontaneous_sequence_front_001_3" not in {item.id for item in items(root)}


def test_folds_are_published_lists_of_subject_numbers(tmp_path: Path) -> None:
    folds = published_folds()
    assert sorted(s for fold in folds for s in fold) == [f"{n:03d}" for n in range(1, 301)]
    assert folds[1][:3] == ("002", "007", "012")
    spontaneous_tree(tmp_path, (1, 6, 12, 301))
    found = items(tmp_path)
    assert Nvie().folds(found) == [{"001", "006", "301"}, {"012"}, set(), set(), set()]
    # The same people are tested together whichever classes a setting has.
    some = [item for item in found if item.label == "fear" and item.subject != "001"]
    assert Nvie().folds(some)[:2] == [{"006", "301"}, {"012"}]


def test_the_settings_say_what_the_protocol_says() -> None:
    settings = {s.name: s for s in load().settings_of("nvie")}
    first = settings[next(iter(settings))]
    assert (first.name, first.kind, first.shots, first.draws, first.seeds) == (
        "nvie_lwir_weak5",
        "weak",
        5,
        5,
        5,
    )
    assert first.source is not None and first.source.spectrum == "vis"
    for domain in (first.source, first.target):
        assert (domain.lightings, domain.parts) == (("front",), ("spontaneous_apex",))
    assert first.classes == BASIC and first.detector == "none" and first.target.spectrum == "lwir"
    names = ("0", "1", "10", "16", "_tenth", "_full")
    shots = [settings[f"nvie_lwir_weak{name}"].shots for name in names]
    assert shots == [0, 1, 10, 16, 0.1, None]
    assert settings["nvie_posed_lwir_weak5"].target.parts == ("posed",)
    three = settings["nvie_spontaneous3_lwir_weak5"]
    assert three.classes == ("disgust", "fear", "happiness")
    assert {s.folds for s in settings.values() if "lists" not in s.name} == {5}


def test_the_command_line_lists_checks_and_names_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("IRFER_BENCH_HOME", str(tmp_path / "home"))
    write_nvie(tmp_path / "data")
    where = ["--data-root", f"nvie={tmp_path / 'data'}"]
    assert main(["data", "check", "nvie", "--json", *where]) == 0
    seen = json.loads(capsys.readouterr().out)
    assert (seen["items"], seen["incomplete"]) == (114, True)
    assert seen["by_domain"] == {"lwir_front": 54, "vis": 6, "vis_front": 54}
    assert main(["data", "items", "nvie", *where]) == 0
    rows = capsys.readouterr().out.splitlines()
    assert len(rows) == 115 and rows[1].startswith("lwir_posed_front_001_anger,001,anger,lwir")
    assert main(["data", "check", "oulu_casia", "--data-root", str(tmp_path / "data")]) == 3
    assert "it looks like nvie" in capsys.readouterr().err
