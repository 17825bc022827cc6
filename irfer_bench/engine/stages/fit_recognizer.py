"""Stage that fits a recognizer on one fold; leaks and empty classes are refused."""

from __future__ import annotations

from irfer_bench.contracts.values import TrainingData
from irfer_bench.data.clips import ClipView
from irfer_bench.engine.stages.work import Inputs, Work
from irfer_bench.experiment.steps import FitRecognizer, FittedRecognizer
from irfer_bench.experiment.training import Training, choose_training
from irfer_bench.store.state import write_state


def fit_recognizer(spec: FitRecognizer, inputs: Inputs, work: Work) -> FittedRecognizer:
    """Fit on `source` and `target`; `prepared_source` and `prepared_target` are what they were made
    of, whose test subjects must not be in training."""
    chosen: Training[ClipView] = choose_training(spec, inputs, work.title)
    data = TrainingData(**chosen.views, classes=tuple(spec.classes))
    method = work.create()
    method.fit(data, work.context)
    write_state(work.folder, method.state())
    return FittedRecognizer(
        source=len(data.source),
        target=len(data.target),
        unlabelled=len(data.unlabelled),
        validation=len(data.validation),
        absent=chosen.absent,
        subjects="checked" if chosen.checked else "unchecked",
    )
