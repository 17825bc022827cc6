"""A prepared set as a Hugging Face dataset for private use: parquet shards and a card.

The columns are those that dataset `hub` reads by default, so that an export is read back with the
same pixels, labels, subjects and folds. Nothing leaves the machine unless `upload` names a
repository and the user confirms that the licence permits it; the repository is private.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from irfer_bench.contracts.component import CLASSES
from irfer_bench.contracts.values import Clip, Item
from irfer_bench.data.export.rows import ShardWriter
from irfer_bench.errors import MissingError, RefusedError, UsageError
from irfer_bench.store.files import atomic_folder

SHARD = 256 * 2**20
"""Bytes of images after which the next file begins."""
_REPOSITORY = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")
_SPLITS = re.compile(r"train|val|test|set_\d+")

CARD = """\
---
license: other
license_name: private
pretty_name: {dataset} prepared for {setting} (do not publish)
viewer: false
configs:
- config_name: default
  data_files: data/*.parquet
---
# DO NOT PUBLISH

{count} prepared clips of `{dataset}`, setting `{setting}`, for private use only. Images of
people, crops and translations of them are under the distributor's licence; a copy on the Hugging
Face Hub must stay private.

Licence of the data:

{licence}

- fingerprint of the source: `{fingerprint}`
- read back: `irfer-bench data check hub --data-root hub=FOLDER`
"""


@dataclass(frozen=True, kw_only=True)
class About:
    """Facts of an exported set that its clips do not hold.

    Args:
        licence: the dataset's licence, shown before an upload and kept in the card.
        fingerprint: of the dataset that was prepared.
        items: by id, for split, part and weak pairs; a frame `<item>.<k>` has its item's.
        folds: test subjects (or item ids) of each fold; kept in the column `split`.
        classes: names of the labels' column.
    """

    dataset: str
    setting: str
    licence: str
    fingerprint: str
    items: Mapping[str, Item] = field(default_factory=dict)
    folds: Sequence[frozenset[str]] = ()
    classes: tuple[str, ...] = CLASSES


@dataclass(frozen=True)
class Exported:
    """The written files and, after an upload, the revision for `hub.revision`."""

    folder: Path
    clips: int
    shards: int
    repository: str = ""
    revision: str = ""


def export_parquet(
    clips: Iterable[Clip],
    folder: Path,
    about: About,
    *,
    shard_bytes: int = SHARD,
    progress: Callable[[str, int, int], object] | None = None,
    total: int = 0,
) -> Exported:
    """Write clips into a new folder of mode 0700, holding one clip in memory.

    The folder appears by one rename: an interrupted export leaves none.

    Raises:
        UsageError: the folder holds something, or cannot be written. ContractError: a clip is not
            (T, H, W, 3) uint8, its label is of no class, or two ids are the same.
    """
    with _draft_of(folder) as draft:
        writer = ShardWriter(draft / "data", about.classes, shard_bytes)
        with writer:
            for done, clip in enumerate(clips, start=1):
                item = _item_of(clip, about)
                writer.add(clip, item, split=_split(clip, item, about))
                if progress is not None:
                    progress("export", done, total)
        writer.number_shards()
        (draft / "README.md").write_text(_card(about, writer.clips), encoding="utf-8")
    return Exported(folder, writer.clips, writer.shards)


def export_hub(
    clips: Iterable[Clip],
    folder: Path,
    about: About,
    *,
    upload: str = "",
    i_have_the_right: bool = False,
    show: Callable[[str], object] = sys.stderr.write,
    shard_bytes: int = SHARD,
    progress: Callable[[str, int, int], object] | None = None,
    total: int = 0,
) -> Exported:
    """The folder of `export_parquet`, and its upload into a private repository where asked.

    Args:
        upload: OWNER/NAME; empty uploads nothing.
        i_have_the_right: the user's confirmation after the licence was shown.

    Raises:
        RefusedError: an upload without confirmation, with the licence; or a public repository.
        MissingError: the hub cannot be reached; the folder stays.
    """
    if upload:
        check_upload(about, upload, i_have_the_right)
        show(f"licence of {about.dataset}: {about.licence}\n")
    made = export_parquet(
        clips, folder, about, shard_bytes=shard_bytes, progress=progress, total=total
    )
    if not upload:
        return made
    revision = upload_folder(folder, about, upload, i_have_the_right=i_have_the_right)
    return Exported(folder, made.clips, made.shards, upload, revision)


def check_upload(about: About, upload: str, i_have_the_right: bool) -> None:
    """Refuse an upload that the user has not confirmed.

    Raises:
        UsageError: no OWNER/NAME. RefusedError: not confirmed; it shows the licence.
    """
    if not _REPOSITORY.fullmatch(upload):
        raise UsageError(f"--upload {upload!r} names no repository", "say OWNER/NAME")
    if not i_have_the_right:
        raise RefusedError(
            f"images of {about.dataset} are not uploaded to {upload} without confirmation that "
            f"their licence allows it. It says: {about.licence}",
            "if it does, add --i-have-the-right; the repository is made private",
        )


def upload_folder(
    folder: Path, about: About, upload: str, *, i_have_the_right: bool = False
) -> str:
    """Upload an exported folder into a private dataset repository; its new revision.

    Raises:
        RefusedError: not confirmed, or the repository is public. MissingError: not reached.
    """
    check_upload(about, upload, i_have_the_right)
    from huggingface_hub import HfApi
    from huggingface_hub.errors import HfHubHTTPError

    api = HfApi()
    try:
        api.create_repo(upload, repo_type="dataset", private=True, exist_ok=True)
        if api.repo_info(upload, repo_type="dataset").private is not True:
            raise RefusedError(
                f"{upload} is public; nothing was uploaded",
                "make it private, or name another one",
            )
        commit = api.upload_folder(
            repo_id=upload,
            repo_type="dataset",
            folder_path=folder,
            commit_message=f"{about.dataset} prepared for {about.setting}; do not publish",
        )
    except (HfHubHTTPError, OSError) as error:
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise MissingError(
            f"{upload} cannot be written: {reason}",
            f"check the network and `hf auth login`; the export stays in {folder}",
        ) from error
    return str(commit.oid)


def _item_of(clip: Clip, about: About) -> Item | None:
    return about.items.get(clip.id) or about.items.get(clip.id.rpartition(".")[0])


def _split(clip: Clip, item: Item | None, about: About) -> str:
    """By the folds, where they are known: `test` of a single one, `set_k` of several."""
    own = item.split if item is not None and _SPLITS.fullmatch(item.split) else ""
    if not about.folds or (item is not None and item.part == "extra"):
        return own
    names = {clip.subject, clip.id} | ({item.id} if item is not None else set())
    fold = next((k for k, fold in enumerate(about.folds, start=1) if names & fold), 0)
    if fold:
        return "test" if len(about.folds) == 1 else f"set_{fold}"
    return "val" if own == "val" else "train"


def _card(about: About, count: int) -> str:
    quoted = "\n".join(f"> {line}" for line in about.licence.splitlines() or ["not stated"])
    return CARD.format(
        dataset=about.dataset,
        setting=about.setting,
        count=count,
        licence=quoted,
        fingerprint=about.fingerprint,
    )


@contextmanager
def _draft_of(folder: Path) -> Iterator[Path]:
    """A private folder beside the wanted one, renamed into it when all went well."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(f"--out {folder} is there and not empty", "name a new folder")
    try:
        with atomic_folder(folder) as draft:
            (draft / "data").mkdir(mode=0o700)
            yield draft
    except OSError as error:
        raise UsageError(f"--out {folder} cannot be written ({error.strerror})") from error
