"""The files of the mini masked autoencoders that are shipped."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from safetensors import safe_open

from irfer_synth import pretrain_mae
from irfer_synth.mae import MaskedAutoencoder

SHIPPED = Path(pretrain_mae.__file__).parent / "weights"
LARGEST = 5_600_000
"""Bytes of both files together."""


@pytest.mark.parametrize("name", ["face", "audio"])
def test_what_is_shipped_has_the_published_layout_and_probes_well(name: str) -> None:
    path = SHIPPED / pretrain_mae.FILES[name]
    model = MaskedAutoencoder(pretrain_mae.SHAPES[name])
    with safe_open(path, "pt") as opened:
        shapes = {key: tuple(opened.get_slice(key).get_shape()) for key in opened.keys()}  # noqa: SIM118  no dict
        metadata = opened.metadata()
    assert shapes == {k: tuple(v.shape) for k, v in model.encoder_state().items()}
    assert {"cls_token", "pos_embed", "patch_embed.proj.weight", "norm.weight"} < shapes.keys()
    assert json.loads(metadata["architecture"])["size"] == list(model.shape.size)
    probes = json.loads(metadata["training"])["probes"]
    trained, untrained = ("trained", "random") if name == "audio" else ("trained vis", "random vis")
    for features in ("class_token", "patch_mean"):
        assert probes[trained][features] > probes[untrained][features] + 0.1


def test_what_is_shipped_is_small() -> None:
    files = [SHIPPED / name for name in pretrain_mae.FILES.values()]
    assert sum(file.stat().st_size for file in files) < LARGEST
