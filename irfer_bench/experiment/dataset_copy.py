"""A copy of a dataset on this machine: its folder and its fingerprint."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from irfer_bench.contracts.component import Component
from irfer_bench.contracts.params import Params
from irfer_bench.errors import MissingError
from irfer_bench.home import user_path
from irfer_bench.store import keys
from irfer_bench.store.digests import remembered_digest

if TYPE_CHECKING:
    from irfer_bench.data.manifest import Manifest
    from irfer_bench.registry import Registry


@dataclass(frozen=True, eq=False)
class DatasetCopy:
    """A dataset, its folder, and the fingerprint of its content (None: not scanned yet).

    Args:
        code: digest of its code, where its package is installed in editable mode.
        manifest: its items and problems, once its folder was read.
    """

    component: Component
    params: Params
    root: Path | None
    fingerprint: str | None
    landmarks: Path | None = None
    boxes: Path | None = None
    code: str = ""
    manifest: Manifest | None = None

    @property
    def name(self) -> str:
        return self.component.name

    @property
    def stamp(self) -> list[Any]:
        """Values on which a stored manifest depends, besides the folder."""
        return [self.component.version, msgspec.to_builtins(self.params)]

    def identity(self) -> dict[str, Any]:
        """The dataset's part of keys; it holds no path."""
        identity: dict[str, Any] = {
            "name": self.name,
            "version": self.component.version,
            "params": msgspec.to_builtins(self.params),
            "fingerprint": self.fingerprint,
        }
        if self.code:
            identity["code"] = self.code
        if self.landmarks_digest:
            identity["landmarks"] = self.landmarks_digest
        if self.boxes is not None:
            identity["boxes"] = self.boxes_digest
        return identity

    @cached_property
    def landmarks_digest(self) -> str:
        """Of the file that `--landmarks` names; empty without one."""
        return remembered_digest(self.landmarks) if self.landmarks is not None else ""

    @cached_property
    def boxes_digest(self) -> str:
        """Of the file that `--boxes` names; empty without one."""
        return remembered_digest(self.boxes) if self.boxes is not None else ""


def find_copy(
    registry: Registry,
    name: str,
    *,
    roots: Mapping[str, Path],
    home: Path,
    landmarks: Path | None = None,
    boxes: Path | None = None,
    scan: bool = False,
    given: Mapping[str, Any] | None = None,
    known: Manifest | None = None,
) -> DatasetCopy:
    """The copy of a dataset; with `scan` a folder without a stored manifest is read now.

    Args:
        known: the manifest, where the folder was read just now.

    Raises:
        MissingError: the dataset needs files and no root was given, or the root is not there.
        DamagedError: with `scan`, a problem makes it unclear which items count.
    """
    from irfer_bench.contracts.params import resolve

    component = registry.get("dataset", name)
    cls = registry.params_class(component)
    params = resolve(cls, component=name, given=given)
    for option, file in (("landmarks", landmarks), ("boxes", boxes)):
        if file is not None and not file.is_file():
            raise MissingError(f"--{option} {file}: no such file")
    if not params.needs_root:
        own = {"version": component.version, "params": msgspec.to_builtins(params)}
        content = keys.digest(["generated", name, own])
        return DatasetCopy(component, params, None, content, landmarks, boxes)
    root = roots.get(name) or _root_from_environment(name)
    if root is None:
        raise MissingError(
            f"dataset {name!r} needs its files ({component.licence or 'ask its owner'})",
            f"use --data-root {name}=FOLDER; irfer-bench show {name} says where to apply",
        )
    if not root.is_dir():
        raise MissingError(f"--data-root {name}={root}: no such folder")
    from irfer_bench.data.kept_manifests import stored
    from irfer_bench.data.scanning import other_datasets
    from irfer_bench.data.scanning import scan as read_manifest

    source = DatasetCopy(component, params, root, None, landmarks, boxes)
    manifest = known or stored(name, root, home, source.stamp)
    if manifest is None and scan:
        manifest = read_manifest(
            registry.create(component, params),
            root,
            name=name,
            home=home,
            stamp=source.stamp,
            others=other_datasets(registry),
        )
    if manifest is not None and scan:
        manifest.require()  # also where all of it was prepared before
    if manifest is None:
        return source
    return replace(source, fingerprint=manifest.fingerprint, manifest=manifest)


def _root_from_environment(name: str) -> Path | None:
    value = os.environ.get(f"IRFER_BENCH_DATA_{name.upper()}")
    return user_path(value) if value else None
