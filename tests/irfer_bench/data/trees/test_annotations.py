"""Annotation files as people save them."""

from __future__ import annotations

from pathlib import Path

import pytest

from irfer_bench.api import DamagedError, open_annotation

TEXT = "video_name,label\r\n00001,2\r\n\r\n 00002 , 3\r\n"
ROWS = [{"video_name": "00001", "label": "2"}, {"video_name": "00002", "label": "3"}]


def write(root: Path, data: bytes) -> Path:
    path = root / "anno" / "list.csv"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(data)
    return path


@pytest.mark.parametrize(
    ("data", "encoding"),
    [
        (TEXT.encode(), "utf-8"),
        (TEXT.strip().encode(), "utf-8"),
        (TEXT.replace("\r\n", "\n").encode(), "utf-8"),
        (TEXT.replace("\r\n", "\r").encode(), "utf-8"),
        (TEXT.encode("utf-8-sig"), "utf-8-sig"),
        (TEXT.encode("utf-16"), "utf-16"),
        (TEXT.replace("video_name,label", '"Video_Name", "LABEL"').encode(), "utf-8"),
    ],
)
def test_every_way_to_save_a_list_gives_the_same_rows(
    tmp_path: Path, data: bytes, encoding: str
) -> None:
    found = open_annotation(write(tmp_path, data), tmp_path)
    assert (found.encoding, found.name) == (encoding, "anno/list.csv")
    assert [row for _, row in found.records(("video_name", "label"))] == ROWS
    lines = [text for _, text in found.lines()]
    assert lines[1].split(",")[0] == "00001" and len(lines) == 3
    assert [p.kind for p in found.problems()] == (["encoding"] if encoding == "utf-16" else [])


def test_chinese_captions_are_read_in_either_encoding_and_quotes_there_are_text(
    tmp_path: Path,
) -> None:
    caption = '00025.mp4\tanger\t一个女人"生气地说话\tA woman "angry\r\n00026.mp4\tfear\t\t\r\n'
    for encoding in ("utf-8", "gb18030"):
        found = open_annotation(write(tmp_path, caption.encode(encoding)), tmp_path)
        rows = list(found.rows("\t"))
        assert rows[0] == (1, ["00025.mp4", "anger", '一个女人"生气地说话', 'A woman "angry'])
        assert rows[1][1][:2] == ["00026.mp4", "fear"]
        assert found.encoding == encoding
    (problem,) = found.problems()
    assert (problem.kind, problem.path) == ("encoding", "anno/list.csv")
    assert "gb18030" in problem.action


def test_a_character_on_the_border_of_two_blocks_is_whole(tmp_path: Path) -> None:
    text = "x" * ((1 << 20) - 1) + "气"
    assert open_annotation(write(tmp_path, text.encode()), tmp_path).encoding == "utf-8"
    found = open_annotation(write(tmp_path, text.encode("gb18030")), tmp_path)
    assert found.encoding == "gb18030"
    assert [line for _, line in found.lines()] == [text]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "is empty"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "is neither UTF-8 nor GB18030"),
        (b"00001,2\x00\x00\x00", "is neither UTF-8 nor GB18030"),
        (b"00001,2\xff", "is neither UTF-8 nor GB18030"),
        (b"\xef\xbb\xbf\xc4\xe3", "is neither UTF-8 nor GB18030"),
    ],
)
def test_what_is_no_text_is_damaged(tmp_path: Path, data: bytes, said: str) -> None:
    with pytest.raises(DamagedError, match=f"^anno/list.csv {said}"):
        open_annotation(write(tmp_path, data), tmp_path)


def test_a_missing_list_or_column_is_named_and_a_linked_list_is_read(tmp_path: Path) -> None:
    with pytest.raises(DamagedError, match=r"none\.csv cannot be read"):
        open_annotation(tmp_path / "none.csv", tmp_path)
    outside = write(tmp_path, TEXT.encode())
    (tmp_path / "root").mkdir()
    (tmp_path / "root/list.csv").symlink_to(outside)
    assert open_annotation(tmp_path / "root/list.csv", tmp_path / "root").name == "list.csv"
    found = open_annotation(write(tmp_path, b"name,label\n1,2\n"), tmp_path)
    with pytest.raises(DamagedError, match=r"lacks column video_name \(it has name, label\)"):
        list(found.records(("video_name", "label")))


def test_a_cell_without_end_is_damaged(tmp_path: Path) -> None:
    endless = 'a,b\n"' + "x" * 200_000
    found = open_annotation(write(tmp_path, endless.encode()), tmp_path)
    with pytest.raises(DamagedError, match="not readable"):
        list(found.rows())
