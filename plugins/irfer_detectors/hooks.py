"""Components of the face detectors."""

from __future__ import annotations

from collections.abc import Iterable

from irfer_bench.api import Component, Traits, hookimpl


@hookimpl
def irfer_bench_components() -> Iterable[Component]:
    """Detectors that find a face, and those that are given its place."""
    for name, factory, summary, traits in (
        ("none", "Centre", "the centre square of the whole image", Traits()),
        ("landmarks", "Landmarks", "the extent of known landmarks (dataset or --landmarks FILE)",
         Traits(reads="landmarks", landmarks=True)),
        ("boxes", "Boxes", "squares of your own (--boxes FILE), used unchanged",
         Traits(reads="boxes")),
    ):
        yield Component(
            kind="detector", name=name, factory=f"irfer_detectors.plain:{factory}",
            summary=summary, licence="MIT", traits=traits,
        )
    yield Component(
        kind="detector", name="opencv", factory="irfer_detectors.opencv:HaarCascade",
        params="irfer_detectors.opencv_params:HaarCascadeParams",
        summary="Haar cascade that ships with OpenCV; offline, frontal faces",
        needs=("cv2",), licence="Intel License Agreement for OpenCV (the cascade's file)",
        source="viola2001cascade; lienhart2002haar",
    )
    yield Component(
        kind="detector", name="face_alignment",
        factory="irfer_detectors.face_alignment:FaceAlignment",
        params="irfer_detectors.face_alignment_params:FaceAlignmentParams",
        summary="S3FD and 68 landmarks by 2D-FAN-4; package and weights are not included",
        needs=("face_alignment", "numba"), licence="BSD-3-Clause (package face-alignment)",
        source="bulat2017fan; zhang2017s3fd", traits=Traits(landmarks=True),
    )
    yield Component(
        kind="detector", name="mtcnn", factory="irfer_detectors.mtcnn:Mtcnn",
        params="irfer_detectors.mtcnn_params:MtcnnParams",
        summary="three cascaded networks; pip install --no-deps facenet-pytorch",
        needs=("facenet_pytorch",), licence="MIT (package facenet-pytorch)",
        source="zhang2016mtcnn",
    )
    for name, factory, summary in (
        ("dlib", "Dlib", "HOG face and 68 landmarks; pip install 'irfer-bench[faces]'"),
        ("dlib_cnn", "DlibCnn", "the same with dlib's face network; slow, for turned faces"),
    ):
        yield Component(
            kind="detector", name=name, factory=f"irfer_detectors.dlib_faces:{factory}",
            summary=summary, needs=("dlib", "face_recognition_models"),
            licence="Boost (dlib), CC0 (models); 68 landmarks trained on 300-W: no commercial use",
            source="king2009dlib; kazemi2014ert; sagonas2016faces",
            traits=Traits(landmarks=True),
        )
