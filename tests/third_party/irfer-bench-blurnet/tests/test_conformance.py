"""Both components keep irfer-bench's contracts."""

from irfer_bench.testing.conformance import RecognizerConformance, TranslatorConformance


class TestBlur(TranslatorConformance):
    component = "blur"


class TestCentroids(RecognizerConformance):
    component = "centroids"
