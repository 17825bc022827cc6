"""Parts: shared where a family declares one owner, and never between distributions."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from irfer_bench.api import Component, Params, State, Traits
from irfer_bench.engine.context import StepContext
from irfer_bench.experiment.methods import Method, resolve_method, resolve_traits
from irfer_bench.registry import Registry
from irfer_bench.store.artefacts import Store
from irfer_bench.testing.memory import MemoryContext

SHARED = {"net": "family.net/1"}


def method(name: str, distribution: str, parts: dict[str, str], version: str = "1") -> Method:
    component = Component("translator", name, "a.b:C", version=version, parts=parts)
    return Method(component, distribution, "", "paper", Params(), {}, {})


class Counted:
    """Counts how often a part is built."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self) -> State:
        self.count += 1
        return State({"weights": np.ones(2, np.float32)})


@pytest.fixture(params=["store", "memory"])
def ask(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[..., Any]:
    """Asks for the part `net` as a method's step would."""
    store, kept = Store(tmp_path / "store"), {}

    def in_store(who: Method, build: Counted, precision: str = "fp32") -> None:
        StepContext(
            store, f"step of {who.name}", "fit", who.owner_of, 0, "cpu", precision, tmp_path,
            lambda *told: None,
        ).part("net", {"width": 8}, build)  # fmt: skip

    def in_memory(who: Method, build: Counted, precision: str = "fp32") -> None:
        identity = f"{who.component.name}/{who.component.version}"
        MemoryContext(
            parts=kept, distribution=f"{who.distribution} {precision}", component=identity,
            owners=who.component.parts,
        ).part("net", {"width": 8}, build)  # fmt: skip

    return in_store if request.param == "store" else in_memory


def test_two_methods_with_one_owner_share_the_part(ask: Callable[..., Any]) -> None:
    build = Counted()
    ask(method("one", "irfer-bench", SHARED), build)
    ask(method("two", "irfer-bench", SHARED, version="7"), build)
    assert build.count == 1
    ask(method("one", "irfer-bench", SHARED), build, "bf16")
    assert build.count == 2


@pytest.mark.parametrize(
    "other",
    [
        method("one", "somebody", SHARED),
        method("two", "irfer-bench", {"net": "family.net/2"}),
        method("two", "irfer-bench", {"net": ""}),
        method("two", "irfer-bench", {}),
        method("one", "irfer-bench", {}, version="2"),
    ],
    ids=["another distribution", "another version", "empty owner", "undeclared", "own version"],
)
def test_every_other_part_is_its_own(ask: Callable[..., Any], other: Method) -> None:
    build = Counted()
    for first in (method("one", "irfer-bench", SHARED), method("one", "irfer-bench", {})):
        ask(first, build)
    before = build.count
    ask(other, build)
    assert build.count == before + 1


def test_parts_of_an_edited_editable_package_are_new() -> None:
    component = Component("translator", "one", "a.b:C", parts=SHARED)
    owners = [
        Method(component, "somebody", "", "paper", Params(), {}, {}, code=code).owner_of("net")
        for code in ("", "0a", "0b")
    ]
    assert len(set(owners)) == 3


class Refined(Params, frozen=True):
    """Says by its values what the component cannot."""

    traits_now: str = "pairs"

    def traits(self) -> Traits:
        return {self.traits_now: True}  # type: ignore[misc]


def test_parameters_refine_the_declared_traits() -> None:
    component = Component("translator", "one", "a.b:C", traits={"trains": False, "pairs": False})
    traits = resolve_traits(component, Refined())
    assert (traits["trains"], traits["pairs"], traits["partners"]) == (False, True, False)


def test_a_misspelt_trait_of_the_parameters_is_one_line(tmp_path: Path) -> None:
    registry = Registry()
    address = f"{__name__}:Refined"
    registry.add(Component("translator", "one", "a.b:C", address), "somebody")
    from irfer_bench.errors import CellError

    with pytest.raises(CellError, match=r"unknown trait 'pears' of a translator; did you mean"):
        resolve_method(
            registry, "translator", "one", preset="paper", given={"traits_now": "pears"},
            weights=tmp_path,
        )  # fmt: skip
