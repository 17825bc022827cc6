"""PCA: prompt-based cross-modal feature alignment (IEEE SPL 2025), few labelled infrared images.

No official code is public. What the letter leaves open follows PDA (AAAI 2024, MIT), on whose code
the letter is visibly built: beta = 0.1, epsilon = 10, inference base + 0.5 iga, Dassl's warm-up and
cosine, learned prompts from N(0, 0.02^2). Deviations and decisions (recognizers.md §6, §16):

* one frozen CLIP in two modes, prompted (x_v) and plain (banks only): reading R1;
* plain features of the banks are computed once; PDA recomputes them every step and discards them;
* a class centre is the mean over filled slots; PDA's counts empty slots (`bank_mean=divide_by_N`);
* without source images the source terms are dropped and x_sc := x_tc, and the other way round;
* a refreshed bank (`bank_refresh_epochs`) is built from augmented views, since plain features of
  fixed views of a frozen tower never change.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor

from irfer_bench.api import (
    Clips,
    Context,
    ContractError,
    Features,
    RefusedError,
    Scores,
    State,
    TrainingData,
    UsageError,
)
from irfer_bench.nn.device import autocast
from irfer_bench.nn.schedules import warmup_cosine
from irfer_bench.nn.training import load_module, module_state, train
from irfer_clip.alignment import entropy
from irfer_clip.backbone import Backbone, load_backbone, zero_shot_logits
from irfer_clip.banks import Bank, build_bank
from irfer_clip.clip_zero_shot import ClipMean, text_features
from irfer_clip.features import augmented_features, plain_features
from irfer_clip.images import FrameTable, Preparation, clip_batches
from irfer_clip.pca_model import PcaModel, Views
from irfer_clip.pca_params import PcaParams
from irfer_clip.prompting import unit
from irfer_clip.prompts import prompt_texts
from irfer_clip.texts import class_texts

CROPS = {"clip": (0.08, 1.0), "face": (0.8, 1.0)}


class Pca:
    """Cross-modal prompts and alignment to banks of both spectra, on a frozen CLIP."""

    def __init__(self, params: PcaParams) -> None:
        if params.infer == "iga" and not params.iga:
            raise UsageError("pca.infer = iga needs iga = true", "use infer=base, or switch iga on")
        self.params = params
        self.classes: tuple[str, ...] = ()
        self._state: State | None = None
        self._ready: tuple[str, PcaModel, Tensor] | None = None

    def fit(self, data: TrainingData, ctx: Context) -> None:
        """Train on labelled source and few labelled target images.

        Raises:
            RefusedError: there is nothing to train on, or the setting withholds what is asked for.
            NonFiniteLossError: the loss became NaN.
        """
        self.classes = data.classes
        self._ready = None
        backbone = self._backbone(ctx)
        ctx.report("backbone_digest", backbone.digest)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(ctx.seed_for("pca", "init"))
            model = PcaModel(self.params, backbone.clip, len(self.classes)).to(ctx.device)
        if self.params.cpt or self.params.iga or self.params.train_cls_token:
            run = _Run(self.params, model, backbone, data, ctx)
            run.fill_banks()
            run.train()
            run.report()
        model.eval()
        self._state = State(module_state(model), {"classes": list(self.classes)})

    @torch.no_grad()
    def predict(self, clips: Clips, ctx: Context) -> Scores:
        """(N, classes) float32 log-probabilities, averaged over the frames of a clip."""
        backbone, model, texts = self._model(ctx)
        scores = ClipMean(len(clips), len(self.classes))
        images = self._images(backbone)
        scale = _scale(self.params, backbone)
        for frames, owners in clip_batches(clips):
            with autocast(ctx):
                x = model.encode_images(backbone.clip, images.evaluate(frames))
            logits = model.combine(model.predict(x, texts, scale))
            scores.add(owners, logits.log_softmax(dim=-1))
            ctx.progress("recognise", owners[-1] + 1, len(clips))
        return scores.log_probabilities()

    @torch.no_grad()
    def embed(self, clips: Clips, ctx: Context) -> Features:
        """(N, embed) float32 prompted unit image features, averaged over the frames of a clip."""
        backbone, model, _ = self._model(ctx)
        images = self._images(backbone)
        features = ClipMean(len(clips), backbone.clip.visual.proj.shape[1])
        for frames, owners in clip_batches(clips):
            with autocast(ctx):
                features.add(owners, model.encode_images(backbone.clip, images.evaluate(frames)))
        return features.mean()

    def state(self) -> State:
        """Prompts, maps, IGA and both banks' centres; never the frozen CLIP."""
        if self._state is None:
            raise ContractError("pca has no state before fit or restore")
        return self._state

    def restore(self, state: State) -> None:
        self._state, self._ready = state, None
        self.classes = tuple(state.scalars["classes"])

    def _backbone(self, ctx: Context) -> Backbone:
        return load_backbone(self.params.backbone, self.params.architecture, ctx)

    def _images(self, backbone: Backbone) -> Preparation:
        return Preparation(backbone, CROPS[self.params.transforms], self.params.ir_norm)

    def _model(self, ctx: Context) -> tuple[Backbone, PcaModel, Tensor]:
        backbone = self._backbone(ctx)
        if self._ready is None or self._ready[0] != ctx.device:
            model = PcaModel(self.params, backbone.clip, len(self.classes))
            load_module(model, self.state().tensors)
            model = model.to(ctx.device).eval()
            # The texts of a fixed model are the same for every image: encode them once.
            with torch.no_grad():
                texts = model.encode_texts(
                    backbone.clip, _prompted_ids(self.params, backbone, self.classes)
                )
            self._ready = (ctx.device, model, texts)
        return backbone, self._ready[1], self._ready[2]


@dataclass
class _Run:
    """One fit: what is trained, on what, and where."""

    params: PcaParams
    model: PcaModel
    backbone: Backbone
    data: TrainingData
    ctx: Context

    def __post_init__(self) -> None:
        self.source, self.target = self._table("source"), self._table("target")
        if not len(self.source) and not len(self.target):
            raise RefusedError(
                "pca has neither source nor target images to train on",
                "choose a setting with shots or a visible source, or pca with cpt and iga off",
            )
        self.images = Preparation(self.backbone, CROPS[self.params.transforms], self.params.ir_norm)

    def fill_banks(self, epoch: int = 0) -> None:
        """Centres of both domains from plain features; an absent domain borrows the other's."""
        if not self.params.iga:
            return
        plain = text_features(self.backbone, self.data.classes, self.params.template)
        source = self._bank("source", self.source, plain, epoch) if len(self.source) else None
        target = self._target_bank(plain, epoch)
        for name, own, other in (("source", source, target), ("target", target, source)):
            bank = own or other
            assert bank is not None
            getattr(self.model, f"{name}_centres").copy_(bank.centres)
            self.ctx.report(f"bank_{name}_empty_classes", bank.empty_classes)
            self.ctx.report(f"bank_{name}_borrowed", own is None)

    def train(self) -> None:
        """SGD with momentum 0.9, weight decay 5e-4 on everything, Dassl's schedule."""
        p, ctx, clip = self.params, self.ctx, self.backbone.clip
        per_epoch = max(1, len(self.source if len(self.source) else self.target) // p.batch)
        ids = _prompted_ids(p, self.backbone, self.data.classes)
        scale = _scale(p, self.backbone)

        def batch(step: int) -> tuple[Views | None, Views | None]:
            return self._views("source", self.source, step), self._views(
                "target", self.target, step
            )

        def loss(views: tuple[Views | None, Views | None]) -> Tensor:
            with autocast(ctx):
                return self.model.loss(clip, ids, views[0], views[1], scale)

        def refresh(step: int) -> None:
            every = p.bank_refresh_epochs * per_epoch
            if every and (step + 1) % every == 0 and step + 1 < p.epochs * per_epoch:
                self.fill_banks(epoch=(step + 1) // per_epoch)

        optimizer = torch.optim.SGD(
            self.model.parameters(), lr=p.lr, momentum=0.9, weight_decay=5e-4
        )
        final = train(
            "pca",
            self.model,
            steps=p.epochs * per_epoch,
            batch=batch,
            loss=loss,
            ctx=ctx,
            optimizer=optimizer,
            after_step=refresh,
            rate=lambda step: warmup_cosine(step // per_epoch, p.epochs, p.lr) / p.lr,
        )
        ctx.report("final_loss", final)
        ctx.report("trained_parameters", self.model.trainable())

    @torch.no_grad()
    def report(self) -> None:
        """How uniform the attention to the centres stayed; 1 means that IGA adds a constant."""
        if self.model.iga is None:
            return
        table = self.target if len(self.target) else self.source
        frames = table.frames(range(min(len(table), 64)))
        with autocast(self.ctx):
            x = self.model.encode_images(self.backbone.clip, self.images.evaluate(frames))
            _, maps = self.model.iga(x, self.model.source_centres, self.model.target_centres)
        for name, attention in zip(("source", "target"), maps, strict=True):
            self.ctx.report(f"attention_entropy_{name}", round(float(entropy(attention)), 6))

    def _views(self, domain: str, table: FrameTable, step: int) -> Views | None:
        if not len(table):
            return None
        size = self.params.batch
        index = endless_order(
            len(table), step * size, size, partial(self.ctx.seed_for, "order", domain)
        )
        images = self.images.train(table.frames(index))
        return Views(images, table.labels[index].to(images.device))

    def _target_bank(self, plain: Tensor, epoch: int) -> Bank | None:
        if self.params.target_bank == "labelled":
            return self._bank("target", self.target, plain, epoch) if len(self.target) else None
        unlabelled = self._table("unlabelled")
        if not len(unlabelled):
            raise RefusedError(
                "pca.target_bank = pseudo needs unlabelled target images; this setting has none",
                "use target_bank=labelled, or a setting that grants them",
            )
        return self._bank("unlabelled", unlabelled, plain, epoch, pseudo=True)

    def _bank(
        self, name: str, table: FrameTable, plain: Tensor, epoch: int, *, pseudo: bool = False
    ) -> Bank:
        if epoch == 0:
            features = plain_features(table, self.images, self.ctx)
        else:
            seed = self.ctx.seed_for("bank", name, str(epoch))
            features = augmented_features(table, self.images, self.ctx, seed)
        p = zero_shot_logits(self.backbone.scale, features, plain).softmax(dim=-1)
        labels = p.argmax(dim=1) if pseudo else table.labels.to(p.device)
        return build_bank(
            unit(features),
            p,
            labels,
            size=self.params.N,
            rule=self.params.bank_rule,
            divide_by_size=self.params.bank_mean == "divide_by_N",
        )

    def _table(self, name: str) -> FrameTable:
        table = FrameTable(getattr(self.data, name), self.data.classes)
        if name != "unlabelled" and bool((table.labels < 0).any()):
            raise ContractError(
                f"a training clip of {name} has no label among {', '.join(self.data.classes)}"
            )
        return table


def endless_order(total: int, start: int, size: int, seed: partial[int]) -> list[int]:
    """Positions start .. start + size of a stream of fresh permutations of `total` items.

    A function of the position alone, so that a resumed run sees the same batches, and a small
    domain cycles beside a large one.
    """
    chosen: list[int] = []
    while len(chosen) < size:
        cycle, offset = divmod(start + len(chosen), total)
        generator = torch.Generator().manual_seed(seed(str(cycle)))
        order = torch.randperm(total, generator=generator).tolist()
        chosen += order[offset : offset + size - len(chosen)]
    return chosen


def _prompted_ids(params: PcaParams, backbone: Backbone, classes: tuple[str, ...]) -> Tensor:
    if not params.cpt:
        return backbone.tokenize(class_texts(classes, params.template)[0])
    return prompt_texts(
        backbone, classes, k=params.k, prefix=params.prefix_style, face=params.template == "face"
    )


def _scale(params: PcaParams, backbone: Backbone) -> Tensor:
    return backbone.scale.new_tensor(params.temperature) if params.temperature else backbone.scale
