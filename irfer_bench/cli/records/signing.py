"""`irfer-bench records sign`."""

from __future__ import annotations

import argparse
import sys
from getpass import getpass
from pathlib import Path
from typing import TYPE_CHECKING

from irfer_bench.errors import UsageError
from irfer_bench.render.layout import emit, say
from irfer_bench.store.signatures import public_of, read_secret

if TYPE_CHECKING:
    from minisign import SecretKey


def configure(parser: argparse.ArgumentParser) -> None:
    """Options of `records sign`."""
    add = parser.add_argument
    add("what", metavar="FOLDER|RECORD", help="a results folder, or one record in it")
    add("--key", required=True, metavar="FILE", help="minisign's secret key")


def run(args: argparse.Namespace) -> int:
    """Sign records; 4 where one is damaged, which is left unsigned."""
    from irfer_bench.orchestration.signing import sign_records

    with read_secret(Path(args.key)) as secret:
        _decrypt(secret, args.key)
        done = sign_records(Path(args.what), secret)
        own = public_of(secret)
    for error in done.errors:
        say(f"irfer-bench: {error}")
    for path in done.others:
        say(f"{path.name} is signed by another key, whose signature was left")
    emit(f"{len(done.signed)} signed with key {own.id}, {len(done.kept)} were already")
    return 4 if done.errors else 0


def _decrypt(secret: SecretKey, name: str) -> None:
    if not secret.is_encrypted():
        return
    if not sys.stdin.isatty():
        raise UsageError(
            f"{name} is encrypted, and there is no terminal to ask for its password",
            "sign on a terminal, or with a key made by records keygen --no-password",
        )
    try:
        secret.decrypt(getpass(f"password of {name}: "))
    except ValueError as error:
        raise UsageError(f"{name}: {error}", "nothing was signed") from None
