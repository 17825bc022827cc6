"""Puts the changed code of functions into a process that has imported the module already."""

from __future__ import annotations

import gc
from collections import defaultdict
from collections.abc import Iterator, Sequence
from inspect import CO_OPTIMIZED
from pathlib import Path
from types import CodeType, FunctionType

Place = tuple[str, int]
Swaps = list[tuple[FunctionType, CodeType]]


def swaps(file: Path, source: str, changed: str, live: dict[Place, list[FunctionType]]) -> Swaps:
    """The functions to change and their new code; empty where more than functions' bodies differ.

    Decorators, default values, constants and class attributes are made on import, so a change of
    those needs a new import.
    """
    before, after = (dict(codes(compile(text, str(file), "exec"))) for text in (source, changed))
    if before.keys() != after.keys():
        return []
    found: Swaps = []
    for place, code in after.items():
        if code.co_flags & CO_OPTIMIZED:
            if code != before[place]:
                functions = live.get(place, [])
                if not functions:
                    return []
                found += [(function, code) for function in functions]
        elif outside(code) != outside(before[place]):
            return []
    return found


def codes(code: CodeType) -> Iterator[tuple[Place, CodeType]]:
    """A module's code, that of its classes and of functions and methods, by name and line."""
    yield (code.co_qualname, code.co_firstlineno), code
    if not code.co_flags & CO_OPTIMIZED:
        for constant in code.co_consts:
            if isinstance(constant, CodeType):
                yield from codes(constant)


def outside(code: CodeType) -> tuple[object, ...]:
    """What a module or class does itself, without its functions."""
    own = [repr(value) for value in code.co_consts if not isinstance(value, CodeType)]
    return code.co_code, code.co_names, own


def live_functions(files: Sequence[Path]) -> dict[str, dict[Place, list[FunctionType]]]:
    """Per file the functions that exist, by name and line."""
    wanted = {str(file) for file in files}
    found: dict[str, dict[Place, list[FunctionType]]] = {file: defaultdict(list) for file in wanted}
    for value in gc.get_objects():
        if isinstance(value, FunctionType) and value.__code__.co_filename in wanted:
            code = value.__code__
            found[code.co_filename][code.co_qualname, code.co_firstlineno].append(value)
    return found
