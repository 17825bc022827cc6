"""What the toy announces."""

from irfer_bench.api import Component, hookimpl

SETTINGS = (
    "weak", "weak1", "augmented", "supervised", "cross", "simulated", "quality", "uda",
    "validated", "thermal", "spoken",
)


@hookimpl
def irfer_bench_components():
    yield Component(
        "dataset", "toy", "irfer_toy.dataset:Toy", "irfer_toy.toy_params:ToyParams", "dots",
        traits={"embedded": True},
    )
    for name in SETTINGS:
        yield Component("setting", f"toy_{name}", f"irfer_toy.settings:{name.upper()}")
    for name, factory, params, traits in (
        ("toy_raw", "Raw", "RawParams", {"trains": False, "adds_nothing": True}),
        ("toy_shift", "Shift", "ShiftParams", {}),
        ("toy_partner", "Partner", "PartnerParams", {"trains": False, "partners": True}),
    ):
        yield Component(
            "translator", name, f"irfer_toy.methods:{factory}", f"irfer_toy.toy_params:{params}",
            traits=traits, parts={"middle": ""} if name == "toy_shift" else {},
        )
    yield Component(
        "recognizer", "toy_means", "irfer_toy.methods:Means", "irfer_toy.toy_params:MeansParams"
    )
    yield Component(
        "recognizer", "toy_broken", "irfer_toy.methods:Broken", "irfer_toy.toy_params:BrokenParams"
    )
    yield Component(
        "recognizer", "toy_encoded", "irfer_toy.methods:Encoded", "irfer_toy.toy_params:RawParams",
        parts={"brightness": "toy.brightness/1"},
    )
    yield Component(
        "recognizer", "toy_voice", "irfer_toy.methods:Means", "irfer_toy.toy_params:MeansParams",
        traits={"modality": "audio"},
    )
    yield Component("metric", "toy_error", "irfer_toy.metrics:PixelError")


@hookimpl
def irfer_bench_cell(event):
    import os

    if event == "finished" and os.environ.get("TOY_OBSERVER"):
        raise RuntimeError("the observer is out of order")
