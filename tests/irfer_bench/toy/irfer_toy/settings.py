"""Settings of every kind over the toy."""

from irfer_bench.api import Domain, Setting

CLASSES = ("anger", "disgust", "fear")
VIS, NIR = Domain(spectrum="vis", parts=("main",)), Domain(spectrum="nir", parts=("main",))
EXTRA = Domain(spectrum="vis", parts=("extra",))


def _setting(name, kind, target=NIR, **more):
    return Setting(
        name=f"toy_{name}", kind=kind, dataset="toy", target=target, size=8,
        **({"classes": CLASSES, "folds": 2, "metrics": ("accuracy", "uar", "toy_error")} | more),
    )


WEAK = _setting("weak", "weak", source=VIS, shots=2)
WEAK1 = _setting("weak1", "weak", source=VIS, shots=1)
AUGMENTED = _setting("augmented", "augmented", source=VIS, extra=EXTRA)
SUPERVISED = _setting("supervised", "supervised", primary="uar")
CROSS = _setting("cross", "cross", source=VIS)
SIMULATED = _setting("simulated", "simulated", target=VIS, source=VIS)
QUALITY = _setting(
    "quality", "quality", source=VIS, extra=EXTRA, metrics=("toy_error",), primary="toy_error"
)
UDA = _setting("uda", "weak", source=VIS, shots=0, unlabelled=True)
VALIDATED = _setting("validated", "weak", source=VIS, shots=None, validation=0.4)
SPOKEN = _setting("spoken", "supervised", primary="uar", unit="item", audio=True)
THERMAL = _setting("thermal", "simulated", target=VIS, source=VIS, simulated="lwir")
