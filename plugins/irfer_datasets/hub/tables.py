"""Rows through the `datasets` library: memory-mapped, private, and never by running a script."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from logging import CRITICAL
from pathlib import Path
from typing import Any

from irfer_bench.api import (
    BenchError,
    DamagedError,
    MissingError,
    Problem,
    private_folder,
    relative,
)
from irfer_datasets.hub.columns import Columns
from irfer_datasets.hub.forms import (
    Form,
    Place,
    absent_shards,
    find_form,
    find_shards,
    footer,
    saved_files,
    split_of,
)
from irfer_datasets.params import HubParams

WANTED = ("*.parquet", "*.arrow", "*.json", "*.jsonl", "*.csv", "README.md")
IMAGES = ("bmp", "jpg", "jpeg", "png", "tif", "tiff", "webp", "pgm", "ppm", "mp4", "avi", "wav")


@dataclass(frozen=True, eq=False)
class Table:
    """The rows of one split, in Arrow's own types; nothing is decoded.

    Args:
        split: from the files' names, or empty.
        rows: a `datasets.Dataset` in the format `arrow`.
        columns: which of its columns play which role.
    """

    split: str
    rows: Any
    place: Place
    columns: Columns


def open_tables(root: Path | None, params: HubParams) -> tuple[list[Table], list[Problem]]:
    """The splits of a folder, or of the pinned dataset on the hub, and what was left out.

    Parquet is copied once into Arrow files in the private cache, so that any row is had at once;
    a saved dataset and the images of an imagefolder are read where they lie.

    Raises:
        MissingError: nothing is there, the hub cannot be reached, or a column is not there.
        UsageError: integers without names. DamagedError: a file is broken or leads out.
    """
    import datasets

    place = find_place(root, params)
    form = find_form(place, params)
    datasets.disable_progress_bars()
    datasets.logging.set_verbosity(CRITICAL)  # errors are reported once, in one line
    # `datasets` would report the use of a local folder by a network request.
    datasets.config.HF_UPDATE_DOWNLOAD_COUNTS = False
    problems: list[Problem] = []
    try:
        if form.kind == "saved":
            splits = _saved(place)
        elif form.kind == "parquet":
            splits, problems = _parquet(place)
        elif form.kind == "imagefolder":
            splits = _imagefolder(place)
        else:
            raise MissingError(f"{place.base} is no dataset: {form.reason}")
    except BenchError:
        raise
    except Exception as error:  # the libraries raise anything on damaged files
        raise _unreadable(place, form, error) from error
    tables = []
    for name, rows in splits.items():
        columns = Columns(rows.features, params)
        # A single split carries no information: `datasets` names unnamed rows `train`.
        split = split_of(name) if len(splits) > 1 else ""
        tables.append(Table(split, rows.with_format("arrow"), place, columns))
    return tables, problems


def find_place(root: Path | None, params: HubParams) -> Place:
    """The folder to read: of the root, or of the downloaded snapshot.

    Raises:
        MissingError: neither, or the inner folder is not there.
    """
    if params.id:
        snapshot = _download(params)
        place = Place(snapshot / params.folder, snapshot.parents[1])
    elif root is not None:
        whole = root.absolute()  # as the library names the files of its rows
        place = Place(whole / params.folder, whole)
    else:
        raise MissingError(
            "hub needs a dataset",
            "say --data-root hub=FOLDER, or -p hub.id=OWNER/NAME -p hub.revision=COMMIT",
        )
    if not place.base.is_dir():
        raise MissingError(f"hub.folder {params.folder!r} is not in the dataset")
    return place


def _saved(place: Place) -> dict[str, Any]:
    import datasets

    list(saved_files(place))
    found: Any = datasets.load_from_disk(str(place.base))
    splits: dict[str, Any] = dict(found) if isinstance(found, dict) else {"": found}
    for rows in splits.values():
        rows.data.validate(full=True)  # without it a damaged offset reads foreign memory
    return splits


def _parquet(place: Place) -> tuple[dict[str, Any], list[Problem]]:
    import datasets

    shards, problems = find_shards(place)
    groups: dict[str, list[Path]] = {}
    for path in shards:
        groups.setdefault(split_of(relative(path, place.base)) or "rows", []).append(path)
    for paths in groups.values():
        _check_columns(paths, place)
    cache = str(private_folder("hub") / "arrow")
    splits = {
        name: datasets.Dataset.from_parquet(
            [str(path) for path in paths],
            split=datasets.NamedSplit(name),
            cache_dir=cache,
        )
        for name, paths in groups.items()
    }
    return splits, [*problems, *absent_shards(shards, place.base)]


def _check_columns(paths: Sequence[Path], place: Place) -> None:
    """Refuse files of one split with different columns."""
    first = footer(paths[0], place.base).names
    for path in paths[1:]:
        names = footer(path, place.base).names
        if set(names) != set(first):
            raise DamagedError(
                f"{relative(path, place.base)} has columns {', '.join(names)}, and "
                f"{relative(paths[0], place.base)} has {', '.join(first)}",
                "say -p hub.folder=FOLDER, the one that holds the files of one table",
            )


def _imagefolder(place: Place) -> dict[str, Any]:
    import datasets

    cache = str(private_folder("hub") / "arrow")
    return dict(datasets.load_dataset("imagefolder", data_dir=str(place.base), cache_dir=cache))


def _download(params: HubParams) -> Path:
    """The pinned snapshot in the private cache; a whole one is never asked for again.

    Offline, `datasets` itself would take any cached revision; this takes the pinned one or none.
    """
    from huggingface_hub import logging, snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

    cache = private_folder("hub") / "downloads"
    name = "--".join((*params.id.split("/"), params.revision, *params.folder.split("/")))
    whole = cache / f"{name}.whole"
    logging.set_verbosity(CRITICAL)
    inner = f"{params.folder.rstrip('/')}/" if params.folder else ""
    patterns = [inner + name for name in (*WANTED, *(f"*.{suffix}" for suffix in IMAGES))]
    try:
        snapshot = snapshot_download(
            params.id,
            repo_type="dataset",
            revision=params.revision,
            cache_dir=cache,
            allow_patterns=patterns,
            local_files_only=whole.is_file(),
        )
    except (HfHubHTTPError, LocalEntryNotFoundError, OSError, ValueError) as error:
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise MissingError(
            f"hub: {params.id} at {params.revision} cannot be had: {reason}",
            "check the network, and `hf auth login` for a private or gated one",
        ) from error
    whole.touch()
    return Path(snapshot)


def _unreadable(place: Place, form: Form, error: Exception) -> DamagedError:
    cause: BaseException = error
    while cause.__cause__ is not None:
        cause = cause.__cause__
    lines: Sequence[str] = str(cause).strip().splitlines() or [type(cause).__name__]
    return DamagedError(
        f"{place.base}: {form.reason} cannot be read ({lines[0]})",
        "write it anew; all files of a split need the same columns",
    )
