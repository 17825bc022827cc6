"""Templates of a working third-party plugin package."""

from __future__ import annotations

import keyword
import re
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from string import Template
from typing import Literal

from irfer_bench.errors import UsageError
from irfer_bench.store.files import atomic_folder, clear_write_errors

PluginKind = Literal["translator", "recognizer", "metric", "dataset", "detector"]
KINDS: tuple[PluginKind, ...] = ("translator", "recognizer", "metric", "dataset", "detector")
NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
SUMMARIES: dict[PluginKind, str] = {
    "translator": "visible faces at the target's grey levels, with grain",
    "recognizer": "logistic regression on oriented gradients",
    "metric": "share of items whose true class is not among the best guesses",
    "dataset": "images as <vis or nir>/<subject>/<expression>/<name>.png",
    "detector": "the bright region of an image, such as a thermal face",
}
MORE: dict[PluginKind, str] = {
    "recognizer": ', "scikit-image>=0.24", "scikit-learn>=1.5"',
    "dataset": ', "pillow>=11.0"',
}
TRIES: dict[PluginKind, str] = {
    "translator": "irfer-bench run --translator {name} --recognizer clip_zero_shot",
    "recognizer": "irfer-bench run --translator grey --recognizer {name}",
    "metric": "irfer-bench run -t grey -r clip_zero_shot --metric {name}",
    "dataset": "irfer-bench data check {name} --data-root FOLDER",
    "detector": "irfer-bench data prepare folder --data-root FOLDER --detector {name}",
}


def write_plugin(kind: PluginKind, name: str, into: Path) -> Path:
    """Write the package `irfer-bench-NAME` below `into` and return its folder.

    The folder is written completely or not at all.

    Raises:
        UsageError: the name cannot be used, or the folder is there already.
    """
    check_name(name)
    words = _words(kind, name)
    target = into / words["distribution"]
    if target.exists() or target.is_symlink():
        raise UsageError(
            f"{target} is there already, and nothing is overwritten", "say --into, or another name"
        )
    with clear_write_errors(into), atomic_folder(target, mode=0o755) as draft:
        for template in _templates(kind):
            path = draft / _place(template.name, words)
            path.parent.mkdir(parents=True, exist_ok=True)
            text = Template(template.read_text(encoding="utf-8")).substitute(words)
            path.write_text(text.rstrip() + "\n", encoding="utf-8")
    return target


def check_name(name: str) -> None:
    """Refuse a name that is not valid both as a component's and as a module's name.

    Raises:
        UsageError: with the form of a valid name.
    """
    if not NAME.fullmatch(name) or keyword.iskeyword(name) or name in ("hooks", "tests"):
        raise UsageError(
            f"plugin name {name!r} cannot be used",
            "a name has up to 40 of a-z, 0-9 and _, begins with a letter, and is no Python keyword",
        )


def try_it(kind: PluginKind, name: str) -> str:
    """The command that tries the new plugin."""
    return TRIES[kind].format(name=name)


def _words(kind: PluginKind, name: str) -> dict[str, str]:
    package = f"irfer_bench_{name}"
    return {
        "kind": kind,
        "Kind": kind.capitalize(),
        "name": name,
        "NAME": name.upper(),
        "Class": "".join(part.capitalize() for part in name.split("_")) or "Plugin",
        "package": package,
        "distribution": package.replace("_", "-").rstrip("-"),
        "summary": SUMMARIES[kind],
        "try_it": try_it(kind, name),
        "more_dependencies": MORE.get(kind, ""),
        "more_components": _settings(package, name) if kind == "dataset" else "",
    }


def _settings(package: str, name: str) -> str:
    return "".join(
        f'    yield Component(\n        kind="setting",\n        name="{name}_{protocol}",\n'
        f'        factory="{package}.{name}_settings:{name.upper()}_{protocol.upper()}",\n'
        f'        summary="{name}: {protocol}",\n    )\n'
        for protocol in ("weak5", "supervised")
    ).rstrip("\n")


def _templates(kind: PluginKind) -> list[Traversable]:
    root = files("irfer_bench.scaffold").joinpath("templates")
    return [entry for group in ("common", kind) for entry in root.joinpath(group).iterdir()]


def _place(template: str, words: dict[str, str]) -> str:
    """`src_package_name_params.py.in` -> `src/irfer_bench_NAME/NAME_params.py`."""
    plain = template.removesuffix(".in")
    if plain.startswith("src_package_"):
        inner = re.sub(r"^name(?=[_.])", words["name"], plain.removeprefix("src_package_"))
        return f"src/{words['package']}/{inner}"
    return re.sub(r"^tests_", "tests/", plain)
