"""pix2pix: a U-Net generator and a conditional discriminator, trained on pairs of images.

Phillip Isola, Jun-Yan Zhu, Tinghui Zhou, Alexei A. Efros, "Image-to-Image Translation with
Conditional Adversarial Networks", CVPR 2017. Written from the paper and checked against numbers of
the published code (BSD-2).

Choices and deviations. The discriminator's step comes first, as in the published code. Dropout, the
paper's only noise, stays on in translations; its masks follow from the item, so that neighbours
change no pixel, and the frames of a clip share them, so that videos do not flicker. A translation
is normalised by its own statistics, which is the paper's batch of one, whatever the batch is.

Deviations of presets. `bench`: batches of 4, 50,000 steps in place of passes. `quick`: 64 px
without the random crop; 32 channels in the generator's first layer, 16 in the discriminator's; a
U-Net that halves the image 6 times; 450 steps of batch 4 at 1e-3, falling over the latter half.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from irfer_bench.api import Context, TranslationData, UsageError
from irfer_bench.nn.device import autocast
from irfer_bench.nn.loop import Losses
from irfer_translators.diffusion.frames import build_bank, frame_pairs
from irfer_translators.gan.losses import Adversarial, adversarial, l1
from irfer_translators.gan.networks import (
    ImageBatchNorm,
    PatchDiscriminator,
    UnetGenerator,
    image_noise,
    initialize,
)
from irfer_translators.gan.pix2pix_params import Pix2PixParams
from irfer_translators.gan.training import Batch, ImageOrder, batches, require_images, train_gan
from irfer_translators.gan.translator import GanTranslator


class Pix2PixStep:
    """G, D, their optimisers, and the step that updates them.

    Args:
        precision: gives the context in which the networks run.
        mode: the adversarial loss, binary cross entropy in the paper.
    """

    def __init__(
        self, nets: dict[str, nn.Module], params: Pix2PixParams,
        precision: Callable[[], AbstractContextManager[Any]] = nullcontext,
        mode: Adversarial = "vanilla",
    ) -> None:
        self.G, self.D, self.nets = nets["G"], nets["D"], nets
        self.params, self.precision, self.mode = params, precision, mode
        self.opt_G, self.opt_D = (
            torch.optim.Adam(
                net.parameters(), params.lr, betas=(params.beta1, 0.999), fused=True
            )
            for net in (self.G, self.D)
        )
        self.optimizers = {"opt_G": self.opt_G, "opt_D": self.opt_D}

    def __call__(self, number: int, batch: Batch) -> Losses:
        """The discriminator's step, then the generator's against the updated discriminator."""
        x, y = batch
        with self.precision():
            fake = self.G(x)
            losses = self.discriminator_losses(x, y, fake.detach())
        self.opt_D.zero_grad(set_to_none=True)
        losses["D"].backward()  # type: ignore[no-untyped-call]
        self.opt_D.step()

        self.D.requires_grad_(False)
        with self.precision():
            losses |= self.generator_losses(x, y, fake)
        self.opt_G.zero_grad(set_to_none=True)
        losses["G"].backward()  # type: ignore[no-untyped-call]
        self.opt_G.step()
        self.D.requires_grad_(True)
        return losses

    def discriminator_losses(self, x: Tensor, y: Tensor, fake: Tensor) -> dict[str, Tensor]:
        """Equation 1, halved; batch normalisation sees fake and real pairs apart."""
        on_fake = adversarial(self.D(torch.cat([x, fake], 1)), False, self.mode)
        on_real = adversarial(self.D(torch.cat([x, y], 1)), True, self.mode)
        return {"D_fake": on_fake, "D_real": on_real, "D": 0.5 * (on_fake + on_real)}

    def generator_losses(self, x: Tensor, y: Tensor, fake: Tensor) -> dict[str, Tensor]:
        """Equation 4: cGAN + lambda L1."""
        against = adversarial(self.D(torch.cat([x, fake], 1)), True, self.mode)
        distance = self.params.lambda_l1 * l1(fake, y)
        return {"G_GAN": against, "G_L1": distance, "G": against + distance}


class Pix2Pix(GanTranslator[Pix2PixParams]):
    """The translator is G."""

    name: ClassVar[str] = "pix2pix"

    def build(self) -> nn.Module:
        """An untrained generator."""
        p = self.params
        net = UnetGenerator(p.ngf, p.downs, dropout=p.dropout)
        for module in net.modules():
            if isinstance(module, ImageBatchNorm):
                module.per_image = p.test_norm == "image"
        return net

    def train(self, data: TranslationData, ctx: Context) -> nn.Module:
        """Train both networks on the pairs, in random order.

        Raises:
            UsageError: there are no pairs.
        """
        p = self.params
        source = build_bank(data.source, p.load_size, ctx, "source")
        target = build_bank(data.target, p.load_size, ctx, "target")
        require_images(self.name, source=source, target=target)
        pairs = frame_pairs(data, source, target)
        require_pairs(self.name, pairs)
        torch.manual_seed(ctx.seed_for(self.name, "weights"))
        nets = {
            "G": initialize(self.build()).to(ctx.device),
            "D": initialize(PatchDiscriminator(6, p.ndf, "batch")).to(ctx.device),
        }
        step = Pix2PixStep(nets, p, partial(autocast, ctx))
        order = ImageOrder(pairs, p, partial(ctx.seed_for, self.name))
        losses = train_gan(
            self.name, step, batches(source, target, order, ctx, paired=True), p, len(pairs), ctx
        )
        for loss, value in losses.items():
            ctx.report(f"{self.name}_loss_{loss}", value)
        return step.G

    def generate(
        self, generator: nn.Module, c: Tensor, items: Sequence[tuple[str, int]], ctx: Context
    ) -> Tensor:
        """Translate a batch; dropout's masks depend on the seed and the item."""
        if not self.params.test_dropout:
            return super().generate(generator, c, items, ctx)
        seeds = [ctx.seed_for(self.name, "dropout", item) for item, _ in items]
        with image_noise(generator, [torch.Generator().manual_seed(s) for s in seeds]):
            return super().generate(generator, c, items, ctx)


def require_pairs(method: str, pairs: Any) -> None:
    """Raise UsageError where no image has a partner."""
    if not len(pairs):
        raise UsageError(
            f"{method} learns from pairs of visible and target images, and there are none",
            "use a paired dataset, or cyclegan, which needs no pairs",
        )
