"""A stand-in for the step loop, which shows what a method would train with and takes no step."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn


class Recorder:
    """Takes the place of `train` in a module and keeps what it was given.

    With `shift` every weight grows by it and `after_step` is called once, as after a first step.
    """

    def __init__(self, shift: float = 0.0) -> None:
        self.given: dict[str, Any] = {}
        self.module: nn.Module = nn.Identity()
        self.shift = shift

    def __call__(self, name: str, module: nn.Module, **given: Any) -> float:
        self.given, self.module = given, module
        if self.shift:
            with torch.no_grad():
                for weight in module.parameters():
                    weight.add_(self.shift)
            given["after_step"](0)
        return float("nan")

    @classmethod
    def install(cls, patch: pytest.MonkeyPatch, module: Any, shift: float = 0.0) -> Recorder:
        made = cls(shift)
        patch.setattr(module, "train", made)
        return made

    def groups(self) -> list[dict[str, Any]]:
        """Parameter groups of all optimisers."""
        own = self.given["optimizer"]
        each = own if isinstance(own, list) else [own]
        return [group for optimizer in each for group in optimizer.param_groups]
