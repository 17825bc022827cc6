"""Reporters: bars on a terminal, lines in files, third-party text escaped."""

from __future__ import annotations

import io
import re

import pytest

from irfer_bench.experiment.graph import Step
from irfer_bench.experiment.steps import Score
from irfer_bench.orchestration import reporter as screen

SPEC = Score(setting=("toy_weak", "1"), fold=1, classes=["anger"], draws=1, metrics={})
ODD = "[/red] [link=http://x]y[/link] \x1b[31m"


def test_bars_escape_third_party_text(monkeypatch, capsys):
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "300")
    made = screen.LiveReporter()
    step = Step(ODD, SPEC)
    made.step(step)
    for done in range(3):
        made.progress(ODD, done + 1, 3, ODD)
        made._bars.refresh()
    made.finished(step, 1.0, True)
    made.line(ODD)
    made.close()
    shown = capsys.readouterr().err
    text = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", shown)
    assert "[/red] [link=http://x]y[/link] \\x1b[31m" in text
    assert "\x1b]8;" not in shown, "no link"


def test_plain_lines_come_every_ten_seconds_with_an_estimate(monkeypatch, capsys):
    now = [0.0]
    monkeypatch.setattr(screen.time, "monotonic", lambda: now[0])
    plain = screen.PlainReporter()
    plain.step(Step("fit x", SPEC))
    for done in range(1, 61):
        now[0] += 1
        plain.progress("loop", done, 60)
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "  fit x …"
    assert len(lines) == 6
    assert lines[1] == "    loop 10/60, elapsed 0:09, about 0:45 left"


def test_no_time_left_is_told_before_three_percent():
    assert screen.tell_times(7, 2, 100) == "elapsed 0:07"
    assert screen.tell_times(7, 3, 100) == "elapsed 0:07, about 3:46 left"
    assert screen.tell_times(3723, 0, None) == "elapsed 1:02:03"
    assert screen.tell_times(35, 50, 60) == "elapsed 0:35, about 0:07 left"
    assert screen.tell_times(0, 0, 0) == "elapsed 0:00"


@pytest.mark.parametrize("width", [80, 120])
def test_bars_fit_into_the_terminal(monkeypatch, capsys, width):
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", str(width))
    made = screen.LiveReporter()
    made.step(Step("translate the training part by nfer_sde@cond_h", SPEC))
    made._bars.refresh()
    for done in (1, 9_000, 29_000):
        made.progress("landmark network of a long name", done, 30_000)
        made._bars.refresh()
    made.close()
    text = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", capsys.readouterr().err)
    lines = [line for line in re.split(r"[\r\n]", text) if line.strip()]
    assert max(map(len, lines)) <= width
    assert any("9000/30000 elapsed 0:00, about 0:00 left" in line for line in lines)
    assert any(re.search(r"\b1/30000 elapsed 0:00 *$", line) for line in lines)
    assert not [line for line in lines if "0/?" in line]


def test_bars_only_where_somebody_looks(monkeypatch):
    monkeypatch.setattr("sys.stderr", io.StringIO())
    assert type(screen.open_reporter()) is screen.PlainReporter
