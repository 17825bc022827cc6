"""Sentences about classes: templates, names and descriptions, read from a file that users edit.

`texts.toml` is the shipped one. Imports no torch.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from irfer_bench.api import DamagedError, MissingError, UsageError
from irfer_bench.nn.weights import digest

Template = Literal["single", "face", "descr", "ensemble", "plain", "bare", "expression"]
"""Those of the file; `bare` is `face` without a full stop, `descr` is that and the description."""
SHIPPED = Path(__file__).with_name("texts.toml")
TABLES = ("templates", "names", "descriptions")


@dataclass(frozen=True, slots=True, eq=False)
class Sentences:
    """What a file of texts says; one object per content, equal only to itself.

    Args:
        templates: by name, one text or several, with {} for the class.
        names: words for classes whose name is not the word. descriptions: by class.
    """

    templates: Mapping[str, tuple[str, ...]]
    names: Mapping[str, str]
    descriptions: Mapping[str, str]

    def word(self, name: str) -> str:
        """How a sentence calls a class: underscores become spaces."""
        return self.names.get(name, name.replace("_", " "))

    def template(self, name: str) -> str:
        """The one text of a template."""
        return self.templates[name][0]


def class_texts(
    classes: Sequence[str], template: Template, sentences: Sentences | None = None
) -> list[list[str]]:
    """One list of texts per template (only `ensemble` has several), classes in order.

    Raises:
        UsageError: `descr` is asked for a class that has no description.
    """
    given = sentences or load_sentences()
    words = [given.word(name) for name in classes]
    bare = given.template("face").removesuffix(".")
    if template != "descr":
        templates = (bare,) if template == "bare" else given.templates[template]
        return [[text.replace("{}", word) for word in words] for text in templates]
    described = zip(words, describe(classes, given), strict=True)
    return [[f"{bare.replace('{}', word)}, {text}" for word, text in described]]


def describe(classes: Sequence[str], sentences: Sentences) -> list[str]:
    """A description of the face for each class, in order.

    Raises:
        UsageError: a class has none.
    """
    unknown = [name for name in classes if name not in sentences.descriptions]
    if unknown:
        raise UsageError(
            f"no description for class {', '.join(unknown)}",
            "use another template, or name a file with [descriptions] as `texts`",
        )
    return [sentences.descriptions[name] for name in classes]


def load_sentences(texts: str = "", weights: Path | None = None) -> Sentences:
    """The shipped texts, with those of a user's file in their place.

    Raises:
        MissingError: the file is not here.
        DamagedError: it is not TOML, or holds something else than texts.
    """
    if not texts:
        return _read(SHIPPED, "")
    path = find_texts(texts, weights)
    return _read(path, digest(path))


def find_texts(texts: str, weights: Path | None) -> Path:
    """A file by its path, or by its name in the weights folder.

    Raises:
        MissingError: it is in neither place.
    """
    places = [Path(texts).expanduser(), *([weights / texts] if weights else [])]
    for path in places:
        if path.is_file():
            return path
    raise MissingError(
        f"the file of texts {texts!r} is not here (looked for {', '.join(map(str, places))})",
        f"copy {SHIPPED.name} of the package irfer_clip, edit it, and name the copy",
    )


@lru_cache(maxsize=4)
def _read(path: Path, content: str) -> Sentences:
    try:
        given = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise DamagedError(f"{path} is not a TOML file of texts: {error}") from None
    own = given if path == SHIPPED else _merged(path, given)
    return Sentences(
        {k: (v,) if isinstance(v, str) else tuple(v) for k, v in own["templates"].items()},
        own["names"],
        own["descriptions"],
    )


def _merged(path: Path, given: dict[str, Any]) -> dict[str, Any]:
    shipped = tomllib.loads(SHIPPED.read_text(encoding="utf-8"))
    for table, values in given.items():
        if table not in TABLES or not isinstance(values, dict):
            raise DamagedError(
                f"{path} holds {table!r}", f"a file of texts holds the tables {', '.join(TABLES)}"
            )
        for key, value in values.items():
            _check(path, table, key, value, tuple(shipped["templates"]))
    return {table: shipped[table] | given.get(table, {}) for table in TABLES}


def _check(path: Path, table: str, key: str, value: Any, templates: tuple[str, ...]) -> None:
    several = table == "templates" and key == "ensemble"
    each = value if several and isinstance(value, list) else [value]
    if not each or not all(isinstance(text, str) and text.strip() for text in each):
        raise DamagedError(f"{path}: {table}.{key} is {value!r}, not a text")
    if table != "templates":
        return
    if key not in templates:
        raise DamagedError(
            f"{path}: there is no template {key!r}", f"templates are {', '.join(templates)}"
        )
    if not all(text.count("{}") == 1 for text in each):
        raise DamagedError(f"{path}: {table}.{key} needs {{}} once, for the class")
