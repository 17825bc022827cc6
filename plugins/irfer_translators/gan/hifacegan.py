"""HiFaceGAN: an encoder that suppresses content-adaptively, a decoder that replenishes detail.

Lingbo Yang, Chang Liu, Pan Wang, Shanshe Wang, Peiran Ren, Siwei Ma, Wen Gao, "HiFaceGAN: Face
Renovation via Collaborative Suppression and Replenishment", ACM MM 2020. Written from descriptions
alone and checked against numbers of the published code, whose files contradict each other on their
licence (GPL-3, CC BY-NC-SA, "academic only"); nothing of it was looked at or copied here.

Choices and deviations. The paper restores faces; here the source is the visible image and the
target its infrared partner. 256 pixels, not 512, and no stepwise growth. Images are flipped but not
cropped. The discriminators' step translates the batch anew with the updated generator, as SPADE's
published training does. The perceptual loss needs VGG19's weights: without them ask for
`hifacegan@novgg`, which is another row.

Deviations of presets. `bench`: batches of 4, 25,000 steps in place of passes. `quick`: 64 px; 8
channels in the first layers; 250 steps of batch 2, both rates 1e-3 and falling over the last 40 %;
an initialisation of gain 1, because a minute is too short for 0.02.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from irfer_bench.api import Context, TranslationData
from irfer_bench.nn.device import autocast
from irfer_bench.nn.loop import Losses
from irfer_translators.diffusion.frames import build_bank, frame_pairs
from irfer_translators.gan.hifacegan_networks import (
    HiFaceGenerator,
    MultiscaleDiscriminator,
    initialize,
)
from irfer_translators.gan.hifacegan_params import HiFaceGanParams
from irfer_translators.gan.losses import adversarial, l1
from irfer_translators.gan.perceptual import PerceptualLoss, load_perceptual_loss
from irfer_translators.gan.pix2pix import require_pairs
from irfer_translators.gan.training import Batch, ImageOrder, batches, require_images, train_gan
from irfer_translators.gan.translator import GanTranslator

Outputs = list[list[Tensor]]
"""Per scale the outputs of a discriminator's layers, the logits last."""


class HiFaceGanStep:
    """G, D, their optimisers, and the step that updates them.

    Args:
        perceptual: the VGG19 loss; needed where `lambda_vgg` is above 0.
        precision: gives the context in which the networks run.
    """

    def __init__(
        self, nets: dict[str, nn.Module], params: HiFaceGanParams,
        perceptual: PerceptualLoss | None = None,
        precision: Callable[[], AbstractContextManager[Any]] = nullcontext,
    ) -> None:
        self.G, self.D, self.nets = nets["G"], nets["D"], nets
        self.params, self.perceptual, self.precision = params, perceptual, precision
        betas = (params.beta1, params.beta2)
        self.opt_G = torch.optim.Adam(self.G.parameters(), params.lr, betas=betas, fused=True)
        self.opt_D = torch.optim.Adam(self.D.parameters(), params.d_lr, betas=betas, fused=True)
        self.optimizers = {"opt_G": self.opt_G, "opt_D": self.opt_D}

    def __call__(self, number: int, batch: Batch) -> Losses:
        """The generator's step, then the discriminators' against the updated generator."""
        x, y = batch
        self.D.requires_grad_(False)
        with self.precision():
            losses = self.generator_losses(x, y, self.G(x))
        losses["G"] = torch.stack(list(losses.values())).sum()
        self.opt_G.zero_grad(set_to_none=True)
        losses["G"].backward()  # type: ignore[no-untyped-call]
        self.opt_G.step()
        self.D.requires_grad_(True)

        with self.precision():
            with torch.no_grad():
                fake = self.G(x)
            losses |= self.discriminator_losses(x, y, fake)
        self.opt_D.zero_grad(set_to_none=True)
        (losses["D_fake"] + losses["D_real"]).backward()  # type: ignore[no-untyped-call]
        self.opt_D.step()
        return losses

    def generator_losses(self, x: Tensor, y: Tensor, fake: Tensor) -> dict[str, Tensor]:
        """Least squares + lambda_feat feature matching + lambda_vgg perceptual loss."""
        p = self.params
        on_fake, on_real = self.discriminate(x, y, fake)
        losses = {"G_GAN": mean_adversarial(on_fake, real=True)}
        if p.lambda_feat:
            losses["G_feat"] = p.lambda_feat * feature_matching(on_fake, on_real)
        if p.lambda_vgg and self.perceptual is not None:
            losses["G_vgg"] = p.lambda_vgg * self.perceptual(fake, y)
        return losses

    def discriminator_losses(self, x: Tensor, y: Tensor, fake: Tensor) -> dict[str, Tensor]:
        """Least squares on fake and on real pairs."""
        on_fake, on_real = self.discriminate(x, y, fake)
        return {
            "D_fake": mean_adversarial(on_fake, real=False),
            "D_real": mean_adversarial(on_real, real=True),
        }

    def discriminate(self, x: Tensor, y: Tensor, fake: Tensor) -> tuple[Outputs, Outputs]:
        """Outputs on (x, fake) and on (x, y), in one pass."""
        outputs = self.D(torch.cat([torch.cat([x, fake], 1), torch.cat([x, y], 1)]))
        halves = [[layer.chunk(2) for layer in scale] for scale in outputs]
        on_fake, on_real = ([[pair[k] for pair in scale] for scale in halves] for k in range(2))
        return on_fake, on_real


def mean_adversarial(outputs: Outputs, *, real: bool) -> Tensor:
    """The least-squares loss of the logits, averaged over the scales."""
    return torch.stack([adversarial(scale[-1], real) for scale in outputs]).mean()


def feature_matching(on_fake: Outputs, on_real: Outputs) -> Tensor:
    """L1 between the layers' outputs on fakes and on real images, summed, over the scales."""
    distances = [
        l1(a, b.detach())
        for fake, real in zip(on_fake, on_real, strict=True)
        for a, b in zip(fake[:-1], real[:-1], strict=True)
    ]
    return torch.stack(distances).sum() / len(on_fake)


class HiFaceGan(GanTranslator[HiFaceGanParams]):
    """The translator is G."""

    name: ClassVar[str] = "hifacegan"

    def build(self) -> nn.Module:
        """An untrained generator."""
        return HiFaceGenerator(self.params.ngf)

    def train(self, data: TranslationData, ctx: Context) -> nn.Module:
        """Train both networks on the pairs, in random order.

        Raises:
            UsageError: there are no pairs. MissingWeightsError: VGG19 is needed and not there.
        """
        p = self.params
        perceptual = load_perceptual_loss(ctx.weights).to(ctx.device) if p.lambda_vgg else None
        source = build_bank(data.source, p.load_size, ctx, "source")
        target = build_bank(data.target, p.load_size, ctx, "target")
        require_images(self.name, source=source, target=target)
        pairs = frame_pairs(data, source, target)
        require_pairs(self.name, pairs)
        torch.manual_seed(ctx.seed_for(self.name, "weights"))
        nets = {
            "G": initialize(self.build(), p.init_gain).to(ctx.device),
            "D": initialize(MultiscaleDiscriminator(p.ndf), p.init_gain).to(ctx.device),
        }
        step = HiFaceGanStep(nets, p, perceptual, partial(autocast, ctx))
        order = ImageOrder(pairs, p, partial(ctx.seed_for, self.name))
        losses = train_gan(
            self.name, step, batches(source, target, order, ctx, paired=True), p, len(pairs), ctx
        )
        for loss, value in losses.items():
            ctx.report(f"{self.name}_loss_{loss}", value)
        return step.G
