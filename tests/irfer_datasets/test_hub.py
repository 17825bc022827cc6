"""Hugging Face datasets: three forms of one content, any columns, and what is refused."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from irfer_bench.api import CLASSES, DamagedError, Item, MissingError, UsageError
from irfer_bench.params import resolve
from irfer_datasets.hub.dataset import Hub
from irfer_datasets.hub.forms import split_of
from irfer_datasets.hub.params import HubParams
from tests.irfer_datasets.hub_tree import (
    dataset_of,
    encode,
    face,
    face_rows,
    write_imagefolder,
    write_parquet,
)

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("IRFER_BENCH_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def hub(**params: Any) -> Hub:
    return Hub(resolve(HubParams, component="hub", given=params))


def index(root: Path | None, **params: Any) -> list[Item]:
    return list(hub(**params).index(root))


def problems(root: Path, **params: Any) -> list[tuple[str, str, str]]:
    found = hub(**params).problems(root)
    return [(p.kind, p.path, p.action) for p in found if p.kind != "few_subjects"]


def row(label: Any = "anger", number: int = 0, **more: Any) -> dict[str, Any]:
    picture = np.full((4, 5, 3), number, np.uint8)
    return {"image": {"bytes": encode(picture), "path": None}, "label": label} | more


def test_three_forms_and_any_shards_hold_the_same_items_and_have_one_fingerprint(
    tmp_path: Path,
) -> None:
    rows = face_rows()
    dataset_of(rows).save_to_disk(tmp_path / "saved")
    roots = [
        write_parquet(tmp_path / "one", rows),
        write_parquet(tmp_path / "three", rows[::-1], shards=3),
        write_parquet(tmp_path / "names", rows, names=()),
        tmp_path / "saved",
        write_imagefolder(tmp_path / "images", rows),
    ]
    first = hub()
    items = index(roots[0])
    assert len(items) == 36 and problems(roots[0]) == []
    for root in roots:
        other = hub()
        assert other.recognise(root).confidence >= 0.9, root.name
        assert [replace_files(item) for item in other.index(root)] == items, root.name
        assert other.fingerprint(root) == first.fingerprint(roots[0]), root.name
        pixels = hub().read(root, items[7]).frames
        np.testing.assert_array_equal(pixels, first.read(roots[0], items[7]).frames)
    write_parquet(tmp_path / "one", [*rows[:-1], rows[-1] | {"subject": "p9"}])
    assert hub().fingerprint(roots[0]) != first.fingerprint(roots[1])


def replace_files(item: Item) -> Item:
    from dataclasses import replace

    return replace(item, files=())


def test_items_say_what_the_columns_say(tmp_path: Path) -> None:
    rows = [
        row(subject="a", spectrum="RGB", lighting="Strong", pair="m", part="apex", id="x_1"),
        row("", 1, subject="a", spectrum="thermal", pair="m", weak_pair="true", id="data/x 2.png"),
        row("joy", 2, pair="alone", part="Extra", split="validation", id="x_3"),
    ]
    columns = sorted({name for one in rows for name in one})
    rows = [{name: one.get(name) for name in columns} for one in rows]
    rows[1]["label"] = rows[0]["label"]
    items = {item.id: item for item in index(write_parquet(tmp_path, rows, names=()))}
    one, two, three = items["x_1"], items["row_" + digest("data/x 2.png")], items["x_3"]
    assert (one.subject, one.spectrum, one.lighting, one.pair) == ("a", "vis", "strong", "m")
    assert (two.spectrum, two.pair, two.weak_pair, two.part) == ("lwir", "m", True, "main")
    assert (three.label, three.pair, three.part) == ("happiness", None, "extra")
    assert (three.subject, three.spectrum, three.split) == (None, "vis", "val")


def digest(text: str) -> str:
    import hashlib

    return hashlib.sha256(text.encode()).hexdigest()[:16]


def test_other_columns_and_an_owners_own_names(tmp_path: Path) -> None:
    said = (("Wut", "apex"), ("none of these", "onset"), ("Freude", "apex"))
    rows = [
        {"img": row(number=k)["image"], "emotion": name, "who": 7, "kind": kind}
        for k, (name, kind) in enumerate(said)
    ]
    root = write_parquet(tmp_path, rows, names=())
    assert hub().recognise(root).confidence < 0.5
    assert "say -p hub.image=NAME" in hub().recognise(root).reason
    mapping = {
        "image": "img", "label": "emotion", "subject": "who", "default_spectrum": "nir",
        "labels": {"wut": "angry", "Freude": "happiness", "none of these": ""},
        "part": "kind", "parts": ["apex"],
    }
    items = index(root, **mapping)
    assert sorted((i.label or "", i.part) for i in items) == [
        ("", "onset"), ("anger", "main"), ("happiness", "main"),
    ]
    assert {(i.subject, i.spectrum) for i in items} == {("7", "nir")}
    assert hub(**mapping).recognise(root).confidence >= 0.9


def test_integers_mean_something_only_by_class_names_or_by_the_users_mapping(
    tmp_path: Path,
) -> None:
    rows = [row(k, k) for k in (0, 1)]
    named = write_parquet(tmp_path / "named", rows, names=("Surprise", "Sad"))
    assert sorted(str(item.label) for item in index(named)) == ["sadness", "surprise"]
    bare = tmp_path / "bare"
    write_parquet(bare, rows, names=())
    cast_to_integers(bare)
    with pytest.raises(UsageError, match=r"holds integers without names.*several orders"):
        index(bare)
    items = index(bare, labels={"0": "fear", "1": "disgust"})
    assert sorted(str(item.label) for item in items) == ["disgust", "fear"]
    ((kind, _, action),) = problems(bare, labels={"0": "fear"})
    assert kind == "unknown_label" and "label '1'" in action


def cast_to_integers(root: Path) -> None:
    """The same file without the note of `datasets`, and int64 labels 0, 1, 2, ..."""
    import pyarrow
    import pyarrow.parquet

    (path,) = root.rglob("*.parquet")
    table = pyarrow.parquet.read_table(path).replace_schema_metadata(None)
    numbers = pyarrow.array(range(table.num_rows), pyarrow.int64())
    place = table.column_names.index("label") if "label" in table.column_names else 1
    pyarrow.parquet.write_table(table.set_column(place, "label", numbers), path)


def test_a_label_that_its_owner_hides_is_none(tmp_path: Path) -> None:
    rows = [row(k, number) for number, k in enumerate((0, None, -1))]
    items = index(write_parquet(tmp_path, rows, names=("fear", "anger")))
    assert sorted(str(item.label) for item in items) == ["None", "None", "fear"]


@pytest.mark.parametrize(
    ("name", "split"),
    [
        ("data/train-00000-of-00001.parquet", "train"), ("test.parquet", "test"),
        ("validation/x.parquet", "val"), ("set_3-0.parquet", "set_3"), ("Training", "train"),
        ("contest/latest.parquet", ""), ("rows", ""), ("test/part-0.parquet", "test"),
        ("train/set3_x.parquet", "set_3"),
    ],
)
def test_splits_by_whole_words(name: str, split: str) -> None:
    assert split_of(name) == split


def test_splits_of_files_make_the_fold_and_a_single_one_says_nothing(tmp_path: Path) -> None:
    rows = face_rows(range(6), ("anger", "fear"), ("vis",))
    write_parquet(tmp_path, rows[:8], split="train")
    assert {item.split for item in index(tmp_path)} == {""}
    assert len(hub().folds(index(tmp_path))) == 4
    write_parquet(tmp_path, rows[8:], split="test")
    items = index(tmp_path)
    assert hub().folds(items) == [{"p4", "p5"}]
    assert {item.split for item in items} == {"train", "test"}


def test_folds_by_sets_by_subjects_and_by_rows(tmp_path: Path) -> None:
    rows = [row("fear", k, split=f"set_{k % 3 + 1}") for k in range(6)]
    items = index(write_parquet(tmp_path / "sets", rows))
    assert [len(fold) for fold in hub().folds(items)] == [2, 2, 2]
    people = face_rows(range(7), ("anger",))
    items = index(write_parquet(tmp_path / "people", people))
    assert hub().folds(items)[0] == {"p0", "p5"} and len(hub().folds(items)) == 5
    pairs = [one | {"subject": None} for one in people]
    items = index(write_parquet(tmp_path / "pairs", pairs))
    fold_of = {name: k for k, fold in enumerate(hub().folds(items)) for name in fold}
    assert len(fold_of) == 14 == len(items)
    for item in items:
        assert len({fold_of[i.id] for i in items if i.pair == item.pair}) == 1


def test_sixteen_bits_and_one_channel_come_as_stored(tmp_path: Path) -> None:
    deep = np.arange(20, dtype=np.uint16).reshape(4, 5) * 3000
    rows = [
        row() | {"image": {"bytes": encode(deep), "path": None}, "id": "deep"},
        row() | {"image": {"bytes": encode(deep.astype(np.uint8)), "path": None}, "id": "grey"},
    ]
    root = write_parquet(tmp_path, rows)
    clips = {item.id: hub().read(root, item) for item in index(root)}
    np.testing.assert_array_equal(clips["deep"].frames, np.stack([deep] * 3, axis=-1)[None])
    assert clips["grey"].frames.dtype == np.uint8 and clips["grey"].frames.shape == (1, 4, 5, 3)


def test_a_list_of_pictures_is_a_clip_and_single_frames_are_had(tmp_path: Path) -> None:
    frames = [{"bytes": encode(np.full((4, 4, 3), k, np.uint8)), "path": None} for k in range(5)]
    root = write_parquet(tmp_path, [{"frames": frames, "label": "fear", "id": "c"}])
    (item,) = index(root)
    assert item.frames == 5
    assert hub().read(root, item).frames[:, 0, 0, 0].tolist() == [0, 1, 2, 3, 4]
    assert hub().read(root, item, [3, 1]).frames[:, 0, 0, 0].tolist() == [3, 1]


def test_a_folder_may_be_named_from_where_one_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_imagefolder(tmp_path / "here", face_rows())
    there = index(tmp_path / "here")
    monkeypatch.chdir(tmp_path)
    assert index(Path("here")) == there
    assert hub().fingerprint(Path("here")) == hub().fingerprint(tmp_path / "here")


def test_a_plain_imagefolder_is_read_by_its_folders(tmp_path: Path) -> None:
    root = tmp_path / "root"
    for split, number in (("train", 1), ("test", 2)):
        for label in ("Angry", "happy"):
            place = root / split / label
            place.mkdir(parents=True)
            (place / "a.png").write_bytes(face(number, "fear"))
    assert hub().recognise(root).confidence >= 0.5
    items = index(root)
    assert {(i.label, i.split, i.files) for i in items} == {
        ("anger", "train", ("train/Angry/a.png",)), ("happiness", "train", ("train/happy/a.png",)),
        ("anger", "test", ("test/Angry/a.png",)), ("happiness", "test", ("test/happy/a.png",)),
    }
    kinds = {kind for kind, _, _ in problems(root)}
    assert kinds == {"duplicate_row"}  # one picture under two labels: told, both are used
    (root / "train/Angry/a.png").write_bytes(face(5, "anger"))
    assert {i.id for i in index(root)} != {i.id for i in items}, "an old copy was read"


@pytest.mark.parametrize(
    ("change", "kind", "says"),
    [
        ({"label": "angr"}, "unknown_label", "did you mean anger?"),
        ({"spectrum": "uv"}, "bad_row", "spectrum 'uv'; known: vis"),
        ({"lighting": "drak"}, "bad_row", "did you mean dark?"),
        ({"split": "tset"}, "bad_row", "did you mean test?"),
        ({"image": {"bytes": b"", "path": "a.png"}}, "damaged", "is empty"),
        ({"image": {"bytes": b"no picture at all", "path": None}}, "damaged", "is no picture"),
        ({"image": None}, "missing_item", "no picture"),
        ({"image": {"bytes": None, "path": "/etc/passwd"}}, "outside_root", "leads out"),
        ({"image": {"bytes": None, "path": "https://a.b/c.png"}}, "outside_root", "leads out"),
        ({"image": {"bytes": None, "path": "gone.png"}}, "missing_file", "is not there"),
    ],
)
def test_a_row_that_cannot_be_used_is_named_and_left_out(
    tmp_path: Path, change: dict[str, Any], kind: str, says: str
) -> None:
    facts = {"spectrum": "vis", "lighting": "", "split": "train"}
    rows = [row("fear", 1, **facts), row("fear", 2, **facts) | change]
    root = write_parquet(tmp_path, rows, names=())
    ((found, where, action),) = problems(root)
    assert (found, where) == (kind, "row 1") and says in action
    assert len(index(root)) == 1


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_a_picture_that_is_cut_off_is_named_without_decoding_the_others(
    tmp_path: Path, kind: str
) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (40, 40, 3), dtype=np.uint8)
    whole = encode(noise, kind)
    rows = [row() | {"image": {"bytes": data, "path": None}} for data in (whole, whole[:-300])]
    root = write_parquet(tmp_path, rows)
    ((found, where, action),) = problems(root)
    assert (found, where) == ("damaged", "row 1") and "truncated" in action
    padded = whole + b"\0" * 500  # some cameras append; the picture is whole
    root = write_parquet(tmp_path / "padded", [row() | {"image": {"bytes": padded, "path": None}}])
    assert problems(root) == [] and len(index(root)) == 1


def test_damage_that_only_decoding_shows_stops_a_read_with_one_line(tmp_path: Path) -> None:
    whole = bytearray(encode(np.random.default_rng(0).integers(0, 255, (40, 40), dtype=np.uint8)))
    whole[200:300] = bytes(100)
    root = write_parquet(tmp_path, [row() | {"image": {"bytes": bytes(whole), "path": None}}])
    (item,) = index(root)
    with pytest.raises(DamagedError, match=f"{item.id} cannot be decoded"):
        hub().read(root, item)


def test_ids_that_come_twice(tmp_path: Path) -> None:
    rows = [row("fear", 1, id="a"), row("fear", 1, id="a"), row("anger", 2, id="a")]
    found = problems(write_parquet(tmp_path, rows))
    assert [(kind, where) for kind, where, _ in found] == [
        ("duplicate_row", "row 1 (a)"), ("duplicate_id", "row 2 (a)"),
    ]
    assert len(index(tmp_path)) == 1


def test_one_picture_in_two_splits_is_told(tmp_path: Path) -> None:
    rows = [row("fear", 1, split="train"), row("anger", 1, split="test")]
    ((kind, _, action),) = problems(write_parquet(tmp_path, rows))
    assert kind == "duplicate_row" and "label fear and anger, split train and test" in action
    assert len(index(tmp_path)) == 2


def test_pairs_that_leave_the_partner_open(tmp_path: Path) -> None:
    one = {"subject": "s", "spectrum": "vis", "pair": "m"}
    other = one | {"spectrum": "nir"}
    rows = [row("fear", 1, **one), row("fear", 2, **one), row("fear", 3, **other)]
    assert [kind for kind, _, _ in problems(write_parquet(tmp_path / "a", rows))] == [
        "ambiguous_pair"
    ]
    rows = [row("fear", 1, **one), row("anger", 3, **other)]
    ((kind, _, action),) = problems(write_parquet(tmp_path / "b", rows))
    assert kind == "ambiguous_pair" and "different subjects or labels" in action


def test_columns_that_are_not_there_are_said_with_those_that_are(tmp_path: Path) -> None:
    rows = [{"image": row()["image"], "Emotion": "fear", "Label": "fear"}]
    root = write_parquet(tmp_path, rows, names=())
    ((kind, _, action),) = problems(root)
    assert kind == "missing_column"
    assert "it has image, Emotion, Label (did you mean Label?)" in action
    assert [item.label for item in index(root)] == [None]
    with pytest.raises(MissingError, match=r"no column 'emotion' for label.*mean Emotion"):
        index(root, label="emotion")
    with pytest.raises(MissingError, match=r"no column of pictures.*say -p hub.image=image"):
        index(root, image="")
    cast_to_integers(root)
    with pytest.raises(DamagedError, match=r"a column of pictures holds int64"):
        index(root, image="label", label="")


def test_files_of_a_dataset_that_are_absent_or_broken(tmp_path: Path) -> None:
    root = write_parquet(tmp_path / "absent", face_rows(), shards=3)
    (root / "data/train-00001-of-00003.parquet").unlink()
    ((kind, where, _),) = problems(root)
    assert (kind, where) == ("missing_item", "data/train-00001-of-00003.parquet")
    shard = root / "data/train-00002-of-00003.parquet"
    shard.write_bytes(shard.read_bytes()[:-50])
    with pytest.raises(DamagedError, match=r"train-00002-of-00003.parquet cannot be read"):
        index(root)
    shard.write_text("version https://git-lfs.github.com/spec/v1\n")
    with pytest.raises(DamagedError, match=r"pointer of git-lfs.*git lfs pull"):
        index(root)
    write_parquet(root, [row(id="other")], shards=1)
    shutil.copy(root / "data/train-00000-of-00001.parquet", shard)
    with pytest.raises(DamagedError, match=r"00001.parquet has image, label, id; say -p hub.f"):
        index(root)
    dataset_of(face_rows()).save_to_disk(tmp_path / "saved")
    state = tmp_path / "saved/state.json"
    good = state.read_text()
    state.write_text(good.replace("data-00000", "../data-00000"))
    with pytest.raises(DamagedError, match=r"leads out of the folder"):
        index(tmp_path / "saved")
    state.write_text(good[:20])
    with pytest.raises(DamagedError, match=r"state.json cannot be read"):
        index(tmp_path / "saved")


def test_links_that_leave_the_folder_are_not_followed(tmp_path: Path) -> None:
    root = write_parquet(tmp_path / "a", face_rows((0,)))
    outside = write_parquet(tmp_path / "b", face_rows((1,)))
    (root / "data/more.parquet").symlink_to(next((outside / "data").iterdir()))
    assert [kind for kind, _, _ in problems(root)] == ["outside_root"]
    assert {item.subject for item in index(root)} == {"p0"}


def test_a_folder_inside(tmp_path: Path) -> None:
    write_parquet(tmp_path / "one", face_rows((0,)))
    write_parquet(tmp_path / "two", face_rows((1,)))
    assert {item.subject for item in index(tmp_path, folder="two")} == {"p1"}
    assert hub(folder="none").recognise(tmp_path).confidence == 0
    with pytest.raises(UsageError, match=r"leads out of the dataset"):
        hub(folder="../elsewhere")


@pytest.mark.parametrize("revision", ["", "main", "v1.0", COMMIT[:12], COMMIT.upper()])
def test_an_id_that_is_not_pinned_is_refused_in_one_line(revision: str) -> None:
    with pytest.raises(UsageError, match=r"40 hexadecimal digits of a commit") as caught:
        hub(id="owner/name", revision=revision)
    assert "\n" not in str(caught.value)
    assert hub(id="owner/name", revision=COMMIT).params.needs_root is False
    assert hub().params.needs_root is True


@pytest.mark.parametrize("name", ["name", "a/b/c", "../b/c", "/etc/passwd", "a/..b/"])
def test_an_id_is_owner_and_name(name: str) -> None:
    with pytest.raises(UsageError, match=r"hub.id"):
        hub(id=name, revision=COMMIT)


def test_labels_are_mapped_to_expressions_only() -> None:
    with pytest.raises(UsageError, match=r"did you mean anger"):
        hub(labels={"0": "angr"})


def test_a_pinned_dataset_is_downloaded_once_into_the_private_home(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The loader at the border is replaced: it lays a snapshot as the real one does."""
    origin = write_parquet(tmp_path / "origin", face_rows())
    asked: list[bool] = []

    def download(name: str, *, cache_dir: Path, local_files_only: bool, **more: Any) -> str:
        assert (name, more["revision"], more["repo_type"]) == ("owner/name", COMMIT, "dataset")
        asked.append(local_files_only)
        store = cache_dir / "datasets--owner--name"
        snapshot = store / "snapshots" / COMMIT
        if not snapshot.exists():
            (snapshot / "data").mkdir(parents=True)
            (store / "blobs").mkdir()
            for number, path in enumerate(sorted((origin / "data").iterdir())):
                shutil.copy(path, store / f"blobs/{number}")
                (snapshot / "data" / path.name).symlink_to(f"../../../blobs/{number}")
        return str(snapshot)

    monkeypatch.setattr("huggingface_hub.snapshot_download", download)
    pinned = {"id": "owner/name", "revision": COMMIT}
    items = index(None, **pinned)
    assert items == index(origin) and asked == [False]
    assert hub(**pinned).fingerprint(None) == hub().fingerprint(origin)
    assert asked == [False, True]
    assert hub(**pinned).read(None, items[0]).frames.shape == (1, 16, 16, 3)
    assert (home / "private" / "hub").stat().st_mode & 0o777 == 0o700


def test_offline_a_dataset_that_is_not_here_is_missing_and_no_other_is_taken(
    tmp_path: Path,
) -> None:
    code = (
        "from irfer_datasets.hub.dataset import Hub\n"
        "from irfer_datasets.hub.params import HubParams\n"
        f"Hub(HubParams(id='owner/name', revision={COMMIT!r})).index(None)\n"
    )
    env = os.environ | {"HF_HUB_OFFLINE": "1", "IRFER_BENCH_HOME": str(tmp_path)}
    other = tmp_path / "hub/downloads/datasets--owner--name/snapshots" / ("f" * 40)
    write_parquet(other, face_rows())
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True)
    last = done.stderr.strip().splitlines()[-1]
    assert "MissingError" in last and f"owner/name at {COMMIT} cannot be had" in last


def test_without_a_folder_or_an_id_it_says_both() -> None:
    with pytest.raises(MissingError, match=r"--data-root hub=FOLDER, or -p hub.id"):
        index(None)


def test_the_copy_of_a_dataset_is_private_and_outlives_nothing_it_should_not(
    tmp_path: Path, home: Path
) -> None:
    root = write_parquet(tmp_path / "root", face_rows((0,)))
    first = index(root)
    assert (home / "private" / "hub").stat().st_mode & 0o777 == 0o700
    assert list(home.rglob("*.arrow")) and not list(root.rglob("*.arrow"))
    write_parquet(root, face_rows((1,)))
    assert {i.id for i in index(root)}.isdisjoint(i.id for i in first), "an old copy was read"


def test_another_process_finds_rows_without_a_survey_and_trusts_no_old_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [row("fear", k) for k in range(6)]
    dataset_of(rows).save_to_disk(tmp_path / "saved")
    items = index(tmp_path / "saved")
    pixels = {item.id: hub().read(tmp_path / "saved", item).frames for item in items}
    with monkeypatch.context() as broken:
        broken.setattr("irfer_datasets.hub.survey.survey", None)
        for item in items:
            np.testing.assert_array_equal(
                hub().read(tmp_path / "saved", item).frames, pixels[item.id]
            )
    shutil.rmtree(tmp_path / "saved")
    dataset_of(rows[::-1]).save_to_disk(tmp_path / "saved")
    other = hub()
    for item in items:
        np.testing.assert_array_equal(
            other.read(tmp_path / "saved", item).frames, pixels[item.id]
        )


def test_nobody_is_told_that_a_folder_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("datasets.load.get_session", lambda: pytest.fail("a request is made"))
    monkeypatch.setattr("datasets.config.HF_HUB_OFFLINE", False)
    assert len(index(write_imagefolder(tmp_path / "images", face_rows((0,))))) == 12
    assert len(index(write_parquet(tmp_path / "rows", face_rows((0,))))) == 12


def test_a_row_that_went_away_is_said(tmp_path: Path) -> None:
    root = write_parquet(tmp_path, [row("fear", 1, id="a"), row("fear", 2, id="b")])
    item = index(root)[1]
    write_parquet(root, [row("fear", 1, id="a")])
    with pytest.raises(MissingError, match=r"hub has no row b; the dataset changed"):
        hub().read(root, item)


def test_hooks_parameters_and_settings_import_nothing_heavy() -> None:
    code = (
        "import sys, irfer_datasets.hooks, irfer_datasets.hub.params, irfer_datasets.hub.settings,"
        "irfer_datasets.hub.dataset\n"
        "print([m for m in ('datasets', 'pandas', 'pyarrow', 'numpy', 'huggingface_hub', 'torch')"
        " if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_command_line_checks_and_lists_it(tmp_path: Path, home: Path, capsys: Any) -> None:
    from irfer_bench.cli import main

    rows = face_rows()
    rows.append(rows[0] | {"label": None, "pair": None})
    root = write_parquet(tmp_path / "root", rows)
    assert main(["data", "check", "hub", "--data-root", f"hub={root}", "--json"]) == 0
    seen = json.loads(capsys.readouterr().out)
    assert (seen["items"], seen["by_class"]["fear"], seen["by_class"]["unlabelled"]) == (37, 6, 1)
    assert seen["fingerprint"] == hub().fingerprint(root)
    assert main(["data", "items", "hub", "--data-root", f"hub={root}", "--format", "json"]) == 0
    assert len(json.loads(capsys.readouterr().out)) == 37
    bad = ["-p", 'hub.labels={"x": "y"}']
    assert main(["data", "check", "hub", "--data-root", f"hub={root}", *bad]) == 2
    assert {item.label for item in index(root)} - {None} <= set(CLASSES)


def test_a_video_column_is_a_clip_with_its_sound(tmp_path: Path) -> None:
    import av
    import pyarrow
    import pyarrow.parquet

    stream = BytesIO()
    with av.open(stream, "w", format="matroska") as container:
        track: Any = container.add_stream("ffv1", rate=10)
        track.width, track.height, track.pix_fmt = 16, 16, "bgr0"
        for k in range(4):
            picture = Image.new("RGB", (16, 16), (40 * k, 0, 0))
            container.mux(track.encode(av.VideoFrame.from_image(picture)))
        container.mux(track.encode(None))
    rows = {"video": [{"bytes": stream.getvalue(), "path": "a.mkv"}], "label": ["fear"]}
    pyarrow.parquet.write_table(pyarrow.table(rows), tmp_path / "clips.parquet")
    (item,) = index(tmp_path)
    clip = hub().read(tmp_path, item)
    assert item.frames == 4 and clip.frames[:, 0, 0, 0].tolist() == [0, 40, 80, 120]
    assert clip.fps == 10 and clip.audio is None
    assert hub().read(tmp_path, item, [2]).frames[:, 0, 0, 0].tolist() == [80]
