"""What the columns of a Hugging Face dataset say: labels, spectra, splits and what is not there."""

from __future__ import annotations

from pathlib import Path

import pytest

from irfer_bench.api import DamagedError, MissingError, UsageError
from tests.irfer_datasets.hub.reading import cast_to_integers, hub, index, problems, row
from tests.irfer_datasets.hub_tree import write_parquet


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
    assert hub().identify(root).confidence < 0.5
    assert "say -p hub.image=NAME" in hub().identify(root).reason
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
    assert hub(**mapping).identify(root).confidence >= 0.9


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


def test_a_label_that_its_owner_hides_is_none(tmp_path: Path) -> None:
    rows = [row(k, number) for number, k in enumerate((0, None, -1))]
    items = index(write_parquet(tmp_path, rows, names=("fear", "anger")))
    assert sorted(str(item.label) for item in items) == ["None", "None", "fear"]


def test_columns_that_are_not_there_are_said_with_those_that_are(tmp_path: Path) -> None:
    rows = [{"image": row()["image"], "Emotion": "fear", "Label": "fear"}]
    root = write_parquet(tmp_path, rows, names=())
    ((kind, _, action),) = problems(root)
    assert kind == "missing_column"
    assert "it has image, Emotion, Label (did you mean Label?)" in action
    assert [item.label for item in index(root)] == [None]
    with pytest.raises(MissingError, match=r"no column 'emotion' for label.*mean Emotion"):
        index(root, label="emotion")
    with pytest.raises(MissingError, match=r"no column of images.*say -p hub.image=image"):
        index(root, image="")
    cast_to_integers(root)
    with pytest.raises(DamagedError, match=r"a column of images holds int64"):
        index(root, image="label", label="")


def test_labels_are_mapped_to_expressions_only() -> None:
    with pytest.raises(UsageError, match=r"did you mean anger"):
        hub(labels={"0": "angr"})
