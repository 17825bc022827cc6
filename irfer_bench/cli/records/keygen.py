"""`irfer-bench records keygen`."""

from __future__ import annotations

import argparse
import sys
from getpass import getpass
from pathlib import Path

from irfer_bench.errors import UsageError
from irfer_bench.render.layout import emit
from irfer_bench.store.signatures import write_pair


def configure(parser: argparse.ArgumentParser) -> None:
    """Options of `records keygen`."""
    add = parser.add_argument
    add(
        "--key",
        required=True,
        metavar="FILE",
        help="where the secret key goes, such as me.key; the public key goes to me.pub",
    )
    add("--no-password", action="store_true", help="leave the secret key unencrypted")


def run(args: argparse.Namespace) -> int:
    """Make a pair of keys and print the public one."""
    secret = Path(args.key)
    public = secret.with_name(f"{secret.stem}.pub")
    if public == secret:
        raise UsageError(
            f"{secret} is where the public key goes", "name the secret key otherwise: me.key"
        )
    made = write_pair(secret, public, "" if args.no_password else _new_password())
    emit(f"wrote {secret}: keep it to yourself, and a copy of it")
    emit(f"wrote {public}: key {made.id}, for everybody")
    return 0


def _new_password() -> str:
    if not sys.stdin.isatty():
        raise UsageError(
            "a password for the key is asked for on a terminal, and there is none",
            "say --no-password for an unencrypted key",
        )
    password = getpass("password of the new key: ")
    if not password or getpass("once more: ") != password:
        raise UsageError("no password, or two different ones", "run again; no key was made")
    return password
