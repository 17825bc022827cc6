"""Components of the metrics."""

from __future__ import annotations

from collections.abc import Iterable

from irfer_bench.api import Component, Traits, hookimpl

_RECOGNITION = {
    "accuracy": ("Accuracy", "share of test items that are right"),
    "war": ("Accuracy", "weighted average recall: accuracy under the video literature's name"),
    "uar": ("Uar", "mean recall over classes that have a true item"),
    "uar_all_labels": ("UarAllLabels", "mean recall over all classes of the protocol"),
    "macro_f1": ("MacroF1", "F1 averaged over all classes of the protocol"),
    "macro_f1_present": ("MacroF1Present", "F1 averaged over classes seen in truth or guesses"),
    "weighted_f1": ("WeightedF1", "F1 weighted by the number of true items"),
    "judge_accuracy": ("JudgeAccuracy", "the recognizer's accuracy on translated test partners"),
    "judge_kept": ("JudgeKept", "share of above-chance accuracy that translations keep"),
}
_QUALITY = {
    "psnr": ("Psnr", "peak signal-to-noise ratio per frame, capped at 100 dB"),
    "psnr_identical": ("PsnrIdentical", "share of frames identical to the truth"),
    "ssim": ("Ssim", "structural similarity (Wang 2004), valid region"),
    "lpips": ("Lpips", "learned perceptual distance with AlexNet"),
    "lpips_vgg": ("LpipsVgg", "learned perceptual distance with VGG-16"),
    "psnr_as255": ("PsnrAs255", "PSNR with the scale slip suspected in published tables"),
    "ssim_as255": ("SsimAs255", "SSIM with the scale slip suspected in published tables"),
}
_ALIGNMENT = {
    "mmd2_rbf5": ("KernelMetric", "unbiased squared MMD of partners' features, five kernels"),
    "mmd2_linear": ("LinearMmd", "squared distance of the mean features"),
    "kl_gauss_sym": ("GaussianKl", "symmetric KL of Gaussians fitted to the features"),
    "kl_posterior": ("PosteriorKl", "mean KL(p_vis || p_nir) of class posteriors over pairs"),
}

_FACES = {
    "face_identity": ("FaceIdentity", "cosine of a face-recognition network of source and image"),
    "face_identity_true": ("FaceIdentityTrue", "the same of the true image and the translation"),
    "nme": ("Nme", "landmark error of image against source, over the outer eye distance"),
    "face_missed": ("FaceMissed", "share of faces that the translation loses for the detector"),
}
_KID = {"kid": ("Kid", "KID: squared MMD of Inception features, cubic kernel")}

_VERSIONS = {
    "face_identity": "1+dlib_face_recognition_resnet_model_v1",
    "face_identity_true": "1+dlib_face_recognition_resnet_model_v1",
    "kid": "1+inception_2015_12_05",
    "mmd2_rbf5": "2",
}
"""With the name of the network that a value depends on; 2 of `mmd2_rbf5` leaves a pair's own
partners out of the cross term."""
_TRAITS: dict[str, Traits] = {"kid": {"resamples": 0}, "kl_gauss_sym": {"resamples": 0}}


@hookimpl
def irfer_bench_components() -> Iterable[Component]:
    """Metrics of recognition, of images and of domain alignment."""
    sources = {
        "recognition": "pedregosa2011sklearn",
        "image_quality": "wang2004ssim; zhang2018lpips",
        "alignment": "gretton2012mmd; ledoit2004shrinkage",
        "faces": "king2009dlib; kazemi2014ert; sagonas2013faces",
        "kid": "binkowski2018kid",
    }
    needs: dict[str, tuple[str, ...]] = {"image_quality": ("skimage",), "alignment": ("sklearn",)}
    needs["faces"] = ("dlib", "face_recognition_models")
    families = {
        "recognition": _RECOGNITION, "image_quality": _QUALITY, "alignment": _ALIGNMENT,
        "faces": _FACES, "kid": _KID,
    }
    for module, members in families.items():
        for name, (factory, summary) in members.items():
            yield Component(
                kind="metric", name=name, factory=f"irfer_metrics.{module}:{factory}",
                summary=summary, needs=needs.get(module, ()), source=sources[module], licence="MIT",
                version=_VERSIONS.get(name, "1"), traits=_TRAITS.get(name, {}),
            )
