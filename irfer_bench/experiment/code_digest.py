"""Digests of the code that a step runs: modules followed along their imports, read but not run.

Docstrings, comments and blank lines do not count. Imports for type checking alone are not followed;
names that `irfer_bench.api` re-exports are followed to the modules that define them.
"""

from __future__ import annotations

import ast
import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from irfer_bench.errors import DamagedError
from irfer_bench.store.files import read_json, write_json

FACADE = "irfer_bench.api"
IGNORED = frozenset({"irfer_bench.errors"})
"""Modules that only contain text for users and change no number."""
SCHEME = "code-1"
"""First word of every digest; digests of another scheme are not compared."""


@dataclass(frozen=True)
class Source:
    """One file: digest of its code, and (module, name) of its imports; name empty for `import`."""

    digest: str
    imports: tuple[tuple[str, str], ...]


@dataclass
class CodeDigests:
    """Digests of import closures, each computed once.

    Args:
        packages: top-level names that are followed; others count as installed packages.
        kept: cache file of digests, by path, size, time and inode.
    """

    packages: frozenset[str]
    kept: Path | None = None
    _files: dict[str, Path | None] = field(default_factory=dict)
    _sources: dict[str, Source | None] = field(default_factory=dict)
    _digests: dict[tuple[frozenset[str], frozenset[str]], str] = field(default_factory=dict)
    _known: dict[str, list[object]] = field(default_factory=dict)
    _fresh: bool = False

    def __post_init__(self) -> None:
        if self.kept is not None:
            with suppress(DamagedError):
                found = read_json(self.kept)
                self._known = found if isinstance(found, dict) else {}

    def digest(self, roots: Iterable[str], packages: frozenset[str] | None = None) -> str:
        """Digest of these modules and of all that they import.

        Args:
            roots: dotted names; one that cannot be found does not count.
            packages: follow these top-level names instead.
        """
        start, followed = frozenset(roots), self.packages if packages is None else packages
        asked = (start, followed)
        if asked not in self._digests:
            modules = sorted(self.closure(start, followed))
            listed = [[name, source.digest] for name in modules if (source := self._read(name))]
            text = json.dumps(listed, separators=(",", ":"))
            self._digests[asked] = f"{SCHEME}:{hashlib.sha256(text.encode()).hexdigest()}"
        return self._digests[asked]

    def closure(self, roots: Iterable[str], packages: frozenset[str] | None = None) -> set[str]:
        """The modules that these import, directly or not, and themselves."""
        followed = self.packages if packages is None else packages
        found: set[str] = set()
        queue = [name for name in roots if name.partition(".")[0] in followed]
        while queue:
            name = queue.pop()
            if name in found or name in IGNORED or (source := self._read(name)) is None:
                continue
            found.add(name)
            for module, member in source.imports:
                if module.partition(".")[0] in followed:
                    queue.append(self._target(module, member))
        return found

    def save(self) -> None:
        """Write the cache file; where it cannot be written, files are read again next time."""
        if self._fresh and self.kept is not None:
            with suppress(OSError):
                write_json(self.kept, self._known)
            self._fresh = False

    def _target(self, module: str, member: str) -> str:
        """The module that an import runs, or that defines the re-exported name."""
        if not member:
            return module
        if module == FACADE:
            facade = self._read(FACADE)
            for defining, name in facade.imports if facade else ():
                if name == member:
                    return defining
        inner = f"{module}.{member}"
        return inner if self._find(inner) is not None else module

    def _find(self, name: str) -> Path | None:
        """The file of a module, found without importing anything."""
        if name not in self._files:
            self._files[name] = _locate(name)
        return self._files[name]

    def _read(self, name: str) -> Source | None:
        if name not in self._sources:
            path = self._find(name)
            self._sources[name] = None if path is None else self._parse(name, path)
        return self._sources[name]

    def _parse(self, name: str, path: Path) -> Source | None:
        try:
            facts = path.stat()
            stamp = [facts.st_size, facts.st_mtime_ns, facts.st_ino]
            known = self._known.get(str(path))
            if isinstance(known, list) and known[:3] == stamp and len(known) == 5:
                digest, imports = str(known[3]), known[4]
                if isinstance(imports, list):
                    return Source(digest, tuple((str(a), str(b)) for a, b in imports))
            text = path.read_text(encoding="utf-8")
            tree = ast.parse(text)
        except (OSError, ValueError, SyntaxError):
            return None
        package = name if path.name == "__init__.py" else name.rpartition(".")[0]
        # What the facade passes on it names for type checking, and imports when it is asked for.
        found = dict.fromkeys(_imports(tree, package, typed=name == FACADE))
        source = Source(_digest_code(text, tree), tuple(found))
        self._known[str(path)] = [*stamp, source.digest, [list(pair) for pair in source.imports]]
        self._fresh = True
        return source


def module_of(address: str) -> str:
    """The module of `pkg.module:name`."""
    return address.partition(":")[0]


def is_editable(name: str) -> bool:
    """Whether a distribution is installed in editable mode (PEP 610)."""
    return _is_editable(name)


@cache
def _is_editable(name: str) -> bool:
    from importlib.metadata import PackageNotFoundError, distribution

    try:
        text = distribution(name).read_text("direct_url.json")
        found = json.loads(text or "{}")
    except (PackageNotFoundError, ValueError):
        return False
    folder = found.get("dir_info") if isinstance(found, Mapping) else None
    return isinstance(folder, Mapping) and folder.get("editable") is True


def _locate(name: str) -> Path | None:
    top, _, rest = name.partition(".")
    try:
        spec = find_spec(top)
    except (ImportError, ValueError):
        return None
    if spec is None:
        return None
    parts = rest.split(".") if rest else []
    if not parts:
        return None if spec.origin is None else Path(spec.origin)
    for folder in spec.submodule_search_locations or ():
        place = Path(folder, *parts)
        for path in (place.with_name(f"{place.name}.py"), place / "__init__.py"):
            if path.is_file():
                return path
    return None


def _imports(tree: ast.AST, package: str, typed: bool = False) -> Iterator[tuple[str, str]]:
    """Modules and names imported anywhere, but for type checking alone unless `typed`."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            for child in (*node.body, *node.orelse) if typed else node.orelse:
                yield from _imports(ast.Module([child], []), package)
        elif isinstance(node, ast.Import):
            yield from ((alias.name, "") for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = node.module or ""
            if node.level:
                base = package.split(".")[: len(package.split(".")) - node.level + 1]
                module = ".".join([*base, module] if module else base)
            yield from ((module, alias.name) for alias in node.names)
        else:
            yield from _imports(node, package)


def _digest_code(text: str, tree: ast.Module) -> str:
    """Digest of the lines that are neither blank, a comment nor part of a docstring."""
    dropped: set[int] = set()
    strings: set[int] = set()
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        for child in body if isinstance(body, list) else ():
            if isinstance(child, ast.Expr) and isinstance(child.value, ast.Constant):
                dropped.update(range(child.lineno, (child.end_lineno or child.lineno) + 1))
        if isinstance(node, ast.Constant | ast.JoinedStr) and node.end_lineno != node.lineno:
            strings.update(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    lines = []
    for number, line in enumerate(text.splitlines(), start=1):
        bare = line.strip()
        if number in strings and number not in dropped:
            lines.append(line)
        elif bare and number not in dropped and not bare.startswith("#"):
            lines.append(line.rstrip())
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()
