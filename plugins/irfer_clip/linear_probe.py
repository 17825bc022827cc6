"""Linear probe: logistic regression on features of CLIP's frozen image tower.

Radford et al., "Learning Transferable Visual Models From Natural Language Supervision", ICML 2021,
appendix A.3, in the form of CoOp's public code (MIT): projected, un-normalised features of the
centre view, L-BFGS with at most 1000 iterations, and C chosen by accuracy on validation images (a
coarse grid, then eight steps of bisection). Deviations:

* without validation clips from the setting, a tenth of the training images is held out by subject;
  once C is chosen they are trained on, too, as in CLIP's paper (`refit`);
* classes without images stay in the softmax; each fit of the search starts from the last one;
* labelled source and target images are trained on together; `bench` and `quick` hold out three
  tenths, since few labels are of the target, and give both domains the same weight, since the
  other methods here take equal batches of them;
* CoOp's code has features of a ResNet-50; here they are those of the backbone;
* `head = sgd` trains the same layer by SGD with a cosine instead; `features = preproj` takes the
  class token before the projection.
"""

from __future__ import annotations

from functools import partial

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from irfer_bench.api import Context, RefusedError, TrainingData
from irfer_bench.nn.frames import FrameTable, epoch_order
from irfer_bench.nn.schedules import cosine
from irfer_bench.nn.training import train
from irfer_clip.backbone import Backbone
from irfer_clip.classifier import ClipClassifier
from irfer_clip.features import plain_features
from irfer_clip.images import Preparation
from irfer_clip.linear_probe_params import LinearProbeParams
from irfer_clip.logistic import Examples, Linear, fit_logistic, hold_out, search_inverse_strength
from irfer_clip.prompt_classifier import labelled_frames
from irfer_clip.prompting import CLIP, normalize, widths


class LinearProbe(ClipClassifier[LinearProbeParams, nn.Linear]):
    """A linear layer on frozen features."""

    name = "linear_probe"

    def build(self, clip: CLIP, classes: int) -> nn.Linear:
        """The layer; SGD starts from it, L-BFGS from zero."""
        visual, _, embed = widths(clip)
        return nn.Linear(embed if self.params.features == "proj" else visual, classes)

    def is_frozen(self, model: nn.Linear) -> bool:
        """The image tower is never changed."""
        return True

    def texts(self, model: nn.Linear, backbone: Backbone) -> Tensor:
        """(C, D): rows of weights stand where other methods have sentences."""
        return model.weight

    def classify_plain(
        self, model: nn.Linear, backbone: Backbone, plain: Tensor, o: Tensor
    ) -> tuple[Tensor, Tensor]:
        """W x + b, and the unit features."""
        unit = normalize(plain)
        with torch.autocast(plain.device.type, enabled=False):
            return model(unit if self.params.normalize_features else plain), unit

    def plain(self, table: FrameTable, view: Preparation, ctx: Context) -> Tensor:
        """(frames, D) features behind or before the projection."""
        return plain_features(table, view, ctx, project=self.params.features == "proj")

    def width(self, model: nn.Linear, backbone: Backbone) -> int:
        """D."""
        return model.in_features

    def train(
        self, model: nn.Linear, backbone: Backbone, data: TrainingData, ctx: Context
    ) -> None:
        """Fit the layer; RefusedError where there are no images, or none to choose C on."""
        if len(data.classes) < 2:
            raise RefusedError(
                f"{self.name} learns to tell classes apart, and there is {len(data.classes)}",
                "choose a setting with two classes or more")
        tables = [labelled_frames(name, data.classes, clips) for name, clips in
                  (("source", data.source), ("target", data.target)) if len(clips)]
        if not tables:
            raise RefusedError(
                f"{self.name} has neither source nor target images to train on",
                "choose a setting with shots or a visible source")
        examples = self._examples(tables, backbone, ctx)
        ctx.report("trained_parameters", sum(p.numel() for p in model.parameters()))
        if self.params.head == "sgd":
            self._sgd(model, examples, ctx)
            return
        C = self.params.C
        if not C:
            C, examples = self._search(examples, tables, data, backbone, ctx)
        fitted = fit_logistic(examples, len(data.classes), C, max_iter=self.params.max_iter)
        with torch.no_grad():
            model.weight.copy_(torch.from_numpy(fitted.W))
            model.bias.copy_(torch.from_numpy(fitted.b))
        ctx.report("train_accuracy", round(fitted.accuracy(examples), 4))

    def _examples(self, tables: list[FrameTable], backbone: Backbone, ctx: Context) -> Examples:
        """Features, labels and weights of the tables' rows, one table after the other."""
        view = self.view(backbone)
        rows = [self.rows(table, view, ctx) for table in tables]
        x = torch.cat([features for features, _ in rows]).double().cpu()
        if self.params.normalize_features:
            x = normalize(x)
        sizes = [len(labels) for _, labels in rows]
        each = [1.0 / size if self.params.domains == "balanced" else 1.0 for size in sizes]
        weight = np.repeat(each, sizes)
        y = torch.cat([labels for _, labels in rows]).numpy()
        return Examples(x.numpy(), y, weight / weight.mean())

    def rows(self, table: FrameTable, view: Preparation, ctx: Context) -> tuple[Tensor, Tensor]:
        """(N, D) features that the layer is fitted on and (N,) labels; one row per frame."""
        return self.plain(table, view, ctx), table.labels

    def row_owners(self, table: FrameTable) -> list[int]:
        """The number of each row's clip."""
        owners: list[int] = table.owner.tolist()
        return owners

    def _search(
        self, examples: Examples, tables: list[FrameTable], data: TrainingData,
        backbone: Backbone, ctx: Context,
    ) -> tuple[float, Examples]:  # fmt: skip
        """C by accuracy on the setting's validation clips, or on held-out training subjects.

        And the examples to fit with it: held-out ones are among them again where `refit` is on.
        """
        if len(data.validation):
            table = labelled_frames("validation", data.classes, data.validation)
            rest, validation = examples, self._examples([table], backbone, ctx)
        else:
            rng = np.random.default_rng(ctx.seed_for(self.name, "held out"))
            held = hold_out(self._owners(tables), examples.y, self.params.held_out, rng)
            if not held.any():
                raise RefusedError(
                    f"{self.name} cannot hold out a subject to choose C: every one has the last "
                    f"images of a class", f"give {self.name}.C, for example 1")
            rest, validation = examples.pick(np.flatnonzero(~held)), examples.pick(
                np.flatnonzero(held))
        last: list[Linear] = []

        def accuracy(C: float) -> float:
            start = last[-1] if last else None
            last.append(fit_logistic(
                rest, len(data.classes), C, max_iter=self.params.max_iter, start=start))
            ctx.progress("search of C", len(last), 23)
            return last[-1].accuracy(validation)

        C, best = search_inverse_strength(accuracy)
        ctx.report("C", C)
        ctx.report("validation_images", len(validation.y))
        ctx.report("validation_accuracy", round(best, 4))
        return C, examples if self.params.refit else rest

    def _owners(self, tables: list[FrameTable]) -> list[str]:
        """The subject of each row, or its clip where there is none."""
        names: list[str] = []
        for table in tables:
            clips = [
                subject or f"clip {clip_id}"
                for clips in table.collections
                for subject, clip_id in zip(clips.subjects, clips.ids, strict=True)
            ]
            names += [clips[i] for i in self.row_owners(table)]
        return names

    def _sgd(self, model: nn.Linear, examples: Examples, ctx: Context) -> None:
        p, n = self.params, len(examples.y)
        x = torch.from_numpy(examples.x).float().to(ctx.device)
        y, weight = (torch.from_numpy(v).to(ctx.device) for v in (examples.y, examples.weight))
        per_epoch = -(-n // p.batch)

        def loss(index: list[int]) -> Tensor:
            each = F.cross_entropy(model(x[index]), y[index], reduction="none")
            return (each * weight[index].float()).mean()

        final = train(
            self.name, model, steps=p.epochs * per_epoch, loss=loss, ctx=ctx,
            batch=lambda step: epoch_order(n, step, p.batch, partial(ctx.seed_for, "order")),
            optimizer=torch.optim.SGD(
                model.parameters(), lr=p.lr, momentum=0.9, weight_decay=p.weight_decay),
            rate=lambda step: cosine(step // per_epoch, p.epochs, 1.0),
        )
        ctx.report("final_loss", final)
