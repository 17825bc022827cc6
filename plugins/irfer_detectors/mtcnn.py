"""MTCNN (Zhang et al., IEEE Signal Processing Letters 23(10), 2016) by facenet-pytorch.

The user installs the package, whose wheel contains the three networks; its declared
bounds on torch and numpy are older than the versions it works with (seen to work: 2.6.0 with torch
2.15 and numpy 2.4), hence `--no-deps`.

Deviations from its class `MTCNN`: the networks' files are read with `weights_only=True` and their
digests checked, frames are processed one by one, and the largest face is kept.

Measured as `opencv` was (see there): 120 of 120 versions of the portrait and no wrong one; 58 of 60
drawn near-infrared and 55 of 60 drawn visible faces, no wrong one; 23 of 60 thermal ones and 2
wrong ones; 5 of 79 images without an upright face gave one.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from irfer_bench.api import Face, FaceQuery, MissingError
from irfer_bench.nn import weights as pretrained
from irfer_detectors.choice import Window, choose, windows
from irfer_detectors.mtcnn_params import MtcnnParams
from irfer_detectors.networks import steady

PAGE = "https://github.com/timesler/facenet-pytorch/tree/master/data"
DIGESTS = {
    "pnet": "a2a71925e0b9996a42f63e47efc1ca19043e69558b5c523b978d611dfae49c8f",
    "rnet": "bbb937de72efc9ef83b186c49f5f558467a1d7e3453a8ece0d71a886633f6a86",
    "onet": "165bfbe42940416ccfb977545cf0e976d5bf321f67083ae2aaaa5c764280118d",
}
"""Of the files in the wheel of facenet-pytorch 2.6.0."""


class Mtcnn:
    """The largest face of each frame; of equals, the most central."""

    exact = False
    looks = True

    def __init__(self, params: MtcnnParams) -> None:
        self.params = params

    def open(self, weights: Path) -> None:
        """Load the three networks from the weights folder, else from the package itself.

        Raises:
            MissingError: the package or a file is not here. DamagedError: it is another file.
        """
        try:
            import torch
            from facenet_pytorch.models import mtcnn
            from facenet_pytorch.models.utils.detect_face import detect_face
        except ImportError as error:
            raise MissingError(
                f"detector 'mtcnn' needs the package facenet-pytorch ({error})",
                "pip install --no-deps facenet-pytorch",
            ) from error
        shipped = Path(mtcnn.__file__).parents[1] / "data"
        self._networks = []
        for name, make in (("pnet", mtcnn.PNet), ("rnet", mtcnn.RNet), ("onet", mtcnn.ONet)):
            wanted = pretrained.Pretrained(
                name=f"MTCNN's {name}", files=(f"{name}.pt",), sha256=DIGESTS[name],
                source=PAGE, folder=shipped,
            )
            path = pretrained.find(wanted, weights)
            network = make(pretrained=False)
            network.load_state_dict(torch.load(path, map_location="cpu", weights_only=True))
            self._networks.append(network.eval())
        self._detect, self._device = detect_face, torch.device("cpu")

    def find(self, query: FaceQuery) -> Sequence[Face | None]:
        """One face or None per frame."""
        with steady():
            return [self._face(frame) for frame in query.frames]

    def find_all(self, query: FaceQuery) -> Sequence[Sequence[Face]]:
        """Every face of each frame."""
        with steady():
            return [[Face(*each) for each in self._windows(frame)] for frame in query.frames]

    def _face(self, frame: NDArray[Any]) -> Face | None:
        faces = self._windows(frame)
        return Face(*choose(faces, frame.shape)) if faces else None

    def _windows(self, frame: NDArray[Any]) -> list[Window]:
        params = self.params
        if min(frame.shape[:2]) < params.min_face:  # no size is left to search
            return []
        found, _ = self._detect(
            np.array(frame), params.min_face, *self._networks,
            [params.p_threshold, params.r_threshold, params.o_threshold], params.factor,
            self._device,
        )
        return windows(found[0])
