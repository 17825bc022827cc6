"""Search of pretrained files, and their digests, without torch.

Pretrained files are never downloaded here: a user puts them into one folder
(`IRFER_BENCH_WEIGHTS`, `ctx.weights`), or a plugin ships them inside its package.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from irfer_bench import home
from irfer_bench.errors import DamagedError, MissingWeightsError
from irfer_bench.store.digests import remembered_digest


@dataclass(frozen=True, slots=True)
class Pretrained:
    """One published pretrained file.

    Args:
        name: its usual name, for messages.
        files: file names under which it may lie in the weights folder, best first.
        sha256: start of the digest of `files[0]`, or empty where it is not known.
        source: URL of the file or of its download page.
        folder: where a package ships it, searched after the weights folder.
    """

    name: str
    files: tuple[str, ...]
    sha256: str = ""
    source: str = ""
    folder: Path | None = None


def folder() -> Path:
    """The folder `ctx.weights` names, for code that is given no context (metrics)."""
    return home.weights()


def find(wanted: Pretrained, weights: Path) -> Path:
    """The file's path.

    Raises:
        MissingWeightsError: it is in none of the folders; names it, its source and the folder.
        DamagedError: its digest is not the published one.
    """
    folders = [weights] if wanted.folder is None else [weights, wanted.folder]
    for folder in folders:
        for file in wanted.files:
            path = folder / file
            if path.is_file():
                _check(wanted, path)
                return path
    source = f"get it from {wanted.source} and " if wanted.source else ""
    is_address = wanted.source.startswith("https://") and " " not in wanted.source
    raise MissingWeightsError(
        f"pretrained weights {wanted.name} are not here (looked for {_list(wanted.files)} "
        f"in {_list([str(f) for f in folders])})",
        f"{source}put it into {weights} (IRFER_BENCH_WEIGHTS names that folder)",
        uri=wanted.source if is_address else "",
        sha256=wanted.sha256,
    )


def locate(
    network: str, named: str, known: dict[str, Pretrained], layout: str, weights: Path
) -> Path | None:
    """The file that a `weights` parameter names: none, a published one, or a path.

    Args:
        known: published files by the word that names them. layout: whose checkpoints a path means.

    Raises:
        MissingWeightsError: the file is not here.
    """
    if named == "none":
        return None
    if named in known:
        return find(known[named], weights)
    path = home.user_path(named)
    if not path.is_file():
        words = ", ".join([*known, "none"])
        raise MissingWeightsError(
            f"{network} weights {named} do not exist",
            f"give {words}, or the path of a {layout} checkpoint",
        )
    return path


def digest(path: Path) -> str:
    """sha256 of a file, read once for each size, mtime, ctime and inode, also across runs.

    A step that uses it reads it again: see `irfer_bench.store.digests`.
    """
    return remembered_digest(path)


def _check(wanted: Pretrained, path: Path) -> None:
    if wanted.sha256 and path.name == wanted.files[0]:
        found = digest(path)
        if not found.startswith(wanted.sha256):
            raise DamagedError(
                f"{path} is not {wanted.name}: its sha256 begins {found[:12]}, "
                f"the published one {wanted.sha256[:12]}",
                f"download it again from {wanted.source}",
            )


def _list(names: Sequence[str]) -> str:
    return ", ".join(names)
