"""Identity of a synthetic face: shape, skin, hair, brows and glasses, from a seed and a number."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

SEED = 20260
BENCHMARK, EXTRA, PRETRAIN = 1, 2, 9
"""Populations. The same number in two populations is two unrelated people."""

HAIR_COLOURS = {
    "black": (0.07, 0.06, 0.06),
    "brown": (0.25, 0.15, 0.09),
    "blond": (0.72, 0.55, 0.30),
    "red": (0.50, 0.20, 0.09),
    "grey": (0.56, 0.56, 0.57),
}
HAIR_SHARE = (0.34, 0.34, 0.16, 0.07, 0.09)
HAIR_NIR = {"black": 0.16, "brown": 0.26, "blond": 0.50, "red": 0.38, "grey": 0.52}
IRIS_COLOURS = {
    "brown": (0.26, 0.15, 0.08),
    "hazel": (0.35, 0.27, 0.12),
    "blue": (0.30, 0.45, 0.62),
    "green": (0.27, 0.42, 0.28),
}
IRIS_SHARE = (0.5, 0.2, 0.2, 0.1)


@dataclass(frozen=True, slots=True)
class Identities:
    """Columns of facts about N people, each (N,) float32; lengths in half image sides.

    Codes: `hair` and `iris` index the colour tables; `style` 0 is short, 1 long, 2 bald.
    """

    face_width: NDArray[Any]
    jaw: NDArray[Any]
    taper: NDArray[Any]
    chin: NDArray[Any]
    eye_distance: NDArray[Any]
    eye_width: NDArray[Any]
    eye_height: NDArray[Any]
    eye_y: NDArray[Any]
    eye_slant: NDArray[Any]
    brow_y: NDArray[Any]
    brow_thick: NDArray[Any]
    brow_arch: NDArray[Any]
    brow_dark: NDArray[Any]
    nose_width: NDArray[Any]
    nose_y: NDArray[Any]
    mouth_width: NDArray[Any]
    mouth_y: NDArray[Any]
    mouth_rest: NDArray[Any]
    lip_upper: NDArray[Any]
    lip_lower: NDArray[Any]
    lip_red: NDArray[Any]
    melanin: NDArray[Any]
    ruddy: NDArray[Any]
    hair: NDArray[Any]
    style: NDArray[Any]
    hairline: NDArray[Any]
    fringe: NDArray[Any]
    iris: NDArray[Any]
    glasses: NDArray[Any]
    beard: NDArray[Any]

    def __len__(self) -> int:
        return len(self.face_width)

    def take(self, index: Sequence[int] | NDArray[Any]) -> Identities:
        """The people at these positions, repeated where a position repeats."""
        return Identities(*(getattr(self, f.name)[index] for f in fields(self)))


def draw_identities(numbers: Sequence[int], population: int) -> Identities:
    """The people with these numbers; each depends on its own number and the population alone."""
    rows = [_draw(generator(population, number)) for number in numbers]
    columns = np.asarray(rows, dtype=np.float32).reshape(len(rows), len(fields(Identities))).T
    return Identities(*(np.ascontiguousarray(column) for column in columns))


def generator(*names: int) -> np.random.Generator:
    """The random stream of these numbers, equal on every machine."""
    return np.random.Generator(np.random.PCG64([SEED, *names]))


def _draw(rng: np.random.Generator) -> tuple[float, ...]:
    def around(mean: float, spread: float) -> float:
        return mean + spread * float(np.clip(rng.standard_normal(), -2.0, 2.0))

    melanin = float(rng.beta(1.3, 1.9))
    hair = int(rng.choice(5, p=HAIR_SHARE)) if melanin < 0.6 else int(rng.choice((0, 0, 0, 1, 4)))
    style = int(rng.choice(3, p=(0.55, 0.35, 0.10)))
    return (
        around(0.635, 0.028),
        float(rng.uniform(0.1, 0.6)),
        around(0.20, 0.07),
        around(0.86, 0.025),
        around(0.275, 0.014),
        around(0.150, 0.011),
        around(0.090, 0.008),
        around(-0.13, 0.02),
        around(0.0, 0.012),
        around(-0.335, 0.014),
        around(0.040, 0.009),
        around(0.045, 0.014),
        float(rng.uniform(0.55, 1.0)),
        around(0.125, 0.016),
        around(0.205, 0.022),
        around(0.235, 0.020),
        around(0.490, 0.018),
        around(0.0, 0.008),
        around(0.045, 0.009),
        around(0.062, 0.011),
        float(rng.uniform(0.25, 1.0)),
        melanin,
        float(rng.uniform(0.0, 1.0)),
        hair,
        style,
        around(-0.60, 0.045),
        float(rng.uniform(-0.25, 0.45)),
        int(rng.choice(4, p=IRIS_SHARE)) if melanin < 0.55 else 0,
        float(rng.random() < 0.2),
        float(rng.uniform(0.3, 0.9)) if style != 1 and rng.random() < 0.25 else 0.0,
    )
