"""Fitted methods outside the store: a folder of `state.safetensors` and `method.json`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from irfer_bench.contracts.values import State
from irfer_bench.errors import DamagedError, MissingError
from irfer_bench.orchestration.prediction.rules import ImageRules

STATE, METHOD = "state.safetensors", "method.json"
AGAIN = "write it again: irfer-bench export RECORD FOLDER"


@dataclass(frozen=True)
class Export:
    """A fitted recognizer as `irfer-bench export` wrote it.

    Args:
        method: what `Method.describe` gave. images: how images become its clips.
    """

    method: Mapping[str, Any]
    state: State
    images: ImageRules

    @property
    def name(self) -> str:
        """`name` or `name@variant`."""
        return f"{self.method['name']}@{self.method['variant']}".rstrip("@")


def write_export(
    folder: Path, method: Mapping[str, Any], state: State, images: ImageRules | None
) -> None:
    """Write a fitted method into a new folder.

    Args:
        images: how images become its clips; None of a translator.
    """
    from safetensors.numpy import save_file

    folder.mkdir(parents=True)
    tensors = {name: np.ascontiguousarray(value) for name, value in state.tensors.items()}
    save_file(tensors, folder / STATE)
    facts: dict[str, Any] = {**method, "scalars": dict(state.scalars)}
    if images is not None:
        facts["images"] = msgspec.to_builtins(images)
    text = json.dumps(facts, indent=1, sort_keys=True, ensure_ascii=False)
    (folder / METHOD).write_text(f"{text}\n", encoding="utf-8")


def is_export(given: Path, role: str) -> bool:
    """Whether `write_export` wrote a folder, or the folder of a file."""
    folder = given.parent if given.is_file() else given
    return (folder / METHOD).is_file() or (folder / role / METHOD).is_file()


def read_export(given: Path, role: str) -> Export:
    """What `write_export` wrote, by its folder, the folder above, or its safetensors.

    Raises:
        MissingError: it is not there. DamagedError: it is no fitted recognizer, or damaged.
    """
    folder = given.parent if given.is_file() else given
    if (folder / role / METHOD).is_file():
        folder = folder / role
    if not given.exists():
        raise MissingError(
            f"the weights {given} are not here",
            "check the path: it is a file of weights, or a folder of irfer-bench export",
        )
    if not (folder / METHOD).is_file():
        raise DamagedError(
            f"{given} has no {METHOD} beside it: it is no fitted {role} of this suite",
            f"name a folder of irfer-bench export, which holds {METHOD} and {STATE}",
        )
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        facts = json.loads((folder / METHOD).read_text(encoding="utf-8"))
        if "images" not in facts:
            raise DamagedError(f"{folder} holds {facts['name']}, which is no {role}", AGAIN)
        images = msgspec.convert(facts["images"], ImageRules)
        described = {name: facts[name] for name in
                     ("name", "variant", "version", "preset", "distribution", "params", "inputs",
                      "given")}  # fmt: skip
        state = State(load_file(folder / STATE), facts["scalars"])
    except (OSError, ValueError, KeyError, TypeError, RecursionError, SafetensorError) as error:
        raise DamagedError(f"{folder} cannot be read as a fitted {role} ({error})", AGAIN) from None
    return Export(described, state, images)
