"""Kinds of inputs. A module has `seeds(kind)`, valid inputs, `mutate(kind, random, seed, others)`,
and `prepare(kind, content, place)`, which lays an input into a folder and gives the call that reads
it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Kind:
    """One kind of input.

    Args:
        name: also of its folder in the corpus. module: where it is made and read.
        share: of the inputs, relative to the other kinds; cheap ones get more.
        codes: exit codes that a refusal may have.
        writes_beside: it may write into the folder that it is called in.
    """

    name: str
    module: str
    share: float = 1.0
    codes: tuple[int, ...] = (2, 3, 4)
    writes_beside: bool = False


KINDS = {
    kind.name: kind
    for kind in (
        Kind("arguments", "tests.fuzz.kinds.arguments", writes_beside=True),
        Kind("suites", "tests.fuzz.kinds.suites"),
        Kind("records", "tests.fuzz.kinds.records", 2.0),
        Kind("predictions", "tests.fuzz.kinds.records"),
        Kind("documents", "tests.fuzz.kinds.documents", 2.0),
        Kind("annotations", "tests.fuzz.kinds.trees"),
        Kind("images", "tests.fuzz.kinds.images", 4.0, codes=(4,)),
        Kind("media", "tests.fuzz.kinds.media", 1.0, codes=(4,)),
        Kind("arrow", "tests.fuzz.kinds.arrow", 2.0, codes=(4,)),
        Kind("weights", "tests.fuzz.kinds.weights", codes=(2, 4)),
        Kind("announcements", "tests.fuzz.kinds.announcements"),
    )
}
