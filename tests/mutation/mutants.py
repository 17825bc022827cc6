"""The faults that are put into a module: cosmic-ray's operators and three of our own."""

from __future__ import annotations

import ast
import difflib
import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

# One or two replacements of each operator; the other ones of cosmic-ray fail in the same tests.
PAIRS = (
    "ReplaceBinaryOperator_Add_Sub", "ReplaceBinaryOperator_Sub_Add",
    "ReplaceBinaryOperator_Mul_Div", "ReplaceBinaryOperator_Div_Mul",
    "ReplaceBinaryOperator_FloorDiv_Mul", "ReplaceBinaryOperator_Mod_FloorDiv",
    "ReplaceBinaryOperator_Pow_Mul", "ReplaceBinaryOperator_BitOr_BitAnd",
    "ReplaceBinaryOperator_BitAnd_BitOr", "ReplaceBinaryOperator_LShift_RShift",
    "ReplaceBinaryOperator_RShift_LShift", "ReplaceBinaryOperator_BitXor_BitAnd",
    "ReplaceComparisonOperator_Eq_NotEq", "ReplaceComparisonOperator_NotEq_Eq",
    "ReplaceComparisonOperator_Lt_LtE", "ReplaceComparisonOperator_Lt_GtE",
    "ReplaceComparisonOperator_LtE_Lt", "ReplaceComparisonOperator_LtE_Gt",
    "ReplaceComparisonOperator_Gt_GtE", "ReplaceComparisonOperator_Gt_LtE",
    "ReplaceComparisonOperator_GtE_Gt", "ReplaceComparisonOperator_GtE_Lt",
    "ReplaceComparisonOperator_Is_IsNot", "ReplaceComparisonOperator_IsNot_Is",
    "ReplaceUnaryOperator_USub_UAdd", "ReplaceUnaryOperator_Delete_Not",
    "ReplaceUnaryOperator_Delete_Invert",
    "AddNot", "ReplaceTrueWithFalse", "ReplaceFalseWithTrue", "ReplaceAndWithOr",
    "ReplaceOrWithAnd", "ReplaceBreakWithContinue", "ReplaceContinueWithBreak",
    "ExceptionReplacer", "NumberReplacer", "RemoveDecorator", "ZeroIterationForLoop",
)  # fmt: skip


Place: TypeAlias = tuple[str, int]
"""An operator's name, and the how-manieth place of it in the file."""


@dataclass(frozen=True)
class Mutant:
    """One fault.

    Args:
        operator, occurrence: what was replaced, and the how-manieth place of it in the file.
        line: number of its first line.
        source: the changed module.
        diff: unified, without context.
    """

    operator: str
    occurrence: int
    line: int
    source: str
    diff: str

    @property
    def place(self) -> Place:
        """Which mutant of the module it is."""
        return self.operator, self.occurrence

    @property
    def old(self) -> str:
        """The lines that it replaces, without indentation."""
        return "\n".join(text[1:].strip() for text in self.diff.splitlines() if text[:1] == "-")

    @property
    def new(self) -> str:
        """What stands there instead."""
        return "\n".join(text[1:].strip() for text in self.diff.splitlines() if text[:1] == "+")


def mutants(source: str, number: int | None = None, seed: int = 0) -> list[Mutant]:
    """A seeded sample of a module's mutants, or all, in the order of its lines.

    A change that leaves the program as it is (in a type annotation) or no program is left out.
    """
    places = list(mutable_places(source))
    random.Random(seed).shuffle(places)
    made: list[Mutant] = []
    for name, operator, occurrence, line in places:
        if number is not None and len(made) >= number:
            break
        mutant = mutate(source, name, operator, occurrence, line)
        if mutant:
            made.append(mutant)
    return sorted(made, key=lambda mutant: (mutant.line, mutant.operator))


def mutate(source: str, name: str, operator: Any, occurrence: int, line: int) -> Mutant | None:
    """The module with one fault, or None where the change means nothing."""
    from cosmic_ray.mutating import mutate_code

    changed = mutate_code(source, operator, occurrence)
    if changed is None:
        return None
    try:
        same = meaning(changed) == meaning(source)
    except SyntaxError:
        return None
    return None if same else Mutant(name, occurrence, line, changed, shown_diff(source, changed))


def mutable_places(source: str) -> Iterator[tuple[str, Any, int, int]]:
    """Name, operator, occurrence and line of everything that can be replaced."""
    from cosmic_ray.ast import ast_nodes, get_ast

    nodes = list(ast_nodes(get_ast(source)))
    for name, operator in operators().items():
        positions = (place for node in nodes for place in operator.mutation_positions(node))
        for occurrence, ((line, _column), _end) in enumerate(positions):
            yield name, operator, occurrence, line


def operators() -> dict[str, Any]:
    """All operators by name."""
    from cosmic_ray.plugins import get_operator

    from tests.mutation.operators import DropStatement, NegateContains, NegateFilter

    known = {name: get_operator(f"core/{name}")() for name in PAIRS}
    return known | {own.__name__: own() for own in (DropStatement, NegateContains, NegateFilter)}


def meaning(source: str) -> str:
    """The syntax tree without type annotations, and without `*` and `/` among parameters."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.arguments):
            node.args = [*node.posonlyargs, *node.args, *node.kwonlyargs]
            node.defaults += [default for default in node.kw_defaults if default]
            node.posonlyargs, node.kwonlyargs, node.kw_defaults = [], [], []
        if isinstance(node, ast.arg):
            node.annotation = None
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            node.returns = None
        elif isinstance(node, ast.AnnAssign):
            node.annotation = ast.Constant(value=None)
    return ast.dump(tree)


def shown_diff(source: str, changed: str) -> str:
    """The changed lines."""
    lines = difflib.unified_diff(source.splitlines(), changed.splitlines(), lineterm="", n=0)
    return "\n".join(list(lines)[2:])


def statement_lines(source: str, line: int) -> range:
    """The lines of the innermost statement that holds one; of a compound one only its head."""
    best = range(line, line + 1)
    size = 10**9
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.stmt) or not node.lineno <= line <= (node.end_lineno or 0):
            continue
        last = node.end_lineno or node.lineno
        if last - node.lineno < size:
            size = last - node.lineno
            body = getattr(node, "body", None)
            best = range(node.lineno, max(body[0].lineno, node.lineno + 1) if body else last + 1)
    return best
