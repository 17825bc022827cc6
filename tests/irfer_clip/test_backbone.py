"""Checkpoints of every layout give one backbone; wrong ones are refused with a reason."""

from __future__ import annotations

import json
import os
import pickle
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from irfer_bench.api import (
    BenchError,
    DamagedError,
    MissingWeightsError,
    RefusedError,
    UsageError,
)
from irfer_bench.nn.weights import Pretrained, digest, find
from irfer_bench.store import digests
from irfer_bench.testing.memory import MemoryContext
from irfer_clip import backbone
from irfer_clip.backbone import build_clip, load_backbone, read_state
from irfer_clip.backbone_files import backbone_digest, locate
from irfer_clip.prompting import encode_image
from tests.irfer_clip.tiny import ARCHITECTURE, tiny_clip, write_tiny


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IRFER_BENCH_HOME", str(tmp_path / "home"))


class _Holder(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x


def _torchscript(path: Path, state: dict[str, Tensor]) -> None:
    """As OpenAI's files: an archive in half precision, with three scalars among the tensors."""
    root = _Holder()
    scalars = dict.fromkeys(("input_resolution", "context_length", "vocab_size"), torch.tensor(7))
    for name, tensor in (state | scalars).items():
        holder: nn.Module = root
        *parents, leaf = name.split(".")
        for parent in parents:
            if parent not in dict(holder.named_children()):
                holder.add_module(parent, _Holder())
            holder = holder.get_submodule(parent)
        holder.register_buffer(leaf, tensor.half() if tensor.is_floating_point() else tensor)
    torch.jit.script(root).save(str(path))


LAYOUTS: dict[str, tuple[str, Callable[[Path, dict[str, Tensor]], Any]]] = {
    "plain": ("plain.pt", lambda path, state: torch.save(state, path)),
    "module": ("m.pth", lambda path, s: torch.save({f"module.{k}": v for k, v in s.items()}, path)),
    "wrapped": ("w.bin", lambda path, s: torch.save({"state_dict": s, "epoch": 3}, path)),
    "both": (
        "b.pt",
        lambda p, s: torch.save({"state_dict": {f"module.{k}": v for k, v in s.items()}}, p),
    ),
    "half": ("h.pt", lambda path, s: torch.save({k: v.half() for k, v in s.items()}, path)),
    "safetensors": ("s.safetensors", lambda path, s: save_file(s, path)),
    "torchscript": ("t.pt", _torchscript),  # only where its digest is a published one
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_gives_the_same_features(
    layout: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clip = tiny_clip()
    state = {k: v.contiguous() for k, v in clip.state_dict().items()}
    file, write = LAYOUTS[layout]
    write(tmp_path / file, state)
    if layout == "torchscript":
        monkeypatch.setattr(backbone, "OPENAI_SHA256", {digest(tmp_path / file)})
    read, _ = read_state(tmp_path / file)
    loaded = build_clip(ARCHITECTURE, read, file)
    images = torch.randn(2, 3, 16, 16)
    tolerance = 2e-2 if layout in ("half", "torchscript") else 0.0
    got, expected = encode_image(loaded, images)[0], clip.encode_image(images)
    assert float((got - expected).detach().abs().max()) <= max(tolerance, 1e-5)
    assert not any(p.requires_grad for p in loaded.parameters())


def test_a_missing_tag_says_what_from_where_and_whereto(tmp_path: Path) -> None:
    with pytest.raises(MissingWeightsError) as caught:
        locate("ViT-B-16-quickgelu/openai", tmp_path)
    text = str(caught.value)
    assert "ViT-B-16.pt" in text
    assert "https://openaipublic.azureedge.net/clip/models/5806e77c" in text
    assert str(tmp_path) in text
    assert caught.value.exit_code == 3


def test_a_published_file_with_another_digest_is_damaged(tmp_path: Path) -> None:
    (tmp_path / "ViT-B-16.pt").write_bytes(b"half a download")
    with pytest.raises(DamagedError, match="sha256 begins"):
        locate("ViT-B-16-quickgelu/openai", tmp_path)


def test_a_checkpoint_of_another_architecture_is_refused(tmp_path: Path) -> None:
    torch.save(tiny_clip().state_dict(), tmp_path / "tiny.pt")
    context = MemoryContext(weights=tmp_path)
    with pytest.raises(UsageError, match=r"does not fit.*is \(.*expected \("):
        load_backbone("tiny.pt", "ViT-B-16-quickgelu", context)
    with pytest.raises(UsageError, match="architecture"):
        load_backbone("tiny.pt", "", context)
    with pytest.raises(UsageError, match="architecture"):
        load_backbone("tiny.pt", "ViT-B-61", context)


class _Evil:
    def __reduce__(self) -> tuple[Any, ...]:
        return (pytest.fail, ("a foreign checkpoint ran code",))


@pytest.mark.parametrize("content", ["cut", "empty", "foreign", "code"])
def test_damaged_and_foreign_files_are_refused(content: str, tmp_path: Path) -> None:
    path = tmp_path / ("cut.safetensors" if content == "cut" else f"{content}.pt")
    if content == "cut":
        whole = write_tiny(tmp_path / "whole").read_bytes()
        path.write_bytes(whole[: len(whole) // 2])
    elif content == "empty":
        path.write_bytes(b"")
    elif content == "foreign":
        torch.save({"patch_embed.proj.weight": torch.ones(3)}, path)
    else:
        path.write_bytes(pickle.dumps({"visual.conv1.weight": _Evil()}))
    with pytest.raises(DamagedError, match=path.name):
        read_state(path)


def test_the_digest_follows_the_content_and_not_the_place(tmp_path: Path) -> None:
    one, same = write_tiny(tmp_path / "a"), tmp_path / "b.safetensors"
    shutil.copyfile(one, same)  # safetensors' own metadata order differs from file to file
    other = write_tiny(tmp_path / "c", seed=1)
    assert digest(one) == digest(same) != digest(other)
    assert backbone_digest("tiny.safetensors", tmp_path / "a") == digest(one)
    one.write_bytes(other.read_bytes() + b" ")
    assert digest(one) not in (digest(same), digest(other))


def test_a_remembered_digest_is_used_and_a_damaged_note_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def forget() -> None:  # as another process begins
        digests._known.clear()
        digests._read.clear()

    path = write_tiny(tmp_path)
    time.sleep(0.1)  # what was just written may change once more without another date
    true = digest(path)
    (note,) = (tmp_path / "home" / "digests").iterdir()
    forget()
    note.write_text(json.dumps(json.loads(note.read_text()) | {"sha256": "remembered"}))
    assert digest(path) == "remembered"
    with digests.reading_again():
        assert digest(path) == true, "a step reads it itself"
    forget()
    note.write_text(json.dumps(json.loads(note.read_text()) | {"sha256": "remembered"}))
    whole, dates = path.read_bytes(), path.stat()
    path.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    os.utime(path, ns=(dates.st_atime_ns, dates.st_mtime_ns))
    assert digest(path) not in ("remembered", true), "overwritten with size and date kept"
    path.write_bytes(whole)
    forget()
    note.write_text("{half")
    assert digest(path) == true


def test_an_explicit_name_is_searched_in_every_folder(tmp_path: Path) -> None:
    shipped = write_tiny(tmp_path / "package")
    wanted = Pretrained("tiny", ("tiny.safetensors",), folder=tmp_path / "package")
    assert find(wanted, tmp_path / "weights") == shipped
    mine = write_tiny(tmp_path / "weights")
    assert find(wanted, tmp_path / "weights") == mine


def test_planning_learns_the_digest_without_torch(tmp_path: Path) -> None:
    write_tiny(tmp_path)
    code = (
        "import sys, pathlib\n"
        "import irfer_clip.hooks\n"
        "from irfer_clip.pca_params import PcaParams\n"
        "from irfer_clip.clip_zero_shot_params import ClipZeroShotParams\n"
        f"folder = pathlib.Path({str(tmp_path)!r})\n"
        "for cls in (PcaParams, ClipZeroShotParams):\n"
        "    facts = cls(backbone='tiny.safetensors').inputs(folder)\n"
        "    assert len(facts['backbone_digest']) == 64\n"
        "assert not {'torch', 'open_clip', 'numpy'} & set(sys.modules), set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_text_longer_than_the_context_is_refused(tmp_path: Path) -> None:
    write_tiny(tmp_path)
    loaded = load_backbone("tiny.safetensors", "", MemoryContext(weights=tmp_path))
    with pytest.raises(BenchError, match="tokens"):
        loaded.tokenize(["anger " * 90])


def test_fine_tuning_a_copy_leaves_the_shared_backbone_alone(tmp_path: Path) -> None:
    write_tiny(tmp_path)
    context = MemoryContext(weights=tmp_path)
    shared = load_backbone("tiny.safetensors", "", context)
    assert load_backbone("tiny.safetensors", "", context) is shared
    own = shared.copy()
    images = torch.randn(2, 3, 16, 16)
    before = encode_image(shared.clip, images)[0]
    optimizer = torch.optim.SGD(own.clip.parameters(), lr=0.1)
    encode_image(own.clip, images)[0].sum().backward()
    optimizer.step()
    assert torch.equal(encode_image(shared.clip, images)[0], before)
    assert not torch.allclose(encode_image(own.clip, images)[0], before)


@pytest.mark.parametrize("sha256", sorted(backbone.OPENAI_SHA256))
def test_the_archives_that_may_run_code_are_those_whose_digests_openai_published(
    sha256: str,
) -> None:
    import open_clip.pretrained as published

    assert f"/clip/models/{sha256}/ViT-" in Path(published.__file__).read_text()


def test_an_unknown_archive_of_torchscript_is_refused_as_a_backbone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _torchscript(tmp_path / "mine.pt", dict(tiny_clip().state_dict()))
    context = MemoryContext(weights=tmp_path)
    monkeypatch.setattr(torch.jit, "load", lambda *_, **__: pytest.fail("its code ran"))
    with pytest.raises(RefusedError, match="TorchScript archive, which runs code"):
        load_backbone("mine.pt", "ViT-B-16-quickgelu", context)


@pytest.mark.parametrize(
    ("architecture", "said"),
    [
        ({**ARCHITECTURE, "vision_cfg": {**ARCHITECTURE["vision_cfg"], "layers": 10**6}},
         "<= 200 - at `\\$.vision_cfg.layers"),
        ({**ARCHITECTURE, "text_cfg": {**ARCHITECTURE["text_cfg"], "layers": 10**6}},
         "<= 200 - at `\\$.text_cfg.layers"),
        ({**ARCHITECTURE, "vision_cfg": {**ARCHITECTURE["vision_cfg"], "layers": 200}},
         "names 200 layers and holds 2 tensors"),
        ({}, "missing required field"),
        ([], "Expected `object`, got `array`"),
        ("[" * 990 + "]" * 990, "Expected `object`, got `array`"),
        ("{half", "JSON is malformed"),
    ],
)  # fmt: skip
def test_a_file_cannot_ask_for_more_layers_than_it_has_tensors(
    architecture: Any, said: str, tmp_path: Path
) -> None:
    """A file of a few hundred bytes took gigabytes for a million empty layers."""
    text = architecture if isinstance(architecture, str) else json.dumps(architecture)
    tensors = {name: torch.zeros(1) for name in ("visual.conv1.weight", "ln_final.weight")}
    save_file(tensors, tmp_path / "deep.safetensors", {"architecture": text})
    with pytest.raises(DamagedError, match=said):
        load_backbone("deep.safetensors", "", MemoryContext(weights=tmp_path))
