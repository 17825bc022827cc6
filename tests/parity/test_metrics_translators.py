"""Picture and alignment metrics against scikit-image, torchmetrics, lpips and EGSDE's numbers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torchvision

from irfer_metrics import alignment as al
from irfer_metrics import image_quality as iq
from irfer_metrics import recognition as r
from tests.parity.fixtures import error, fixtures, load

TOLERANCE = 1e-5
PATHS = fixtures("translators", "metrics")


def per_image(tensors: dict[str, Any], value: Any) -> Any:
    pairs = zip(tensors["pred_uint8"] / 255.0, tensors["target_uint8"] / 255.0, strict=True)
    return np.array([value(a, b) for a, b in pairs])


@pytest.mark.parametrize("path", PATHS)
def test_psnr_is_averaged_over_images_and_torchmetrics_default_is_another_number(
    path: Path,
) -> None:
    tensors, _ = load(path)
    ours = per_image(tensors, iq.psnr)
    for key in ("skimage_dr1_f64", "skimage_uint8_f64", "t2v_uint8_f64", "torchmetrics_per_image"):
        assert error(ours, tensors[f"psnr.{key}"]) < TOLERANCE, key
    assert error(ours.mean(), tensors["psnr.torchmetrics_per_image_mean"]) < TOLERANCE
    assert error(ours.mean(), tensors["psnr.torchmetrics_default_global"]) > 1e-4
    # EGSDE's tool adds 1e-10 to the squared error.
    floored = -10 * np.log10(10 ** (-ours / 10) + 1e-10)
    assert error(floored, tensors["psnr.egsde_f64"]) < TOLERANCE


@pytest.mark.parametrize("path", PATHS)
def test_ssim_is_wangs_and_the_libraries_defaults_are_other_numbers(path: Path) -> None:
    tensors, _ = load(path)
    ours = per_image(tensors, iq.ssim)
    for key in ("egsde_valid", "skimage_gaussian_f64", "t2v_uint8_3ch_f64"):
        assert error(ours, tensors[f"ssim.{key}"]) < TOLERANCE, key
    others = ("torchmetrics_dr1", "torchmetrics_default_rangeNone", "skimage_default_uniform7_f64")
    for key in others:
        assert error(ours, tensors[f"ssim.{key}"]) > 1e-4, key


@pytest.mark.parametrize("path", PATHS)
def test_the_suspected_scale_slip(path: Path) -> None:
    tensors, _ = load(path)
    signed_psnr = per_image(tensors, iq.psnr_as255)
    assert error(signed_psnr, tensors["bug.psnr_pm1_peak255"]) < TOLERANCE
    unit = per_image(tensors, lambda a, b: iq.psnr(a, b, peak=255.0))
    assert error(unit, tensors["bug.psnr_unit_peak255"]) < TOLERANCE
    assert error(per_image(tensors, iq.ssim_as255), tensors["bug.ssim_pm1_peak255"]) < TOLERANCE
    unit = per_image(tensors, lambda a, b: iq.ssim_as255((a + 1) / 2, (b + 1) / 2))
    assert error(unit, tensors["bug.ssim_unit_peak255"]) < TOLERANCE


def hash_uniform(count: int, salt: int) -> Any:
    """The README's u(n, salt)."""
    with np.errstate(over="ignore"):
        x = (np.arange(count, dtype=np.uint64) + np.uint64(1)) * np.uint64(6364136223846793005)
        x += np.uint64((salt + 1) * 1442695040888963407 % 2**64)
        for factor in (0xFF51AFD7ED558CCD, 0xC4CEB9FE1A85EC53):
            x ^= x >> np.uint64(33)
            x *= np.uint64(factor)
        x ^= x >> np.uint64(33)
    return (x >> np.uint64(40)).astype(np.float64) / 2**24 - 0.5


def hash_trunk(name: str) -> Any:
    with torch.device("meta"):  # VGG's classifier is large and has no part here
        trunk = getattr(torchvision.models, name)(weights=None).features
    trunk.to_empty(device="cpu")
    layers = [m for m in trunk.modules() if isinstance(m, torch.nn.Conv2d)]
    for k, layer in enumerate(layers):
        fan_in = layer.weight[0].numel()
        weight = 2 * np.sqrt(6 / fan_in) * hash_uniform(layer.weight.numel(), 2 * k)
        assert layer.bias is not None
        bias = 0.1 * hash_uniform(layer.bias.numel(), 2 * k + 1)
        layer.weight.data = torch.from_numpy(weight).float().view_as(layer.weight)
        layer.bias.data = torch.from_numpy(bias).float()
    return trunk


@pytest.mark.parametrize("net", ["alex", "vgg"])
@pytest.mark.parametrize("path", PATHS)
def test_lpips_wants_signed_pictures(path: Path, net: iq.Net) -> None:
    tensors, _ = load(path)
    model = iq.lpips_model(net, hash_trunk(iq.TRUNKS[net].model))
    unit = [torch.from_numpy(tensors[key]).permute(0, 3, 1, 2).float() / 255
            for key in ("pred_uint8", "target_uint8")]
    ours = iq.lpips_distance(model, unit[0] * 2 - 1, unit[1] * 2 - 1)
    for key in ("value", "torchmetrics_value"):
        assert error(ours, tensors[f"lpips.{net}.{key}"]) < TOLERANCE
    layers = model(unit[0] * 2 - 1, unit[1] * 2 - 1, retPerLayer=True)[1]
    assert error(torch.stack(layers).flatten(1), tensors[f"lpips.{net}.per_layer"]) < TOLERANCE
    wrong = iq.lpips_distance(model, *unit)
    assert error(wrong, tensors[f"lpips.{net}.wrong_range01_value"]) < TOLERANCE
    assert float((ours / wrong).min()) > 2


@pytest.mark.parametrize("path", PATHS)
def test_kernels_between_domains(path: Path) -> None:
    tensors, _ = load(path)
    x, y = tensors["dist.X_f64"], tensors["dist.Y_f64"]
    kid = next(key for key in tensors if key.startswith("dist.kid_poly3_unbiased_first"))
    first = int(kid.removesuffix("_f64").rpartition("first")[2])
    assert error(al.kid_poly3(x[:first], y[:first]), tensors[kid]) < TOLERANCE
    for key, ours in {
        "rbf_gamma_median": al.median_gamma(x, y),
        "mmd2_rbf_median_unbiased": al.mmd2_rbf(x, y),
        "mmd2_rbf_median_biased": al.mmd2_rbf_biased(x, y),
        "mmd2_rbf_5scale_biased": al.mmd2_rbf5_biased(x, y),
        "mmd2_linear": al.mmd2_linear(x, y),
    }.items():
        assert error(ours, tensors[f"dist.{key}_f64"]) < TOLERANCE, key


@pytest.mark.parametrize("path", PATHS)
def test_gaussians_between_domains(path: Path) -> None:
    tensors, _ = load(path)
    x, y = tensors["dist.X_f64"], tensors["dist.Y_f64"]
    assert error(al.kl_gauss_oneway(x, y), tensors["dist.kl_gauss_X_to_Y_f64"]) < TOLERANCE
    assert error(al.kl_gauss_oneway(y, x), tensors["dist.kl_gauss_Y_to_X_f64"]) < TOLERANCE
    for key in ("fid_scipy_f64", "fid_torchmetrics_f64"):
        assert error(al.frechet(x, y), tensors[f"dist.{key}"]) < TOLERANCE


@pytest.mark.parametrize("path", PATHS)
def test_recognition_with_a_class_that_never_occurs(path: Path) -> None:
    tensors, _ = load(path)
    size = len(next(v for k, v in tensors.items() if k.startswith("cls.confusion")))
    ours = r.confusion_matrix(tensors["cls.y_true"], tensors["cls.y_pred"], size)
    assert np.array_equal(ours, next(v for k, v in tensors.items() if k.startswith("cls.conf")))
    macro = next(v for k, v in tensors.items() if k.startswith("cls.macro_f1_all"))
    assert error(r.accuracy(ours), tensors["cls.accuracy_WAR_f64"]) < TOLERANCE
    assert error(r.uar(ours), tensors["cls.UAR_f64"]) < TOLERANCE
    assert error(r.macro_f1(ours), macro) < TOLERANCE
    assert error(r.macro_f1_present(ours), tensors["cls.macro_f1_present_f64"]) < TOLERANCE
