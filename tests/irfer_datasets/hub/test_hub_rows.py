"""Rows of a Hugging Face dataset that cannot be used, come twice, moved or went away."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from irfer_bench.api import MissingError
from tests.irfer_datasets.hub.reading import hub, index, problems, row
from tests.irfer_datasets.hub_tree import dataset_of, write_parquet


@pytest.mark.parametrize(
    ("change", "kind", "says"),
    [
        ({"label": "angr"}, "unknown_label", "did you mean anger?"),
        ({"spectrum": "uv"}, "bad_row", "spectrum 'uv'; known: vis"),
        ({"lighting": "drak"}, "bad_row", "did you mean dark?"),
        ({"split": "tset"}, "bad_row", "did you mean test?"),
        ({"image": {"bytes": b"", "path": "a.png"}}, "damaged", "is empty"),
        ({"image": {"bytes": b"no image at all", "path": None}}, "damaged", "is no image"),
        ({"image": None}, "missing_item", "no image"),
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


def test_ids_that_come_twice(tmp_path: Path) -> None:
    rows = [row("fear", 1, id="a"), row("fear", 1, id="a"), row("anger", 2, id="a")]
    found = problems(write_parquet(tmp_path, rows))
    assert [(kind, where) for kind, where, _ in found] == [
        ("duplicate_row", "row 1 (a)"), ("duplicate_id", "row 2 (a)"),
    ]
    assert len(index(tmp_path)) == 1


def test_one_image_in_two_splits_is_told(tmp_path: Path) -> None:
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


def test_a_row_that_went_away_is_said(tmp_path: Path) -> None:
    root = write_parquet(tmp_path, [row("fear", 1, id="a"), row("fear", 2, id="b")])
    item = index(root)[1]
    write_parquet(root, [row("fear", 1, id="a")])
    with pytest.raises(MissingError, match=r"hub has no row b; the dataset changed"):
        hub().read(root, item)
