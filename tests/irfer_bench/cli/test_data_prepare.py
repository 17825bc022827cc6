"""`data prepare`: prepared once, shown as a table, faces only on request."""

from __future__ import annotations

import json
import os
import re
import stat
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from safetensors.numpy import save_file

from irfer_bench.data.clips import StoredClips
from tests.irfer_bench.cli.conftest import Data, Outcome
from tests.irfer_datasets.trees import folder_tree

SETTING = "folder_nir_weak5"
NOTE = "Faces: not to be published unless your licence says otherwise.\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return folder_tree(tmp_path / "tree", labels=("anger", "fear"))


@pytest.fixture(autouse=True)
def usual_mask() -> Any:
    before = os.umask(0o022)
    yield
    os.umask(before)


def plain(said: Outcome, tmp_path: Path) -> list[str]:
    """The table without folders and digests."""
    text = said.out.replace(str(tmp_path), "<here>")
    text = re.sub(r"artefacts/../[0-9a-f]{64}", "artefacts/<key>", text)
    return re.sub(r"(crops +)[0-9a-f]{16}\b", r"\1<digest>", text).splitlines()


def clips_of(said: Outcome) -> list[StoredClips]:
    return [StoredClips(Path(row["folder"]), "key") for row in said.json["prepared"]]


def mode(path: Path) -> str:
    return oct(stat.S_IMODE(path.stat().st_mode))


def test_the_whole_output(data: Data, root: Path, tmp_path: Path) -> None:
    said = data("prepare", "folder", "--data-root", root)
    assert said.code == 0 and "Traceback" not in said.err
    block = [
        "  boxes        <here>/home/store/artefacts/<key>/boxes.json",
        "  crops        <digest>",
        "  sheet        none: people; --allow-faces folder draws one into the private cache",
        "  class      any light    clips    subjects",
        "  -------  -----------  -------  ----------",
        "  anger              2        2           2",
        "  fear               2        2           2",
        "  2 subjects, 2 clips each",
    ]
    line = "prepare folder {} main: 4 clips of 256 px, {}: <here>/home/store/artefacts/<key>"
    assert plain(said, tmp_path) == [
        line.format("vis", "made"), *block, line.format("nir", "made"), *block
    ]  # fmt: skip
    again = data("prepare", "folder", "--data-root", root)
    assert plain(again, tmp_path)[0] == line.format("vis", "already there") and again.err == ""
    said = data("prepare", "folder", "--data-root", root, "--json")
    assert (said.json["setting"], said.json["size"]) == (SETTING, 256)
    assert [(row["clips"], row["cached"]) for row in said.json["prepared"]] == [(4, True)] * 2
    assert [clip.frames.shape for clip in clips_of(said)[0].view()] == [(1, 256, 256, 3)] * 4


def test_prepared_images_are_for_their_user_alone(data: Data, root: Path, home: Path) -> None:
    data("prepare", "folder", "--data-root", root, "--allow-faces", "folder")
    for folder in ("store", "manifests", "private", "private/folder", "private/folder/sheets"):
        assert mode(home / folder) == "0o700", folder
    assert not list(Path().glob("**/*.png")) or all(
        {"tree", "private"} & set(path.parts) for path in Path().glob("**/*.png")
    )


def test_a_sheet_of_faces_is_drawn_only_where_allowed_and_says_so(
    data: Data, root: Path, home: Path
) -> None:
    data("prepare", "folder", "--data-root", root, "--allow-faces", "oulu_casia")
    assert not (home / "private").exists()
    said = data("prepare", "folder", "--data-root", root, "--allow-faces", "folder", "--json")
    place = home / "private" / "folder" / "sheets"
    assert [Path(row["sheet"]).parent for row in said.json["prepared"]] == [place] * 2
    assert (place / "DO_NOT_PUBLISH.txt").read_text() == NOTE
    with Image.open(place / "prepare-folder-nir-main.png") as sheet:
        pixels = np.asarray(sheet.convert("L"))
    face = np.asarray(Image.fromarray(clips_of(said)[1].clip(0).frames[0]).resize((96, 96)))
    left = pixels.shape[1] - 2 * 96
    assert pixels.shape[0] == 20 + 2 * 96 and left > 0
    assert (pixels[20:116, left : left + 96] == face[..., 0]).all()


def test_allowing_an_unknown_dataset_is_refused(data: Data, root: Path) -> None:
    said = data("prepare", "folder", "--data-root", root, "--allow-faces", "foldr")
    assert said.code == 2 and "did you mean 'folder'" in said.err and said.out == ""


def test_where_no_face_is_found_the_rule_decides_and_is_said(data: Data, root: Path) -> None:
    words = ("prepare", "folder", "--data-root", root, "--detector", "opencv")
    said = data(*words)
    assert said.code == 0
    assert said.out.count("  detector     opencv, box times 1.3\n") == 2
    assert said.out.count("  no face      4 frames, taken whole\n") == 2
    said = data(*words, "--no-face", "fail")
    assert said.code == 4 and "no face found in " in said.err and "by opencv" in said.err
    said = data(*words, "--no-face", "drop")
    assert said.code == 4 and "opencv found no face in any of 4 items" in said.err


def test_dropped_frames_are_counted_and_the_others_kept(data: Data, root: Path) -> None:
    assert data("prepare", "folder", "--data-root", root, "--boxes-out", "all.json").code == 0
    squares = json.loads(Path("all.json").read_text())
    items = json.loads(data("items", "folder", "--data-root", root, "--format", "json").out)
    # An image without a box is cut by its registered partner's: both must be lacking.
    lost = [item["id"] for item in items if item["pair"] == items[0]["pair"]]
    kept = {name: square for name, square in squares.items() if name not in lost}
    assert len(kept) == 6
    Path("some.json").write_text(json.dumps(kept))
    words = ("prepare", "folder", "--data-root", root, "--boxes", "some.json", "--json")
    for rule, counts in (("drop", [3, 3]), ("whole", [4, 4])):
        rows = data(*words, "--no-face", rule).json["prepared"]
        assert sorted(row["clips"] for row in rows) == counts
        assert [row["no_face"] for row in rows] == [1, 1]
    said = data(*words, "--no-face", "fail")
    assert said.code == 4 and "by boxes; give its box" in said.err
    assert any(f"no face found in {name}" in said.err for name in lost)


def test_another_laboratorys_boxes_give_the_same_pixels_and_digest(
    data: Data, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Lab A finds faces by landmarks; lab B has only A's squares."""
    items = json.loads(
        data("items", "folder", "--data-root", root, "--format", "json").out
    )
    rng = np.random.default_rng(0)
    points = {
        item["id"]: rng.uniform(4, 20, (1, 68, 2)).astype(np.float32) for item in items
    }
    save_file(points, tmp_path / "points.safetensors")
    words = ("prepare", "folder", "--data-root", root, "--json")
    mine = data(
        *words, "--detector", "landmarks", "--landmarks", "points.safetensors",
        "--boxes-out", "boxes.json",
    )  # fmt: skip
    centre = data(*words)
    monkeypatch.setenv("IRFER_BENCH_HOME", str(tmp_path / "lab b"))
    theirs = data(*words, "--boxes", "boxes.json")
    assert mine.json["setting"] == f"{SETTING}@landmarks"
    assert theirs.json["setting"] == f"{SETTING}@boxes"
    for one, other, plain_one in zip(
        mine.json["prepared"], theirs.json["prepared"], centre.json["prepared"], strict=True
    ):
        assert one["crops"] == other["crops"] != plain_one["crops"]
    for one, other in zip(clips_of(mine), clips_of(theirs), strict=True):
        assert one.view().ids == other.view().ids
        for a, b in zip(one.view(), other.view(), strict=True):
            assert np.array_equal(a.frames, b.frames)


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("--detector", "opencv", "--boxes", "b.json"), 2, "means --detector boxes, not opencv"),
        (("--detector", "opencvv"), 2, "did you mean 'opencv'"),
        (("--boxes", "none.json"), 3, "none.json: no such file"),
        (("--boxes", "b.json"), 4, "--boxes b.json cannot be read"),
        (("--detector", "landmarks"), 3, "pass --landmarks FILE"),
        (("--detector", "boxes"), 3, "pass --boxes FILE"),
        (("-s", "folder_nir_weak"), 2, "did you mean"),
    ],
)
def test_what_cannot_be_cropped_is_one_line(
    data: Data, root: Path, words: tuple[str, ...], code: int, says: str
) -> None:
    Path("b.json").write_text('{"x": [1, 2]}')
    said = data("prepare", "folder", "--data-root", root, *words)
    assert said.code == code and says in said.err and said.out == ""
    assert said.err.count("irfer-bench: ") == 1 and "Traceback" not in said.err


def test_a_damaged_image_stops_it_whether_or_not_it_was_checked(data: Data, root: Path) -> None:
    (root / "nir/ben/anger/0.png").write_bytes(b"\x89PNG")
    for _ in range(2):
        said = data("prepare", "folder", "--data-root", root)
        assert said.code == 4 and "nir/ben/anger/0.png cannot be decoded" in said.err
        assert "Traceback" not in said.err
        assert data("check", "folder", "--data-root", root).code == 4


@pytest.mark.parametrize("value", ["0", "abc", "-1", "1.5", "²"])
def test_a_number_of_workers_that_is_none_is_one_line(
    data: Data, root: Path, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IRFER_BENCH_WORKERS", value)
    said = data("prepare", "folder", "--data-root", root)
    assert said.code == 2 and f"IRFER_BENCH_WORKERS={value!r} is no number of processes" in said.err
    assert "Traceback" not in said.err
