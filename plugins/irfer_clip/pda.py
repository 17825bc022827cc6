"""PDA: Prompt-based Distribution Alignment with unlabelled target images.

Shuanghao Bai, Min Zhang, Wanqi Zhou, Siteng Huang, Zhirong Luan, Donglin Wang, Badong Chen,
"Prompt-based Distribution Alignment for Unsupervised Domain Adaptation", AAAI 2024, after the
public code (MIT). Labels of the target are never used. Deviations:

* banks are filled from centre views in the order of the data; the code takes one shuffled epoch of
  random views;
* with towers of L layers the visual prompts of the first ceil(7 L / 12) come from the text prompts:
  the first 7 of 12, as in the code;
* text prompts of a tower with another number of layers than the image tower follow the latter;
* float32 or bfloat16 where the code runs in half precision;
* `bench` and `quick` crop faces more gently (80 to 100 % of the area); `quick` takes the mini CLIP,
  whose temperature is about 13 instead of 100: rate 0.03, confidence 0.5, 8 epochs.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from irfer_bench.api import RefusedError, TrainingData
from irfer_bench.nn.frames import FrameTable
from irfer_clip.backbone import Backbone, zero_shot_logits
from irfer_clip.banks import RunningBank
from irfer_clip.features import plain_features
from irfer_clip.pda_model import PdaLayout, PdaModel
from irfer_clip.pda_params import PdaParams
from irfer_clip.prompt_classifier import Batch, PromptClassifier, Task, labelled_frames
from irfer_clip.prompting import CLIP, depth, encode_image, normalize
from irfer_clip.prompts import prompt_texts

COUPLED_TWELFTHS = 7


class Pda(PromptClassifier[PdaParams, PdaModel]):
    """Two-branch prompts on a frozen CLIP: labelled source, pseudo-labelled target."""

    name = "pda"

    def build(self, clip: CLIP, classes: int) -> PdaModel:
        """Prompts, maps and IFT with random weights, centres at zero."""
        p, layers = self.params, depth(clip)[0]
        coupled = -(-layers * COUPLED_TWELFTHS // 12)
        layout = PdaLayout(tokens=p.k, share=(0, max(0, coupled - 2)))
        return PdaModel(clip, classes, layout, beta=p.beta, epsilon=p.epsilon)

    def domains(self, data: TrainingData) -> Mapping[str, FrameTable]:
        """Labelled source and unlabelled target.

        Raises:
            RefusedError: the setting has no source or grants no unlabelled target images.
        """
        if not len(data.unlabelled):
            raise RefusedError(
                "pda aligns labelled source with unlabelled target images, and this setting grants "
                "no unlabelled ones", "choose a setting with unlabelled target clips, or pca")
        if not len(data.source):
            raise RefusedError(
                "pda needs labelled source images, and there are none",
                "choose a setting with a visible source, and a translator other than none")
        source = labelled_frames("source", data.classes, data.source)
        return {"source": source, "target": FrameTable(data.unlabelled)}

    def epoch_frames(self, tables: Mapping[str, FrameTable]) -> int:
        """The source's: target images have no labels here."""
        return len(tables["source"])

    def texts(self, model: PdaModel, backbone: Backbone) -> Tensor:
        """o, prompted."""
        ids = prompt_texts(backbone, self.template("single"), self.words, k=self.params.k)
        return model.texts(backbone.clip, ids)

    def contexts(self, model: PdaModel) -> Mapping[str, Tensor]:
        """V of the first layer."""
        return {"V": model.ctx}

    def images(self, model: PdaModel, clip: CLIP, images: Tensor) -> Tensor:
        """x, prompted."""
        return model.images(clip, images)

    def logits(self, model: PdaModel, x: Tensor, o: Tensor, scale: Tensor) -> Tensor:
        """base + 0.5 IFT."""
        return model.combine(*model.logits(x, o, scale), self.params.ift_weight)

    def prepare(self, model: PdaModel, task: Task, epoch: int) -> None:
        """Both banks, once, from plain features: the source's where zero-shot hits the label."""
        if epoch:
            return
        for name, table in task.tables.items():
            features = normalize(plain_features(table, task.view, task.ctx))
            probabilities = self._zero_shot(task.backbone, features).cpu()
            bank = RunningBank(len(self.classes), self.params.N, features.shape[1])
            bank.add(features.cpu(), probabilities, table.labels if name == "source" else None)
            model.get_buffer(f"{name}_centres").copy_(bank.centres)
            task.ctx.report(f"bank_{name}_empty_slots", int((bank.score == 0).sum()))
            if name == "target":
                sure = probabilities.max(dim=1).values >= self.params.confidence
                task.ctx.report("pseudo_labelled", round(float(sure.float().mean()), 4))

    def loss(self, model: PdaModel, task: Task, batches: Mapping[str, Batch]) -> Tensor:
        """CE on the source plus CE on the target's confident pseudo-labels, both branches."""
        backbone, source, target = task.backbone, batches["source"], batches["target"]
        o = self.texts(model, backbone)
        with torch.no_grad():
            plain = normalize(encode_image(backbone.clip, target.images)[0].float())
        own = model.source_loss(backbone.clip, o, source.images, source.labels)
        return own + model.target_loss(
            backbone.clip, o, target.images, self._zero_shot(backbone, plain),
            self.params.confidence)

    def _zero_shot(self, backbone: Backbone, features: Tensor) -> Tensor:
        """(B, C) zero-shot probabilities with un-prompted sentences."""
        with torch.autocast(features.device.type, enabled=False):
            plain = self.sentence_features(backbone, "single")
            return zero_shot_logits(backbone.scale, features, plain).softmax(dim=-1)
