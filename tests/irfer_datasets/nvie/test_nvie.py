"""USTC-NVIE as a whole: items and partners, which folder it is, folds, settings, commands."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from irfer_bench.api import BASIC, MissingError, read_folds
from irfer_bench.cli import main
from irfer_bench.data.preparation.prepare import Rules, prepare
from irfer_bench.registry import load
from irfer_datasets.nvie.dataset import Nvie
from tests.irfer_datasets.nvie.findings import items, kinds
from tests.irfer_datasets.nvie_tree import POSED, SPONTANEOUS, spontaneous_tree, write_nvie


@pytest.mark.parametrize("above", [".", "NVIE", "USTC_NVIE/NVIE Database"])
def test_the_whole_set_is_read_wherever_it_lies_in_the_root(tmp_path: Path, above: str) -> None:
    write_nvie(tmp_path / above)
    (tmp_path / above / "NVIE").rename(tmp_path / above / "Disk")
    assert Nvie().identify(tmp_path).confidence > 0.9
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


def test_a_folder_that_is_not_the_dataset_is_told_why(tmp_path: Path) -> None:
    spontaneous_tree(tmp_path / "NVIE", (1,))
    deep = Nvie().identify(tmp_path / "NVIE" / SPONTANEOUS)
    assert deep.confidence == 0.0 and "give the folder above it" in deep.reason
    subject = Nvie().identify(tmp_path / "NVIE" / SPONTANEOUS / "front/001")
    assert subject.confidence == 0.0 and "one subject" in subject.reason
    packed = tmp_path / "packed"
    packed.mkdir()
    (packed / "SpontaneousDatabase.part1.rar").touch()
    assert "unpack it first" in Nvie().identify(packed).reason
    with pytest.raises(MissingError, match="unpack it first"):
        list(Nvie().index(packed))
    half = tmp_path / "half"
    (half / SPONTANEOUS / "front").mkdir(parents=True)
    assert Nvie().identify(half).confidence < 0.5
    with pytest.raises(MissingError, match="--data-root nvie"):
        list(Nvie().index(None))


def test_links_are_followed_wherever_they_point(tmp_path: Path) -> None:
    root = spontaneous_tree(tmp_path / "data", (1,))
    before = [(item.id, item.files) for item in items(root)]
    inner = root / SPONTANEOUS / "front/001/visible/3"
    inner.rename(tmp_path / "elsewhere")
    inner.symlink_to(tmp_path / "elsewhere")
    assert [(item.id, item.files) for item in items(root)] == before


def test_folds_are_published_lists_of_subject_numbers(tmp_path: Path) -> None:
    folds = read_folds("irfer_datasets.nvie")
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
