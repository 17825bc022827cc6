"""Printed values in Markdown: grey, with a letter for what a reader should know of each."""

from __future__ import annotations

from collections.abc import Sequence

from tabulate import tabulate

from irfer_bench.contracts.published import PublishedBoard, PublishedValue
from irfer_bench.render.escape import markdown
from irfer_bench.render.numbers import number

GREY, BLACK = '<span style="color:grey">', "</span>"
UNRANKED = (
    "Printed in the sources named, not measured here, and never ranked with measured rows: split, "
    "crop, frames and metric code differ in ways that papers do not always tell."
)


class Remarks:
    """What readers should know of some values, by the letters a, b, c."""

    def __init__(self, values: Sequence[PublishedValue]) -> None:
        self._texts = list(dict.fromkeys(value.remark for value in values if value.remark))

    def letter(self, value: PublishedValue) -> str:
        """The letter of a value, empty where there is nothing to know."""
        return _letter(self._texts.index(value.remark)) if value.remark else ""

    def printed(self, value: PublishedValue) -> str:
        """The value in grey with its letter."""
        letter = self.letter(value)
        return grey(number(value.value, "") + (f"<sup>{letter}</sup>" if letter else ""))

    def lines(self) -> list[str]:
        """The texts in order, each in grey behind its letter."""
        return [grey(f"{_letter(k)}: {markdown(t)}") + "  " for k, t in enumerate(self._texts)]


def describe_published(published: PublishedBoard) -> list[str]:
    """The section of a setting's page that holds printed values."""
    remarks = Remarks(published.values)
    names = [*published.metrics]
    body = []
    for row in published.rows:
        first = next(iter(row.values()))
        body.append([
            markdown(first.method),
            *(remarks.printed(row[name]) if name in row else "" for name in names),
            *map(markdown, _circumstances(first)),
        ])  # fmt: skip
    headers = ["method", *(f"{markdown(name)} %" for name in names)]
    headers += ["input", "protocol", "source"]
    return [
        "## Published",
        "",
        UNRANKED,
        "",
        tabulate(body, headers, tablefmt="github", disable_numparse=True),
        "",
        *remarks.lines(),
        "",
    ]


def _circumstances(value: PublishedValue) -> tuple[str, str, str]:
    protocol = ", ".join(filter(None, (value.split, value.protocol)))
    return describe_input(value), protocol, value.source


def describe_input(value: PublishedValue) -> str:
    """Modality and resolution, such as `AV 224`."""
    return " ".join(filter(None, (value.modality, value.resolution)))


def grey(text: str) -> str:
    """Markdown in grey."""
    return f"{GREY}{text}{BLACK}"


def _letter(place: int) -> str:
    return chr(ord("a") + place)
