"""Pages that no program writes: their length, the setting that one of them shows, the citation."""

from __future__ import annotations

import re
from typing import Any, get_args

from irfer_bench.registry import Registry
from irfer_bench.settings.kinds import protocol_of
from irfer_bench.settings.setting import SettingKind
from tests.doc_pages import PAGES, ROOT, blocks

MADE = re.compile(r"^```.*?^```$|<!-- board.*?<!-- /board -->|<!-- measured.*", re.M | re.S)
SETTING_PAGE = ROOT / "docs/write-a-setting.md"


def test_pages_are_short_enough_to_be_read() -> None:
    written = [page for page in PAGES if page.parent.name != "reference"]
    words = [word for page in written for word in MADE.sub("", page.read_text("utf-8")).split()]
    assert sum(1 for word in words if re.search(r"\w", word)) <= 16_000


def test_the_setting_of_the_page_is_one() -> None:
    (block,) = [block for block in blocks(SETTING_PAGE) if block.runs]
    space: dict[str, Any] = {"__name__": "my_settings"}
    exec(compile(block.text, str(SETTING_PAGE), "exec"), space)  # noqa: S102  the page's own code
    (component,) = space["irfer_bench_components"]()
    assert Registry().add(component, "my_settings") == ""
    setting = space[component.factory.partition(":")[2]]
    assert setting.name == component.name
    assert protocol_of(setting).shots


def test_the_page_names_every_kind_of_setting() -> None:
    shown = re.findall(r"^\| `(\w+)` \|", SETTING_PAGE.read_text("utf-8"), re.M)
    assert sorted(shown) == sorted(get_args(SettingKind))


def test_troubleshooting_quotes_what_the_programs_say() -> None:
    """In the first column; a number in parentheses is the exit code."""
    page = (ROOT / "docs/troubleshooting.md").read_text("utf-8")
    quoted = re.findall(r"^\| `([^`]+)` (?:\(\d\)|on a row) \|", page, re.M)
    assert len(quoted) == 4
    folders = (ROOT / "irfer_bench", ROOT / "plugins")
    code = [path.read_text("utf-8") for folder in folders for path in folder.rglob("*.py")]
    for text in quoted:
        said = re.compile(r"\{[\w.]+\}".join(map(re.escape, text.split("…"))))
        assert any(said.search(source) for source in code), text


def test_the_citation_names_this_version() -> None:
    version = re.search(r'^version = "(.+)"$', (ROOT / "pyproject.toml").read_text("utf-8"), re.M)
    assert version
    assert f"\nversion: {version[1]}\n" in (ROOT / "CITATION.cff").read_text("utf-8")
