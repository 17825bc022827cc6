"""The embedded benchmark's settings; imports nothing heavy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from irfer_bench.api import BASIC, CLASSES, Domain, Setting

if TYPE_CHECKING:
    from irfer_bench.settings.setting import SettingKind

VIS = Domain(spectrum="vis", lightings=("normal",), parts=("stills",))
NIR = Domain(spectrum="nir", lightings=("normal",), parts=("stills",))
LWIR = Domain(spectrum="lwir", lightings=("normal",), parts=("stills",))
DARK = Domain(spectrum="vis", lightings=("dark",), parts=("stills",))
MOVED = Domain(spectrum="vis", lightings=("normal",), parts=("moved",))
EXTRA = Domain(spectrum="vis", lightings=("normal",), parts=("extra",))
CLIPS = Domain(spectrum="vis", lightings=("normal",), parts=("clips",))
RECORDINGS = Domain(spectrum="vis", lightings=("normal",), parts=("recordings",))

RECOGNITION = ("accuracy", "macro_f1", "uar", "war")
IMAGE_METRICS = ("psnr", "ssim", "lpips", "psnr_as255", "ssim_as255", "mmd2_rbf5", "kl_gauss_sym")
EVERYTHING = (*RECOGNITION, *IMAGE_METRICS, "kl_posterior")
TEXT = "docs/synthetic-benchmark.md"


def _setting(name: str, kind: SettingKind, target: Domain, summary: str, **more: Any) -> Setting:
    """The common protocol: 120 subjects, five folds by subject, six classes, 64 pixels."""
    fields: dict[str, Any] = {"classes": BASIC, "folds": 5, "metrics": EVERYTHING} | more
    return Setting(
        name=name,
        kind=kind,
        dataset="synth",
        target=target,
        summary=summary,
        size=64,
        source_text=TEXT,
        **fields,
    )


def _weak(name: str, target: Domain, shots: int | float | None, what: str) -> Setting:
    return _setting(
        name,
        "weak",
        target,
        f"visible labels, {what} of the target domain",
        source=VIS,
        shots=shots,
    )


SYNTH_NIR_WEAK5 = _weak("synth_nir_weak5", NIR, 5, "5 near-infrared labels per class")
SYNTH_NIR_WEAK0 = _weak("synth_nir_weak0", NIR, 0, "no near-infrared label")
SYNTH_NIR_WEAK1 = _weak("synth_nir_weak1", NIR, 1, "1 near-infrared label per class")
SYNTH_NIR_WEAK10 = _weak("synth_nir_weak10", NIR, 10, "10 near-infrared labels per class")
SYNTH_NIR_WEAK16 = _weak("synth_nir_weak16", NIR, 16, "16 near-infrared labels per class")
SYNTH_NIR_WEAK_TENTH = _weak(
    "synth_nir_weak_tenth", NIR, 0.1, "near-infrared labels of a tenth of the subjects"
)
SYNTH_NIR_WEAK_FULL = _weak("synth_nir_weak_full", NIR, None, "every near-infrared label")
SYNTH_NIR_UDA = _setting(
    "synth_nir_uda",
    "weak",
    NIR,
    "visible labels, and near-infrared training images without labels",
    source=VIS,
    shots=0,
    unlabelled=True,
)
SYNTH_LWIR_WEAK5 = _weak("synth_lwir_weak5", LWIR, 5, "5 thermal labels per class")
SYNTH_LWIR_WEAK1 = _weak("synth_lwir_weak1", LWIR, 1, "1 thermal label per class")
SYNTH_LWIR_WEAK16 = _weak("synth_lwir_weak16", LWIR, 16, "16 thermal labels per class")
SYNTH_LWIR_WEAK_FULL = _weak("synth_lwir_weak_full", LWIR, None, "every thermal label")
SYNTH_DARK_WEAK5 = _weak("synth_dark_weak5", DARK, 5, "5 labels per class in the dark")
SYNTH_DARK_WEAK1 = _weak("synth_dark_weak1", DARK, 1, "1 label per class in the dark")
SYNTH_DARK_WEAK16 = _weak("synth_dark_weak16", DARK, 16, "16 labels per class in the dark")
SYNTH_DARK_WEAK_FULL = _weak("synth_dark_weak_full", DARK, None, "every label in the dark")


def _augmented(name: str, target: Domain, label: str) -> Setting:
    return _setting(
        name,
        "augmented",
        target,
        f"every {label}, and translations of 30 other people's visible images",
        source=VIS,
        extra=EXTRA,
    )


SYNTH_NIR_AUGMENTED = _augmented("synth_nir_augmented", NIR, "near-infrared label")
SYNTH_LWIR_AUGMENTED = _augmented("synth_lwir_augmented", LWIR, "thermal label")
SYNTH_DARK_AUGMENTED = _augmented("synth_dark_augmented", DARK, "label in the dark")
SYNTH_NIR_SUPERVISED = _setting(
    "synth_nir_supervised",
    "supervised",
    NIR,
    "trained and tested on near-infrared",
    metrics=RECOGNITION,
)


def _few(shots: int) -> Setting:
    """The few-shot protocol of CoOp: n labelled images per class, and nothing else."""
    what = "image" if shots == 1 else "images"
    return _setting(
        f"synth_nir_shots{shots}",
        "supervised",
        NIR,
        f"trained on {shots} near-infrared {what} per class and nothing else",
        metrics=RECOGNITION,
        shots=shots,
    )


SYNTH_NIR_SHOTS1, SYNTH_NIR_SHOTS2, SYNTH_NIR_SHOTS4 = _few(1), _few(2), _few(4)
SYNTH_NIR_SHOTS8, SYNTH_NIR_SHOTS16 = _few(8), _few(16)
SYNTH_NIR_VALIDATED = _setting(
    "synth_nir_validated",
    "supervised",
    NIR,
    "trained and tested on near-infrared; a fifth of the training subjects chooses parameters",
    metrics=RECOGNITION,
    validation=0.2,
)


def _quality(name: str, target: Domain, partners: str) -> Setting:
    """PSNR is primary: LPIPS needs backbone weights that the embedded benchmark does not ship."""
    return _setting(
        name,
        "quality",
        target,
        f"translations of visible test images against their true {partners}",
        source=VIS,
        extra=EXTRA,
        metrics=(*IMAGE_METRICS, "judge_accuracy", "judge_kept", "accuracy"),
        primary="psnr",
    )


SYNTH_NIR_QUALITY = _quality("synth_nir_quality", NIR, "near-infrared partners")
SYNTH_LWIR_QUALITY = _quality("synth_lwir_quality", LWIR, "thermal partners")
SYNTH_DARK_QUALITY = _quality("synth_dark_quality", DARK, "partners in the dark")
SYNTH_NIR_MISALIGNED = _setting(
    "synth_nir_misaligned",
    "quality",
    NIR,
    "as synth_nir_quality, but heads moved between the partners, which no frame aligns",
    source=MOVED,
    metrics=(*IMAGE_METRICS, "judge_accuracy", "judge_kept", "accuracy"),
    primary="psnr",
)
SYNTH_VIS_TO_NIR = _setting(
    "synth_vis_to_nir", "cross", NIR, "trained on visible, tested on near-infrared", source=VIS
)


def _video(name: str, domain: Domain, summary: str, **more: Any) -> Setting:
    """16 frames and the audio of each clip; measured as on DFEW and MAFW."""
    return _setting(
        name,
        "supervised",
        domain,
        summary,
        frames="uniform(16)",
        unit="item",
        audio=True,
        metrics=("uar", "war"),
        primary="uar",
        **more,
    )


SYNTH_CLIPS_SUPERVISED = _video(
    "synth_clips_supervised", CLIPS, "clips with voice, trained and tested on visible"
)
SYNTH_AV7_SUPERVISED = _video(
    "synth_av7_supervised",
    RECORDINGS,
    "noisy voices, some videos without audio; DFEW's seven classes",
    classes=CLASSES[:7],
)
SYNTH_AV11_SUPERVISED = _video(
    "synth_av11_supervised",
    RECORDINGS,
    "noisy voices, some videos without audio; MAFW's eleven classes",
    classes=CLASSES,
)
