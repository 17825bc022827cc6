"""Third-party text is escaped: it adds no cell, link, tag or escape sequence."""

from __future__ import annotations

import html
import re

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from irfer_bench.render import escape
from irfer_bench.render.markdown import render_page as render
from irfer_bench.render.panel import render_panel
from irfer_bench.statistics.board import make_boards
from irfer_bench.store import records
from irfer_bench.store.records import Value
from tests.irfer_bench.store.test_records import GOLDEN

STEERING = "|`[](){}<>\\*_~#&$!:=-\n\r\t\x1b\x9b\u202e"
STRANGE = st.text(st.characters() | st.sampled_from(list(STEERING)))
CELL = re.compile(r"(?<!\\)(?:\\\\)*\|")


@given(STRANGE)
def test_nothing_steers_a_terminal(text):
    shown = escape.terminal(text)
    assert shown.isprintable() or not shown
    assert len(shown.splitlines()) <= 1


@given(STRANGE)
@example("a | b")
@example("\\| c")
@example("https://evil.example [x](y) <b>")
def test_nothing_ends_a_markdown_cell(text):
    shown = escape.markdown(text)
    assert not CELL.search(shown)
    assert "\n" not in shown
    bare = re.sub(r"\\[!-/:-@\[-`{-~]", "", shown)
    assert not set(bare) & set("|`[]()<>*_~#&$!\\")
    assert "http:" not in shown
    assert "https:" not in shown
    assert re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", shown) == escape.terminal(text)


@given(STRANGE)
def test_nothing_becomes_a_tag(text):
    shown = escape.web(text)
    assert not set(shown) & set("<>\"'")
    assert html.unescape(shown) == escape.terminal(text)


def strange_record(text, name="accuracy"):
    golden = records.read_record(GOLDEN)
    change = msgspec.structs.replace
    steps = [change(step, title=text) for step in golden.steps]
    cell = change(
        golden.cell, translator=text, recognizer=text, preset=text, primary=name,
        setting_version=text, fit_translator_on=text,
    )  # fmt: skip
    metrics = {
        name: Value(value=0.5, low=0.4, high=0.6, unit=text),
        f"{name}{text}": Value(value=None, reason=text),
    }
    return records.sealed(change(
        golden, cell=cell, metrics=metrics, steps=steps, warnings=[text],
        classes=[text, f"{text}2", f"{text}3"], data=change(golden.data, fingerprint=text),
    ))  # fmt: skip


@given(STRANGE)
@example("x | y\n| z |")
@example("\ud800")
def test_a_third_party_record_adds_no_cell_to_a_page(tmp_path_factory, text):
    page = render(make_boards([strange_record(text)], tmp_path_factory.mktemp("out")))
    rows = [line for line in page.splitlines() if line.startswith("|")]
    assert len(rows) == 6, "a table of the metrics and one of the recalls"
    for table in (rows[:3], rows[3:]):
        assert len({len(CELL.findall(row)) for row in table}) == 1
    assert all(line.isprintable() for line in page.split("\n"))
    assert "<script" not in page


@given(STRANGE)
def test_a_third_party_record_sends_no_escape_sequence(tmp_path_factory, text):
    panel = render_panel(strange_record(text), tmp_path_factory.mktemp("out") / "x.json")
    assert all(line.isprintable() for line in panel.split("\n"))


@pytest.mark.parametrize("text", ["\x1b[31mred", "a\u202eb", "a\nb", "\x07", "\u2028"])
def test_examples(text):
    assert "\\x" in escape.terminal(text)
