"""Foreign checkpoints: what runs code is refused, what does not fit is named."""

from __future__ import annotations

import hashlib
import os
import pickle
import sys
from argparse import Namespace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from irfer_bench.api import DamagedError, RefusedError
from irfer_bench.nn.checkpoints import compare_keys, read_checkpoint, rename_keys

WEIGHTS = {"a.weight": torch.ones(2, 3), "b.bias": torch.zeros(4)}


class _Overwriting(nn.Module):
    """Its `__setstate__` opens a file of the user's for writing when the archive is loaded."""

    def __init__(self, victim: str) -> None:
        super().__init__()
        self.victim = victim
        self.opened = torch.zeros(1)
        self.training = False

    @torch.jit.export
    def __getstate__(self) -> tuple[str, bool]:
        return self.victim, self.training

    @torch.jit.export
    def __setstate__(self, state: tuple[str, bool]) -> None:
        self.victim = state[0]
        self.training = state[1]
        self.opened = torch.from_file(state[0], True, 16, dtype=torch.uint8).fill_(88)

    def forward(self, x: Tensor) -> Tensor:
        return x


def _archive(folder: Path) -> tuple[Path, Path]:
    """A crafted TorchScript checkpoint, and the file that loading it overwrites."""
    victim, path = folder / "thesis.txt", folder / "weights.pt"
    victim.write_bytes(b"sixteen letters.")
    torch.jit.script(_Overwriting(str(victim))).save(str(path))  # type: ignore[no-untyped-call]
    return path, victim


def test_the_crafted_archive_does_overwrite_a_file_when_torch_loads_it(tmp_path: Path) -> None:
    path, victim = _archive(tmp_path)
    torch.jit.load(str(path))  # type: ignore[no-untyped-call]
    assert victim.read_bytes() == b"X" * 16


@pytest.mark.parametrize("name", ["weights.pt", "weights.bin", "resnet18-f37072fd.pth"])
def test_an_archive_of_unknown_digest_is_refused_before_anything_of_it_runs(
    name: str, tmp_path: Path
) -> None:
    path, victim = _archive(tmp_path)
    path = path.rename(tmp_path / name)
    with pytest.raises(RefusedError, match=f"{name} is a TorchScript archive") as caught:
        read_checkpoint(path, torchscript={"0" * 64})
    assert "safetensors" in caught.value.hint
    assert victim.read_bytes() == b"sixteen letters."


def test_an_archive_is_loaded_where_its_digest_is_known(tmp_path: Path) -> None:
    holder = nn.Module()
    holder.register_buffer("scale", torch.tensor(3.0))
    path = tmp_path / "published.pt"
    torch.jit.script(holder).save(str(path))  # type: ignore[no-untyped-call]
    known = hashlib.sha256(path.read_bytes()).hexdigest()
    assert float(read_checkpoint(path, torchscript={known}).tensors["scale"]) == 3.0
    path.write_bytes(path.read_bytes() + b"\0")
    with pytest.raises((RefusedError, DamagedError)):
        read_checkpoint(path, torchscript={known})


@pytest.mark.parametrize("layout", ["plain", "wrapped twice", "module", "safetensors"])
def test_every_layout_gives_the_same_names(layout: str, tmp_path: Path) -> None:
    path = tmp_path / ("w.safetensors" if layout == "safetensors" else "w.pth")
    if layout == "safetensors":
        save_file(WEIGHTS, path, {"made": "here"})
        assert read_checkpoint(path).metadata == {"made": "here"}
    elif layout == "wrapped twice":
        torch.save({"model": {"state_dict": WEIGHTS}, "epoch": 3}, path)
    else:
        prefix = "module." if layout == "module" else ""
        torch.save({f"{prefix}{k}": v for k, v in WEIGHTS.items()} | {"epoch": 3}, path)
    found = read_checkpoint(path, wrappers=("model", "state_dict")).tensors
    assert set(found) == set(WEIGHTS)
    assert all(torch.equal(found[name], value) for name, value in WEIGHTS.items())


@pytest.mark.parametrize(
    "content",
    [b"", b"PK\x03\x04 and then nothing", b"\x80\x04.", b"<html>404</html>", b"hello world",
     pickle.dumps({"a": 1})],
)  # fmt: skip
def test_damaged_files_are_named(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "half.pth").write_bytes(content)
    with pytest.raises(DamagedError) as caught:
        read_checkpoint(tmp_path / "half.pth")
    assert caught.value.message.endswith(
        "half.pth cannot be read as a checkpoint: it is not a checkpoint of PyTorch, or half of one"
    )


@pytest.mark.parametrize("share", [0.01, 0.5, 0.99])
@pytest.mark.parametrize("kind", ["zip", "legacy", "safetensors"])
def test_half_a_file_is_said_to_be_one(kind: str, share: float, tmp_path: Path) -> None:
    path = tmp_path / ("w.safetensors" if kind == "safetensors" else "w.pt")
    tensors = {"a": torch.ones(60, 60)}
    if kind == "safetensors":
        save_file(tensors, path)
    else:
        torch.save(tensors, path, _use_new_zipfile_serialization=kind == "zip")
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    with pytest.raises(DamagedError, match=r"it is not a [\w ]+, or half of one$"):
        read_checkpoint(path)


def test_nobody_is_advised_to_run_a_files_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = _training_file(tmp_path / "model_best.pth", monkeypatch)
    with pytest.raises(DamagedError) as caught:
        read_checkpoint(path)
    assert "weights_only" not in str(caught.value)
    assert "objects other than tensors, which are not read (__main__." in caught.value.message
    assert "save its state_dict" in caught.value.hint


def test_what_the_system_says_is_passed_on(tmp_path: Path) -> None:
    with pytest.raises(DamagedError, match=r"no\.pth cannot be read .*: No such file"):
        read_checkpoint(tmp_path / "no.pth")
    (tmp_path / "folder.pth").mkdir()
    with pytest.raises(DamagedError, match="Is a directory"):
        read_checkpoint(tmp_path / "folder.pth")


def test_a_tensor_alone_is_no_checkpoint(tmp_path: Path) -> None:
    torch.save(torch.ones(3), tmp_path / "one.pth")
    with pytest.raises(DamagedError, match="Tensor, not named tensors"):
        read_checkpoint(tmp_path / "one.pth")


def test_the_report_tells_matched_missing_unexpected_and_misshapen() -> None:
    own = WEIGHTS | {"c.weight": torch.ones(1), "d.weight": torch.ones(1)}
    given = {"a.weight": torch.ones(3, 2), "b.bias": torch.ones(4), "z": torch.ones(1)}
    report = compare_keys(own, given)
    assert report.matched == ("b.bias",)
    assert report.missing == ("c.weight", "d.weight")
    assert report.unexpected == ("z",)
    assert not report.fits
    told = report.describe(most=1)
    assert "a.weight is (3, 2), expected (2, 3)" in told
    assert "c.weight is missing and 1 more" in told
    assert "z is unknown" in told
    assert compare_keys(own, own).fits
    assert compare_keys(own, own).describe() == ""


def test_names_are_mapped_by_their_longest_prefix() -> None:
    given = {f"encoder.{k}": v for k, v in WEIGHTS.items()} | {"encoder.head.x": torch.ones(1)}
    mapped = rename_keys(given, {"encoder.": "net.", "encoder.head.": None})
    assert set(mapped) == {"net.a.weight", "net.b.bias"}
    assert set(rename_keys(WEIGHTS, {})) == set(WEIGHTS)


def test_options_of_a_training_script_do_not_hide_the_weights(tmp_path: Path) -> None:
    """Checkpoints of MAE and its successors hold an argparse.Namespace beside `model`."""
    path = tmp_path / "mae.pth"
    torch.save({"model": WEIGHTS, "args": Namespace(lr=1e-3), "epoch": 3}, path)
    assert read_checkpoint(path, wrappers=("model",)).tensors.keys() == WEIGHTS.keys()


class RecorderMeter:
    """Curves that a training script keeps beside its weights."""

    ran = False

    def __init__(self) -> None:
        self.epoch_losses = np.zeros((2, 2), dtype=np.float32)
        self.best = np.float64(0.7)

    def __setstate__(self, state: object) -> None:
        type(self).ran = True


def _training_file(path: Path, monkeypatch: pytest.MonkeyPatch, **more: object) -> Path:
    monkeypatch.setattr(RecorderMeter, "__module__", "__main__")
    monkeypatch.setattr(sys.modules["__main__"], "RecorderMeter", RecorderMeter, raising=False)
    state = {f"module.{name}": value for name, value in WEIGHTS.items()}
    kept = {"state_dict": state, "recorder": RecorderMeter(), "best_acc": np.float64(71.5)}
    torch.save(kept | more, path)
    return path


def test_objects_beside_the_weights_are_passed_over_where_they_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = _training_file(tmp_path / "model_best.pth", monkeypatch)
    found = read_checkpoint(path, inert=("__main__.RecorderMeter",)).tensors
    assert found.keys() == WEIGHTS.keys()
    assert all(torch.equal(found[name], WEIGHTS[name]) for name in WEIGHTS)
    assert not RecorderMeter.ran, "nothing of the file's class is run"
    with pytest.raises(DamagedError, match="cannot be read as a checkpoint"):
        read_checkpoint(path)
    monkeypatch.delattr(sys.modules["__main__"], "RecorderMeter")
    assert read_checkpoint(path, inert=("__main__.RecorderMeter",)).tensors.keys() == found.keys()


class _Removing:
    def __init__(self, victim: Path) -> None:
        self.victim = victim

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.remove, (str(self.victim),)


def test_passing_over_one_class_admits_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    victim = tmp_path / "thesis.txt"
    victim.write_text("kept")
    path = _training_file(tmp_path / "model.pth", monkeypatch, extra=_Removing(victim))
    with pytest.raises(DamagedError, match="cannot be read as a checkpoint"):
        read_checkpoint(path, inert=("__main__.RecorderMeter",))
    assert victim.read_text() == "kept"
