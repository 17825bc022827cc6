"""A dataset as a table of path patterns: role -> pattern on the end of a file's path."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from irfer_bench.contracts.values import Problem
from irfer_bench.data.trees.walk import Tree, few, is_archive, join, natural

_BETWEEN = "(?:/[^/]+){0,2}"


@dataclass(frozen=True)
class Found:
    """The files of one folder that have one role.

    Args:
        base: what lies above the pattern, as a folder below the root. facts: the named groups of
            the folder's part of the pattern. files: name and match of each file.
    """

    folder: str
    base: str
    facts: Mapping[str, str]
    names: Sequence[str]
    _pattern: re.Pattern[str]
    _item: int

    @property
    def above(self) -> str:
        """The folder that holds the items: up to the first group in the folder's part."""
        return self.folder if self._item < 0 else self.folder[: max(self._item - 1, 0)]

    def files(self) -> Iterator[tuple[str, dict[str, str]]]:
        """Path below the root, and facts of folder and name, of each file."""
        for name in self.names:
            match = self._pattern.fullmatch(name)
            assert match is not None
            own = {key: value for key, value in match.groupdict().items() if value is not None}
            yield join(self.folder, name), {**self.facts, **own}

    def ordered(self, group: str) -> Iterator[tuple[int, str]]:
        """The number in a group of the name, and the path; quicker than `files` for frames."""
        for name in self.names:
            match = self._pattern.fullmatch(name)
            assert match is not None
            yield int(match[group]), join(self.folder, name)


@dataclass(frozen=True)
class _Role:
    folder: re.Pattern[str]
    name: re.Pattern[str]


class Patterns:
    """Path patterns of one dataset, matched without regard to case.

    Args:
        roles: pattern of each role, a regular expression for the end of a path below the root;
            `//` stands for up to two folders between. The part behind the last `/` is the file's
            name. Named groups are facts. A file may have several roles.
        names: proper spelling of folders, so that another letter case is recognised.
        holders: folders that only hold the dataset's own ones (no copy is recognised by them).
    """

    def __init__(
        self,
        roles: Mapping[str, str],
        *,
        names: Iterable[str] = (),
        holders: Iterable[str] = (),
    ) -> None:
        self._roles = {role: _compile(pattern) for role, pattern in roles.items()}
        self._names = {name.casefold(): name for name in names}
        self._holders = frozenset(name.casefold() for name in holders)

    def match(self, tree: Tree) -> Matches:
        """Every file with a role, and the rest."""
        found = Matches(tree, self._names, {role: [] for role in self._roles})
        for folder, names in tree.files.items():
            roles = [
                (role, match)
                for role, own in self._roles.items()
                if names and (match := own.folder.fullmatch(folder)) is not None
            ]
            rest: Sequence[str] = names
            for role, match in roles:
                fits = self._roles[role].name.fullmatch
                hits = [name for name in names if fits(name)]
                if hits:
                    found.roles[role].append(self._found(folder, match, hits, role))
                    rest = [] if len(hits) == len(names) else _without(rest, hits)
            if rest:
                found.rest[folder] = rest
        for hits_of_role in found.roles.values():
            hits_of_role.sort(key=lambda hit: (_depth(hit.base), natural(hit.base)))
        return found

    def _found(self, folder: str, match: re.Match[str], hits: list[str], role: str) -> Found:
        facts = {k: v for k, v in match.groupdict().items() if v is not None and k != "base_"}
        base = match["base_"] or ""
        while base.rpartition("/")[2].casefold() in self._holders:
            base = base.rpartition("/")[0]
        spans = [match.start(key) for key in facts]
        return Found(folder, base, facts, hits, self._roles[role].name, min(spans, default=-1))


@dataclass
class Matches:
    """What a dataset's patterns found in a tree.

    Args:
        names: proper spelling of folders by their lower case. roles: finds of each role, those of
            upper folders first. rest: names of other files by folder.
    """

    tree: Tree
    names: Mapping[str, str]
    roles: dict[str, list[Found]]
    rest: dict[str, Sequence[str]] = field(default_factory=dict)

    def of(self, *roles: str) -> list[Found]:
        """Finds of these roles, in their order."""
        return [hit for role in roles for hit in self.roles[role]]

    def files(self, *roles: str) -> Iterator[tuple[str, dict[str, str]]]:
        """Path and facts of every file with one of these roles."""
        for hit in self.of(*roles):
            yield from hit.files()

    def archives(self) -> list[str]:
        """Paths of archives under the root."""
        return [
            join(folder, name)
            for folder, names in self.rest.items()
            for name in names
            if is_archive(name)
        ]

    def problems(self) -> Iterator[Problem]:
        """The walk's own, `mis_cased` folders, `packed` archives, and `unexpected_file`.

        Files without a role are one line per folder with their number; a folder in which nothing
        has a role is one line for all below it.
        """
        yield from self.tree.problems
        for folder in self._used():
            own = folder.rpartition("/")[2]
            proper = self.names.get(own.casefold(), own)
            if proper != own:
                yield Problem("mis_cased", folder, f"read as {proper}; rename it")
        yield from self.packed()
        yield from self._unread()

    def _used(self) -> dict[str, None]:
        """Folders in or below which something has a role."""
        used: dict[str, None] = {}
        for hit in self.of(*self.roles):
            folder = hit.folder
            while folder and folder not in used:
                used[folder] = None
                folder = folder.rpartition("/")[0]
        return dict.fromkeys(sorted(used))

    def packed(self) -> Iterator[Problem]:
        """`packed`: archives by folder."""
        for folder, names in self.rest.items():
            own = [name for name in names if is_archive(name)]
            if len(own) == 1:
                action = "not read; if it holds what is missing, unpack it"
                yield Problem("packed", join(folder, own[0]), action)
            elif own:
                action = f"{len(own)} archives are still packed: {few(own)}: unpack them"
                yield Problem("packed", folder or ".", action)

    def unread(self) -> dict[str, list[str]]:
        """Paths of files without a role by folder: by the top one in which nothing has a role."""
        used, counts = self._used(), dict[str, list[str]]()
        for folder, names in self.rest.items():
            top = folder
            if folder and folder not in used:
                parts = folder.split("/")
                tops = ("/".join(parts[:k]) for k in range(1, len(parts) + 1))
                top = next(place for place in tops if place not in used)
            own = [join(folder, name) for name in names if not is_archive(name)]
            counts.setdefault(top, []).extend(own)
        return {top: paths for top, paths in counts.items() if paths}

    def _unread(self) -> Iterator[Problem]:
        for top, paths in self.unread().items():
            if len(paths) == 1:
                action = "not read: its place or name is none of this dataset's"
                yield Problem("unexpected_file", paths[0], action)
            else:
                such = paths[0].removeprefix(f"{top}/")
                action = f"{len(paths):,} files not read, such as {such}: their places or names "
                yield Problem("unexpected_file", top or ".", action + "are none of this dataset's")


def _compile(pattern: str) -> _Role:
    head, slash, tail = pattern.rpartition("/")
    flags = re.IGNORECASE
    if not slash:
        return _Role(re.compile("(?P<base_>.*)", flags), re.compile(tail, flags))
    end = _BETWEEN if head.endswith("/") else ""
    above = head.removesuffix("/").replace("//", f"{_BETWEEN}/")
    # Lazy: the base ends where the pattern can first begin, so that a doubled folder is one.
    return _Role(
        re.compile(f"(?:(?P<base_>.*?)/)?(?:{above}){end}", flags), re.compile(tail, flags)
    )


def _without(names: Sequence[str], hits: Iterable[str]) -> list[str]:
    gone = set(hits)
    return [name for name in names if name not in gone]


def _depth(base: str) -> int:
    return base.count("/") + 1 if base else 0
