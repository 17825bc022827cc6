"""Third-party distributions, written into a folder as pip installs them."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import EntryPoint, distributions
from pathlib import Path


def write_distribution(
    site: Path, name: str, modules: Mapping[str, str], entry_points: Mapping[str, str]
) -> Path:
    """A distribution of top-level modules; returns the folder to put on the path."""
    site.mkdir(parents=True, exist_ok=True)
    for module, text in modules.items():
        (site / f"{module}.py").write_text(text)
    folder = site / f"{name.replace('-', '_')}-1.0.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    lines = "".join(f"{key} = {value}\n" for key, value in entry_points.items())
    (folder / "entry_points.txt").write_text(f"[irfer_bench]\n{lines}")
    return site


def entry_points_of(*sites: Path) -> list[EntryPoint]:
    """What the distributions in these folders announce, in the order of the folders."""
    found = distributions(path=[str(site) for site in sites])
    return [entry for distribution in found for entry in distribution.entry_points]


def hooks(*components: tuple[str, str], extra: str = "") -> str:
    """The text of a hooks module that announces (kind, name) components."""
    listed = "".join(
        f"    Component({kind!r}, {name!r}, 'nowhere:Nothing', summary='a stranger'),\n"
        for kind, name in components
    )
    return (
        "from irfer_bench.api import Component, hookimpl\n\n\n"
        f"@hookimpl\ndef irfer_bench_components():\n    return [\n{listed}    ]\n\n\n{extra}"
    )
