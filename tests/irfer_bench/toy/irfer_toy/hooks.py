"""What the toy announces."""

from irfer_bench.api import Component, hookimpl

SETTINGS = ("weak", "weak1", "augmented", "supervised", "cross", "simulated", "quality")


@hookimpl
def irfer_bench_components():
    yield Component(
        "dataset", "toy", "irfer_toy.dataset:Toy", "irfer_toy.toy_params:ToyParams", "dots"
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
            traits=traits,
        )
    yield Component(
        "recognizer", "toy_means", "irfer_toy.methods:Means", "irfer_toy.toy_params:MeansParams"
    )
    yield Component(
        "recognizer", "toy_broken", "irfer_toy.methods:Broken", "irfer_toy.toy_params:BrokenParams"
    )
    yield Component("metric", "toy_error", "irfer_toy.metrics:PixelError")


@hookimpl
def irfer_bench_cell_finished(record):
    import os

    if os.environ.get("TOY_OBSERVER"):
        raise RuntimeError("the observer is out of order")
