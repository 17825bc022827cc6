"""Three operators that cosmic-ray lacks: forget a statement, negate a filter, negate `in`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import parso
from cosmic_ray.operators.operator import Example, Operator

CALLS = ("atom_expr", "power")


class DropStatement(Operator):
    """Replaces a call whose value is not used, or an augmented assignment, by `pass`."""

    def mutation_positions(self, node: Any) -> Iterator[Any]:
        if node.type != "simple_stmt":
            return
        first = node.children[0]
        augmented = first.type == "expr_stmt" and first.children[1].type == "augassign"
        if augmented or first.type in CALLS:
            yield first.start_pos, first.end_pos

    def mutate(self, node: Any, index: int) -> Any:
        old = node.children[0]
        node.children[0] = parso.python.tree.Keyword("pass", old.start_pos, prefix_of(old))
        return node

    @classmethod
    def examples(cls) -> Iterable[Example]:
        return (Example("f(1)\n", "pass\n"), Example("a += 1\n", "pass\n"))


class NegateFilter(Operator):
    """Keeps in a comprehension what its condition leaves out."""

    def mutation_positions(self, node: Any) -> Iterator[Any]:
        if node.type in ("comp_if", "sync_comp_if"):
            yield node.children[1].start_pos, node.children[1].end_pos

    def mutate(self, node: Any, index: int) -> Any:
        code = node.children[1].get_code()
        node.children[1] = parso.parse(f" not ({code.strip()})")
        return node

    @classmethod
    def examples(cls) -> Iterable[Example]:
        return (Example("[a for a in b if a]", "[a for a in b if not (a)]"),)


class NegateContains(Operator):
    """`in` for `not in` and the other way round; the `in` of loops stays."""

    def mutation_positions(self, node: Any) -> Iterator[Any]:
        if node.type == "comparison" and spelling(node.children[1]) in ("in", "not in"):
            yield node.children[1].start_pos, node.children[1].end_pos

    def mutate(self, node: Any, index: int) -> Any:
        old = node.children[1]
        new = "in" if spelling(old) == "not in" else "not in"
        node.children[1] = parso.python.tree.Operator(new, old.start_pos, prefix_of(old))
        return node

    @classmethod
    def examples(cls) -> Iterable[Example]:
        return (Example("a in b", "a not in b"), Example("a not in b", "a in b"))


def spelling(node: Any) -> str:
    """A comparison's operator with single blanks."""
    return " ".join(node.get_code().split())


def prefix_of(node: Any) -> str:
    """The blanks before a node."""
    return str(node.get_first_leaf().prefix)
