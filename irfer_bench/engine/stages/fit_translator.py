"""Stage that fits a translator on the training subjects of one fold."""

from __future__ import annotations

from irfer_bench.contracts.values import TranslationData
from irfer_bench.data import subsets as splits
from irfer_bench.engine.stages.work import Input, Inputs, Work
from irfer_bench.experiment.steps import FittedTranslator, FitTranslator, Prepare, Prepared
from irfer_bench.store.state import write_state


def fit_translator(spec: FitTranslator, inputs: Inputs, work: Work) -> FittedTranslator:
    """Fit on `source` and `target`; labels of the target are hidden."""
    source, target = inputs["source"].clips(), inputs["target"].clips().hide_labels()
    data = TranslationData(
        source,
        target,
        splits.match_pairs(source, target),
        _spectrum(inputs["source"]),
        _spectrum(inputs["target"]),
        inputs["target"].facts(Prepared).weak_pairs,
    )
    method = work.create()
    method.fit(data, work.context)
    write_state(work.folder, method.state())
    return FittedTranslator(pairs=len(data.pairs))


def _spectrum(given: Input) -> str:
    assert isinstance(given.spec, Prepare)
    return str(given.spec.domain["spectrum"])
