"""Exports are read back unchanged, are private, and are uploaded only on confirmation."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import numpy as np
import pyarrow.parquet
import pytest

from irfer_bench.contracts.component import BASIC
from irfer_bench.contracts.values import Clip, Item
from irfer_bench.data.export.archive import About, export_hub, export_parquet
from irfer_bench.data.preparation.prepare import prepare
from irfer_bench.data.preparation.rules import rules_of
from irfer_bench.errors import ContractError, MissingError, RefusedError, UsageError
from irfer_bench.testing.faces import make_clip
from irfer_datasets.folder.dataset import Folder
from irfer_datasets.folder.settings import FOLDER_NIR_WEAK5
from irfer_datasets.hub.dataset import Hub
from tests.irfer_datasets.trees import folder_tree

ABOUT = About(dataset="toy", setting="toy_weak", licence="signed; no copies", fingerprint="f00")


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IRFER_BENCH_HOME", str(tmp_path / "home"))


def faces(count: int = 6, **more: Any) -> list[Clip]:
    return [
        replace(make_clip(k, BASIC[k % 6], "vis", size=24, **more), id=f"c_{k}")
        for k in range(count)
    ]


def read_back(folder: Path) -> dict[str, Clip]:
    hub = Hub()
    assert {p.kind for p in hub.problems(folder)} <= {"few_subjects", "duplicate_row"}
    return {item.id: hub.read(folder, item) for item in hub.index(folder)}


def test_a_prepared_tree_comes_back_with_its_pixels_labels_subjects_pairs_and_folds(
    tmp_path: Path,
) -> None:
    people = [f"person{k}" for k in range(7)]
    root = folder_tree(tmp_path / "tree", people, labels=("anger", "fear"), each=2)
    folder = Folder()
    items = {item.id: item for item in folder.index(root)}
    rules = rules_of(msgspec.structs.replace(FOLDER_NIR_WEAK5, size=24))
    clips = list(prepare(folder, root, list(items.values()), rules))
    about = replace(ABOUT, items=items, folds=folder.folds(list(items.values())))
    made = export_parquet(iter(clips), tmp_path / "out", about, shard_bytes=1000)
    assert made.clips == len(clips) == 56 and made.shards > 2
    found = read_back(tmp_path / "out")
    assert len(found) == len(clips)
    for clip in clips:
        back = found[clip.id.replace(".", "_")]
        np.testing.assert_array_equal(back.frames, clip.frames)
        for fact in ("label", "subject", "spectrum", "lighting", "pair"):
            assert getattr(back, fact) == getattr(clip, fact) is not None, fact
    assert list(Hub().folds(list(Hub().index(tmp_path / "out")))) == list(about.folds)


def test_the_command_lines_of_both_ends_fit_together(tmp_path: Path, capsys: Any) -> None:
    from irfer_bench.cli import main

    root = folder_tree(tmp_path / "tree", [f"p{k}" for k in range(5)], labels=BASIC)
    given = ["--data-root", f"folder={root}", "--setting", "folder_nir_weak5"]
    out = tmp_path / "out"
    assert main(["data", "export", "folder", *given, "--out", str(out), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["clips"] == 60
    assert main(["data", "check", "hub", "--data-root", f"hub={out}", "--json"]) == 0
    seen = json.loads(capsys.readouterr().out)
    assert (seen["items"], seen["by_domain"]) == (60, {"nir": 30, "vis": 30})
    assert seen["by_class"] == dict.fromkeys(sorted(BASIC), 10)
    assert "you answer for the consent" in (out / "README.md").read_text()


def test_folds_that_no_rule_would_make_come_back(tmp_path: Path) -> None:
    folds = [frozenset({"s03", "s00"}), frozenset({"s01"}), frozenset({"s02"})]
    clips = [replace(clip, subject=f"s{k:02d}") for k, clip in enumerate(faces())]
    export_parquet(clips, tmp_path / "out", replace(ABOUT, folds=folds))
    assert list(Hub().folds(list(Hub().index(tmp_path / "out")))) == folds
    export_parquet(clips, tmp_path / "one", replace(ABOUT, folds=folds[:1]))
    assert list(Hub().folds(list(Hub().index(tmp_path / "one")))) == folds[:1]


def test_a_clip_comes_back_with_its_frames_sound_and_landmarks(tmp_path: Path) -> None:
    clip = replace(make_clip(1, "fear", "vis", frames=3, voice=True), fps=12.5)
    assert clip.audio is not None and clip.landmarks is not None and len(clip.frames) == 3
    export_parquet([clip], tmp_path / "out", ABOUT)
    (back,) = read_back(tmp_path / "out").values()
    np.testing.assert_array_equal(back.frames, clip.frames)
    np.testing.assert_array_equal(back.audio, clip.audio)
    np.testing.assert_array_equal(back.landmarks, clip.landmarks)
    assert (back.sample_rate, back.fps) == (clip.sample_rate, clip.fps)


def test_parts_and_weak_pairs_come_from_the_items(tmp_path: Path) -> None:
    clips = [replace(clip, pair="m") for clip in faces(2)]
    clips[1] = replace(clips[1], spectrum="nir", label=clips[0].label, subject=clips[0].subject)
    items = {
        clip.id: Item(
            id=clip.id, label=clip.label, subject=clip.subject, spectrum=clip.spectrum,
            weak_pair=True, part="extra",
        )
        for clip in clips
    }
    export_parquet(clips, tmp_path / "out", replace(ABOUT, items=items, folds=[frozenset("a")]))
    back = list(Hub().index(tmp_path / "out"))
    assert [(i.weak_pair, i.part, i.split) for i in back] == [(True, "extra", "")] * 2


def test_datasets_knows_images_and_class_names_by_itself(tmp_path: Path) -> None:
    from datasets import Dataset

    clips = faces()
    export_parquet(clips, tmp_path / "out", replace(ABOUT, classes=BASIC))
    (shard,) = (tmp_path / "out/data").glob("*.parquet")
    table = Dataset.from_parquet(str(shard), cache_dir=str(tmp_path / "cache"))
    assert table.features["label"].names == list(BASIC)
    np.testing.assert_array_equal(np.asarray(table[0]["image"].convert("RGB")), clips[0].frames[0])


def test_the_folder_is_its_users_alone_and_the_card_says_so(tmp_path: Path) -> None:
    export_parquet(faces(), tmp_path / "deep/out", ABOUT)
    assert (tmp_path / "deep/out").stat().st_mode & 0o777 == 0o700
    card = (tmp_path / "deep/out/README.md").read_text()
    for text in ("DO NOT PUBLISH", "signed; no copies", "`f00`", "6 prepared clips"):
        assert text in card
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["out"]


def test_an_interrupted_export_leaves_nothing_and_sweeps_what_a_killed_one_left(
    tmp_path: Path,
) -> None:
    def stops() -> Iterator[Clip]:
        yield from faces(3)
        raise KeyboardInterrupt

    (tmp_path / ".out.999999999.irfer.tmp/data").mkdir(parents=True)
    with pytest.raises(KeyboardInterrupt):
        export_parquet(stops(), tmp_path / "out", ABOUT, shard_bytes=1)
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_written_over(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out/mine.txt").touch()
    with pytest.raises(UsageError, match="not empty; name a new folder"):
        export_parquet(faces(), tmp_path / "out", ABOUT)
    assert (tmp_path / "out/mine.txt").exists()


def test_no_clips_make_a_set_without_rows(tmp_path: Path) -> None:
    made = export_parquet([], tmp_path / "out", ABOUT)
    (shard,) = (tmp_path / "out/data").iterdir()
    assert (made.clips, pyarrow.parquet.read_table(shard).num_rows) == (0, 0)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"label": "angry"}, "label 'angry' is of no class"),
        ({"frames": np.zeros((1, 8, 8), np.uint8)}, "not .T, H, W, 3. uint8"),
        ({"id": "C.0"}, "'c_0' comes twice"),
    ],
)
def test_clips_that_could_not_be_read_back_are_refused(
    tmp_path: Path, change: dict[str, Any], says: str
) -> None:
    clips = faces(2)
    with pytest.raises(ContractError, match=says):
        export_parquet([clips[0], replace(clips[1], **change)], tmp_path / "out", ABOUT)
    assert not (tmp_path / "out").exists()


class FakeHub:
    """Stands where `huggingface_hub.HfApi` does; there is no network in a test."""

    def __init__(self, private: bool = True, fails: Exception | None = None) -> None:
        self.private, self.fails = private, fails
        self.calls: list[tuple[str, dict[str, Any]]] = []

    def __getattr__(self, name: str) -> Any:
        def call(*words: Any, **options: Any) -> Any:
            self.calls.append((name, options))
            if self.fails is not None:
                raise self.fails
            return SimpleNamespace(private=self.private, oid="a" * 40)

        return call


def hub(monkeypatch: pytest.MonkeyPatch, **how: Any) -> FakeHub:
    fake = FakeHub(**how)
    monkeypatch.setattr("huggingface_hub.HfApi", lambda: fake)
    return fake


def test_without_a_name_nothing_is_uploaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake = hub(monkeypatch)
    made = export_hub(faces(), tmp_path / "out", ABOUT, i_have_the_right=True)
    assert (made.repository, fake.calls, len(read_back(tmp_path / "out"))) == ("", [], 6)


def test_without_the_users_word_nothing_is_written_and_the_licence_is_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake = hub(monkeypatch)
    with pytest.raises(RefusedError, match="It says: signed; no copies"):
        export_hub(faces(), tmp_path / "out", ABOUT, upload="me/faces")
    with pytest.raises(UsageError, match="OWNER/NAME"):
        export_hub(faces(), tmp_path / "out", ABOUT, upload="faces", i_have_the_right=True)
    assert fake.calls == [] and not (tmp_path / "out").exists()


def test_with_it_the_repository_is_private_and_the_licence_comes_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake = hub(monkeypatch)
    shown: list[str] = []

    def clips() -> Iterator[Clip]:
        assert shown
        yield from faces()

    made = export_hub(
        clips(), tmp_path / "out", ABOUT, upload="me/faces", i_have_the_right=True,
        show=shown.append,
    )
    assert "signed; no copies" in shown[0]
    assert (made.repository, made.revision) == ("me/faces", "a" * 40)
    assert [name for name, _ in fake.calls] == ["create_repo", "repo_info", "upload_folder"]
    assert fake.calls[0][1]["private"] is True
    assert fake.calls[2][1]["folder_path"] == tmp_path / "out"


def test_a_public_repository_gets_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake = hub(monkeypatch, private=False)
    with pytest.raises(RefusedError, match="me/faces is public; nothing was uploaded"):
        export_hub(faces(), tmp_path / "out", ABOUT, upload="me/faces", i_have_the_right=True)
    assert "upload_folder" not in [name for name, _ in fake.calls]


def test_without_a_network_the_folder_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub(monkeypatch, fails=ConnectionError("offline"))
    with pytest.raises(MissingError, match="cannot be written: offline"):
        export_hub(faces(), tmp_path / "out", ABOUT, upload="me/faces", i_have_the_right=True)
    assert len(read_back(tmp_path / "out")) == 6
