"""MMA-DFER: two frozen self-supervised encoders, adapted to faces that move and speak.

Kateryna Chumachenko, Alexandros Iosifidis, Moncef Gabbouj, "MMA-DFER: MultiModal Adaptation of
Unimodal Models for Dynamic Facial Expression Recognition in-the-Wild", CVPR Workshops 2024.
MAE-Face sees 16 frames and AudioMAE takes a log-mel spectrogram; prompts adapt each, fusion
bottlenecks let them exchange what they know behind every block, and a transformer reads the frames'
tokens. The equations are in `mma_dfer_model.py` and `fusion.py`, and are those of the public code,
as are drop path in the frozen encoders, one gate per layer and modality, initial positions of
prompts from N(0, 1), and the sum of both encoders before the joint projection. Decisions and
deviations:

* pixels stay in 0 to 1, as in the public code; `pixels=imagenet` takes ImageNet's mean and
  deviation off, as `quick` does, whose encoder was trained so;
* `official` takes audio at the rate of its file, and training segments without the last n mod 16
  frames of a clip, as the public code does. By default audio is resampled to the 16 kHz of
  AudioMAE, and segments reach to the end of a clip;
* frames of MAFW come in the order of their numbers; the public code sorts the unpadded names of
  its own crops as strings (0, 1, 10, 100, 11, ...), and its lists leave out each clip's last frame.
  Its crops take in all faces of a scene, the settings' one square around the found one;
* settings on original video give the network every frame of a clip, as the public code does; those
  on translated frames the 16 that are translated, those on own folders 32 of each clip;
* the paper scores two clips of a video and does not say which: 32 middles are dealt out in turn,
  the audio is the same, and probabilities are averaged (`test_clips`, `clip_split`, `clip_mean`);
* a clip without audio gets a constant spectrogram, as in the public code, and is counted;
* fusion by `add`, `mult`, `mult_concat` and `ita`, described in a line each, is ours in detail;
* `updates` other than 2 put 3 tokens in for each; the paper's rule gives half a token;
* gradients of a batch are summed over parts of four clips, which needs half of the memory;
* second norms of the temporal transformer, which nothing uses, are left out (2,048 parameters);
* `bench` takes images of 160 px; `quick` takes mini encoders, trained on drawn faces and voices,
  and in 3 epochs smaller batches, Muon for hidden weights, a larger learning rate of the others,
  milder crops, no drop path and smaller initial positions.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import cast

import torch
from torch import nn

from irfer_bench.api import Context
from irfer_bench.nn.muon import split_optimizers
from irfer_dynamic.encoder_files import load_encoder, load_trained
from irfer_dynamic.encoder_recognizer import EncoderRecognizer
from irfer_dynamic.mae_encoder import EncoderNetwork
from irfer_dynamic.mma_dfer_model import MMADFER
from irfer_dynamic.mma_dfer_params import MMADFERParams

OUTER = ("prompts", "progressive", "pos_embed", "positions", "cls_token", "classifier")
"""Of the names of parameters that AdamW trains where Muon trains the others."""


class MMADFERRecognizer(EncoderRecognizer[MMADFERParams]):
    """MMA-DFER on whole clips."""

    def network(self, classes: int) -> EncoderNetwork:
        """The network with random weights from torch's generator."""
        return MMADFER(self.params, classes)

    def optimizers(self, part: nn.Module) -> list[torch.optim.Optimizer]:
        """AdamW, as in the paper, or Muon for hidden weights where `muon_lr` is set."""
        p = self.params
        if not p.muon_lr:
            return super().optimizers(part)
        return split_optimizers(part, p.lr, p.muon_lr, p.weight_decay, OUTER)

    def read_trained(self, classes: Sequence[str], ctx: Context) -> None:
        """Take the authors' trained network, `params.trained`, in the place of a fit.

        Raises:
            CellError: it was trained with other parameters, or for other classes.
            MissingWeightsError, DamagedError: it is not here, or cannot be read.
        """
        self.classes = len(classes)
        self.model = self._start(ctx).eval()

    def load(self, model: EncoderNetwork, weights: Path) -> bool:
        """Put the encoders in, or the authors' trained network."""
        network, p = cast(MMADFER, model), self.params
        trained = p.start(weights)
        if trained is not None:
            load_trained(network, trained)
            return False
        vision, audio = p.encoders(weights)
        if vision is not None:
            load_encoder(network.vision, vision, square=True)
        if audio is not None:
            load_encoder(network.audio, audio, square=False)
        return vision is not None and audio is not None
