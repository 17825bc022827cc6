"""Expected failures: one class per kind, each with its exit code."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any


class BenchError(Exception):
    """An expected failure, printed as one line: what was asked, what was found, what to do.

    Args:
        message: the whole line that is printed.
        hint: what to do next, printed after the message.
    """

    exit_code = 1

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}; {self.hint}" if self.hint else self.message

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle by attributes, so that worker processes can pass any subclass on."""
        return _revive, (type(self), self.args, self.__dict__)


def _revive(cls: type[BenchError], args: tuple[Any, ...], facts: dict[str, Any]) -> BenchError:
    error = cls.__new__(cls, *args)
    error.args = args
    error.__dict__.update(facts)
    return error


class CellError(BenchError):
    """A cell failed: a plugin raised, returned nonsense, or a loss became NaN (exit 1)."""


class NonFiniteLossError(CellError):
    """A training loss became NaN or infinite; the last good state was kept (exit 1)."""


class ContractError(CellError):
    """A plugin broke its protocol: wrong shape, wrong order, changed input (exit 1)."""


class UsageError(BenchError):
    """A wrong name, value or option (exit 2)."""

    exit_code = 2


class RefusedError(UsageError):
    """A combination that has no meaning, refused when the plan is made (exit 2)."""


class MissingError(BenchError):
    """Something is missing: data, a plugin, a licence, landmarks (exit 3)."""

    exit_code = 3


class OtherFolderError(MissingError):
    """A folder is not the dataset that it was given as (exit 3)."""


class MissingWeightsError(MissingError):
    """Pretrained weights are missing; names the file, its source and its place.

    Args:
        uri: where the file is, for a fetch hook. sha256: its digest, or the known beginning.
    """

    def __init__(self, message: str, hint: str = "", *, uri: str = "", sha256: str = "") -> None:
        super().__init__(message, hint)
        self.uri = uri
        self.sha256 = sha256


class DamagedError(BenchError):
    """Data, an artefact or a record is damaged or was edited (exit 4)."""

    exit_code = 4


class UnreadableError(DamagedError):
    """A stored file cannot be read or is cut; its artefact is looked at in full (exit 4)."""


class UnavailableError(Exception):
    """A metric has no value here; its message becomes the reason beside a null."""


@contextmanager
def plugin_errors(name: str) -> Iterator[None]:
    """Name the method whose call raised; expected failures pass as they are.

    Raises:
        CellError: the call raised anything else.
    """
    try:
        yield
    except BenchError:
        raise
    except Exception as error:  # a plugin may raise anything
        raise CellError(
            f"{name}: {type(error).__name__}: {error}",
            "the plugin raised it; IRFER_BENCH_TRACEBACK=1 shows where",
        ) from error


def unknown_name(kind: str, name: str, known: Iterable[str], where: str = "") -> UsageError:
    """The error for an unknown name, with the nearest known names."""
    from difflib import get_close_matches

    known = sorted(known)
    near = get_close_matches(name, known, n=3, cutoff=0.5)
    hint = (
        f"did you mean {', '.join(repr(n) for n in near)}?"
        if near
        else f"known: {', '.join(known)}"
    )
    return UsageError(f"unknown {kind} {name!r}", hint + (f" ({where})" if where else ""))
