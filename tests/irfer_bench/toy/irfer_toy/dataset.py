"""Generated dots: a class is where the dot is, a spectrum is how bright it is."""

import numpy as np

from irfer_bench.api import Clip, Item, Match
from irfer_toy.pause import reach

CLASSES = ("anger", "disgust", "fear", "happiness")


class Toy:
    classes = CLASSES
    licence = "none"
    private = False

    def __init__(self, params):
        self.params = params

    def identify(self, root):
        return Match(0.0, "the toy has no files")

    def index(self, root):
        for part, letter, people in (("main", "p", self.params.subjects), ("extra", "x", 4)):
            for number in range(people):
                for label in CLASSES:
                    moment = f"{letter}{number:03d}-{label}"
                    for spectrum in ("vis", "nir") if part == "main" else ("vis",):
                        yield Item(
                            f"{moment}-{spectrum}", label, f"{letter}{number:03d}", spectrum,
                            pair=moment, part=part,
                        )

    def problems(self, root):
        return ()

    def read(self, root, item, frames=None):
        reach("read")
        noise = np.random.default_rng(abs(hash_of(item.id)))
        frame = noise.integers(0, 60, (8, 8, 3))
        place = 2 * CLASSES.index(item.label)
        frame[place : place + 2, 2:6] += 120 if item.spectrum == "vis" else 60
        mute = item.subject == "p000"
        return Clip(
            item.id, frame[None].astype(np.uint8), item.spectrum, item.label, item.subject,
            pair=item.pair, audio=None if mute else np.zeros(8, np.float32),
            sample_rate=None if mute else 8000,
        )

    def folds(self, items):
        subjects = sorted({item.subject for item in items if item.subject.startswith("p")})
        return [frozenset(subjects[k::2]) for k in range(2)]

    def fingerprint(self, root):
        return f"toy {self.params.subjects}"


def hash_of(text):
    """A number that depends on the text alone."""
    return sum((i + 1) * ord(c) for i, c in enumerate(text))
