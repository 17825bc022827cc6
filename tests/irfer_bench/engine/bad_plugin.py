"""Source texts of a distribution whose methods break their contract in a chosen way."""

from __future__ import annotations

HOOKS = """
from irfer_bench.api import Component, hookimpl

@hookimpl
def irfer_bench_components():
    for kind in ("translator", "recognizer"):
        name = f"bad_{kind}"
        yield Component(
            kind, name, f"irfer_bad_methods:Bad{kind.capitalize()}", "irfer_bad_params:BadParams",
            "breaks its contract in the way it is told",
        )

@hookimpl
def irfer_bench_fetch(uri):
    raise OSError("no network")
"""
PARAMS = """
from typing import Annotated

from irfer_bench.api import MissingWeightsError, Params, fit


class BadParams(Params, frozen=True):
    how: Annotated[str, fit("what it does wrong")] = ""

    def __post_init__(self):
        if self.how == "post_init":
            raise KeyError("brow")

    def inputs(self, weights):
        if self.how == "inputs":
            raise ZeroDivisionError("no weights")
        if self.how == "weights":
            raise MissingWeightsError(
                "pretrained weights bad.pt are not here", "put them there", uri="bad.pt"
            )
        return {}
"""
METHODS = """
from dataclasses import replace

import numpy as np

from irfer_bench.api import State, UsageError


class Bad:
    def __init__(self, params):
        self.how = params.how
        if self.how == "make":
            raise RuntimeError("cannot be made")

    def fit(self, data, ctx):
        target = data.target[0].frames
        if self.how == "fit":
            raise KeyError("brow")
        if self.how == "exit":
            raise SystemExit(0)
        if self.how == "refuse":
            raise UsageError("this method wants thermal images", "choose an lwir setting")
        if self.how == "write":
            target[0, 0, 0] = 7
        if self.how == "write_out":
            np.add(target, 1, out=target)
        if self.how == "torch":
            import torch

            torch.from_numpy(target).fill_(7)
        if self.how == "labels" and data.target.labels[0] is not None:
            raise AssertionError("labels were shown")

    def state(self):
        if self.how == "state":
            return {"weights": 3}
        if self.how == "objects":
            return State({"weights": np.array([object()])})
        if self.how == "infinite":
            return State({}, {"loss": float("nan")})
        return State()

    def restore(self, state):
        if self.how == "restore":
            raise ValueError("half of it is missing")


class BadTranslator(Bad):
    def translate(self, clips, ctx):
        made = [replace(clip, spectrum="nir") for clip in clips]
        if self.how == "none":
            return None
        if self.how == "few":
            made = made[:-1]
        if self.how == "many":
            made.append(made[0])
        if self.how == "order":
            made.reverse()
        if self.how == "ids":
            made[2] = replace(made[2], id="somebody else")
        if self.how == "objects_out":
            made[2] = "a clip"
        if self.how == "half":
            made[2] = replace(made[2], frames=made[2].frames[:, ::2, ::2])
        if self.how == "floats":
            made[2] = replace(made[2], frames=made[2].frames / 255)
        if self.how == "write_clip":
            made[2].frames[:] = 0
        if self.how == "midway":
            return self._midway(made)
        return iter(made)

    def _midway(self, made):
        yield from made[:3]
        raise RuntimeError("lost the connection")


class BadRecognizer(Bad):
    def predict(self, clips, ctx):
        scores = np.full((len(clips), 3), -np.log(3), np.float32)
        if self.how == "shape":
            return scores[:, :2]
        if self.how == "rows":
            return scores[:-1]
        if self.how == "nan":
            scores[1, 1] = np.nan
        if self.how == "minus_infinity":
            scores[1, 1] = -np.inf
        if self.how == "logits":
            return scores + 3
        if self.how == "words":
            return [["anger"] * 3] * len(clips)
        if self.how == "none":
            return None
        if self.how == "write_clip":
            clips[0].frames[:] = 0
        return scores

    def embed(self, clips, ctx):
        if self.how == "features":
            return np.zeros((len(clips) + 1, 4), np.float32)
        if self.how == "flat":
            return np.zeros(len(clips), np.float32)
        return np.zeros((len(clips), 4), np.float32)
"""
