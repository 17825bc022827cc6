"""Checks of what a plugin announces: names, addresses, traits and shared parts."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, get_args

from irfer_bench.contracts.component import Component, Kind, Modality

KINDS: tuple[Kind, ...] = get_args(Kind)
NAME = re.compile(r"[a-z0-9_]+")
OWNER = re.compile(r"[a-z0-9_.]+/[A-Za-z0-9_.]+")
TRAITS: dict[str, tuple[tuple[Kind, ...], type, tuple[Any, ...]]] = {
    "embedded": (("dataset",), bool, ()),
    "trains": (("translator", "recognizer"), bool, ()),
    "pairs": (("translator",), bool, ()),
    "partners": (("translator",), bool, ()),
    "adds_nothing": (("translator",), bool, ()),
    "landmarks": (("translator", "detector"), bool, ()),
    "reads": (("detector",), str, ("landmarks", "boxes")),
    "modality": (("recognizer",), str, get_args(Modality)),
    "unlabelled": (("recognizer",), bool, ()),
    "resamples": (("metric",), int, ()),
}
"""Kinds of components, type and allowed values of every trait."""


def find_problem(component: object) -> str:
    """The first thing wrong with an announced component; empty where nothing is."""
    if not isinstance(component, Component):
        return f"announced {type(component).__name__}, not a Component"
    problems = (*_fields(component), *_parts(component))
    return problems[0] if problems else trait_problem(component.kind, component.traits)


def _fields(component: Component) -> Iterator[str]:
    named = f"component {component.name!r}"
    for field in ("kind", "name", "factory", "params", "summary", "version", "licence", "source",
                  "tree"):  # fmt: skip
        value = getattr(component, field)
        if not isinstance(value, str):
            yield f"{named}: {field} is {type(value).__name__} {value!r}, not text"
            return
    if component.kind not in KINDS or not NAME.fullmatch(component.name):
        yield f"{component.kind!r} {component.name!r}: unknown kind, or a name outside [a-z0-9_]"
    for field in ("factory", "params"):
        address = getattr(component, field)
        if (address or field == "factory") and not all(address.partition(":")):
            yield f"{component.name!r}: {field} {address!r} is not 'module:name'"
    needs = component.needs
    if not isinstance(needs, tuple | list) or not all(isinstance(each, str) for each in needs):
        yield f"{named}: needs is {needs!r}, not a tuple of names"


def _parts(component: Component) -> Iterator[str]:
    parts = component.parts
    if not isinstance(parts, Mapping):
        yield f"component {component.name!r}: parts is {type(parts).__name__}, not a mapping"
        return
    for part, owner in parts.items():
        if not isinstance(part, str) or not isinstance(owner, str):
            yield f"component {component.name!r}: parts maps names to owners, not {part!r}"
        elif owner and not OWNER.fullmatch(owner):
            yield (
                f"component {component.name!r}: owner {owner!r} of part {part!r} is not "
                "'family.name/version'"
            )


def trait_problem(kind: str, traits: object) -> str:
    """What is wrong with declared traits, with the nearest known name; empty where nothing is."""
    if not isinstance(traits, Mapping):
        return f"traits are {type(traits).__name__}, not a mapping"
    for name, value in traits.items():
        own = sorted(known for known, (whose, _, _) in TRAITS.items() if kind in whose)
        if name not in own:
            from difflib import get_close_matches

            near = get_close_matches(str(name), own, n=1, cutoff=0.5)
            known = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(own) or 'none'}"
            return f"unknown trait {name!r} of a {kind}; {known}"
        _, wanted, allowed = TRAITS[name]
        if type(value) is not wanted or (allowed and value not in allowed):
            shown = " or ".join(map(repr, allowed)) if allowed else wanted.__name__
            return f"trait {name!r} is {value!r}, not {shown}"
    return ""
