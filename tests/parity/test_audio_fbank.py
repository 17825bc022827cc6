"""Log-mel spectrograms against torchaudio's Kaldi fbank and AudioMAE's input."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from irfer_bench.nn.log_mel import fbank, spectrogram
from tests.parity.clip_fixtures import tensors_of
from tests.parity.fixtures import error, fixtures

LOGS = 1e-3


@pytest.mark.parametrize("path", fixtures("recognizers", "audio_fbank"))
def test_log_mel(path: Path) -> None:
    t, _ = tensors_of(path)
    cases = sorted({name.split(".")[0] for name in t})
    assert cases
    for case in cases:
        waveform, rate = t[f"{case}.waveform"], int(t[f"{case}.sample_rate"])
        raw = t[f"{case}.fbank_raw_valid"]
        made = fbank((waveform - waveform.mean())[0], rate, raw.shape[1])
        assert len(made) == int(t[f"{case}.n_frames_before_pad"]), case
        assert torch.allclose(made[: len(raw)], raw, rtol=0, atol=LOGS), case
        inputs = [name for name in t if name.startswith(f"{case}.model_input_")]
        for name in inputs:
            window, mels = t[name].shape
            ours = spectrogram(waveform.numpy(), rate, window=window, mels=mels)
            assert error(ours, t[name]) < LOGS, name
