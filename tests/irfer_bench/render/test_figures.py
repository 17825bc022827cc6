"""Figures: what they say, that nothing is cut off, and that equal records give equal bytes."""

from __future__ import annotations

import re

import msgspec
import numpy as np
import pytest
from PIL import Image

from irfer_bench.contracts.record import KeptItem, Value
from irfer_bench.render.figures import canvas
from irfer_bench.render.figures.confusion import draw_confusion
from irfer_bench.render.figures.recall import draw_recall
from irfer_bench.render.figures.sheet import Example, draw_examples
from irfer_bench.statistics.kept import Reader
from irfer_bench.statistics.recalls import recalls
from irfer_bench.store.records import read_record
from tests.irfer_bench.store.test_records import GOLDEN
from tests.irfer_bench.test_boards import write

CLASSES = ["anger", "disgust", "fear", "happiness", "sadness", "surprise", "neutral"]


@pytest.fixture
def texts(monkeypatch):
    """SVG whose letters stay text, so that a test can read them."""
    monkeypatch.setitem(canvas.STYLE, "svg.fonttype", "none")
    monkeypatch.setattr(canvas, "DPI", 60)

    def read(path):
        return [re.sub("<.*?>", "", each).strip()
                for each in re.findall(r"<text.*?</text>", path.read_text(), re.S)]  # fmt: skip

    return read


def seven(counts, **changes):
    record = read_record(GOLDEN)
    return msgspec.structs.replace(
        record, confusion=counts, classes=CLASSES[: len(counts)], **changes
    )


def test_a_confusion_matrix_has_shares_counts_title_and_scores(tmp_path, texts):
    counts = [[3 * (i == k) + (k == 0) for k in range(7)] for i in range(7)]
    made = draw_confusion(seven(counts), tmp_path / "c")
    assert [path.name for path in made] == ["c.png", "c.svg"]
    said = texts(tmp_path / "c.svg")
    assert "toy_shift (gain=2.0) × toy_means on toy_weak" in said
    assert "fold 1 of 2, seed 0, preset quick, 15 test items" in said
    assert {"predicted", "true", *CLASSES} <= set(said)
    assert said.count("75 %") == 6 and said.count("100 %") == 1 and said.count("25 %") == 6
    assert said.count("3") == 6 and said.count("4") == 1
    assert any(re.match(r"accuracy [0-9.]+ % \[", line) for line in said)


def test_a_darker_cell_is_a_larger_share(tmp_path, monkeypatch):
    monkeypatch.setattr(canvas, "DPI", 60)
    draw_confusion(seven([[90, 10], [0, 5]]), tmp_path / "c")
    grey = np.asarray(Image.open(tmp_path / "c.png").convert("L")).astype(int)
    assert (grey < 90).mean() > 0.1, "two cells of the diagonal are dark"


def test_nothing_is_cut_off(tmp_path, monkeypatch):
    """Whatever the names are, the outermost pixels of a figure are white."""
    monkeypatch.setattr(canvas, "DPI", 60)
    record = seven([[1, 2], [3, 4]])
    long = "a translator with a name of many words (parameters=1, further=2)"
    cell = msgspec.structs.replace(record.cell, translator=long, setting="s" * 60)
    record = msgspec.structs.replace(record, cell=cell, classes=["helplessness", "$x$ 表情"])
    draw_confusion(record, tmp_path / "c")
    face = np.full((8, 8, 3), 99, np.uint8)
    draw_examples(record, [("helplessness", [Example(face, face, None, "9.9 dB")])], tmp_path / "s")
    for name in ("c", "s"):
        grey = np.asarray(Image.open(tmp_path / f"{name}.png").convert("L"))
        for edge in (grey[0], grey[-1], grey[:, 0], grey[:, -1]):
            assert edge.min() > 200, name


def test_equal_records_give_equal_bytes(tmp_path):
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        draw_confusion(seven([[1, 2], [3, 4]]), tmp_path / folder / "c")
    for suffix in ("png", "svg"):
        one, two = ((tmp_path / f / f"c.{suffix}").read_bytes() for f in ("one", "two"))
        assert one == two
    assert b"<dc:date>" not in two and b"matplotlib v" not in two
    image = Image.open(tmp_path / "one" / "c.png")
    assert round(image.info["dpi"][0]) == 300


def test_the_users_style_changes_nothing(tmp_path):
    import matplotlib

    (tmp_path / "own").mkdir()
    draw_confusion(seven([[1, 2], [3, 4]]), tmp_path / "c")
    with matplotlib.rc_context({"font.size": 30, "text.usetex": True, "savefig.bbox": "tight"}):
        draw_confusion(seven([[1, 2], [3, 4]]), tmp_path / "own" / "c")
        assert matplotlib.rcParams["font.size"] == 30
    assert (tmp_path / "c.svg").read_bytes() == (tmp_path / "own" / "c.svg").read_bytes()


def test_recall_of_each_class_with_its_interval(tmp_path, texts):
    record = write(tmp_path, "a", right=0.8)
    tested = Reader(tmp_path).read(record).items
    found = recalls(tested)
    right = tested.tested.labels == tested.scores.argmax(1)
    for k, own in enumerate(found):
        mine = tested.tested.labels == k
        assert own.value == pytest.approx(right[mine].mean())
        assert own.items == mine.sum()
        assert 0 <= own.low < own.value < own.high <= 1
    draw_recall(record, tested, tmp_path / "r")
    said = texts(tmp_path / "r.svg")
    assert f"anger ({found[0].items})" in said
    assert f"{100 * found[0].value:.1f}" in said
    assert any("chance 33.3 %" in line for line in said)


def test_a_class_without_items_and_one_subject_have_no_interval(tmp_path):
    from irfer_bench.statistics.kept import Tested, TestItems

    items = [KeptItem(f"i{k}", "only", "anger", [0.0, -1.0 - k]) for k in range(3)]
    tested = Tested(
        tuple(item.id for item in items), ("only",) * 3, ("anger",) * 3, ("anger", "fear"),
        np.zeros(3, np.int64), 3,
    )  # fmt: skip
    first, second = recalls(TestItems(tested, np.array([item.scores for item in items])))
    assert (first.value, first.low, first.items) == (1.0, None, 3)
    assert (second.value, second.items) == (None, 0)


def test_a_sheet_names_method_setting_and_scores(tmp_path, texts):
    record = read_record(GOLDEN)
    metrics = record.metrics | {"psnr": Value(value=21.5, low=20.0, high=22.0, unit="dB")}
    record = msgspec.structs.replace(record, metrics=metrics)
    face = np.zeros((8, 8, 3), np.uint8)
    rows = [("anger", [Example(face, face, face, "20.1 dB"), Example(face, face, None)])]
    draw_examples(record, rows, tmp_path / "s")
    said = texts(tmp_path / "s.svg")
    assert "toy_shift (gain=2.0) × toy_means on toy_weak" in said
    assert any("psnr 21.50 dB [20.00, 22.00]" in line for line in said)
    assert {"visible", "translated", "true", "anger", "20.1 dB"} <= set(said)
