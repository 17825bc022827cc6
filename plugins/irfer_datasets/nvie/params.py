"""Parameters of NVIE; imports nothing heavy."""

from __future__ import annotations

from typing import Annotated, Literal

from irfer_bench.api import BASIC, Params, fit
from irfer_datasets.labels import canonical


class NvieParams(Params, frozen=True, kw_only=True):
    """With `lists = pdf` the items are the images of three list files and nothing else.

    Raises:
        ValueError: `lists = pdf` without six different names in `digits`.
    """

    lists: Annotated[
        Literal["none", "pdf"],
        fit("pdf: read SpontaneousDatabase/{source,target_train,target_test}.txt"),
    ] = "none"
    digits: Annotated[
        str,
        fit("what digits 0 to 5 of the lists mean: six expressions, separated by commas"),
    ] = ""

    def __post_init__(self) -> None:
        if self.lists == "none":
            return
        if sorted(self.names) != sorted(BASIC):
            given = f"{self.digits!r} does not" if self.digits else "nothing does"
            raise ValueError(
                f"lists = {self.lists} needs to know what digits 0 to 5 mean, and {given} say it: "
                "the public code does not either, so ask whoever made the lists; "
                f"nvie.digits = six of {', '.join(BASIC)} in their order"
            )

    @property
    def names(self) -> tuple[str, ...]:
        """The class of each digit; empty where a name is unknown."""
        given = [canonical(name) for name in self.digits.split(",")]
        return tuple(name for name in given if name is not None)
