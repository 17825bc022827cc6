"""Finds golden fixtures by family, so that dropping another file into the folder tests it.

Folders, in order: `IRFER_GOLDEN`, or else `tests/golden` (the small committed set) and then
`../shared/golden` next to the repository. Each holds `recognizers/` and `translators/`.

A parity test reads all sizes from the metadata and the shapes, and looks like this:

    @pytest.mark.parametrize("path", fixtures("translators", "lowpass"))
    def test_lowpass(path: Path) -> None:
        tensors, metadata = load(path)
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, Literal, cast

import numpy as np
import pytest
from safetensors import safe_open

Area = Literal["recognizers", "translators"]
AREAS: tuple[Area, ...] = ("recognizers", "translators")
ROOT = Path(__file__).parents[2]
SUFFIXES = (".safetensors", ".json")


def folders(area: Area) -> list[Path]:
    """Folders searched for one area; `IRFER_GOLDEN` alone where it is set."""
    given = os.environ.get("IRFER_GOLDEN")
    if given:
        return [Path(given) / area]
    return [ROOT / "tests" / "golden" / area, ROOT.parent / "shared" / "golden" / area]


def find(area: Area, family: str) -> list[Path]:
    """Every file named `family` or `family_*`; the first folder that holds a name wins.

    Longer families that start alike must be told apart by the caller's prefix: `nfer_spec` does
    not return `nfer_spec_weights_dev`, because files that hold weights have `_weights_` or `_dse_`
    behind their method's name.
    """
    found: dict[str, Path] = {}
    for folder in folders(area):
        for path in sorted(folder.glob(f"{family}*")) if folder.is_dir() else []:
            rest = path.stem.removeprefix(family)
            belongs = rest == "" or rest.startswith("_")
            companion = rest.startswith(("_weights_", "_dse_"))
            if path.suffix in SUFFIXES and belongs and not companion:
                found.setdefault(path.name, path)
    return [found[name] for name in sorted(found)]


def fixtures(area: Area, family: str) -> list[Any]:
    """Values for `pytest.mark.parametrize`: the family's files, or one visible skip.

    With `IRFER_GOLDEN` set, a family without files is an error of the test and not a skip.
    """
    paths = find(area, family)
    if paths:
        return [pytest.param(path, id=path.stem) for path in paths]
    if os.environ.get("IRFER_GOLDEN"):
        return [pytest.param(Path(f"{family}_is_missing.safetensors"), id=f"{family}-missing")]
    reason = f"no golden fixture {area}/{family}*; set IRFER_GOLDEN to a folder that holds it"
    return [pytest.param(None, id=family, marks=pytest.mark.skip(reason=reason))]


def partner(path: Path, name: str) -> Path:
    """The file that belongs to `path`: `name` with the same suffix behind the family's name.

    The suffix is what two names do not share: the partner of `egsde_traj_ddpm_dev` named
    `egsde_weights_ddpm` is `egsde_weights_ddpm_dev`; of `nfer_spec_x1` named
    `nfer_spec_weights`, `nfer_spec_weights_x1`. It lies beside it, or in a later folder of
    `folders`; the small committed set lacks some, whose tests are skipped.
    """
    stem = path.stem
    parts = stem.split("_")
    own = path.parent.name
    others = [folder for area in AREAS if area == own for folder in folders(area)]
    for cut in range(1, len(parts) + 1):
        file = f"{name}_{'_'.join(parts[cut:])}".rstrip("_") + path.suffix
        for candidate in (path.with_name(file), *(folder / file for folder in others)):
            if candidate != path and candidate.is_file():
                return candidate
    if path.parent == ROOT / "tests" / "golden" / own:
        pytest.skip(f"no golden fixture {name}* beside {path.name}; set IRFER_GOLDEN")
    raise FileNotFoundError(f"{stem} has no partner {name}_* in {path.parent}")


def load(path: Path) -> tuple[dict[str, Any], dict[str, str]]:
    """A safetensors file as numpy arrays and its string metadata; a JSON file as (content, {})."""
    if path.suffix == ".json":
        return cast("dict[str, Any]", json.loads(path.read_text())), {}
    if not path.is_file():
        raise FileNotFoundError(f"{path.name}: IRFER_GOLDEN is set but holds no such family")
    with safe_open(path, "numpy") as file:
        tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
        return tensors, dict(file.metadata() or {})


def error(a: Any, b: Any) -> float:
    """max|a - b| / max(1, max|b|), in float64; infinite where the shapes differ."""
    left, right = (np.asarray(_numpy(x), dtype=np.float64) for x in (a, b))
    if left.shape != right.shape:
        return float("inf")
    if right.size == 0:
        return 0.0
    return float(np.abs(left - right).max() / max(1.0, np.abs(right).max()))


def _numpy(x: Any) -> Any:
    return x.detach().cpu().numpy() if hasattr(x, "detach") else x
