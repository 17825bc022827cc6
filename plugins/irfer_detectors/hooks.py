"""What this family announces."""

from __future__ import annotations

from collections.abc import Iterable

from irfer_bench.api import Component, hookimpl


@hookimpl
def irfer_bench_components() -> Iterable[Component]:
    """Detectors that find a face, and those that are told where it is."""
    for name, factory, summary in (
        ("none", "Centre", "the centre square of the whole picture"),
        ("landmarks", "Landmarks", "the extent of known landmarks (dataset or --landmarks FILE)"),
        ("boxes", "Boxes", "squares that you bring (--boxes FILE), taken as they are"),
    ):
        yield Component(
            kind="detector", name=name, factory=f"irfer_detectors.plain:{factory}",
            summary=summary, licence="MIT", source="irfer-bench",
        )
    yield Component(
        kind="detector", name="opencv", factory="irfer_detectors.opencv:HaarCascade",
        params="irfer_detectors.opencv_params:HaarCascadeParams",
        summary="Haar cascade that ships with OpenCV; offline, frontal faces",
        needs=("cv2",), licence="Intel License Agreement for OpenCV (the cascade's file)",
        source="Viola and Jones, CVPR 2001; Lienhart and Maydt, ICIP 2002",
    )
