"""What this family announces."""

from __future__ import annotations

from collections.abc import Iterable

from irfer_bench.api import Component, hookimpl


@hookimpl
def irfer_bench_components() -> Iterable[Component]:
    """Detectors that find a face, and those that are told where it is."""
    for name, factory, summary in (
        ("none", "Centre", "the centre square of the whole image"),
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
    yield Component(
        kind="detector", name="face_alignment",
        factory="irfer_detectors.face_alignment:FaceAlignment",
        params="irfer_detectors.face_alignment_params:FaceAlignmentParams",
        summary="S3FD and 68 landmarks by 2D-FAN-4; package and weights are yours to bring",
        needs=("face_alignment", "numba"), licence="BSD-3-Clause (package face-alignment)",
        source="Bulat and Tzimiropoulos, ICCV 2017; Zhang et al. (S3FD), ICCV 2017",
    )
    yield Component(
        kind="detector", name="mtcnn", factory="irfer_detectors.mtcnn:Mtcnn",
        params="irfer_detectors.mtcnn_params:MtcnnParams",
        summary="three cascaded networks; pip install --no-deps facenet-pytorch",
        needs=("facenet_pytorch",), licence="MIT (package facenet-pytorch)",
        source="Zhang et al., IEEE Signal Processing Letters 23(10), 2016",
    )
