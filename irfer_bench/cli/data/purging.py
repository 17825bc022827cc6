"""`data purge`: delete everything that was made from a dataset's files."""

from __future__ import annotations

import argparse
import shutil
from contextlib import suppress
from pathlib import Path
from typing import Any

from irfer_bench.errors import BenchError
from irfer_bench.home import RESULTS, home
from irfer_bench.registry import Registry
from irfer_bench.render.layout import emit
from irfer_bench.settings.setting import Setting
from irfer_bench.store.cleanup import purge
from irfer_bench.store.files import clear_write_errors


def configure(parser: argparse.ArgumentParser) -> None:
    """Options."""
    parser.add_argument("--yes", action="store_true", help="delete; without it, only list")
    parser.add_argument(
        "--out",
        action="append",
        default=[],
        metavar="FOLDER",
        help="results folders whose images of faces go too; default results and leaderboards",
    )


def run(args: argparse.Namespace, registry: Registry) -> int:
    """List, and with `--yes` delete, what was made of a dataset; records and boards stay."""
    registry.get("dataset", args.dataset)

    def made_of_it(describe: dict[str, Any]) -> bool:
        source = describe.get("dataset")
        return isinstance(source, dict) and source.get("name") == args.dataset

    count, size = purge(home() / "store", made_of_it, really=args.yes)
    with clear_write_errors(home()):
        folders = [path for path in _folders(args, registry) if path.exists() or path.is_symlink()]
        for path in folders if args.yes else ():
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
    verb = "deleted" if args.yes else "would delete"
    emit(f"{verb} {count} artefacts made of {args.dataset}, {size / 2**20:.1f} MiB")
    for path in folders:
        emit(f"{verb} {path}")
    if not args.yes:
        print("nothing was deleted: add --yes")
    return 0


def _folders(args: argparse.Namespace, registry: Registry) -> list[Path]:
    """Manifests, the dataset's private folder, and faces drawn beside results."""
    found = sorted((home() / "manifests").glob(f"{args.dataset}-*.json"))
    found.append(home() / "private" / args.dataset)
    settings = set()
    for component in registry.components("setting"):
        with suppress(BenchError):  # a broken plugin must not prevent the deletion
            if args.dataset in _datasets(registry.setting(component.name)):
                settings.add(component.name)
    for out in args.out or [RESULTS, "leaderboards"]:
        for folder in sorted(Path(out).glob("images/*/faces")):
            linked = folder.parent.is_symlink() or folder.parent.parent.is_symlink()
            if not linked and folder.parent.name.partition("@")[0] in settings:
                found.append(folder)
    return found


def _datasets(setting: Setting) -> set[str]:
    """Datasets whose faces may be in its images."""
    domains = (setting.source, setting.target, setting.extra)
    return {setting.dataset} | {domain.dataset for domain in domains if domain is not None}
