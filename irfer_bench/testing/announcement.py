"""Checks of the announcement of every component: name, parameters, imports."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, ClassVar

import msgspec
import pytest

from irfer_bench import home
from irfer_bench.contracts.component import Kind
from irfer_bench.contracts.params import PRESETS, Params, describe, resolve
from irfer_bench.registry import NAME, Registered, Registry, load
from irfer_bench.testing.memory import MemoryContext

HEAVY = (
    "torch", "torchvision", "diffusers", "timm", "open_clip", "transformers", "datasets", "pandas",
    "matplotlib",
)
"""Modules that hooks and params modules must not import, since listing and planning import them."""


class ComponentConformance:
    """Common to all suites: subclass one of those, not this.

    Set `component` to the announced name, or override `make`. `params` are given on top of the
    preset `quick`; keep them so small that the suite runs in seconds.
    """

    kind: ClassVar[Kind]
    component: ClassVar[str] = ""
    variant: ClassVar[str] = ""
    params: ClassVar[Mapping[str, Any]] = {}

    def make(self) -> Any:
        """A fresh instance of the component."""
        return registry().create(self.owned().component, self.made_params())

    def made_params(self) -> Params:
        """The params value that `make` constructs the component with."""
        return resolve(
            self.params_class(), component=self.component, variant=self.variant, preset="quick",
            given=self.params,
        )

    def context(self, seed: int = 0) -> MemoryContext:
        """A fresh context: no shared part, no checkpoint, an empty scratch folder."""
        return MemoryContext(seed=seed, scratch=_scratch(), weights=home.weights())

    def owned(self) -> Registered:
        """The announced component; the test is skipped where `component` names none."""
        if not self.component:
            pytest.skip("`component` is not set, so nothing announced can be checked")
        return registry().owner(self.kind, self.component)

    def params_class(self) -> type[Params]:
        """The component's params class."""
        return registry().params_class(self.owned().component)

    def test_announced_with_a_summary(self) -> None:
        """The name is `[a-z0-9_]+`, and the summary is one line of a list."""
        component = self.owned().component
        assert NAME.fullmatch(component.name), f"{component.name!r}: use a-z, 0-9 and _ only"
        assert component.summary.strip(), f"{component.name}: summary is empty; `list` shows it"
        assert "\n" not in component.summary, f"{component.name}: summary has more than one line"
        assert component.version, f"{component.name}: version is empty; it enters every key"

    def test_announcing_imports_nothing_heavy(self) -> None:
        """`irfer-bench list` and `plan` import the hooks and params modules: keep both light."""
        owned = self.owned()
        seen = imports_of(owned.distribution)
        modules = {owned.component.params.partition(":")[0], *seen["hooks"]} - {""}
        for module in sorted(modules):
            heavy = seen["loaded"].get(module, [])
            assert not heavy, (
                f"importing {module} imports {', '.join(heavy)}: move that import into the module "
                "that `factory` names, or into the function that needs it"
            )

    def test_params_are_described_and_their_defaults_are_valid(self) -> None:
        """The params class is the CLI's help: each field says what it is, and defaults hold."""
        cls = self.params_class()
        for row in describe(cls):
            assert row["description"], (
                f"{cls.__name__}.{row['name']} has no description: declare it as "
                f"Annotated[..., fit('what it is')] or apply(...)"
            )
        values = msgspec.to_builtins(cls())
        assert msgspec.convert(values, cls) == cls(), f"{cls.__name__}: defaults do not validate"
        json.dumps(values, allow_nan=False)

    def test_presets_and_variants_resolve(self) -> None:
        """Presets are paper, bench, quick or PRESET@VARIANT; all fit all variants; paper: empty."""
        cls = self.params_class()
        of_variants = {f"{preset}@{name}" for preset in PRESETS for name in cls.variants}
        unknown = set(cls.presets) - set(PRESETS) - of_variants
        assert not unknown, f"{cls.__name__}: presets are {', '.join(PRESETS)}, not {unknown}"
        assert not cls.presets.get("paper"), f"{cls.__name__}: defaults are the preset `paper`"
        for name in cls.variants:
            assert NAME.fullmatch(name), f"variant {name!r}: use a-z, 0-9 and _ only"
        for preset in PRESETS:
            for variant in ("", *cls.variants):
                resolve(cls, component=self.component, variant=variant, preset=preset)


@cache
def registry() -> Registry:
    """Every component installed here, loaded once."""
    return load()


@cache
def imports_of(distribution: str) -> dict[str, Any]:
    """Which heavy modules a distribution's hooks and params modules import, seen in a child.

    Returns `{"hooks": [module, ...], "loaded": {module: [heavy, ...]}}`; a heavy module is
    written down for the first module that brought it.
    """
    environment = dict(os.environ, PYTHONPATH=os.pathsep.join(filter(None, sys.path)))
    done = subprocess.run(
        [sys.executable, "-m", "irfer_bench.testing.import_probe", distribution, *HEAVY],
        capture_output=True, text=True, env=environment, timeout=120, check=False,
    )
    assert done.returncode == 0, f"the hooks of {distribution} cannot be imported: {done.stderr}"
    seen: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return seen


@cache
def _workplace() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="irfer-bench-conformance-")


def _scratch() -> Path:
    return Path(tempfile.mkdtemp(dir=_workplace().name))
