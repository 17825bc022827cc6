"""Which package imports which, and what light commands must not load."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.third_party.installing import TOY, bench

ROOT = Path(__file__).parents[1]
FAMILIES = sorted(path.name for path in (ROOT / "plugins").iterdir() if path.is_dir())
HEAVY = frozenset({
    "torch", "torchvision", "diffusers", "timm", "open_clip", "transformers", "datasets", "pandas",
    "matplotlib", "lpips", "torchmetrics",
})
LAYERS = (
    "errors", "home", "contracts", "store", "settings", "registry", "data", "statistics", "nn",
    "scaffold", "api", "experiment", "engine", "render", "testing", "orchestration", "builtin",
    "cli", "__main__",
)
"""A package imports itself and the ones before it; `docs/architecture.md` says what each is."""


def module_of(path: Path) -> str:
    """`irfer_bench.data.clips`, `irfer_clip.pca`; a package by its own name."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    parts = parts[1:] if parts[0] == "plugins" else parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def files(*folders: str) -> Iterator[Path]:
    for folder in folders:
        yield from sorted((ROOT / folder).rglob("*.py"))


@cache
def imports_of(path: Path) -> frozenset[str]:
    """Every module or member imported anywhere in a file, but for type checking alone."""
    found: set[str] = set()

    def visit(node: ast.AST) -> None:
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            return
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import; say the whole name"
            found.update(f"{node.module}.{alias.name}" for alias in node.names)
        for child in ast.iter_child_nodes(node):
            visit(child)

    visit(ast.parse(path.read_text(encoding="utf-8")))
    return frozenset(found)


def own_imports(path: Path) -> set[str]:
    """The modules of irfer_bench that a file imports."""
    modules = {module_of(other) for other in files("irfer_bench")}
    found = set()
    for name in imports_of(path):
        while name and name not in modules:
            name = name.rpartition(".")[0]
        if name and name != "irfer_bench":
            found.add(name.removeprefix("irfer_bench."))
    return found


def layer(module: str) -> int:
    top = module.partition(".")[0]
    assert top in LAYERS, f"irfer_bench.{module} has no layer: give it one in tests/test_imports.py"
    return LAYERS.index(top)


@pytest.mark.parametrize("path", files("irfer_bench"), ids=module_of)
def test_the_core_imports_downwards(path: Path) -> None:
    own = module_of(path).removeprefix("irfer_bench.")
    if own == "irfer_bench":
        assert own_imports(path) <= {"orchestration"}
        return
    for other in own_imports(path):
        assert layer(other) <= layer(own), f"{own} imports {other}, which stands above it"


def test_no_module_imports_itself_through_others() -> None:
    graph = {
        module_of(path).removeprefix("irfer_bench."): own_imports(path)
        for path in files("irfer_bench")
    }
    for own in graph:
        reached, queue = set(), [*graph[own]]
        while queue:
            other = queue.pop()
            if other not in reached:
                reached.add(other)
                queue += graph[other]
        assert own not in reached, f"{own} is in a circle of imports"


def test_the_top_level_is_small() -> None:
    entries = {path.stem for path in (ROOT / "irfer_bench").iterdir() if path.suffix == ".py"}
    entries |= {path.parent.name for path in (ROOT / "irfer_bench").glob("*/__init__.py")}
    assert len(entries) <= 24, sorted(entries)


def test_values_and_keys_import_nothing_of_ours() -> None:
    for name in ("contracts/component", "contracts/context", "store/keys", "errors"):
        assert own_imports(ROOT / "irfer_bench" / f"{name}.py") == set(), name
    values = own_imports(ROOT / "irfer_bench" / "contracts" / "values.py")
    assert values == {"contracts.component"}


def test_the_api_has_every_name_that_it_promises() -> None:
    from irfer_bench import api

    for name in api.__all__:
        assert getattr(api, name) is not None, name
    assert set(api.__all__) <= set(dir(api))


def test_the_api_tells_type_checkers_where_each_name_is_from() -> None:
    tree = ast.parse((ROOT / "irfer_bench/api.py").read_text(encoding="utf-8"))
    told = {
        alias.asname: f"{node.module}.{alias.name}"
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and str(node.module).startswith("irfer_bench.")
        for alias in node.names
    }
    from irfer_bench import api

    assert set(told) == set(api.__all__)
    for name, home in api._HOME_OF.items():
        assert told[name] == f"irfer_bench.{home}.{name}"


def test_nothing_ships_that_needs_the_test_tools() -> None:
    for path in files("irfer_bench", "plugins"):
        if "testing" not in path.parts:
            names = {name for name in imports_of(path) if name.startswith("irfer_bench.testing")}
            assert not names, f"{module_of(path)} imports {names}"
            assert "pytest" not in {name.partition(".")[0] for name in imports_of(path)}, path


def test_heavy_imports_are_in_nn_and_plugins_alone() -> None:
    for path in files("irfer_bench"):
        if "nn" not in path.relative_to(ROOT).parts:
            heavy = {name.partition(".")[0] for name in imports_of(path)} & HEAVY
            if path.parent == ROOT / "irfer_bench/render/figures":
                heavy -= {"matplotlib"}
            assert not heavy, f"{module_of(path)} imports {', '.join(sorted(heavy))}"


@pytest.mark.parametrize("path", files("plugins"), ids=module_of)
def test_a_plugin_imports_the_api_nn_and_its_family(path: Path) -> None:
    family = module_of(path).partition(".")[0]
    for name in imports_of(path):
        top = name.partition(".")[0]
        if top == "irfer_bench":
            assert name.startswith(("irfer_bench.api.", "irfer_bench.nn.")), f"{name}: not public"
        else:
            assert top not in FAMILIES or top == family, f"{name}: another family's module"


def test_every_family_is_shipped_and_announced() -> None:
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    packages = project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    announced = project["project"]["entry-points"]["irfer_bench"].values()
    families = [name for name in FAMILIES if (ROOT / "plugins" / name / "hooks.py").is_file()]
    assert set(packages) >= {f"plugins/{name}" for name in families}
    assert set(announced) >= {f"{name}.hooks" for name in families}


WATCH = """
import json, sys
from irfer_bench.cli import main
try:
    code = main(sys.argv[1:])
except SystemExit as stop:
    code = stop.code or 0
names = sorted(name for name in sys.modules if "." not in name)
sys.stderr.write("\\n" + json.dumps([code, names]))
"""
"""Runs one command and tells its exit code and the top-level modules that it loaded."""


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home folder in which the toy's cell was run once."""
    home = tmp_path_factory.mktemp("home")
    words = "run --setting toy_weak -t toy_shift -r toy_means --fold 1 --out out"
    done = bench(words, [TOY], home)
    assert done.returncode == 0, done.stderr
    return home


def modules_after(words: str, home: Path) -> set[str]:
    """Top-level modules in a child after one command."""
    environment = dict(os.environ, IRFER_BENCH_HOME=str(home), PYTHONPATH=str(TOY))
    done = subprocess.run(
        [sys.executable, "-c", WATCH, *words.split()], capture_output=True, text=True, cwd=home,
        env=environment, timeout=120, check=False,
    )
    assert done.returncode == 0, done.stderr
    code, names = json.loads(done.stderr.splitlines()[-1])
    # Doctor says 3 on a machine where something is missing, and is light all the same.
    assert code in (0, 3) if words == "doctor" else code == 0, (words, done.stderr[:2000])
    return set(names)


@pytest.mark.parametrize("words, numpy", [
    ("--help", False),
    ("--version", False),
    ("run --help", False),
    ("list", False),
    ("list --json", False),
    ("show nfer_sde", False),
    ("show pca", False),
    ("show synth_nir_weak5", True),
    ("show synth", True),
    ("plan", False),
    ("plan -t nfer_sde -t none -r pca --setting synth_nir_augmented --preset quick", False),
    ("plan --setting toy_weak -t toy_shift -r toy_means", False),
    ("leaderboard --out out", True),
    ("doctor", False),
    ("run --setting toy_weak -t toy_shift -r toy_means --fold 1 --out out", False),
])
def test_light_commands_load_nothing_heavy(words: str, numpy: bool, results: Path) -> None:
    loaded = modules_after(words, results)
    assert not loaded & HEAVY, f"{words} loads {', '.join(sorted(loaded & HEAVY))}"
    if not numpy:
        assert "numpy" not in loaded, f"{words} loads numpy"


@pytest.mark.parametrize("words", ["list", "list settings --json"])
def test_list_loads_no_setting(
    words: str, results: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its time is that of its imports; a plugin's own hook module may still load more."""
    monkeypatch.setenv("IRFER_BENCH_PLUGINS", "builtin")
    assert not modules_after(words, results) & {"msgspec", "email", "numpy"}
