"""Parameters of dataset `folder`; imports nothing heavy."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from irfer_bench.api import Params, fit


class FolderParams(Params, frozen=True, kw_only=True):
    """What the folders' names do not say.

    Raises:
        ValueError: `subject` is no regular expression.
    """

    spectrum: Annotated[
        Literal["", "vis", "nir", "lwir"],
        fit("of a tree without the level of the spectrum: <subject>/<expression>/<name>"),
    ] = ""
    subject: Annotated[
        str,
        fit("regular expression that finds the subject in a file's name, as `^[^_]+`; where no "
            "folder names it"),
    ] = ""  # fmt: skip
    classes: Annotated[
        str,
        fit("own classes, separated by commas; needed where a name resembles an expression, or "
            "where no folder names one"),
    ] = ""  # fmt: skip

    @property
    def own(self) -> tuple[str, ...]:
        """The names in `classes`."""
        return tuple(name.strip().casefold() for name in self.classes.split(",") if name.strip())

    def __post_init__(self) -> None:
        """Refuse a pattern that cannot be searched for."""
        try:
            re.compile(self.subject)
        except re.error as error:
            raise ValueError(f"subject {self.subject!r} is no pattern ({error})") from None
