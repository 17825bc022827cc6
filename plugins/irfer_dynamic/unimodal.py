"""One frozen encoder and a linear classifier: how much each modality of MMA-DFER tells alone.

    logits = W LN(a)_CLS        logits = W mean over frames of LN(v_tau)_CLS

The unimodal rows of MMA-DFER's ablation (Chumachenko et al., CVPR Workshops 2024), which say no
more than "frozen encoder, linear classifier": recipe and input are those of `mma_dfer`, without
drop path; positions are frozen. `quick` takes mini encoders, a larger rate, milder crops and 12
epochs.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal, TypeVar, cast

from torch import Tensor, nn

from irfer_dynamic.encoder_files import load_encoder
from irfer_dynamic.encoder_recognizer import EncoderRecognizer
from irfer_dynamic.mae_encoder import EncoderNetwork, MAEEncoder
from irfer_dynamic.unimodal_params import AudioOnlyParams, UnimodalParams, VisionOnlyParams

P = TypeVar("P", bound=UnimodalParams)


class LinearNetwork(EncoderNetwork):
    """A linear classifier; the encoder computes without gradients and without drop path."""

    def __init__(
        self, params: UnimodalParams, classes: int, modality: Literal["vision", "audio"]
    ) -> None:
        super().__init__()
        pair = params.pair
        vision = modality == "vision"
        size = (pair.size, pair.size) if vision else (pair.window, pair.mels)
        self.encoder = MAEEncoder(pair.shape, size, 3 if vision else 1)
        self.encoder.requires_grad_(False)
        self.classifier = nn.Linear(pair.shape.width, classes)
        self.vision = vision

    def features(self, frames: Tensor, audio: Tensor) -> Tensor:
        """(B, width): the class token, of frames their mean."""
        if not self.vision:
            return self.encoder.encode(audio)
        cls = self.encoder.encode(frames.flatten(0, 1))
        return cls.reshape(len(frames), -1, cls.shape[-1]).mean(dim=1)


class UnimodalRecognizer(EncoderRecognizer[P]):
    """A linear classifier on the encoder of one modality."""

    def network(self, classes: int) -> EncoderNetwork:
        """The network with random weights from torch's generator."""
        return LinearNetwork(self.params, classes, "vision" if self.frames else "audio")

    def load(self, model: EncoderNetwork, weights: Path) -> bool:
        """Put the encoder in."""
        path = self.params.encoder(weights)
        if path is not None:
            load_encoder(cast(LinearNetwork, model).encoder, path, square=self.frames)
        return path is not None


class VisionOnlyRecognizer(UnimodalRecognizer[VisionOnlyParams]):
    """Frames alone."""

    audio = False


class AudioOnlyRecognizer(UnimodalRecognizer[AudioOnlyParams]):
    """Audio alone."""

    frames = False
