"""Fine-tuned vision transformers: learning, and pretrained files of three layouts key by key."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import timm
import torch
from safetensors.torch import save_file
from torch import Tensor
from torchvision.models import vision_transformer as torchvision_vit

from irfer_bench.api import (
    CellError,
    DamagedError,
    MissingWeightsError,
    Recognizer,
    UsageError,
)
from irfer_bench.contracts.params import resolve
from irfer_bench.nn.checkpoints import read_checkpoint
from irfer_bench.testing.memory import MemoryContext
from irfer_static.mae_face import MAEFaceRecognizer
from irfer_static.mae_face_params import MAEFaceParams
from irfer_static.vit import ViTRecognizer
from irfer_static.vit_checkpoints import load_mae, load_vit
from irfer_static.vit_network import ViTNetwork
from irfer_static.vit_params import IMAGENET, SIZES, ViTParams, ViTSize
from tests.irfer_static.toys import CLASSES, toy, training

MINI, SIZE = SIZES["mini"], 48
TINY = {"size": 24, "epochs": 12, "batch": 16, "lr": 2e-3}


def vit(**given: Any) -> ViTRecognizer:
    return ViTRecognizer(
        resolve(ViTParams, component="vit", preset="quick", given=TINY | given))


def mae(**given: Any) -> MAEFaceRecognizer:
    return MAEFaceRecognizer(
        resolve(MAEFaceParams, component="mae_face", preset="quick", given=TINY | given))


def mae_encoder(shape: ViTSize = MINI, size: int = SIZE) -> dict[str, Tensor]:
    """The encoder of `mae_face_pretrain_vit_base.pth` by its names, at another width and depth."""
    w, draw = shape.width, torch.Generator().manual_seed(0)
    sizes = {
        "cls_token": (1, 1, w), "pos_embed": (1, 1 + (size // shape.patch) ** 2, w),
        "patch_embed.proj.weight": (w, 3, shape.patch, shape.patch), "patch_embed.proj.bias": (w,),
        "norm.weight": (w,), "norm.bias": (w,),
    }
    for i in range(shape.depth):
        for part, out, inner in (
            ("attn.qkv", 3 * w, w), ("attn.proj", w, w), ("mlp.fc1", 4 * w, w),
            ("mlp.fc2", w, 4 * w),
        ):
            sizes[f"blocks.{i}.{part}.weight"] = (out, inner)
            sizes[f"blocks.{i}.{part}.bias"] = (out,)
        for norm in ("norm1", "norm2"):
            sizes[f"blocks.{i}.{norm}.weight"] = sizes[f"blocks.{i}.{norm}.bias"] = (w,)
    return {name: 0.02 * torch.randn(one, generator=draw) for name, one in sizes.items()}


def saved(path: Path, tensors: dict[str, Tensor], **more: Any) -> Path:
    torch.save({"model": tensors, **more}, path)
    return path


@pytest.mark.slow
@pytest.mark.parametrize("make", [vit, lambda: mae(weights="none")], ids=["vit", "mae_face"])
def test_it_learns_and_its_state_goes_through_arrays_and_back(make: Any) -> None:
    recognizer = make()
    assert isinstance(recognizer, Recognizer)
    recognizer.fit(training(toy(60, 1)), MemoryContext())
    clips = toy(30, 9)
    scores = recognizer.predict(clips, MemoryContext())
    expected = [CLASSES.index(label or "") for label in clips.labels]
    assert (scores.argmax(1) == expected).mean() > 0.9
    other = type(recognizer)(recognizer.params)
    other.restore(recognizer.state())
    assert np.array_equal(other.predict(clips, MemoryContext()), scores)
    assert other.embed(clips, MemoryContext()).shape == (30, recognizer.params.shape.width)


@pytest.mark.parametrize("old", [False, True], ids=["names of today", "names before 0.14"])
def test_a_torchvision_checkpoint_gives_torchvisions_logits(old: bool, tmp_path: Path) -> None:
    torch.manual_seed(0)
    official = torchvision_vit.VisionTransformer(
        SIZE, MINI.patch, MINI.depth, MINI.heads, MINI.width, 4 * MINI.width, num_classes=3).eval()
    torch.nn.init.normal_(official.heads.head.weight)
    given = dict(official.state_dict())
    if old:
        given = {
            name.replace("mlp.0.", "mlp.linear_1.").replace("mlp.3.", "mlp.linear_2."): value
            for name, value in given.items()}
    path = tmp_path / "official.pth"
    torch.save(given, path)
    ours = ViTNetwork(MINI, SIZE, 3).eval()
    load_vit(ours, path)
    ours.head.load_state_dict(official.heads.head.state_dict())
    x = torch.randn(2, 3, SIZE, SIZE)
    with torch.inference_mode():
        assert torch.allclose(ours(x), official(x), atol=1e-4)


def test_a_timm_checkpoint_gives_timms_logits_and_positions_of_another_size(
    tmp_path: Path,
) -> None:
    shape = replace(MINI, epsilon=1e-5, norm_first=True)
    torch.manual_seed(0)
    official = timm.create_model(
        "vit_large_patch14_clip_224", img_size=SIZE, patch_size=shape.patch, depth=shape.depth,
        embed_dim=shape.width, num_heads=shape.heads, num_classes=3).eval()
    path = tmp_path / "model.safetensors"
    save_file(official.state_dict(), path)
    ours = ViTNetwork(shape, SIZE, 3).eval()
    load_vit(ours, path)
    ours.head.load_state_dict(official.head.state_dict())
    x = torch.randn(2, 3, SIZE, SIZE)
    with torch.inference_mode():
        assert torch.allclose(ours(x), official(x), atol=1e-5)
    smaller = ViTNetwork(shape, SIZE // 2, 3)
    load_vit(smaller, path)
    theirs, own = official.pos_embed[0], smaller.net.pos_embed[0]
    assert torch.equal(own[0], theirs[0])
    assert torch.allclose(own[1:].mean(0), theirs[1:].mean(0), atol=5e-3)


def test_the_full_networks_have_the_published_names_and_shapes() -> None:
    with torch.device("meta"):
        pairs = [
            (ViTNetwork(SIZES["l14"], 224, 1000), timm.create_model("vit_large_patch14_clip_224")),
            (ViTNetwork(SIZES["b16"], 224, 1000), timm.create_model("vit_base_patch16_224")),
        ]
    for ours, official in pairs:
        assert {k: v.shape for k, v in ours.net.state_dict().items()} == {
            k: v.shape for k, v in official.state_dict().items()}
    encoder = {k: v.shape for k, v in mae_encoder(SIZES["b16"], 224).items()}
    own = {k: v.shape for k, v in pairs[1][0].net.state_dict().items() if k[:5] != "head."}
    assert own == encoder


@pytest.mark.slow
@pytest.mark.parametrize("pool", ["patches", "token"])
def test_mae_faces_encoder_is_the_start_of_training(pool: str, tmp_path: Path) -> None:
    """The published file holds its training options beside the weights."""
    encoder = mae_encoder(MAEFaceParams(architecture="mini").shape)
    path = saved(tmp_path / "mae.pth", encoder, args=Namespace(lr=1e-3, mask_ratio=0.75), epoch=3)
    still = {"lr": 1e-9, "muon_lr": 1e-9}
    recognizer = mae(weights=str(path), pool=pool, size=SIZE, epochs=1, **still)
    assert set(recognizer.params.inputs(tmp_path)) == {"backbone_digest"}
    recognizer.fit(training(toy(6, 1)), MemoryContext())
    kept = recognizer.state().tensors
    for name, value in encoder.items():
        if pool == "token" or not name.startswith("norm."):
            assert np.allclose(kept[f"net.{name}"], value, atol=1e-6), name
    if pool == "patches":
        assert np.allclose(kept["net.fc_norm.weight"], 1, atol=1e-6)


def test_patches_are_averaged_without_the_class_token() -> None:
    model = ViTNetwork(MINI, SIZE, 3, patches=True).eval()
    x = torch.randn(2, 3, SIZE, SIZE)
    with torch.inference_mode():
        tokens = model.net.forward_features(x)
        expected = torch.nn.functional.layer_norm(tokens[:, 1:].mean(1), (MINI.width,), eps=1e-6)
        assert torch.allclose(model.features(x), expected, atol=1e-5)


def test_a_decoder_beside_the_encoder_is_ignored(tmp_path: Path) -> None:
    more = {"mask_token": torch.zeros(1, 1, 8), "decoder_blocks.0.norm1.bias": torch.zeros(8)}
    load_mae(ViTNetwork(MINI, SIZE, 3), saved(tmp_path / "all.pth", mae_encoder() | more))


def half(encoder: dict[str, Tensor]) -> dict[str, Tensor]:
    return dict(list(encoder.items())[: len(encoder) // 2])


def fine_tuned(encoder: dict[str, Tensor]) -> dict[str, Tensor]:
    kept = {name: value for name, value in encoder.items() if not name.startswith("norm.")}
    return kept | {"fc_norm.weight": torch.ones(64), "head.weight": torch.zeros(7, 64)}


def audio(encoder: dict[str, Tensor]) -> dict[str, Tensor]:
    return encoder | {"patch_embed.proj.weight": torch.zeros(64, 1, 8, 8)}


@pytest.mark.parametrize("patches", [True, False])
@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (half, "blocks.1.* is missing and"),
        (fine_tuned, "norm.bias is missing; norm.weight is missing; fc_norm.weight is unknown"),
        (audio, r"patch_embed.proj.weight is \(64, 1, 8, 8\), expected \(64, 3, 8, 8\)"),
    ],
)
def test_half_a_file_or_another_one_is_refused_and_changes_nothing(
    damage: Any, said: str, patches: bool, tmp_path: Path
) -> None:
    model = ViTNetwork(MINI, SIZE, 3, patches=patches)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    with pytest.raises(CellError, match=f"no MAE-Face encoder of the shape asked for: .*{said}"):
        load_mae(model, saved(tmp_path / "wrong.pth", damage(mae_encoder())))
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


def test_half_a_vit_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CellError, match="no ViT of the shape asked for"):
        load_vit(ViTNetwork(MINI, SIZE, 3), saved(tmp_path / "half.pth", half(mae_encoder())))


def test_objects_in_a_checkpoint_are_not_made(tmp_path: Path) -> None:
    path = saved(tmp_path / "mae.pth", mae_encoder(), recorder=SIZES["mini"])
    with pytest.raises(DamagedError, match="cannot be read"):
        load_mae(ViTNetwork(MINI, SIZE, 3), path)


@pytest.mark.parametrize("name", ["b16", "l14"])
def test_missing_imagenet_weights_are_named(name: str, tmp_path: Path) -> None:
    wanted = IMAGENET[name]
    with pytest.raises(MissingWeightsError) as caught:
        ViTParams(architecture=name).inputs(tmp_path)  # type: ignore[arg-type]
    assert wanted.files[0] in str(caught.value)
    assert wanted.source in f"{caught.value} {caught.value.hint}"
    assert caught.value.sha256 == wanted.sha256


def test_missing_mae_face_weights_are_named(tmp_path: Path) -> None:
    with pytest.raises(MissingWeightsError, match=r"mae_face_pretrain_vit_base\.pth") as caught:
        MAEFaceParams().inputs(tmp_path)
    assert "github.com/FuxiVirtualHuman/MAE-Face" in caught.value.hint


def test_mae_face_in_quick_starts_from_the_mini_autoencoder(tmp_path: Path) -> None:
    params = resolve(MAEFaceParams, component="mae_face", preset="quick")
    path = params.checkpoint(tmp_path)
    assert path is not None and params.drawn_faces and not MAEFaceParams().drawn_faces
    model = ViTNetwork(params.shape, params.size, 3, patches=False)
    load_mae(model, path)
    kept = read_checkpoint(path).tensors
    assert torch.equal(model.net.norm.weight, kept["norm.weight"].float())


@pytest.mark.parametrize(
    ("cls", "given", "said"),
    [
        (ViTParams, {"weights": "imagenet", "architecture": "mini"}, "no imagenet weights"),
        (MAEFaceParams, {"weights": "mae_face", "architecture": "mini"}, "has architecture=b16"),
        (MAEFaceParams, {"weights": "mini"}, "has architecture=mini, asked for b16"),
    ],
)
def test_pretrained_weights_belong_to_one_network(
    cls: Any, given: dict[str, str], said: str, tmp_path: Path
) -> None:
    made = resolve(cls, component="vit", given=given | {"size": 48})
    with pytest.raises(UsageError, match=said):
        made.inputs(tmp_path)


def test_an_image_that_patches_do_not_fill_is_refused() -> None:
    with pytest.raises(UsageError, match="multiple of the patches' 14 pixels"):
        resolve(ViTParams, component="vit", given={"architecture": "l14", "size": 225})
