"""Pages of a results folder: boards are rendered and written under one lock."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, TypeAlias

from irfer_bench.engine.page_stamps import PageStamps
from irfer_bench.errors import BenchError, ContractError, DamagedError
from irfer_bench.home import home
from irfer_bench.registry import Registry, load
from irfer_bench.registry.catalogue import describe_error
from irfer_bench.store import keys
from irfer_bench.store.files import atomic_file, clear_write_errors
from irfer_bench.store.locks import lock
from irfer_bench.store.records import SETTING

if TYPE_CHECKING:
    from irfer_bench.statistics.board import Board

Files: TypeAlias = Mapping[str, str | bytes]
RENDERERS = ("irfer_bench_renderers", "format")
RESERVED = ("records", "predictions", "images", "keys")


@dataclass
class Written:
    """What one rendering left.

    Args:
        paths: every file of the pages. errors: by setting, why it has no page.
        empty: settings whose cells all failed.
    """

    paths: list[Path] = field(default_factory=list)
    errors: dict[str, DamagedError] = field(default_factory=dict)
    empty: list[str] = field(default_factory=list)


def write_boards(
    out: Path, settings: Sequence[str], registry: Registry | None = None
) -> list[Path]:
    """Write the committed pages of some settings.

    Raises:
        DamagedError: a setting has no record that can be read; the other pages are written.
    """
    written = render_boards(out, settings, "markdown", registry)
    for error in written.errors.values():
        raise error
    return written.paths


def render_boards(
    out: Path, settings: Sequence[str], form: str, registry: Registry | None = None
) -> Written:
    """Write what the renderer `form` makes of some settings; nothing where nothing changed.

    Records are read and pages written under one lock, so that of several processes the last
    one has seen every record. The lock and what was read are kept in the home folder.
    """
    registry = registry or load()
    address = registry.hook_address(*RENDERERS, form)
    with clear_write_errors(home()):
        folder = home() / "boards"
        name = keys.digest([str(out.resolve()), form])[:32]
        with lock(folder, name):
            stamps = PageStamps(folder / f"{name}.json", out, registry, address)
            if (known := stamps.unchanged(settings)) is not None:
                return Written([out / path for path in known])
            written = Written()
            boards = list(_boards(out, settings, registry, written))
            render = registry.load_hook(*RENDERERS, form)
            files = call_renderer(render, boards, form) if boards else {}
            for path, content in files.items():
                _write(out / path, content)
                written.paths.append(out / path)
            if not written.errors and not written.empty:
                stamps.keep(settings, files)
    return written


def find_stale(
    out: Path, settings: Sequence[str], form: str, registry: Registry | None = None
) -> list[str]:
    """Paths of pages that are not what their records say, from the records alone."""
    registry = registry or load()
    render = registry.load_hook(*RENDERERS, form)
    written = Written()
    boards = list(_boards(out, settings, registry, written))
    files = call_renderer(render, boards, form) if boards else {}
    return [path for path, content in files.items() if not _holds(out / path, content)] + [
        f"{name}: {error}" for name, error in written.errors.items()
    ]


def call_renderer(
    render: Callable[[Sequence[Board]], Any], boards: Sequence[Board], form: str
) -> Files:
    """The renderer's files.

    Raises:
        ContractError: it raised, exited, or returned something else.
    """
    try:
        files = render(boards)
    except BenchError:
        raise
    except (Exception, SystemExit) as error:
        raise ContractError(f"renderer {form!r} raised {describe_error(error)}") from error
    return check_files(files, form)


def check_files(files: Any, form: str) -> Files:
    """The renderer's files.

    Raises:
        ContractError: it returned something else, or a file outside of its place.
    """
    if not isinstance(files, Mapping):
        raise ContractError(
            f"renderer {form!r} returned {type(files).__name__}, not a mapping of paths to text"
        )
    for name, content in files.items():
        path = PurePosixPath(str(name))
        if (
            not isinstance(name, str)
            or not isinstance(content, str | bytes)
            or path.is_absolute()
            or not path.parts
            or any(part.startswith(".") for part in path.parts)
            or path.parts[0] in RESERVED
            or str(path).lower() == "readme.md"
            or not name.isprintable()
        ):
            raise ContractError(f"renderer {form!r} returned {name!r}, which is no place of a page")
    return files


def _boards(
    out: Path, settings: Sequence[str], registry: Registry, written: Written
) -> Iterator[Board]:
    # Not at the top: it imports numpy, which pages that did not change never need.
    from irfer_bench.engine.checked_boards import read_boards

    for name in settings:
        try:
            if not SETTING.fullmatch(name):
                raise DamagedError(f"records/{name} is no name of a setting: it has no page")
            boards = read_boards(out, name, registry)
            yield from boards
            if not boards:
                written.empty.append(name)
        except DamagedError as error:  # one setting's page stops no other's
            written.errors[name] = error


def _write(path: Path, content: str | bytes) -> None:
    if _holds(path, content):
        return
    with clear_write_errors(path), atomic_file(path) as draft:
        draft.write_bytes(content.encode() if isinstance(content, str) else content)


def _holds(path: Path, content: str | bytes) -> bool:
    wanted = content.encode() if isinstance(content, str) else content
    try:
        return path.is_file() and path.read_bytes() == wanted
    except OSError:
        return False
