"""A stranger's dataset and detector, which do what `ODD` says in whichever process they are."""

from __future__ import annotations

import hashlib
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from PIL import Image

from irfer_bench.api import (
    Clip,
    Component,
    Domain,
    Face,
    Item,
    Match,
    MissingWeightsError,
    Params,
    Setting,
    hookimpl,
)

CLASSES = ("anger", "fear")
SUPERVISED = Setting(
    name="odd_supervised",
    kind="supervised",
    dataset="odd",
    target=Domain(spectrum="nir"),
    classes=CLASSES,
    folds=2,
    size=16,
    detector="odd_eyes",
    crop=1.0,
)


class OddParams(Params, frozen=True, kw_only=True):
    needs_root: ClassVar[bool] = True


class Files:
    """`root/<subject>_<label>_<number>.png`."""

    classes = CLASSES
    licence = "none"
    private = False

    def __init__(self, params: Any) -> None:
        self.params = params

    def identify(self, root: Path) -> Match:
        return Match(1.0 if any(root.glob("s*_*_*.png")) else 0.0, "names")

    def index(self, root: Path) -> Any:
        for path in sorted(root.glob("*.png")):
            subject, label, _ = path.stem.split("_")
            yield Item(path.stem, label, subject, "nir", files=(path.name,))

    def problems(self, root: Path) -> Any:
        return ()

    def read(self, root: Path, item: Item, frames: Any = None) -> Clip:
        if log := os.environ.get("ODD_LOG"):
            with Path(log).open("a") as stream:
                stream.write(f"{item.id}\n")
        with Image.open(root / item.files[0]) as image:
            return Clip(item.id, np.asarray(image)[None], "nir")

    def folds(self, items: Any) -> Any:
        subjects = sorted({item.subject for item in items})
        return [frozenset(subjects[k::2]) for k in range(2)]

    def fingerprint(self, root: Path) -> str:
        names = sorted(path.name for path in root.glob("*.png"))
        return hashlib.sha256("\n".join(names).encode()).hexdigest()


class TwoPart(Exception):  # noqa: N818
    """It cannot be made again from its message alone."""

    def __init__(self, one: str, other: str) -> None:
        super().__init__(one + other)


class Eyes:
    """Finds a face in the left upper corner, unless told otherwise."""

    looks = True
    exact = False

    def __init__(self, params: Any) -> None:
        self.params = params

    def open(self, weights: Path) -> None:
        if os.environ.get("ODD") == "weights":
            raise MissingWeightsError("the weights of odd_eyes are not here", "put them there")

    def find(self, query: Any) -> Any:
        how, _, folder = os.environ.get("ODD", "").partition("=")
        if query.item.id.endswith("_030"):
            if how == "raise":
                raise RuntimeError("the detector is out of order")
            if how == "stranger":
                raise TwoPart("this", "that")
            if how == "exit":
                sys.exit(7)
            if how == "killed":
                os.kill(os.getpid(), signal.SIGKILL)
        if how == "print":
            sys.stdout.write("a detector that talks\n")
            os.write(1, b"and one that talks below Python\n")
        if how == "wait":
            Path(folder, str(os.getpid())).touch()
            time.sleep(60)
        if how == "slow":
            time.sleep(0.004)
        return [Face(2, 2, 18, 18) for _ in query.frames]


@hookimpl
def irfer_bench_components() -> Any:
    yield Component("dataset", "odd", "odd:Files", "odd:OddParams", "strange files")
    yield Component("detector", "odd_eyes", "odd:Eyes", summary="strange eyes")
    yield Component("setting", "odd_supervised", "odd:SUPERVISED")
