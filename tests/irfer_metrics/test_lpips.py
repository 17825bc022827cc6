"""LPIPS: which weights it asks for, takes and refuses, and the mean over frames."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from irfer_bench.api import UnavailableError
from irfer_bench.testing.conformance import MetricConformance
from irfer_metrics import image_quality, lpips_weights
from tests.irfer_metrics.given import clip, inputs, make


def test_missing_lpips_weights_are_named_and_torch_is_not_imported(tmp_path: Path) -> None:
    code = """
import sys
import numpy as np
from irfer_bench.api import Clip, ScoreInputs, UnavailableError
from irfer_metrics.image_quality import Lpips, LpipsVgg
frames = np.zeros((1, 64, 64, 3), np.uint8)
pair = (Clip('a', frames, 'nir'), Clip('b', frames, 'nir'))
given = ScoreInputs(('x',), np.zeros(1), None, None, None, None, [pair], None, lambda n, b: b())
for metric in (Lpips(None), LpipsVgg(None)):
    try:
        metric.compute(given)
    except UnavailableError as error:
        print(error)
assert 'torch' not in sys.modules
"""
    environment = {
        "IRFER_BENCH_WEIGHTS": str(tmp_path / "weights"), "TORCH_HOME": str(tmp_path / "hub"),
        "PYTHONPATH": ":".join(sys.path), "HOME": str(tmp_path),
    }
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    alex, vgg = done.stdout.splitlines()
    assert "https://download.pytorch.org/models/alexnet-owt-7be5be79.pth" in alex
    assert "vgg16-397923af.pth" in vgg
    for line in (alex, vgg):
        assert str(tmp_path / "weights") in line
        assert str(tmp_path / "hub" / "hub" / "checkpoints") in line


def test_a_file_that_is_not_the_published_trunk_is_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IRFER_BENCH_WEIGHTS", str(tmp_path))
    monkeypatch.setenv("IRFER_BENCH_HOME", str(tmp_path / "home"))
    (tmp_path / "alexnet-owt-7be5be79.pth").write_bytes(b"something else")
    with pytest.raises(UnavailableError, match="sha256"):
        make("lpips").compute(inputs())


def test_lpips_of_clips_is_the_mean_over_frames(monkeypatch: pytest.MonkeyPatch) -> None:
    """With any trunk: equal frames are at distance 0 and batches do not change a value."""
    import torch
    import torchvision

    torch.manual_seed(0)
    model = image_quality.lpips_model("alex", torchvision.models.alexnet(weights=None))
    monkeypatch.setattr(image_quality, "_pretrained", lambda net: model)
    generator = np.random.default_rng(0)
    truth = generator.integers(0, 256, (3, 64, 64, 3))
    other = truth.copy()
    other[2] = 255 - other[2]
    metric = make("lpips")
    whole = metric.compute(inputs(pairs=[(clip(other), clip(truth))]))
    last = metric.compute(inputs(pairs=[(clip(other[2:]), clip(truth[2:]))]))
    assert whole == pytest.approx(last / 3, rel=1e-5)
    monkeypatch.setattr(image_quality, "LPIPS_BATCH", 1)
    assert metric.compute(inputs(pairs=[(clip(other), clip(truth))])) == pytest.approx(whole)


def test_a_trunk_in_the_weights_folder_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file is torchvision's own layout; here one with other values and its own digest."""
    import hashlib

    import torch
    import torchvision

    torch.manual_seed(0)
    trunk = torchvision.models.alexnet(weights=None)
    path = tmp_path / "trunk.pth"
    torch.save(trunk.state_dict(), path)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()[:8]
    path = path.rename(tmp_path / f"alexnet-owt-{digest}.pth")
    monkeypatch.setenv("IRFER_BENCH_WEIGHTS", str(tmp_path))
    monkeypatch.setenv("IRFER_BENCH_HOME", str(tmp_path / "home"))
    monkeypatch.setitem(image_quality.TRUNKS, "alex", lpips_weights.Trunk("alexnet", path.name))
    image_quality._pretrained.cache_clear()
    given_ = inputs(2)
    found = make("lpips").compute(given_)
    image_quality._pretrained.cache_clear()
    model = image_quality.lpips_model("alex", trunk)
    pairs = given_.pairs or []
    frames, truth = (
        torch.from_numpy(np.concatenate([p[i].frames for p in pairs])).permute(0, 3, 1, 2) / 127.5
        for i in (0, 1)
    )
    assert found == pytest.approx(
        float(image_quality.lpips_distance(model, frames - 1, truth - 1).mean()), rel=1e-5)


@pytest.fixture(scope="module")
def drawn_trunk() -> Any:
    """The published heads on a trunk of random weights."""
    import torch
    import torchvision

    torch.manual_seed(0)
    return image_quality.lpips_model("alex", torchvision.models.alexnet(weights=None))


class TestLpipsOnAnyTrunk(MetricConformance):
    """The suite that is skipped where the published trunk is absent: it holds for any trunk."""

    component = "lpips"

    @pytest.fixture(autouse=True)
    def _trunk(self, drawn_trunk: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(image_quality, "_pretrained", lambda net: drawn_trunk)
