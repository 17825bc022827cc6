"""Translators and recognizers of the toy."""

import os
import subprocess
import sys
import time
from dataclasses import replace

import numpy as np

from irfer_bench.api import Course, NearestWords, Regions, State
from irfer_toy.pause import reach


class Raw:
    def __init__(self, params):
        self.params = params

    def fit(self, data, ctx):
        raise AssertionError("a translator that does not train was fitted")

    def translate(self, clips, ctx):
        for number, clip in enumerate(clips):
            if number == 3:
                reach("translate")
            reach("clip")
            yield replace(clip, spectrum="nir")

    def state(self):
        return State()

    def restore(self, state):
        pass


class Shift(Raw):
    """Adds the mean difference of the pairs; its passes are checkpointed one by one."""

    def fit(self, data, ctx):
        reach("fit_translator")
        middle = ctx.part("middle", {"data": data.key}, lambda: self._middle(data))
        kept = ctx.last_checkpoint("passes")
        first = int(kept.scalars["done"]) if kept else 0
        for number in range(first, self.params.steps):
            ctx.checkpoint("passes", State({}, {"done": number + 1}))
            reach("pass")
            ctx.progress("passes", number + 1, self.params.steps)
        self._state = State({"shift": middle.tensors["middle"]}, {"first": first})
        ctx.report("first pass", first)

    def _middle(self, data):
        reach("part")
        gaps = [
            data.target[j].frames.mean() - data.source[i].frames.mean() for i, j in data.pairs
        ]
        return State({"middle": np.array([np.mean(gaps)], np.float32)})

    def translate(self, clips, ctx):
        shift = self.params.gain * float(self._state.tensors["shift"][0])
        for number, clip in enumerate(clips):
            if number == 3:
                reach("translate")
            reach("clip")
            moved = np.clip(clip.frames + shift, 0, 255).astype(np.uint8)
            yield replace(clip, frames=moved, spectrum="nir")

    def state(self):
        return self._state

    def restore(self, state):
        self._state = state


class Partner(Raw):
    def translate(self, clips, ctx, *, partners):
        for clip, partner in zip(clips, partners, strict=True):
            yield replace(clip, frames=partner.frames, spectrum="nir")


class Means:
    """Nearest mean image of a class."""

    def __init__(self, params):
        self.params = params

    def fit(self, data, ctx):
        reach("fit_recognizer")
        clips = [*data.source, *data.target]
        means = []
        for name in data.classes:
            own = [clip.frames.mean(0) for clip in clips if clip.label == name]
            means.append(np.mean(own, 0))
        self._state = State({"means": np.stack(means).astype(np.float32)})
        ctx.report("clips", len(clips))

    def predict(self, clips, ctx):
        reach("predict")
        means = self._state.tensors["means"].reshape(len(self._state.tensors["means"]), -1)
        rows = np.stack([clip.frames.mean(0).ravel() for clip in clips])
        far = np.linalg.norm(rows[:, None] - means[None], axis=2)
        logits = -self.params.sharpness * far / 100
        return (logits - np.log(np.exp(logits).sum(1, keepdims=True))).astype(np.float32)

    def explain(self, clip, ctx):
        scores = np.concatenate([
            self.predict([replace(clip, frames=frame[None])], ctx) for frame in clip.frames
        ])
        boxes = np.array([[0.0, 0.0, 0.5, 0.5], [0.5, 0.5, 1.0, 1.0]])
        return [Regions("corners", boxes, np.array([1.0, 0.5])), Course("frames", scores)]

    def explain_words(self, ctx):
        return [NearestWords("mean", (("bright", 0.5), ("dark", 2.0)))]

    def embed(self, clips, ctx):
        return np.stack([clip.frames.mean((0, 3)).ravel() for clip in clips]).astype(np.float32)

    def state(self):
        return self._state

    def restore(self, state):
        self._state = state


class Encoded(Means):
    """Nearest mean feature of a frozen encoder; reports what it was given."""

    def fit(self, data, ctx):
        for name in ("source", "target", "unlabelled", "validation"):
            view = getattr(data, name)
            ctx.report(name, " ".join(sorted({f"{s}" for s in view.subjects})))
            ctx.report(f"{name} labels", len([label for label in view.labels if label]))
        ctx.report("threads", ctx.threads)
        views = [view for view in (data.source, data.target) if len(view)]
        labels = [label for view in views for label in view.labels]
        features = np.concatenate([self._encode(view, ctx) for view in views])
        means = [
            features[[label == name for label in labels]].mean(0) for name in data.classes
        ]
        self._state = State({"means": np.stack(means).astype(np.float32)})

    def _encode(self, clips, ctx):
        def encode(whole):
            reach("encode")
            assert not any(whole.labels), "labels were shown"
            return np.stack([clip.frames[0, :, :, 0].ravel() for clip in whole]).astype("f4")

        return ctx.encode("brightness", clips, {"channel": 0}, encode)

    def predict_and_embed(self, clips, ctx):
        reach("both")
        features = self._encode(clips, ctx)
        far = np.linalg.norm(features[:, None] - self._state.tensors["means"][None], axis=2)
        logits = -far / 100
        scores = logits - np.log(np.exp(logits).sum(1, keepdims=True))
        return scores.astype(np.float32), features

    def predict(self, clips, ctx):
        return self.predict_and_embed(clips, ctx)[0]


class Broken(Means):
    """Breaks its contract in the way it is told."""

    def fit(self, data, ctx):
        how = self.params.how
        if how == "raise":
            raise RuntimeError("the fit is out of order")
        if how == "oserror":
            raise FileNotFoundError(2, "No such file or directory", "words.txt")
        if how == "exit":
            raise SystemExit(7)
        if how == "write":
            data.target[0].frames[:] = 0
        if how == "print":
            sys.stdout.write("a library that talks\n")
            os.write(1, b"and one that talks below Python\n")
        if how in ("sleep", "spawn"):
            if how == "spawn":
                subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
            ctx.progress("nothing", 1, 2)
            time.sleep(600)
        if how == "memory":
            held = np.ones(400 * 2**20, np.uint8)
            time.sleep(600)
            raise AssertionError(held[0])
        if how == "die":
            os.write(2, b"the library says goodbye\n")
            os._exit(3)
        if how == "descriptors":
            sys.stdin.read()
            for number in (0, 1, 2):
                os.write(number if number else 1, b'{"event": "result", "outcome": "ok"}\n')
        super().fit(data, ctx)

    def predict(self, clips, ctx):
        scores = super().predict(clips, ctx)
        if self.params.how == "shape":
            return scores[:, :-1]
        if self.params.how == "nan":
            scores[0, 0] = np.nan
        return scores
