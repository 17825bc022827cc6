"""Boards of a results folder: records are checked, ranked, rendered and written under one lock."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, TypeAlias

from irfer_bench.contracts.record import Record
from irfer_bench.engine.page_stamps import PageStamps
from irfer_bench.errors import BenchError, ContractError, DamagedError
from irfer_bench.home import home
from irfer_bench.registry import Registry, load
from irfer_bench.statistics.board import Board, make_boards, without_collection
from irfer_bench.statistics.kept import KeptItems, Reader
from irfer_bench.statistics.measurement import lookup_in
from irfer_bench.statistics.verification import Rules, agreed, find_contradictions, with_rules
from irfer_bench.store import keys
from irfer_bench.store.files import atomic_file, clear_write_errors
from irfer_bench.store.locks import lock
from irfer_bench.store.records import SETTING, path_of, read_records

Files: TypeAlias = Mapping[str, str | bytes]
RESERVED = ("records", "predictions", "images")


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


def read_boards(out: Path, setting: str, registry: Registry | None = None) -> list[Board]:
    """The boards of one setting.

    A record that contradicts its predictions is not used, and the board says so. Folds, seeds,
    primary metric and directions are those of the registered setting.

    Raises:
        DamagedError: there are records and none of them can be read.
    """
    with without_collection():
        return check_boards(out, setting, list(read_records(out, setting)), registry)


def check_boards(
    out: Path,
    setting: str,
    found: Sequence[Record | DamagedError],
    registry: Registry | None = None,
) -> list[Board]:
    """The boards of some of a setting's records, checked as `read_boards` checks all of them.

    Raises:
        DamagedError: there are records and none of them can be believed.
    """
    records = [record for record in found if isinstance(record, Record)]
    rules = rules_of(setting, records, registry or load())
    if rules is None:
        return make_boards(found, out)
    reader = Reader(out)
    boards = make_boards(_checked(out, found, rules, reader), out, rules.lookup, reader)
    for board in boards:
        board.notes += _notes(board, rules)
        board.protocol = _sentence(rules.summary)
    return boards


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
    render = registry.load_hook("irfer_bench_renderers", "format", form)
    with clear_write_errors(home()):
        folder = home() / "boards"
        name = keys.digest([str(out.resolve()), form])[:32]
        with lock(folder, name):
            stamps = PageStamps(folder / f"{name}.json", out, registry, render)
            if (known := stamps.unchanged(settings)) is not None:
                return Written([out / path for path in known])
            written = Written()
            boards = list(_boards(out, settings, registry, written))
            files = check_files(render(boards), form) if boards else {}
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
    render = registry.load_hook("irfer_bench_renderers", "format", form)
    written = Written()
    boards = list(_boards(out, settings, registry, written))
    files = check_files(render(boards), form) if boards else {}
    return [path for path, content in files.items() if not _holds(out / path, content)] + [
        f"{name}: {error}" for name, error in written.errors.items()
    ]


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


def rules_of(setting: str, records: Sequence[Record], registry: Registry) -> Rules | None:
    """What the registered setting fixes; where it is not installed, what its records agree on."""
    lookup = lookup_in(registry)
    try:
        own = registry.setting(setting)
    except BenchError:
        return agreed(records, lookup) if records else None
    return Rules(own.version, own.folds, own.seeds, own.primary, lookup, summary=own.summary)


def _boards(
    out: Path, settings: Sequence[str], registry: Registry, written: Written
) -> Iterator[Board]:
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


def _checked(
    out: Path, found: Sequence[Record | DamagedError], rules: Rules, reader: Reader
) -> list[Record | DamagedError]:
    """The records by the setting's rules, or why they are not believed."""
    results = {
        k: with_rules(record, rules)
        for k, record in enumerate(found)
        if isinstance(record, Record) and record.outcome == "ok"
    }
    read = [(record, _read(reader, record)) for record in results.values()]
    said = dict(zip(results, find_contradictions(read, rules.lookup), strict=True))
    return [
        _believed(out, results.get(k, record), said.get(k, "")) for k, record in enumerate(found)
    ]


def _read(reader: Reader, record: Record) -> KeptItems | None:
    try:
        return reader.read(record)
    except DamagedError:
        return None  # the board says it of the row


def _believed(
    out: Path, record: Record | DamagedError, contradiction: str
) -> Record | DamagedError:
    if isinstance(record, DamagedError) or not contradiction:
        return record
    return DamagedError(f"{path_of(out, record.cell, record.key).name}: {contradiction}")


def _sentence(summary: str) -> str:
    text = summary.strip()
    return f"{text[:1].upper()}{text[1:].rstrip('.')}." if text else ""


def _notes(board: Board, rules: Rules) -> list[str]:
    if not rules.installed:
        return [
            f"Setting {board.setting} is not installed here: folds, seeds and primary metric are "
            "as its records say."
        ]
    if board.version != rules.version:
        return [
            f"Setting {board.setting} is of version {rules.version} today: folds, seeds and "
            f"primary metric of version {board.version} are as its records say."
        ]
    return []


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
