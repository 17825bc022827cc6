"""MTCNN and face-alignment: packages that users bring, stood in for where they are not here."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any, ClassVar

import numpy as np
import pytest

from irfer_bench.api import DamagedError, MissingError, MissingWeightsError
from irfer_detectors import face_alignment as fa
from irfer_detectors import mtcnn
from irfer_detectors.face_alignment_params import FaceAlignmentParams
from irfer_detectors.mtcnn_params import MtcnnParams
from tests.irfer_detectors.queries import assert_portrait_found, blank, portrait, query

LOADED: list[tuple[str, bool]] = []
"""What a stand-in's network was given: (file name, whether read as tensors only)."""


@pytest.fixture(autouse=True)
def reading(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Watch every torch.load."""
    import torch

    def watched(file: Any, *more: Any, weights_only: bool = False, **options: Any) -> Any:
        LOADED.append((Path(file).name, weights_only))
        return real(file, *more, weights_only=weights_only, **options)

    real = torch.load
    monkeypatch.setattr(torch, "load", watched)
    LOADED.clear()
    yield


def absent(monkeypatch: pytest.MonkeyPatch, package: str) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == package]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, package, None)


def install(monkeypatch: pytest.MonkeyPatch, **modules: dict[str, Any]) -> None:
    """Modules by dotted name, `__` for a dot."""
    for name, members in modules.items():
        module = ModuleType(name.replace("__", "."))
        module.__path__ = []
        vars(module).update(members)
        monkeypatch.setitem(sys.modules, module.__name__, module)
        parent, _, own = module.__name__.rpartition(".")
        if parent:
            monkeypatch.setattr(sys.modules[parent], own, module, raising=False)


def test_absent_packages_are_named_with_the_line_that_brings_them(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    absent(monkeypatch, "facenet_pytorch")
    absent(monkeypatch, "face_alignment")
    with pytest.raises(MissingError, match="pip install --no-deps facenet-pytorch"):
        mtcnn.Mtcnn(MtcnnParams()).open(tmp_path)
    with pytest.raises(MissingError, match=r"pip install --no-deps 'face-alignment>=1\.5'"):
        fa.FaceAlignment(FaceAlignmentParams()).open(tmp_path)


class Network:
    """One of facenet-pytorch's three, as far as the adapter touches it."""

    def __init__(self, pretrained: bool = True) -> None:
        assert not pretrained, "it would read its file without weights_only"

    def load_state_dict(self, state: Any) -> None:
        self.state = state

    def eval(self) -> Network:
        return self


@pytest.fixture
def facenet(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """A stand-in for facenet-pytorch whose search returns `rows`."""
    import hashlib

    import torch

    data = tmp_path / "facenet_pytorch" / "data"
    data.mkdir(parents=True)
    digests = {}
    for name in ("pnet", "rnet", "onet"):
        torch.save({"conv.weight": torch.ones(2)}, data / f"{name}.pt")
        digests[name] = hashlib.sha256((data / f"{name}.pt").read_bytes()).hexdigest()
    monkeypatch.setattr(mtcnn, "DIGESTS", digests)
    made = SimpleNamespace(rows=np.zeros((0, 5)), asked=[], data=data)

    def detect_face(frame: Any, *more: Any) -> Any:
        made.asked.append((frame, more, torch.is_grad_enabled(), torch.get_num_threads()))
        return np.array([made.rows], dtype=object), None

    nets = dict.fromkeys(("PNet", "RNet", "ONet"), Network)
    file = str(data.parent / "models" / "mtcnn.py")
    install(
        monkeypatch, facenet_pytorch={}, facenet_pytorch__models={},
        facenet_pytorch__models__mtcnn=nets | {"__file__": file},
        facenet_pytorch__models__utils={},
        facenet_pytorch__models__utils__detect_face={"detect_face": detect_face},
    )
    return made


def test_mtcnn_reads_its_networks_as_tensors_only(facenet: Any, tmp_path: Path) -> None:
    mtcnn.Mtcnn(MtcnnParams()).open(tmp_path)
    assert LOADED == [("pnet.pt", True), ("rnet.pt", True), ("onet.pt", True)]


def test_mtcnn_refuses_another_network(facenet: Any, tmp_path: Path) -> None:
    (facenet.data / "rnet.pt").write_bytes(b"something else")
    with pytest.raises(DamagedError, match="is not MTCNN's rnet"):
        mtcnn.Mtcnn(MtcnnParams()).open(tmp_path)


def test_mtcnn_takes_the_largest_and_none_where_there_is_none(
    facenet: Any, tmp_path: Path
) -> None:
    detector = mtcnn.Mtcnn(MtcnnParams(min_face=24, o_threshold=0.8))
    detector.open(tmp_path)
    frame = blank()
    frame.flags.writeable = False
    assert detector.find(query(frame)) == [None]
    facenet.rows = np.array([[1, 2, 31, 32, 0.99], [40, 10, 95, 80, 0.9], [0, 0, 9, 9, 1]])
    (face,) = detector.find(query(frame))
    assert face is not None
    assert (face.left, face.top, face.right, face.bottom) == (40, 10, 95, 80)
    given, (smallest, *_, thresholds, factor, _), gradients, threads = facenet.asked[-1]
    assert (smallest, thresholds, factor) == (24, [0.6, 0.7, 0.8], 0.709)
    assert given.flags.writeable and given is not frame, "the package gets a copy of its own"
    assert not gradients and threads == 1


def test_mtcnn_is_not_asked_about_images_below_its_smallest_face(
    facenet: Any, tmp_path: Path
) -> None:
    """facenet-pytorch raises there: it has no size to search."""
    detector = mtcnn.Mtcnn(MtcnnParams())
    detector.open(tmp_path)
    assert detector.find(query(blank(19, 200))) == [None]
    assert not facenet.asked


def test_the_number_of_threads_is_put_back(facenet: Any, tmp_path: Path) -> None:
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        detector = mtcnn.Mtcnn(MtcnnParams())
        detector.open(tmp_path)
        detector.find(query(blank()))
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


@pytest.mark.skipif(
    find_spec("facenet_pytorch") is None,
    reason="facenet-pytorch is not installed (pip install --no-deps facenet-pytorch)",
)
def test_the_real_mtcnn_finds_the_portraits_face(tmp_path: Path) -> None:
    detector = mtcnn.Mtcnn(MtcnnParams())
    detector.open(tmp_path)
    found, nothing = detector.find(query(portrait(), np.zeros((90, 120, 3), np.uint8)))
    assert_portrait_found(found)
    assert nothing is None


class Package:
    """face-alignment's class `FaceAlignment` as far as the adapter touches it."""

    faces: ClassVar[list[Any]] = []
    made: ClassVar[list[dict[str, Any]]] = []

    def __init__(self, landmarks_type: str, **options: Any) -> None:
        self.made.append({"type": landmarks_type} | options)
        self.net = self._load_native("2DFAN-4", 4, options["device"], None)
        self.face_detector = SimpleNamespace(detect_from_image=lambda frame: self.faces)

    def _load_native(self, *more: Any) -> Any:
        raise AssertionError("the package's own loader downloads")

    def get_landmarks_from_image(self, frame: Any, detected_faces: Any) -> Any:
        (face,) = detected_faces
        left, top, right, bottom = face
        rising = np.linspace(0, 1, 68)[:, None]
        return [(np.array([left, top]) + rising * [right - left, bottom - top]).astype(np.int32)]


class Hourglass(Network):
    def __init__(self, size: int) -> None:
        self.size = size

    def to(self, device: str, dtype: Any) -> Hourglass:
        return self


@pytest.fixture
def package(monkeypatch: pytest.MonkeyPatch) -> type[Package]:
    Package.faces, Package.made = [], []
    members = {
        "FaceAlignment": Package, "FAN": Hourglass, "LandmarksType": SimpleNamespace(TWO_D="2D"),
    }
    install(monkeypatch, face_alignment={}, face_alignment__api=members)
    return Package


@pytest.fixture
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Weights of the right names, whose digests are not looked at."""
    import torch

    for name in ("S3FD", "FAN"):
        wanted = getattr(fa, name)
        monkeypatch.setattr(fa, name, replace(wanted, sha256=""))
        torch.save({"conv.weight": torch.ones(2)}, tmp_path / wanted.files[0])
    return tmp_path


def test_face_alignment_says_which_files_it_wants_and_where(
    package: type[Package], tmp_path: Path
) -> None:
    detector = fa.FaceAlignment(FaceAlignmentParams())
    with pytest.raises(MissingWeightsError) as first:
        detector.open(tmp_path)
    for part in ("s3fd-619a316812.pth", str(tmp_path), "IRFER_BENCH_WEIGHTS",
                 "https://www.adrianbulat.com/downloads/python-fan/s3fd-619a316812.pth"):
        assert part in str(first.value)
    assert (first.value.uri.rpartition("/")[2], first.value.sha256) == (
        "s3fd-619a316812.pth", "619a316812",
    )
    (tmp_path / "s3fd-619a316812.pth").write_bytes(b"cut off")
    with pytest.raises(DamagedError, match="is not S3FD"):
        detector.open(tmp_path)
    assert not Package.made, "nothing of the package is made before both files are there"


def test_face_alignment_wants_the_second_file_too(package: type[Package], folder: Path) -> None:
    (folder / "2DFAN4-11f355bf06.pth.tar").unlink()
    with pytest.raises(MissingWeightsError, match=r"2DFAN4-11f355bf06\.pth\.tar"):
        fa.FaceAlignment(FaceAlignmentParams()).open(folder)


def test_face_alignment_loads_from_the_folder_and_downloads_nothing(
    package: type[Package], folder: Path
) -> None:
    fa.FaceAlignment(FaceAlignmentParams(confidence=0.8, flip=False)).open(folder)
    (made,) = Package.made
    assert made["face_detector_kwargs"] == {
        "path_to_detector": str(folder / "s3fd-619a316812.pth"), "filter_threshold": 0.8,
    }
    assert (made["type"], made["flip_input"], made["compile"]) == ("2D", False, False)
    assert LOADED == [("2DFAN4-11f355bf06.pth.tar", True)]


def test_face_alignment_gives_68_landmarks_and_their_extent(
    package: type[Package], folder: Path
) -> None:
    detector = fa.FaceAlignment(FaceAlignmentParams())
    detector.open(folder)
    assert detector.find(query(blank())) == [None]
    Package.faces = [np.array([0, 0, 9, 9, 0.99]), np.array([20, 10, 80, 90, 0.6])]
    (face,) = detector.find(query(blank()))
    assert face is not None and face.landmarks is not None
    assert (face.left, face.top, face.right, face.bottom) == (20.5, 10.5, 80.5, 90.5)
    assert face.landmarks.shape == (68, 2) and face.landmarks.dtype == np.float32
    assert (face.landmarks % 1 == 0.5).all(), "whole pixels stand for their middles"


def test_face_alignment_does_not_show_s3fd_what_it_cannot_halve(
    package: type[Package], folder: Path
) -> None:
    detector = fa.FaceAlignment(FaceAlignmentParams())
    detector.open(folder)
    Package.faces = [np.array([0, 0, 9, 9, 0.99])]
    assert detector.find(query(blank(31, 200))) == [None]


def test_an_older_face_alignment_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    install(monkeypatch, face_alignment={}, face_alignment__api={"FaceAlignment": object})
    with pytest.raises(MissingError, match=r"needs face-alignment 1\.5 or newer"):
        fa.FaceAlignment(FaceAlignmentParams()).open(tmp_path)
