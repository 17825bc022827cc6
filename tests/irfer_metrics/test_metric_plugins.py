"""Metrics as the core calls them: availability, resampling, agreement with other libraries."""

from __future__ import annotations

import importlib
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import balanced_accuracy_score, f1_score

from irfer_bench import stats
from irfer_bench.api import Clip, Metric, Params, ScoreInputs, UnavailableError
from irfer_metrics import alignment, image_quality, lpips_weights, recognition
from irfer_metrics.hooks import irfer_bench_components

COMPONENTS = list(irfer_bench_components())
CLASSES = ("anger", "disgust", "fear")


def make(name: str) -> Metric:
    component = next(c for c in COMPONENTS if c.name == name)
    module, _, factory = component.factory.partition(":")
    metric = getattr(importlib.import_module(module), factory)(Params())
    assert isinstance(metric, Metric)
    return metric


def log_softmax(logits: Any) -> Any:
    return logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)


def clip(frames: Any, name: str = "c") -> Clip:
    frames = np.asarray(frames, np.uint8)
    frames.flags.writeable = False
    return Clip(id=name, frames=frames, spectrum="nir")


def inputs(count: int = 12, *, size: int = 32, seed: int = 0, **changes: Any) -> ScoreInputs:
    """Everything a cell can have; the translated side is worse than the true one."""
    generator = np.random.default_rng(seed)
    labels = np.arange(count) % len(CLASSES)
    logits = generator.normal(size=(count, 3)) + 2.5 * np.eye(3)[labels]
    truth = generator.integers(0, 256, (count, 2, size, size, 3))
    noisy = np.clip(truth + generator.normal(0, 20, truth.shape), 0, 255)
    known: dict[str, Any] = {}

    def once(name: str, build: Callable[[], Any]) -> Any:
        if name not in known:
            known[name] = build()
        return known[name]

    features = generator.normal(size=(count, 8))
    values: dict[str, Any] = {
        "classes": CLASSES, "labels": labels, "scores": log_softmax(logits),
        "pair_labels": labels,
        "pair_scores": log_softmax(logits / 2 + generator.normal(size=(count, 3))),
        "pair_target_scores": log_softmax(logits),
        "pairs": [(clip(a), clip(b)) for a, b in zip(noisy, truth, strict=True)],
        "features": (features + 0.8, generator.normal(size=(count, 8))),
        "once": once,
    }
    return ScoreInputs(**(values | changes))


AVAILABLE = [c.name for c in COMPONENTS if not c.name.startswith("lpips")]


@pytest.mark.parametrize("name", AVAILABLE)
def test_the_whole_sample_is_the_resample_that_takes_each_item_once(name: str) -> None:
    metric, given_ = make(name), inputs()
    value = metric.compute(given_)
    low, high = metric.range
    assert low <= value <= high
    assert metric.compute(given_, np.arange(12)) == pytest.approx(value, abs=1e-9)
    assert metric.compute(given_, np.arange(12)[::-1]) == pytest.approx(value, abs=1e-9)
    draws = stats.bootstrap(lambda i: metric.compute(given_, i), np.arange(12), draws=20)
    assert np.isfinite(draws).any()


@pytest.mark.parametrize("name", [c.name for c in COMPONENTS])
def test_a_cell_without_the_inputs_gets_a_reason(name: str) -> None:
    metric = make(name)
    empty = inputs(**dict.fromkeys(
        ("scores", "pair_labels", "pair_scores", "pair_target_scores", "pairs", "features")))
    with pytest.raises(UnavailableError) as caught:
        metric.compute(empty)
    assert len(str(caught.value)) > 20


@pytest.mark.parametrize("name", ["psnr", "ssim", "psnr_as255", "ssim_as255"])
def test_resamples_average_values_computed_once(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    metric, given_ = make(name), inputs()
    calls = []
    original = type(metric).per_frame  # type: ignore[attr-defined]

    def counting(self: Any, a: Any, b: Any) -> float:
        calls.append(1)
        return float(original(self, a, b))

    monkeypatch.setattr(type(metric), "per_frame", counting)
    each = [metric.compute(given_, np.array([i])) for i in range(12)]
    assert metric.compute(given_) == pytest.approx(np.mean(each))
    assert len(calls) == 24  # 12 clips of 2 frames


def test_frames_are_averaged_in_decibels_and_equal_ones_are_capped_and_counted() -> None:
    truth = np.full((2, 16, 16, 3), 100)
    other = truth.copy()
    other[1] += 10
    given_ = inputs(pairs=[(clip(other), clip(truth))])
    assert make("psnr").compute(given_) == pytest.approx((100 + 20 * np.log10(255 / 10)) / 2)
    assert make("psnr_identical").compute(given_) == 0.5


def test_psnr_as255_is_psnr_plus_the_slip() -> None:
    given_ = inputs()
    slip = make("psnr_as255").compute(given_) - make("psnr").compute(given_)
    assert slip == pytest.approx(20 * np.log10(255 / 2))
    assert make("ssim_as255").compute(given_) > make("ssim").compute(given_)


def test_frames_that_do_not_match_or_are_too_small_get_a_reason() -> None:
    small, large = np.zeros((1, 8, 8, 3)), np.zeros((1, 16, 16, 3))
    with pytest.raises(UnavailableError, match="partner"):
        make("psnr").compute(inputs(pairs=[(clip(small), clip(large))]))
    with pytest.raises(UnavailableError, match="11 pixels"):
        make("ssim").compute(inputs(pairs=[(clip(small), clip(small))]))


@pytest.mark.filterwarnings("ignore::UserWarning")
@settings(max_examples=50, deadline=None)
@given(st.data())
def test_formulas_equal_scikit_learn_and_the_ranking_statistics(data: st.DataObject) -> None:
    labels = np.array(data.draw(st.lists(st.integers(0, 4), min_size=1, max_size=30)))
    guess = np.array(data.draw(
        st.lists(st.integers(0, 4), min_size=len(labels), max_size=len(labels))))
    confusion = recognition.confusion_matrix(labels, guess, 5)
    every = f1_score(labels, guess, labels=range(5), average="macro", zero_division=0)
    assert recognition.macro_f1(confusion) == pytest.approx(every)
    assert recognition.macro_f1_present(confusion) == pytest.approx(
        f1_score(labels, guess, average="macro", zero_division=0))
    assert recognition.uar(confusion) == pytest.approx(balanced_accuracy_score(labels, guess))
    ids = [str(i) for i in range(len(labels))]
    row = stats.Predictions(ids, ids, labels, guess, 5)
    for name in ("accuracy", "uar", "macro_f1"):
        ours = getattr(recognition, name)(confusion)
        assert stats.estimate(row, name, draws=2)[0] == pytest.approx(ours)  # type: ignore[arg-type]


def test_the_judge_and_what_is_kept() -> None:
    labels = np.arange(12) % 3
    right, guess = np.log(np.eye(3)[labels] * 0.9 + 0.05), np.log(np.full((12, 3), 1 / 3))
    half = np.where((np.arange(12) < 6)[:, None], right, guess)
    given_ = inputs(scores=right, pair_scores=half, pair_target_scores=right)
    assert make("judge_accuracy").compute(given_) == pytest.approx(8 / 12)
    assert make("judge_kept").compute(given_) == pytest.approx((8 / 12 - 1 / 3) / (2 / 3))
    without = inputs(scores=right, pair_scores=half, pair_target_scores=None)
    assert make("judge_kept").compute(without) == make("judge_kept").compute(given_)
    blind = inputs(scores=guess, pair_scores=half, pair_target_scores=guess)
    with pytest.raises(UnavailableError, match="at chance"):
        make("judge_kept").compute(blind)
    assert np.isnan(make("judge_kept").compute(blind, np.array([0, 1, 2])))


def test_alignment_sees_a_shift_and_nothing_else() -> None:
    generator = np.random.default_rng(0)
    x, y = generator.normal(size=(2, 300, 6))
    assert abs(alignment.mmd2_rbf5(x, y)) < 0.01
    assert alignment.mmd2_rbf5(x, y + 1) > 0.1
    assert alignment.mmd2_rbf5_biased(x, y) > alignment.mmd2_rbf5(x, y)
    assert alignment.kl_gauss_sym(x, y) < 0.5 < alignment.kl_gauss_sym(x, y + 1)
    assert alignment.kl_gauss_sym(x, y) == pytest.approx(alignment.kl_gauss_sym(y, x))
    p = log_softmax(x)
    assert np.allclose(alignment.kl_posterior(p, p), 0)
    assert (alignment.kl_posterior(p, log_softmax(y)) >= 0).all()


def test_bootstrap_intervals_of_mmd_surround_its_value() -> None:
    """Copies of an item in a resample must not count as pairs of different items."""
    generator = np.random.default_rng(1)
    x, y = generator.normal(size=(2, 80, 5))
    given_ = inputs(features=(x, y + 0.5))
    metric = make("mmd2_rbf5")
    low, high = stats.interval(
        stats.bootstrap(lambda i: metric.compute(given_, i), np.arange(80), 200))
    assert low < metric.compute(given_) < high


def test_large_sets_are_subsampled_with_the_partners_kept_together(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(alignment, "MOST_ITEMS", 20)
    x = np.random.default_rng(0).normal(size=(50, 4))
    given_ = inputs(features=(x, x.copy()))
    a, b = alignment.unit_features(given_)
    assert a.shape == (20, 4)
    assert np.array_equal(a, b)
    assert make("mmd2_linear").compute(given_) == 0.0


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


def test_announcing_imports_nothing_heavy() -> None:
    code = "import sys, irfer_metrics.hooks as h; list(h.irfer_bench_components()); " \
        "print([m for m in ('torch', 'numpy', 'skimage', 'sklearn') if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code], env={"PYTHONPATH": ":".join(sys.path)},
        capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
    assert len({c.name for c in COMPONENTS}) == len(COMPONENTS)


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
