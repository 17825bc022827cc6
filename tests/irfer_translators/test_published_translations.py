"""`irfer-bench translate --weights`: published checkpoints on a user's own images."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file

from irfer_bench import cli
from irfer_translators.diffusion.domain_net import build_domain_net
from irfer_translators.diffusion.unet import build_unet
from tests.irfer_translators.gans import gan

SMALL = ("--preset", "quick", "-p", "cyclegan.size=24", "-p", "cyclegan.blocks=1")
NOISY = ("--preset", "quick", "-p", "translator.size=16", "-p", "translator.steps=2")


@pytest.fixture(autouse=True)
def photos(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two images; the second one is also alone in a folder."""
    monkeypatch.setenv("IRFER_BENCH_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    random = np.random.default_rng(0)
    for name, (height, width) in {"a.png": (30, 40), "b.png": (24, 24)}.items():
        image = Image.fromarray(random.integers(0, 255, (height, width, 3), np.uint8))
        for folder in ("photos", "alone") if name == "b.png" else ("photos",):
            (tmp_path / folder).mkdir(exist_ok=True)
            image.save(tmp_path / folder / name)
    return tmp_path


def generator(path: Path, channels: int) -> Path:
    torch.manual_seed(1)
    torch.save(gan("cyclegan", ngf=channels).build().state_dict(), path)
    return path


def score_net(path: Path) -> Path:
    """With weights that are all random: an untrained network's last layer is zero."""
    torch.manual_seed(1)
    state = build_unet("mini", 16, 3, 3).state_dict()
    save_file({name: 0.05 * torch.randn(value.shape) for name, value in state.items()}, path)
    return path


def pixels(path: Path) -> Any:
    return np.asarray(Image.open(path))


def test_a_published_generator(photos: Path) -> None:
    weights = str(generator(photos / "latest_net_G_A.pth", 2))
    words = ["translate", "-t", "cyclegan", "--weights", weights, *SMALL, "-p", "cyclegan.ngf=2"]
    assert cli.main([*words, "photos", "out"]) == 0
    assert pixels(photos / "out" / "a.png").shape == (30, 40, 3)
    assert cli.main([*words, "alone", "again"]) == 0
    np.testing.assert_array_equal(pixels(photos / "out/b.png"), pixels(photos / "again/b.png"))


def test_a_checkpoint_of_another_network_is_refused(
    photos: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    weights = str(generator(photos / "G.pth", 3))
    words = ["translate", "-t", "cyclegan", "--weights", weights, *SMALL, "-p", "cyclegan.ngf=2"]
    assert cli.main([*words, "photos", "out"]) == 4
    said = capsys.readouterr().err
    assert "does not fit cyclegan's generator as it is configured" in said
    assert said.count("\n") == 1
    assert not (photos / "out").exists()


def test_noise_depends_on_the_name_alone(photos: Path) -> None:
    score = str(score_net(photos / "s.safetensors"))
    words = ["translate", "-t", "sdedit", "--weights", score, *NOISY]
    (photos / "renamed").mkdir()
    (photos / "renamed" / "c.png").write_bytes((photos / "alone" / "b.png").read_bytes())
    for folder in ("photos", "alone", "renamed"):
        assert cli.main([*words, folder, f"{folder}_out"]) == 0
    alone = pixels(photos / "alone_out" / "b.png")
    np.testing.assert_array_equal(pixels(photos / "photos_out" / "b.png"), alone)
    assert (pixels(photos / "renamed_out" / "c.png") != alone).any()


def test_egsde_from_two_checkpoints_needs_no_image(photos: Path) -> None:
    score = str(score_net(photos / "s.safetensors"))
    classifier = photos / "dse.safetensors"
    save_file(build_domain_net("mini", 16).state_dict(), classifier)
    words = ["translate", "-t", "egsde", "--weights", score, *NOISY, "-p", "egsde.dse_iterations=0"]
    assert cli.main([*words, "-p", f"egsde.dse_weights={classifier}", "alone", "out"]) == 0
    assert pixels(photos / "out" / "b.png").shape == (24, 24, 3)


def test_what_is_trained_beside_the_checkpoint_is_said(
    photos: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    score = str(score_net(photos / "s.safetensors"))
    for name in ("nfer_sde", "egsde"):
        code = cli.main(["translate", "-t", name, "--weights", score, *NOISY, "alone", "out"])
        said = capsys.readouterr().err
        assert code == 2, said
        assert "is trained on images beside its checkpoint; fit it by irfer-bench run" in said
