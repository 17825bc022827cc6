"""ResNet-18 trained plainly on source and target together.

He et al., "Deep Residual Learning for Image Recognition", CVPR 2016; torchvision's network. The
recipe is ours: AdamW, linear warm-up and cosine, random resized crop, flip and erasing, label
smoothing, ImageNet mean and deviation. Deviations from it:
- crops are taken from the image at the network's input size, not at the stored one;
- `quick` starts from random weights at 48 px with a quarter of the width and a 3x3 stem of stride
  2 without pooling; head and trunk learn alike, since neither is pretrained, and nothing is
  erased, since 20 epochs fit too little rather than too much.
A clip gives one random frame per epoch; its score is the mean log-probability over its frames.
"""

from __future__ import annotations

from functools import partial

import torch
from torch import Tensor
from torch.nn import functional as F

from irfer_bench.api import CellError, Clips, Context, Features, Scores, State, TrainingData
from irfer_bench.nn.clip_scores import score_clips
from irfer_bench.nn.device import autocast
from irfer_bench.nn.frames import FrameTable, ResizedFrames, epoch_order
from irfer_bench.nn.images import to_tensor
from irfer_bench.nn.schedules import cosine, warm_up
from irfer_bench.nn.training import load_module, module_state, train
from irfer_bench.nn.views import RandomView, erase
from irfer_static.resnet_network import ResNet18, load_trunk
from irfer_static.resnet_params import ResNetParams, checkpoint


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
        table = _training_frames(data)
        self.classes = len(data.classes)
        self.model = _start(p, self.classes, ctx)
        labels, model = table.clip_labels, self.model
        weight = class_weight(labels, self.classes) if p.class_weight == "balanced" else None
        weight = None if weight is None else weight.to(ctx.device)
        frames, view = ResizedFrames(table, p.size), RandomView(p.size, (p.crop, 1.0), flip=p.flip)

        def batch(step: int) -> tuple[Tensor, Tensor]:
            clips = epoch_order(
                len(labels), step, p.batch, partial(ctx.seed_for, "resnet18", "order"))
            draw = torch.Generator().manual_seed(ctx.seed_for("resnet18", "batch", str(step)))
            shares = torch.rand(len(clips), generator=draw).tolist()
            x = frames.read(table.pick(clips, shares))
            x = view.of_tensors(x, draw).to(ctx.device)
            return erase(model.normalise(x), p.erase, draw), labels[clips].to(ctx.device)

        def loss(pair: tuple[Tensor, Tensor]) -> Tensor:
            with autocast(ctx):
                logits = model(pair[0])
            return F.cross_entropy(
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
        return self.predict_and_embed(clips, ctx)[0]

    def embed(self, clips: Clips, ctx: Context) -> Features:
        """(N, 8 width) float32 pooled features, averaged over the frames."""
        return self.predict_and_embed(clips, ctx)[1]

    def predict_and_embed(self, clips: Clips, ctx: Context) -> tuple[Scores, Features]:
        """Both in one pass over the frames."""
        model, p = self._fitted().to(ctx.device).eval(), self.params

        def rows(table: FrameTable, index: range) -> tuple[Tensor, Tensor]:
            x = torch.cat([to_tensor(f.pixels[None], p.size) for f in table.read(index)])
            with autocast(ctx):
                features = model.features(model.normalise(x.to(ctx.device)))
                logits = model.net.fc(features)
            return F.log_softmax(logits.float(), 1), features.float()

        return score_clips(
            clips, rows, classes=self.classes, width=8 * p.width, ctx=ctx, batch=p.predict_batch)

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


def _start(params: ResNetParams, classes: int, ctx: Context) -> ResNet18:
    """The network before training: random by the context's seed, or pretrained but for the head."""
    path = checkpoint(params, ctx.weights)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(ctx.seed_for("resnet18", "init"))
        model = ResNet18(params, classes)
    if path is not None:
        load_trunk(model.net, path)
    return model.to(ctx.device)


def _rate(epoch: float, epochs: int, warmup: int, first: float) -> float:
    """Linear warm-up, then a cosine to 0, as a factor of the peak."""
    if epoch < warmup:
        return warm_up(epoch, warmup + first, first)
    return cosine(epoch - warmup, max(1, epochs - warmup), 1.0)


def class_weight(labels: Tensor, classes: int) -> Tensor:
    """(classes,) N / (C n_c), and 0 for a class that has no clip (sklearn's `balanced`)."""
    counts = torch.bincount(labels, minlength=classes).float()
    return torch.where(counts > 0, len(labels) / (classes * counts.clamp(min=1)), 0.0)


def _training_frames(data: TrainingData) -> FrameTable:
    """Frames of source and target, all labelled."""
    table = FrameTable(data.source, data.target, classes=data.classes)
    if not table.clips:
        raise CellError(
            "resnet18 has nothing to train on: source and target are both empty",
            "choose a setting with labelled clips, or a translator other than none",
        )
    unknown = (table.clip_labels < 0).nonzero()
    if len(unknown):
        label = table.clip(int(unknown[0])).label
        raise CellError(
            f"a training clip has the label {label!r}, the classes are {', '.join(data.classes)}")
    return table
