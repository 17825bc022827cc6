"""The recipe that all fine-tuned image networks share; imports no torch."""

from __future__ import annotations

from abc import abstractmethod
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from irfer_bench.api import Params, apply, fit
from irfer_bench.nn.weights import digest

Mode = Literal["joint", "source_only", "target_fewshot", "finetune"]


class FineTuningParams(Params, frozen=True):
    """Our fine-tuning recipe for image networks; the values are in no paper."""

    network: ClassVar[str]
    """Name of the recognizer, for messages and seeds."""

    mode: Annotated[
        Mode,
        fit(
            "clips trained on: joint takes source and target, source_only and target_fewshot one "
            "of them, finetune the source and then the target"
        ),
    ] = "joint"
    target_epochs: Annotated[int, fit("passes over the target with mode=finetune", ge=1)] = 20
    target_factor: Annotated[
        float, fit("learning rates of these passes over those before", gt=0)
    ] = 0.1
    size: Annotated[int, fit("side of the network's input in pixels", ge=24, le=512)] = 224
    epochs: Annotated[int, fit("passes over source and target", ge=1)] = 40
    warmup_epochs: Annotated[int, fit("epochs of linear warm-up", ge=0)] = 5
    batch: Annotated[int, fit("images per step", ge=2)] = 64
    lr: Annotated[float, fit("peak learning rate of the trunk", gt=0)] = 5e-4
    head_factor: Annotated[float, fit("the classifier learns this much faster", gt=0)] = 10.0
    weight_decay: Annotated[float, fit("of AdamW", ge=0)] = 0.05
    label_smoothing: Annotated[float, fit("mass given to all classes alike", ge=0, lt=1)] = 0.1
    crop: Annotated[float, fit("smallest area of a random crop", gt=0, le=1)] = 0.8
    flip: Annotated[float, fit("probability of a mirrored image", ge=0, le=1)] = 0.5
    erase: Annotated[float, fit("probability of an erased rectangle", ge=0, le=1)] = 0.25
    class_weight: Annotated[
        Literal["none", "balanced"], fit("balanced: each class weighs the same in the loss")
    ] = "none"
    predict_batch: Annotated[int, apply("frames per forward pass of predict", ge=1)] = 128

    @property
    def muon_rate(self) -> float:
        """Peak rate of Muon for the weights of the blocks; 0 where AdamW trains them too."""
        return 0.0

    def inputs(self, weights: Path) -> dict[str, Any]:
        """What the key must hold besides the parameters: the checkpoint's digest.

        Raises:
            MissingWeightsError: the checkpoint is not here.
            UsageError: the checkpoint belongs to another network than the one asked for.
        """
        path = self.checkpoint(weights)
        return {} if path is None else {"backbone_digest": digest(path)}

    @abstractmethod
    def checkpoint(self, weights: Path) -> Path | None:
        """The pretrained file, or None for random weights.

        Raises:
            MissingWeightsError: it is not here; says where to get it and where to put it.
            UsageError: it belongs to another network than the one asked for.
        """
