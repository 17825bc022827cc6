"""Files of transformers and of open_clip's CustomTextCLIP give the CLIP they were made from."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from open_clip.model import CLIP
from safetensors.torch import save_file
from torch import Tensor

from irfer_bench.api import BenchError, DamagedError, MissingWeightsError, UsageError
from irfer_bench.testing.memory import MemoryContext
from irfer_clip.backbone import build_clip, load_backbone, read_state
from irfer_clip.backbone_files import backbone_digest
from irfer_clip.prompting import encode_image, encode_text
from tests.irfer_clip.tiny import ARCHITECTURE, tiny_clip
from tests.irfer_clip.transformers_clip import as_transformers, config_of, write_folder

FULL = copy.deepcopy(ARCHITECTURE)
FULL["text_cfg"] |= {"context_length": 20, "vocab_size": 49408, "width": 8}
"""Tiny, with CLIP's own vocabulary."""


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IRFER_BENCH_HOME", str(tmp_path / "home"))


@pytest.fixture(scope="module")
def full() -> Any:
    return made(FULL)


def made(architecture: dict[str, Any]) -> Any:
    torch.manual_seed(1)
    clip = CLIP(**architecture)
    with torch.no_grad():
        for parameter in clip.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.1)
        clip.logit_scale.fill_(2.0)
    return clip.eval()


def state_of(clip: Any) -> dict[str, Tensor]:
    return {name: value.contiguous() for name, value in clip.state_dict().items()}


@torch.no_grad()
def assert_equal(one: Any, other: Any) -> None:
    images, ids = torch.randn(2, 3, 16, 16), torch.randint(0, 500, (3, one.context_length))
    assert torch.allclose(encode_image(one, images)[0], other.encode_image(images), atol=1e-6)
    assert torch.allclose(encode_text(one, ids), other.encode_text(ids), atol=1e-6)
    assert torch.equal(one.logit_scale, other.logit_scale)


def with_positions(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Older releases save the numbers of the positions as well."""
    return state | {
        "text_model.embeddings.position_ids": torch.arange(130)[None],
        "vision_model.embeddings.position_ids": torch.arange(5)[None],
    }


def custom_text(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """open_clip's CustomTextCLIP: the text tower is a module of its own."""
    outside = ("visual.", "logit_scale")
    return {k if k.startswith(outside) else f"text.{k}": v for k, v in state.items()}


LAYOUTS: dict[str, Callable[[dict[str, Tensor]], dict[str, Any]]] = {
    "model.safetensors": as_transformers,
    "pytorch_model.bin": lambda state: with_positions(as_transformers(state)),
    "custom.pt": custom_text,
    "training.ckpt": lambda state: {
        "state_dict": {f"module.{k}": v for k, v in custom_text(state).items()}
    },
}


@pytest.mark.parametrize("file", LAYOUTS)
def test_a_file_of_another_layout_gives_the_same_features(file: str, tmp_path: Path) -> None:
    clip, path = tiny_clip(), tmp_path / file
    content = LAYOUTS[file](state_of(clip))
    if path.suffix == ".safetensors":
        save_file(content, path)
    else:
        torch.save(content, path)
    assert_equal(build_clip(ARCHITECTURE, read_state(path)[0], file), clip)


@pytest.mark.parametrize("quick", [True, False])
def test_a_folder_tells_its_architecture_and_is_found_by_name(
    quick: bool, tmp_path: Path, full: Any
) -> None:
    clip = full if quick else made(FULL | {"quick_gelu": False})
    folder = write_folder(
        tmp_path / "clip-tiny", state_of(clip), config_of(FULL | {"quick_gelu": quick})
    )
    (folder / "preprocessor_config.json").write_text(
        json.dumps({"image_mean": [0.5, 0.4, 0.3], "image_std": [0.2, 0.2, 0.2]})
    )
    loaded = load_backbone("clip-tiny", "", MemoryContext(weights=tmp_path))
    assert_equal(loaded.clip, clip)
    assert (loaded.size, loaded.mean, loaded.assumed) == (16, (0.5, 0.4, 0.3), "")
    assert load_backbone(str(folder), "", MemoryContext(weights=tmp_path / "no")).clip is not None
    ids = loaded.tokenize(["an angry face"])
    assert ids.shape == (1, 20) and int(ids.max()) == 49407


def test_a_folder_may_hold_the_older_kind_of_file(tmp_path: Path, full: Any) -> None:
    folder = write_folder(tmp_path / "old", state_of(full), config_of(FULL))
    (folder / "model.safetensors").unlink()
    with pytest.raises(MissingWeightsError, match=r"model\.safetensors, pytorch_model\.bin"):
        load_backbone("old", "", MemoryContext(weights=tmp_path))
    torch.save(as_transformers(state_of(full)), folder / "pytorch_model.bin")
    assert_equal(load_backbone("old", "", MemoryContext(weights=tmp_path)).clip, full)


def test_the_digest_of_a_folder_covers_the_activation(tmp_path: Path, full: Any) -> None:
    folder = write_folder(tmp_path / "hf", state_of(full), config_of(FULL))
    before = backbone_digest("hf", tmp_path)
    (folder / "config.json").write_text(json.dumps(config_of(FULL | {"quick_gelu": False})))
    assert backbone_digest("hf", tmp_path) != before


def changed(*path: str, value: Any) -> dict[str, Any]:
    config: dict[str, Any] = copy.deepcopy(config_of(FULL))
    at = config
    for name in path[:-1]:
        at = at[name]
    at[path[-1]] = value
    return config


@pytest.mark.parametrize(
    ("config", "said"),
    [
        (changed("model_type", value="siglip"), "no config of a CLIPModel.*siglip"),
        (changed("text_config", "hidden_act", value="gelu"), "text tower has gelu, the image"),
        (changed("vision_config", "hidden_act", value="relu"), "relu"),
        (changed("vision_config", "num_attention_heads", value=5), "5 heads do not divide 24"),
        (changed("vision_config", "layer_norm_eps", value=1e-6), "layer_norm_eps"),
        (changed("vision_config", "patch_size", value=4), r"positional_embedding is \(5, 24\)"),
        (changed("projection_dim", value=8), r"text_projection is \(8, 16\), expected \(8, 8\)"),
        (changed("text_config", "vocab_size", value=99), r"is \(49408, 8\), expected \(99, 8\)"),
        (changed("vision_config_dict", value={}), "does not fit"),
        ([], "Expected `object`"),
        ("{half", "is no JSON"),
    ],
)  # fmt: skip
def test_a_config_that_does_not_belong_to_the_weights_is_refused(
    config: Any, said: str, tmp_path: Path, full: Any
) -> None:
    folder = write_folder(tmp_path / "hf", state_of(full), {})
    text = config if isinstance(config, str) else json.dumps(config)
    (folder / "config.json").write_text(text)
    with pytest.raises(BenchError, match=said):
        load_backbone("hf", "", MemoryContext(weights=tmp_path))


def test_a_named_architecture_is_compared_with_the_config(tmp_path: Path, full: Any) -> None:
    write_folder(tmp_path / "hf", state_of(full), config_of(FULL))
    said = r"activation is QuickGELU, ViT-B-16 has exact GELU; projection is 16, ViT-B-16 has 512"
    with pytest.raises(UsageError, match=said):
        load_backbone("hf", "ViT-B-16", MemoryContext(weights=tmp_path))


def test_a_folder_with_other_tokens_is_refused(tmp_path: Path) -> None:
    write_folder(tmp_path / "hf", state_of(tiny_clip()), config_of(ARCHITECTURE))
    with pytest.raises(UsageError, match="vocabulary of 517 tokens, CLIP's has 49408"):
        load_backbone("hf", "", MemoryContext(weights=tmp_path))


def test_a_file_of_transformers_needs_its_architecture(tmp_path: Path) -> None:
    save_file(as_transformers(state_of(tiny_clip())), tmp_path / "hf.safetensors")
    with pytest.raises(UsageError, match=r"architecture of hf\.safetensors is 'unknown'"):
        load_backbone("hf.safetensors", "", MemoryContext(weights=tmp_path))
    with pytest.raises(UsageError, match=r"does not fit.*expected \(512"):
        load_backbone("hf.safetensors", "ViT-B-16-quickgelu", MemoryContext(weights=tmp_path))


def test_queries_keys_and_values_that_differ_are_damaged(tmp_path: Path) -> None:
    state = as_transformers(state_of(tiny_clip()))
    state["text_model.encoder.layers.0.self_attn.k_proj.weight"] = torch.zeros(3, 16)
    save_file(state, tmp_path / "hf.safetensors")
    with pytest.raises(DamagedError, match=r"queries, keys and values .* differ in shape"):
        read_state(tmp_path / "hf.safetensors")


def halved(state: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name: state[name] for name in list(state)[::2]}


@pytest.mark.parametrize("layout", ["open_clip", "transformers"])
def test_half_the_keys_are_named_incomplete(layout: str, tmp_path: Path) -> None:
    state = state_of(tiny_clip())
    half = halved(state if layout == "open_clip" else as_transformers(state))
    torch.save(half, tmp_path / "half.pt")
    said = rf"half\.pt is incomplete: \d+ of {len(state)} tensors \(.* is missing.*fetch it again"
    with pytest.raises(DamagedError, match=said):
        build_clip(ARCHITECTURE, read_state(tmp_path / "half.pt")[0], "half.pt")


@pytest.mark.parametrize("tower", ["image", "text"])
@pytest.mark.parametrize("layout", ["open_clip", "transformers"])
def test_a_tower_alone_is_named(tower: str, layout: str, tmp_path: Path) -> None:
    state = {
        name: value
        for name, value in state_of(tiny_clip()).items()
        if name.startswith("visual.") == (tower == "image") or name == "logit_scale"
    }
    if layout == "transformers":
        other = {"text_projection": torch.zeros(0, 0), "visual.proj": torch.zeros(0, 0)}
        state = {k: v for k, v in as_transformers(other | state).items() if v.numel()}
    save_file(state, tmp_path / "one.safetensors")
    with pytest.raises(UsageError, match=rf"one\.safetensors holds the {tower} tower alone"):
        read_state(tmp_path / "one.safetensors")


def test_transformers_itself_gives_the_same_logits(tmp_path: Path, full: Any) -> None:
    transformers = pytest.importorskip("transformers")
    folder = write_folder(tmp_path / "hf", state_of(full), config_of(FULL))
    theirs = transformers.CLIPModel.from_pretrained(str(folder)).eval()
    ours = load_backbone("hf", "", MemoryContext(weights=tmp_path))
    images, ids = torch.randn(2, 3, 16, 16), ours.tokenize(["a smile", "an angry face"])
    with torch.no_grad():
        expected = theirs(input_ids=ids, pixel_values=images).logits_per_image
        got = ours.clip(images, ids)
    assert torch.allclose(got[2] * got[0] @ got[1].T, expected, atol=1e-5)
    saved = tmp_path / "saved"
    theirs.save_pretrained(str(saved))
    assert_equal(load_backbone("saved", "", MemoryContext(weights=tmp_path)).clip, full)
