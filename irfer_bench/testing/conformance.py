"""Conformance suites for plugin authors: one class per protocol to subclass, run by pytest.

    from irfer_bench.testing.conformance import TranslatorConformance

    class TestBlur(TranslatorConformance):
        component = "blur"
        params = {"radius": 1}

`component` is the announced name and `params` are small values; a component that is not announced
overrides `make`. Every failing check names the error and its correction.
"""

from irfer_bench.testing.dataset_conformance import DatasetConformance
from irfer_bench.testing.detector_conformance import DetectorConformance
from irfer_bench.testing.metric_conformance import MetricConformance
from irfer_bench.testing.recognizer_conformance import RecognizerConformance
from irfer_bench.testing.translator_conformance import TranslatorConformance

__all__ = [
    "DatasetConformance",
    "DetectorConformance",
    "MetricConformance",
    "RecognizerConformance",
    "TranslatorConformance",
]
