"""ResNet-18 trained plainly on source and target together (He et al. 2016; recognizers.md §11).

The recipe is ours: AdamW, linear warm-up and cosine, random resized crop, flip and erasing, label
smoothing, ImageNet mean and deviation. Deviations from it:
- crops are taken from the picture at the network's input size, not at the stored one;
- `quick` starts from random weights at 48 px with a quarter of the width and a 3x3 stem of stride
  2 without pooling; head and trunk learn alike, since neither is pretrained, and nothing is
  erased, since 20 epochs fit too little rather than too much.
A clip gives one random frame per epoch; its score is the mean log-probability over all frames.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as nnf

from irfer_bench.api import CellError, Clips, Context, Features, Scores, State, TrainingData
from irfer_bench.nn.device import autocast
from irfer_bench.nn.images import to_tensor
from irfer_bench.nn.schedules import cosine, warm_up
from irfer_bench.nn.training import load_module, module_state, train
from irfer_static.augmentation import crop_and_flip, erase
from irfer_static.resnet_network import ResNet18, load_trunk
from irfer_static.resnet_params import ResNetParams, checkpoint

CACHE_BYTES = 512 * 2**20


class ResNet18Recognizer:
    """A ResNet-18 on single frames; a video is scored by the mean over its frames."""

    def __init__(self, params: ResNetParams) -> None:
        self.params = params
        self.classes = 0
        self.model: ResNet18 | None = None

    def fit(self, data: TrainingData, ctx: Context) -> None:
        """Train on source and target together.

        Raises:
            CellError: both are empty, or a clip has no label.
            MissingWeightsError: pretrained weights are asked for and not here.
        """
        p = self.params
        labels = torch.tensor(
            [_column(label, data.classes) for part in (data.source, data.target)
             for label in part.labels], dtype=torch.long)
        if not len(labels):
            raise CellError(
                "resnet18 has nothing to train on: source and target are both empty",
                "choose a setting with labelled clips, or a translator other than none",
            )
        self.classes = len(data.classes)
        self.model = _start(p, self.classes, ctx)
        frames = _Frames(data.source, data.target, p.size)
        weight = class_weight(labels, self.classes) if p.class_weight == "balanced" else None
        weight = None if weight is None else weight.to(ctx.device)
        model = self.model

        def batch(step: int) -> tuple[Tensor, Tensor]:
            chosen = _chosen(step, len(labels), p.batch, ctx)
            draw = torch.Generator().manual_seed(ctx.seed_for("resnet18", "batch", str(step)))
            x = frames.pick(chosen, torch.rand(len(chosen), generator=draw).tolist())
            x = crop_and_flip(x, p.crop, p.flip, draw).to(ctx.device)
            return erase(model.normalise(x), p.erase, draw), labels[chosen].to(ctx.device)

        def loss(pair: tuple[Tensor, Tensor]) -> Tensor:
            with autocast(ctx):
                logits = model(pair[0])
            return nnf.cross_entropy(
                logits.float(), pair[1], weight=weight, label_smoothing=p.label_smoothing)

        head = list(model.net.fc.parameters())
        trunk = [q for name, q in model.named_parameters() if not name.startswith("net.fc.")]
        groups = [{"params": trunk, "lr": p.lr}, {"params": head, "lr": p.lr * p.head_factor}]
        per_epoch = -(-len(labels) // p.batch)
        final = train(
            "resnet18", model, steps=p.epochs * per_epoch, batch=batch, loss=loss, ctx=ctx,
            optimizer=torch.optim.AdamW(groups, weight_decay=p.weight_decay),
            rate=lambda step: _rate(step / per_epoch, p.epochs, p.warmup_epochs, 1 / per_epoch),
        )
        ctx.report("training_loss", final)

    def predict(self, clips: Clips, ctx: Context) -> Scores:
        """(N, classes) float32: log-probabilities, averaged over the frames and normalised."""
        per_clip = self._per_clip(clips, ctx, lambda m, x: nnf.log_softmax(m(x).float(), 1))
        means = torch.stack(per_clip) if per_clip else torch.zeros(0, self.classes)
        scores: Scores = nnf.log_softmax(means, 1).numpy()
        return scores

    def embed(self, clips: Clips, ctx: Context) -> Features:
        """(N, 8 width) float32 pooled features, averaged over the frames."""
        per_clip = self._per_clip(clips, ctx, lambda m, x: m.features(x).float())
        empty = torch.zeros(0, 8 * self.params.width)
        features: Features = (torch.stack(per_clip) if per_clip else empty).numpy()
        return features

    def state(self) -> State:
        """The network and the number of its classes."""
        return State(module_state(self._fitted()), {"classes": self.classes})

    def restore(self, state: State) -> None:
        """Rebuild the network that `state` came from."""
        self.classes = int(state.scalars["classes"])
        self.model = ResNet18(self.params, self.classes).eval()
        load_module(self.model, state.tensors)

    def _fitted(self) -> ResNet18:
        if self.model is None:
            raise CellError("resnet18 was asked for before it was fitted or restored")
        return self.model

    @torch.inference_mode()
    def _per_clip(
        self, clips: Clips, ctx: Context, value: Callable[[ResNet18, Tensor], Tensor]
    ) -> list[Tensor]:
        """The mean over frames of a value of each frame, per clip, in batches of frames."""
        model = self._fitted().to(ctx.device).eval()
        means: list[Tensor] = []
        for group in _groups(clips, self.params.size, self.params.predict_batch):
            x = torch.cat(group)
            with autocast(ctx):
                values = torch.cat([
                    value(model, model.normalise(part.to(ctx.device))).cpu()
                    for part in torch.split(x, self.params.predict_batch)
                ])
            means += [v.mean(0) for v in torch.split(values, [len(g) for g in group])]
            ctx.progress("predict", len(means), len(clips))
        return means


class _Frames:
    """Single frames of two collections as tensors at the input size, kept while there is room."""

    def __init__(self, source: Clips, target: Clips, size: int) -> None:
        self._source, self._target = source, target
        kept = CACHE_BYTES // (4 * 3 * size**2)

        @lru_cache(maxsize=kept)
        def still(index: int) -> Tensor | None:
            frames = self._clip(index)
            return to_tensor(frames, size)[0] if len(frames) == 1 else None

        self._still, self._size = still, size

    def pick(self, indices: list[int], moments: list[float]) -> Tensor:
        """(B, 3, size, size) in [-1, 1]: of each clip the frame at a moment of 0 to 1."""
        return torch.stack([self._frame(i, m) for i, m in zip(indices, moments, strict=True)])

    def _frame(self, index: int, moment: float) -> Tensor:
        still = self._still(index)
        if still is not None:
            return still
        frames = self._clip(index)
        number = int(moment * len(frames))
        return to_tensor(frames[number : number + 1], self._size)[0]

    def _clip(self, index: int) -> Any:
        first = len(self._source)
        clip = self._source[index] if index < first else self._target[index - first]
        return clip.frames


def _groups(clips: Clips, size: int, batch: int) -> Iterator[list[Tensor]]:
    """Whole clips as (T, 3, size, size) tensors, gathered until `batch` frames are together."""
    group: list[Tensor] = []
    for clip in clips:
        group.append(to_tensor(clip.frames, size))
        if sum(map(len, group)) >= batch:
            yield group
            group = []
    if group:
        yield group


def _start(params: ResNetParams, classes: int, ctx: Context) -> ResNet18:
    """The network before training: random by the context's seed, or pretrained but for the head."""
    path = checkpoint(params, ctx.weights)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(ctx.seed_for("resnet18", "init"))
        model = ResNet18(params, classes)
    if path is not None:
        load_trunk(model.net, path)
    return model.to(ctx.device)


def _chosen(step: int, count: int, batch: int, ctx: Context) -> list[int]:
    """The clips of a step: an epoch's order cut into batches of nearly one size."""
    per_epoch = -(-count // batch)
    epoch, number = divmod(step, per_epoch)
    draw = torch.Generator().manual_seed(ctx.seed_for("resnet18", "order", str(epoch)))
    order = torch.randperm(count, generator=draw).numpy()
    chosen: list[int] = np.array_split(order, per_epoch)[number].tolist()
    return chosen


def _rate(epoch: float, epochs: int, warmup: int, first: float) -> float:
    """Linear warm-up, then a cosine to 0, as a factor of the peak."""
    if epoch < warmup:
        return warm_up(epoch, warmup + first, first)
    return cosine(epoch - warmup, max(1, epochs - warmup), 1.0)


def class_weight(labels: Tensor, classes: int) -> Tensor:
    """(classes,) N / (C n_c), and 0 for a class that has no clip (sklearn's `balanced`)."""
    counts = torch.bincount(labels, minlength=classes).float()
    return torch.where(counts > 0, len(labels) / (classes * counts.clamp(min=1)), 0.0)


def _column(label: str | None, classes: tuple[str, ...]) -> int:
    if label not in classes:
        raise CellError(f"a training clip has the label {label!r}, the classes are {classes}")
    return classes.index(label)
