"""PCA: Prompt-based Cross-modal feature Alignment, from few labelled infrared images.

Hanqin Shi, Xiaofeng Kang, Jiaxiang Wang, Aihua Zheng, Wenjuan Cheng, "Prompt-Based Cross-Modal
Feature Alignment for Weakly Supervised IFER", IEEE Signal Processing Letters 32, 2025. Cross-modal
Prompt Transfer (CPT) is in `prompts.py`, Image-Guided Alignment (IGA) in `iga.py`, the feature
banks in `banks.py`. No code is public. What the letter leaves open follows PDA (Bai et al., AAAI
2024, MIT), whose blocks and constants it shares. Decisions and deviations:

* J = 9 prompted layers as in MaPLe: the letter gives no J; words 1 and 2 of "a photo of a" learn;
* eqs (7) and (11) print no temperature: s = exp(logit_scale), 100 for OpenAI's weights, and IGA's
  logits are beta s x'.o with beta = 0.1 (PDA); `@literal` takes s cos(x', o);
* epsilon = 10, the MLP's widths D-D/8-D/8-3D and its batch norm, and Q, K, V split in one piece;
* one frozen CLIP in two modes, prompted (x_v) and plain (banks), for "two image encoders"; its
  class token is frozen too;
* a bank takes the N = 5 labelled samples with the highest zero-shot probability of their class, or
  all where there are fewer; its centre is the mean over filled slots (PDA counts empty ones:
  `bank_mean=divide_by_N`); plain features are computed once, from centre views;
* an epoch passes over the larger domain (PDA: the source), which differs where all target images
  are labelled and few people are added; the loss is the sum of both domains' means; a domain
  without images is left out, and its centres are the other's; at test time base + 0.5 iga;
* SGD with Dassl's warm-up and cosine, CLIP's crops and flips: the letter gives an initial rate;
* a refreshed bank (`bank_refresh_epochs`) is built from random views: centre views never change;
* `bench` and `quick` crop faces more gently (80 to 100 % of the area);
* `quick`: mini CLIP (s about 13), J = 3, 5 epochs of AdamW at 3e-3 with a warm-up of 20 steps: the
  letter's SGD gets nowhere in so few. The entropy of IGA's attention is in the record and on the
  board.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from irfer_bench.api import RefusedError, UsageError
from irfer_bench.nn.device import autocast
from irfer_bench.nn.frames import FrameTable
from irfer_clip.backbone import Backbone, zero_shot_logits
from irfer_clip.banks import Bank, build_bank
from irfer_clip.classifier import scaled_cosine
from irfer_clip.classifier_params import context_template
from irfer_clip.features import augmented_features, plain_features
from irfer_clip.iga import ImageGuidedAlignment, entropy
from irfer_clip.pca_params import PcaParams
from irfer_clip.prompt_classifier import Batch, PromptClassifier, Task, together
from irfer_clip.prompting import CLIP, encode_image, encode_text, normalize, widths
from irfer_clip.prompts import make_prompts, prompt_texts

DOMAINS = ("source", "target")


@dataclass(frozen=True, slots=True)
class Logits:
    """(B, C) logits of both branches, the aligned feature x', and attentions to the centres."""

    base: Tensor
    iga: Tensor | None = None
    aligned: Tensor | None = None
    attention: tuple[Tensor, Tensor] | None = None


class PcaModel(nn.Module):
    """What PCA trains: Q_l and T_l (CPT), f_pr and f_po (IGA); and the centres x_sc and x_tc."""

    source_centres: Tensor
    target_centres: Tensor

    def __init__(self, params: PcaParams, clip: CLIP, classes: int) -> None:
        super().__init__()
        p, embed, token = params, widths(clip)[2], clip.visual.class_embedding
        self.params = params
        self.prompts = make_prompts(p, clip) if p.cpt else None
        self.iga: ImageGuidedAlignment | None = None
        if p.iga:
            self.iga = ImageGuidedAlignment(
                embed, norm=p.mlp_norm, learnable=p.epsilon == "learnable",
                epsilon=embed**0.5 if p.epsilon == "sqrt" else 10.0)
        self.class_token = nn.Parameter(token.detach().clone()) if p.train_cls_token else None
        for domain in DOMAINS:
            self.register_buffer(f"{domain}_centres", torch.zeros(classes, embed))

    def texts(self, clip: CLIP, ids: Tensor) -> Tensor:
        """o: (C, embed), with Q_l in the text tower; CPT, eqs (1) to (6)."""
        slots = self.prompts.text() if self.prompts else ()
        return normalize(encode_text(clip, ids, slots).float())

    def images(self, clip: CLIP, images: Tensor, sources: int = 0) -> Tensor:
        """x_v: (B, embed), with P_l = T_l(Q_l); the first `sources` images are of the source."""
        if self.prompts is None and self.class_token is None:
            with torch.no_grad():
                return normalize(encode_image(clip, images)[0].float())
        tokens = self.prompts.visual(sources, len(images)) if self.prompts else ()
        features, _ = encode_image(clip, images, tokens, class_token=self.class_token)
        return normalize(features.float())

    def logits(self, x: Tensor, o: Tensor, s: Tensor) -> Logits:
        """Base branch, eq (7), and alignment branch, eqs (9) to (11)."""
        base = scaled_cosine(x, o, s)  # (7)
        if self.iga is None:
            return Logits(base)
        with torch.autocast(x.device.type, enabled=False):
            aligned, attention = self.iga(x, self.source_centres, self.target_centres)  # (9), (10)
        if self.params.iga_logits == "cosine":
            return Logits(base, scaled_cosine(normalize(aligned), o, s), aligned, attention)  # (11)
        return Logits(base, scaled_cosine(aligned, o, self.params.beta * s), aligned, attention)

    def loss(self, clip: CLIP, ids: Tensor, batches: Mapping[str, Batch], s: Tensor) -> Tensor:
        """lambda1 CE(base) + lambda2 CE(iga), summed over the domains given; (12), (13)."""
        p, o = self.params, self.texts(clip, ids)
        weight = {"source": p.source_weight, "target": p.target_weight}
        sizes = {domain: len(batch.labels) for domain, batch in batches.items()}
        x = self.images(clip, together(batches).images, sources=sizes.get("source", 0))
        total = x.new_zeros(())
        for (domain, batch), x_v in zip(
            batches.items(), torch.split(x, list(sizes.values())), strict=True
        ):
            got = self.logits(x_v, o, s)
            loss = p.lambda_base * F.cross_entropy(got.base, batch.labels)
            if got.iga is not None:
                loss = loss + p.lambda_iga * F.cross_entropy(got.iga, batch.labels)
            total = total + weight[domain] * loss
        return total

    def combine(self, got: Logits) -> Tensor:
        """Logits at test time: base + 0.5 iga by default."""
        if got.iga is None or self.params.infer == "base":
            return got.base
        if self.params.infer == "iga":
            return got.iga
        return self.params.base_weight * got.base + self.params.iga_weight * got.iga


class Pca(PromptClassifier[PcaParams, PcaModel]):
    """Cross-modal prompts and alignment to banks of both spectra, on a frozen CLIP."""

    name = "pca"

    def __init__(self, params: PcaParams) -> None:
        super().__init__(params)
        if params.infer == "iga" and not params.iga:
            raise UsageError("pca.infer = iga needs iga = true", "use infer=base, or switch iga on")

    def build(self, clip: CLIP, classes: int) -> PcaModel:
        """Prompts, maps and MLPs with random weights, centres at zero."""
        return PcaModel(self.params, clip, classes)

    def is_frozen(self, model: PcaModel) -> bool:
        """Without CPT and a learned class token, images pass the plain tower."""
        return model.prompts is None and model.class_token is None

    def texts(self, model: PcaModel, backbone: Backbone) -> Tensor:
        """o."""
        return model.texts(backbone.clip, self.ids(backbone))

    def contexts(self, model: PcaModel) -> Mapping[str, Tensor]:
        """Q_0: what later layers take are no words."""
        return {} if model.prompts is None else {"Q": model.prompts.text_prompts[0]}

    def images(self, model: PcaModel, clip: CLIP, images: Tensor) -> Tensor:
        """x_v, with the prompts of target images."""
        return model.images(clip, images)

    def logits(self, model: PcaModel, x: Tensor, o: Tensor, scale: Tensor) -> Tensor:
        """Both branches combined."""
        return model.combine(model.logits(x, o, scale))

    def loss(self, model: PcaModel, task: Task, batches: Mapping[str, Batch]) -> Tensor:
        """Eqs (12) and (13)."""
        backbone = task.backbone
        return model.loss(backbone.clip, self.ids(backbone), batches, self.scale(backbone))

    def prepare(self, model: PcaModel, task: Task, epoch: int) -> None:
        """Centres of both domains from plain features; an absent domain borrows the other's."""
        every = self.params.bank_refresh_epochs
        if model.iga is None or (epoch and (not every or epoch % every)):
            return
        tables = dict(task.tables)
        if self.params.target_bank == "pseudo":
            tables["target"] = FrameTable(task.data.unlabelled)
            if not len(tables["target"]):
                raise RefusedError(
                    "pca.target_bank = pseudo needs unlabelled target images, which this setting "
                    "does not grant", "use target_bank=labelled, or a setting that grants them")
        banks = {name: self._bank(name, table, task, epoch) for name, table in tables.items()}
        for name, other in (DOMAINS, DOMAINS[::-1]):
            bank = banks.get(name) or banks[other]
            model.get_buffer(f"{name}_centres").copy_(bank.centres)
            task.ctx.report(f"bank_{name}_empty_classes", bank.empty_classes)
            task.ctx.report(f"bank_{name}_borrowed", name not in banks)

    @torch.no_grad()
    def finish(self, model: PcaModel, task: Task) -> None:
        """How uniform the attention to the centres stayed; 1 means that IGA adds a constant."""
        if model.iga is None:
            return
        table = task.tables.get("target") or task.tables["source"]
        frames = table.read(range(min(len(table), 64)))
        with autocast(task.ctx):
            x = model.images(task.backbone.clip, task.view.evaluate(frames))
            _, maps = model.iga(x, model.source_centres, model.target_centres)
        for name, attention in zip(DOMAINS, maps, strict=True):
            task.ctx.report(f"attention_entropy_{name}", round(float(entropy(attention)), 6))

    def scale(self, backbone: Backbone) -> Tensor:
        """s, or the temperature that was asked for."""
        given = self.params.temperature
        return backbone.scale.new_tensor(given) if given else backbone.scale

    def ids(self, backbone: Backbone) -> Tensor:
        """(C, L) token ids; positions 1..k are overwritten where CPT is on."""
        p, template = self.params, self.template(self.params.template)
        if not p.cpt:
            return backbone.tokenize([template.replace("{}", word) for word in self.words])
        if p.prefix_style == "learned_only":
            template = context_template("", p.k)
        return prompt_texts(backbone, template, self.words, k=p.k)

    def _bank(self, name: str, table: FrameTable, task: Task, epoch: int) -> Bank:
        """The N most probable samples of each class by plain zero-shot."""
        p, backbone, pseudo = self.params, task.backbone, bool((table.labels < 0).all())
        name = "unlabelled" if pseudo else name
        if epoch == 0:
            features = plain_features(table, task.view, task.ctx)
        else:
            seed = task.ctx.seed_for("bank", name, str(epoch))
            features = augmented_features(table, task.view, task.ctx, seed)
        plain = self.sentence_features(backbone, p.template)
        probabilities = zero_shot_logits(backbone.scale, features, plain).softmax(dim=-1)
        return build_bank(
            normalize(features), probabilities,
            probabilities.argmax(dim=1) if pseudo else table.labels.to(probabilities.device),
            size=p.N, rule=p.bank_rule, divide_by_size=p.bank_mean == "divide_by_N",
        )
