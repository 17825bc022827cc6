"""Reporters: bars on a terminal, lines in files, third-party text escaped."""

from __future__ import annotations

import io
import re

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


def test_bars_only_where_somebody_looks(monkeypatch):
    monkeypatch.setattr("sys.stderr", io.StringIO())
    assert type(screen.open_reporter()) is screen.PlainReporter
