"""Whether items have the 68 landmarks that a method needs, without preparing them."""

from __future__ import annotations

import json
import struct
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from irfer_bench.contracts.values import Item
from irfer_bench.data.landmarks import FORM
from irfer_bench.errors import BenchError, DamagedError, MissingError
from irfer_bench.experiment.item_views import Listing, Row


def check_landmarks(
    who: str, rows: Sequence[Row], listing: Listing, ways: Sequence[str] = ()
) -> None:
    """Raise where an item has no landmarks: of the dataset, of `--landmarks`, or of its partner.

    One item is read, to see whether the dataset has any.

    Args:
        who: what needs them. ways: what to do instead of bringing them.

    Raises:
        MissingError: how many have none, and how to bring them.
    """
    source = listing.source
    known = frozenset[str]() if source.landmarks is None else brought(source.landmarks)
    visible: dict[str | None, Item] = {
        item.pair: item
        for item in reversed(listing.items)
        if item.pair and not item.weak_pair and item.spectrum == "vis"
    } if known else {}
    lacking = [item for item in _items(rows) if not _has(item, known, visible)]
    if not lacking or _are_in(listing, lacking[0]):
        return
    total = len(_items(rows))
    raise MissingError(
        f"{who} needs 68 landmarks of every image, and {len(lacking)} of {total} items of "
        f"{source.name} have none (such as {lacking[0].id})",
        ", or ".join((f"bring them with --landmarks FILE ({FORM})", *ways)),
    )


@lru_cache(maxsize=4)
def brought(path: Path) -> frozenset[str]:
    """Ids of the items that a file of landmarks names; only its header is read.

    Raises:
        DamagedError: it is no safetensors file.
    """
    try:
        with path.open("rb") as stream:
            (length,) = struct.unpack("<Q", stream.read(8))
            header = json.loads(stream.read(min(length, 1 << 30)))
        arrays = {name: about for name, about in header.items() if name != "__metadata__"}
        odd = next((n for n, a in arrays.items() if not _is_points(a["dtype"], a["shape"])), None)
    except (OSError, struct.error, ValueError, TypeError, KeyError, AttributeError, RecursionError,
            MemoryError) as error:  # fmt: skip
        raise DamagedError(f"--landmarks {path} cannot be read ({error})", FORM) from error
    if odd is not None:
        about = arrays[odd]
        raise DamagedError(f"--landmarks {path}: {odd} is {about['dtype']} {about['shape']}", FORM)
    return frozenset(arrays)


def _is_points(dtype: str, shape: list[int]) -> bool:
    return dtype == "F32" and len(shape) == 3 and shape[1:] == [68, 2]


def _items(rows: Sequence[Row]) -> list[Item]:
    return list({row.item.id: row.item for row in rows}.values())


def _has(item: Item, known: frozenset[str], visible: dict[str | None, Item]) -> bool:
    partner = visible.get(item.pair)
    same = partner is not None and partner.frames == item.frames
    return item.id in known or (same and partner is not None and partner.id in known)


def _are_in(listing: Listing, item: Item) -> bool:
    """Whether the dataset itself gives landmarks with an item."""
    try:
        clip = listing.dataset.read(listing.source.root, item, [0])
    except BenchError:
        raise
    except (OSError, SyntaxError, ValueError, EOFError) as error:
        raise DamagedError(
            f"{item.id} cannot be read ({', '.join(item.files[:1]) or 'no file'}: {error})",
            "restore or remove the file; `irfer-bench data check` lists all such files",
        ) from error
    return clip.landmarks is not None
