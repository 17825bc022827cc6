"""What a reader of one result should know before believing it: chance, one class, drawn faces."""

from __future__ import annotations

from irfer_bench.contracts.record import MethodFacts, Record
from irfer_bench.statistics.predicted import only_class


def tell_chance(record: Record) -> str:
    """What guessing gives, where a recognizer was scored; else empty."""
    if record.recognizer is None or not record.classes:
        return ""
    return f"chance is {100 / len(record.classes):.2f} %"


def remarks(record: Record) -> list[str]:
    """Sentences on predictions of one class alone and on backbones made of drawn faces."""
    sentences = []
    predicted = only_class(record)
    if predicted:
        total = sum(map(sum, record.confusion or ()))
        sentences.append(f"all {total} test items were predicted as {predicted}")
    if record.recognizer is not None and record.data.subjects == "unchecked":
        sentences.append(
            "subjects are unknown: that nobody is in training and in test was not checked"
        )
    methods: tuple[MethodFacts | None, ...] = (record.translator, record.recognizer)
    for method in methods:
        if method is not None and method.drawn_faces:
            sentences.append(
                f"{method.name} with preset {method.preset} starts from a small backbone trained "
                "on drawn faces: on photographs this tests the installation, not the method"
            )
    return sentences
