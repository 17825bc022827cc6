"""Pretrained encoders and the authors' trained network, key by key."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from irfer_bench.api import CellError, MissingWeightsError, UsageError
from irfer_bench.cli import main
from irfer_bench.testing.memory import MemoryContext
from irfer_dynamic.encoder_files import load_encoder, load_trained
from irfer_dynamic.encoder_params import AUDIO_MAE, MAE_FACE, PAIRS
from irfer_dynamic.mae_encoder import MAEEncoder
from irfer_dynamic.mma_dfer_model import MMADFER
from irfer_dynamic.mma_dfer_params import AUDIO, VISION, MMADFERParams
from irfer_dynamic.unimodal import AudioOnlyRecognizer, VisionOnlyRecognizer
from irfer_dynamic.unimodal_params import AudioOnlyParams, VisionOnlyParams
from tests.irfer_dynamic.voices import clips, mma, params, training

SHAPE = PAIRS["mini"].shape


def encoder(size: tuple[int, int] = (32, 32), channels: int = 3, **given: Any) -> MAEEncoder:
    torch.manual_seed(0)
    return MAEEncoder(SHAPE, size, channels, **given)


def published(size: tuple[int, int] = (64, 64), channels: int = 3) -> dict[str, Tensor]:
    """What an encoder of a masked autoencoder is called in its file."""
    made = encoder(size, channels).state_dict()
    names = {k: v for k, v in made.items() if not k.startswith(("prompts", "progressive"))}
    draw = torch.Generator().manual_seed(1)
    return {k: 0.1 * torch.randn(v.shape, generator=draw) for k, v in names.items()}


def saved(path: Path, tensors: dict[str, Tensor], **more: Any) -> Path:
    torch.save({"model": tensors, **more}, path)
    return path


def test_an_encoder_is_read_beside_its_decoder_and_training_options(tmp_path: Path) -> None:
    given = published((32, 32))
    decoder = {"mask_token": torch.zeros(1), "decoder_pos_embed": torch.zeros(1)}
    path = saved(tmp_path / "mae.pth", given | decoder, args=Namespace(lr=1e-3))
    made = encoder(tokens=6, updates=2)
    load_encoder(made, path, square=True)
    for name, value in given.items():
        own = made.state_dict()[name]
        assert torch.equal(own[:, : value.shape[1]] if name == "pos_embed" else own, value), name
    assert made.pos_embed.shape[1] == given["pos_embed"].shape[1] + 6
    assert 0.5 < made.pos_embed[:, -6:].std() < 1.5


@pytest.mark.parametrize(
    ("size", "kept", "channels"), [((32, 32), (64, 64), 3), ((32, 64), (128, 64), 1)]
)
def test_positions_of_a_larger_grid_are_resized(
    size: tuple[int, int], kept: tuple[int, int], channels: int, tmp_path: Path
) -> None:
    """Of a spectrogram the time alone: 128 frames of the file against 32."""
    given = published(kept, channels)
    grid = torch.arange(kept[0] // 8).float()[:, None].expand(-1, kept[1] // 8)
    given["pos_embed"][0, 1:] = grid.reshape(-1, 1)
    made = encoder(size, channels)
    load_encoder(made, saved(tmp_path / "mae.pth", given), square=channels == 3)
    rows = made.pos_embed[0, 1:, 0].unflatten(0, made.grid)
    assert torch.allclose(rows, rows[:, :1].expand_as(rows), atol=1e-5)
    assert torch.all(rows[1:, 0] > rows[:-1, 0])
    assert torch.equal(made.pos_embed[:, 0], given["pos_embed"][:, 0])


def fine_tuned(given: dict[str, Tensor]) -> dict[str, Tensor]:
    kept = {k: v for k, v in given.items() if not k.startswith("norm.")}
    head = {"fc_norm.weight": torch.ones(96), "fc_norm.bias": torch.ones(96)}
    return kept | head


def half(given: dict[str, Tensor]) -> dict[str, Tensor]:
    return dict(list(given.items())[: len(given) // 2])


def without_positions(given: dict[str, Tensor]) -> dict[str, Tensor]:
    return {k: v for k, v in given.items() if k != "pos_embed"}


@pytest.mark.parametrize(
    ("damage", "message", "hint"),
    [
        (fine_tuned, "norm.bias is missing", "it was fine-tuned with a classifier"),
        (half, "is missing and", "give the whole state_dict"),
        (without_positions, "pos_embed is missing", "give the whole state_dict"),
    ],
)
def test_another_file_is_refused_and_changes_nothing(
    damage: Any, message: str, hint: str, tmp_path: Path
) -> None:
    made = encoder((64, 64), 1)
    before = {k: v.clone() for k, v in made.state_dict().items()}
    path = saved(tmp_path / "pretrained.pth", damage(published((64, 64), 1)))
    with pytest.raises(CellError, match=f"no pretrained encoder of the shape.*{message}") as caught:
        load_encoder(made, path, square=False)
    assert hint in caught.value.hint
    assert all(torch.equal(v, before[k]) for k, v in made.state_dict().items())


def test_an_encoder_of_frames_does_not_hear(tmp_path: Path) -> None:
    path = saved(tmp_path / "face.pth", published((64, 64), 3))
    with pytest.raises(CellError, match=r"patch_embed.proj.weight is \(96, 3, 8, 8\), expected"):
        load_encoder(encoder((64, 64), 1), path, square=False)


def official(model: MMADFER) -> dict[str, Tensor]:
    """Our network's weights by the names of the public code."""
    named = {}
    for name, value in model.state_dict().items():
        part, _, rest = name.partition(".")
        side = {"vision": "image_encoder", "audio": "audio_model"}.get(part)
        if side:
            rest = rest.replace("progressive.", "learnable_prompts_progr.")
            rest = "learnable_prompts_init" if rest == "prompts" else rest
            named[f"{side}.{rest}"] = value
        elif part == "fusion":
            i, what = rest.split(".", 1)
            for ours, theirs in (
                ("vision_down.0.", f"image_encoder.temporal_pre.{i}."),
                ("vision_down.1.", f"image_encoder.temporal_pre_norm.{i}."),
                ("audio_down.", f"image_encoder.audio_proj_pre.{i}."),
                ("vision_up.", f"image_encoder.temporal_att_post.{i}.0."),
                ("audio_up.", f"audio_model.temporal_att_post.{i}.0."),
                ("vision_gate", f"image_encoder.all_gate.{i}"),
                ("audio_gate", f"audio_model.all_gate.{i}"),
            ):
                if what.startswith(ours):
                    named[theirs + what.removeprefix(ours)] = value
        elif part in ("joint", "classifier"):
            whole = {"joint": "vision_proj", "classifier": "our_classifier"}[part]
            named[f"{whole}.{rest}"] = value
        else:
            rest = rest.replace("positions", "pos_embedding")
            for ours, theirs in (
                ("layers.0.attention.q.", "0.0.fn.fn.to_q."),
                ("layers.0.attention.kv.", "0.0.fn.fn.to_kv."),
                ("layers.0.attention.out.", "0.0.fn.fn.to_out.0."),
                ("layers.0.attention_norm.", "0.0.fn.norm."),
                ("layers.0.mlp.0.", "0.1.fn.fn.net.0."),
                ("layers.0.mlp.2.", "0.1.fn.fn.net.3."),
                ("layers.0.mlp_norm.", "0.1.fn.norm."),
            ):
                if rest.startswith(ours):
                    rest = f"temporal_transformer.layers.{theirs}{rest.removeprefix(ours)}"
            named[f"temporal_net.{rest}"] = value
    return named


def test_the_authors_trained_network_is_evaluated_as_it_is(tmp_path: Path) -> None:
    torch.manual_seed(2)
    theirs = MMADFER(params(), 3).eval()
    state = {f"module.{k}": v for k, v in official(theirs).items()}
    state["module.image_encoder.head.weight"] = torch.zeros(12, 96)
    layer = "module.temporal_net.temporal_transformer.layers.0.0.fn.norm2.weight"
    state[layer] = torch.ones(96)
    path = tmp_path / "model_set_1.pt"
    torch.save({"state_dict": state, "epoch": 25}, path)
    recognizer, context = mma(trained=str(path), epochs=0), MemoryContext()
    assert set(recognizer.params.inputs(tmp_path)) == {"trained_digest"}
    recognizer.fit(training(clips(3)), context)
    assert recognizer.model is not None
    for name, value in theirs.state_dict().items():
        assert torch.equal(recognizer.model.state_dict()[name], value), name
    scores = recognizer.predict(clips(3), context)
    path.unlink()
    other = mma(trained=str(path), epochs=0)
    other.restore(recognizer.state())
    assert np.array_equal(other.predict(clips(3), context), scores)
    torch.save({"state_dict": half(state)}, path)
    with pytest.raises(CellError, match="no trained MMA-DFER of these parameters"):
        load_trained(MMADFER(params(), 3), path)


def test_the_authors_file_has_500_tensors_of_which_492_are_used() -> None:
    """Two classifiers of the encoders and two norms are left out: eight tensors."""
    with torch.device("meta"):
        theirs = official(MMADFER(MMADFERParams(), 7))
    assert len(theirs) == 492
    assert theirs["image_encoder.pos_embed"].shape == (1, 203, 768)
    assert theirs["audio_model.pos_embed"].shape == (1, 263, 768)


def test_encoders_from_files_are_not_kept_in_the_state(tmp_path: Path) -> None:
    files = {
        "vision_weights": str(saved(tmp_path / "v.pth", published((16, 16), 3))),
        "audio_weights": str(saved(tmp_path / "a.pth", published((64, 64), 1))),
    }
    recognizer, context = mma(**files), MemoryContext()
    assert set(recognizer.params.inputs(tmp_path)) == {"vision_digest", "audio_digest"}
    recognizer.fit(training(clips(6)), context)
    kept = recognizer.state()
    assert not any("blocks" in name or name == "norm.weight" for name in kept.tensors)
    other = mma(**files)
    other.restore(kept)
    data = clips(4)
    assert np.array_equal(other.predict(data, context), recognizer.predict(data, context))


@pytest.mark.parametrize(
    ("recognizer", "of", "channels"),
    [(VisionOnlyRecognizer, VisionOnlyParams, 3), (AudioOnlyRecognizer, AudioOnlyParams, 1)],
)
def test_a_unimodal_classifier_starts_from_the_file_s_encoder(
    recognizer: Any, of: Any, channels: int, tmp_path: Path
) -> None:
    tensors = published((64, 64), channels)
    path = saved(tmp_path / "encoder.pth", tensors)
    made = recognizer(of(architecture="mini", weights=str(path), size=64, window=64))
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = made.network(6)
        assert made.load(model, tmp_path)
    assert torch.equal(model.encoder.state_dict()["norm.weight"], tensors["norm.weight"])
    assert torch.equal(
        model.encoder.state_dict()["patch_embed.proj.weight"], tensors["patch_embed.proj.weight"])


@pytest.mark.parametrize(
    ("given", "wanted"),
    [({}, MAE_FACE), ({"vision_weights": "none"}, AUDIO_MAE)],
)
def test_missing_encoders_are_named(given: Any, wanted: Any, tmp_path: Path) -> None:
    with pytest.raises(MissingWeightsError) as caught:
        MMADFERParams(**given).inputs(tmp_path)
    assert wanted.files[0] in str(caught.value)
    assert wanted.source in f"{caught.value} {caught.value.hint}"


def test_quick_without_its_mini_encoders_says_so_and_trains_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Never random weights: a run ends with 3 before its first step."""
    monkeypatch.setenv("IRFER_BENCH_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    for known in (VISION, AUDIO, VisionOnlyParams.known, AudioOnlyParams.known):
        monkeypatch.setitem(known, "mini", replace(known["mini"], folder=tmp_path / "empty"))
    for name in ("mma_dfer", "vision_only", "audio_only"):
        words = ["-s", "synth_clips_supervised", "-r", name, "--preset", "quick", "--fold", "1"]
        assert main(["run", *words]) == 3
        said = " ".join(capsys.readouterr().err.split())
        assert "pretrained weights mini MAE of" in said
        assert "are not here" in said


def test_weights_belong_to_one_architecture_and_paths_exist(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="mae_face are those of architecture=b16, asked for mini"):
        params(vision_weights="mae_face").inputs(tmp_path)
    with pytest.raises(MissingWeightsError, match=r"nowhere\.pth do not exist"):
        params(audio_weights="nowhere.pth").inputs(tmp_path)
    with pytest.raises(MissingWeightsError, match=r"nowhere\.pt do not exist"):
        params(trained="nowhere.pt").inputs(tmp_path)
