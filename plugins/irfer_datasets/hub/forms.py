"""The forms of a Hugging Face dataset in a folder, recognised without reading rows.

As the hub and its library lay them: shards `train-00000-of-00005.parquet`, a snapshot of links to
blobs, pointers of git-lfs after `git clone`, folders of `save_to_disk`, imagefolders with metadata.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from irfer_bench.api import (
    DamagedError,
    Problem,
    canonical,
    inside,
    is_archive,
    join,
    list_folder,
    natural,
    relative,
    subfolders,
    walk,
)
from irfer_datasets.params import HubParams

Kind = Literal["saved", "parquet", "imagefolder", ""]
IMAGE_ROLES = ("image", "frames", "video")
"""The parameters that name a column of images."""
SPLITS = {
    **dict.fromkeys(("train", "training"), "train"),
    **dict.fromkeys(("val", "valid", "validation", "dev"), "val"),
    **dict.fromkeys(("test", "testing", "eval", "evaluation"), "test"),
}
_SAVED = ("dataset_dict.json", "state.json")
_NOT_DATA = frozenset({"manifest.parquet", "metadata.parquet"})
"""Tables beside images: of dataset `folder`, and of an imagefolder."""
_METADATA = ("metadata.csv", "metadata.jsonl")
_PART_OF = re.compile(r"(.*?)(\d{5})-of-(\d{5})(.*)\.parquet")
_POINTER = b"version https://git-lfs"


@dataclass(frozen=True)
class Form:
    """The form, the confidence (0 to 1) and the reason."""

    kind: Kind
    confidence: float
    reason: str


@dataclass(frozen=True)
class Place:
    """A folder that is read, and the folder that nothing may leave (they differ for links of a
    downloaded snapshot, which lead to its store)."""

    base: Path
    guard: Path


def split_of(name: str) -> str:
    """`train`, `val`, `test` or `set_3` where a path or split name says so, else empty.

    The file's name is looked at before its folders'.
    """
    for part in reversed(name.casefold().split("/")):
        known = re.search(r"(?:^|[^a-z0-9])set_?(\d+)(?:[^0-9]|$)", part)
        if known:
            return f"set_{int(known.group(1))}"
        for word in re.split(r"[^a-z0-9]+", part):
            if word in SPLITS:
                return SPLITS[word]
    return ""


def find_form(place: Place, params: HubParams) -> Form:
    """Saved by `save_to_disk`, parquet files, or an imagefolder; opens one parquet footer only."""
    base = place.base
    if any((base / name).is_file() for name in _SAVED):
        return Form("saved", 0.95, "a dataset saved by save_to_disk")
    shards, _ = find_shards(place)
    if shards:
        return _parquet_form(shards, place, params)
    metadata = _metadata_of(base)
    if metadata is not None:
        return Form("imagefolder", 0.9, f"an imagefolder with {relative(metadata, base)}")
    labels = _label_folders(base, params)
    if labels:
        return Form("imagefolder", 0.6, f"an imagefolder of {', '.join(labels[:3])} …")
    files = list_folder(base, place.guard).files
    packed = [path for path in files if is_archive(path.name)]
    if packed:
        return Form("", 0.0, f"{packed[0].name} is an archive: unpack it first")
    return Form(
        "",
        0.0,
        "no parquet files, no folder of save_to_disk (state.json), and no imagefolder "
        "(<split>/<expression>/<name>.png, or metadata.csv with file_name)",
    )


def find_shards(place: Place) -> tuple[list[Path], list[Problem]]:
    """Parquet files in natural order, and what was left out."""
    tree = walk(place.base)
    names = [(join(folder, name), name) for folder, own in tree.files.items() for name in own]
    shards = [
        place.base / path
        for path, name in sorted(names, key=lambda entry: natural(entry[0]))
        if name.lower().endswith(".parquet") and name not in _NOT_DATA
    ]
    return shards, tree.problems


def absent_shards(shards: Sequence[Path], base: Path) -> Iterator[Problem]:
    """`missing_item` for every file that `-of-00005` promises and that is not there."""
    groups: dict[tuple[Path, str, int, str], set[int]] = {}
    for path in shards:
        known = _PART_OF.fullmatch(path.name)
        if known:
            head, number, total, tail = known.groups()
            groups.setdefault((path.parent, head, int(total), tail), set()).add(int(number))
    for (folder, head, total, tail), numbers in groups.items():
        for number in sorted(set(range(total)) - numbers):
            name = f"{head}{number:05d}-of-{total:05d}{tail}.parquet"
            action = f"not there ({len(numbers)} of {total} are); fetch it"
            yield Problem("missing_item", relative(folder / name, base), action)


def footer(path: Path, base: Path) -> Any:
    """The Arrow schema of a parquet file.

    Raises:
        DamagedError: it is no whole parquet file, with the reason where it is known.
    """
    import pyarrow
    import pyarrow.parquet

    name = relative(path, base)
    try:
        with path.open("rb") as stream:
            if stream.read(len(_POINTER)) == _POINTER:
                raise DamagedError(f"{name} is a pointer of git-lfs, no data", "run `git lfs pull`")
        with pyarrow.parquet.ParquetFile(path) as opened:
            return opened.schema_arrow
    except (pyarrow.ArrowException, OSError) as error:
        raise DamagedError(f"{name} cannot be read ({error})", "fetch the file again") from error


def saved_files(place: Place) -> Iterator[Path]:
    """The Arrow files that a saved dataset names.

    Raises:
        DamagedError: a state file is broken, or a file is missing or leads out of the folder.
    """
    for state in (place.base / "state.json", *sorted(place.base.glob("*/state.json"))):
        if not state.is_file():
            continue
        try:
            names = [entry["filename"] for entry in json.loads(state.read_bytes())["_data_files"]]
        except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
            name = relative(state, place.base)
            raise DamagedError(f"{name} cannot be read ({error})", "save it anew") from error
        for path in (state.parent / name for name in names):
            if not inside(path, place.guard):
                raise DamagedError(f"{path} leads out of the folder", "write it from the root")
            if not path.is_file():
                name = relative(path, place.base)
                raise DamagedError(f"{name} is missing", "copy the whole folder")
            yield path


def _parquet_form(shards: Sequence[Path], place: Place, params: HubParams) -> Form:
    name = relative(shards[0], place.base)
    try:
        columns = footer(shards[0], place.base).names
    except DamagedError as error:
        # A broken file still belongs to this dataset: reading it reports the problem.
        return Form("parquet", 0.6, error.message)
    wanted = [getattr(params, role) for role in IMAGE_ROLES]
    if any(column in columns for column in wanted):
        return Form("parquet", 0.95, f"{len(shards)} parquet files such as {name}")
    return Form(
        "parquet",
        0.3,
        f"{name} has columns {', '.join(columns)} and none of {', '.join(filter(None, wanted))}; "
        "say -p hub.image=NAME",
    )


def _metadata_of(base: Path) -> Path | None:
    folders = [base, *(f for f in subfolders(base) if split_of(f.name))]
    for path in (folder / name for folder in folders for name in _METADATA):
        if path.is_file() and _names_files(path):
            return path
    return None


def _names_files(path: Path) -> bool:
    try:
        with path.open("rb") as stream:
            return b"file_name" in stream.readline(2000)
    except OSError:
        return False


def _label_folders(base: Path, params: HubParams) -> list[str]:
    """Names of folders that are all expressions, below the base or below each split's folder."""
    below = subfolders(base)
    if below and all(folder.name.casefold() in SPLITS for folder in below):
        below = [leaf for folder in below for leaf in subfolders(folder)]
    names = sorted({folder.name for folder in below})
    known = [name for name in names if name in params.labels or canonical(name) is not None]
    return known if len(known) == len(names) else []
