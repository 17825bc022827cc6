"""Detached signatures of records in minisign's format: `RECORD.json.minisig` beside a record."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from irfer_bench.errors import DamagedError, MissingError, UsageError
from irfer_bench.store.files import atomic_file, clear_write_errors
from irfer_bench.store.records import read_regular

if TYPE_CHECKING:
    from minisign import PublicKey, SecretKey

SUFFIX = ".minisig"
KEYS = "keys"
"""Folder of a results folder whose `*.pub` its boards trust."""
LIMIT = 64 * 2**10
"""Bytes of a key or signature; real ones have a few hundred."""

State = Literal["unsigned", "unknown", "bad", "good"]


@dataclass(frozen=True)
class TrustedKey:
    """A public key that somebody decided to trust.

    Args:
        id: 16 hexadecimal digits, as minisign prints them.
        name: of its file without the ending, or its id. comment: of the file, unverified.
    """

    id: str
    name: str
    comment: str
    key: PublicKey


@dataclass(frozen=True)
class Signature:
    """What the signature beside a record is worth.

    Args:
        state: `unsigned`; by an `unknown` key; `bad`: no signature of this content; `good`.
        key: the trusted key that it names. id: of the key that it names. reason: why it is bad.
    """

    state: State
    key: TrustedKey | None = None
    id: str = ""
    reason: str = ""


UNSIGNED = Signature("unsigned")


def signature_path(record: Path) -> Path:
    """Where the signature of a record lies."""
    return record.with_name(record.name + SUFFIX)


def _library() -> Any:
    try:
        import minisign
    except ImportError as error:
        raise MissingError(
            f"signatures need the package py-minisign ({error})", "pip install py-minisign"
        ) from None
    return minisign


def read_trusted(given: str) -> TrustedKey:
    """A public key from a file, or from the 56 characters that minisign prints.

    Raises:
        UsageError: it is neither.
    """
    library, path = _library(), Path(given)
    try:
        return _trusted(library.PublicKey.from_base64(given), "", "")
    except ValueError:
        pass  # a file, then
    try:
        return _read_key_file(path)
    except MissingError:
        raise UsageError(
            f"{given!r} is no public key and no file of one",
            "name a .pub file of minisign, or the 56 characters beginning with RW in it",
        ) from None
    except DamagedError as error:
        raise UsageError(error.message, "name a .pub file of minisign") from None


def keys_in(folder: Path) -> list[TrustedKey]:
    """The keys that a results folder's boards trust: `keys/*.pub`, in order.

    Raises:
        DamagedError: a file is no public key.
    """
    return [_read_key_file(path) for path in sorted((folder / KEYS).glob("*.pub"))]


def _read_key_file(path: Path) -> TrustedKey:
    """A key of one line, or of two, of which the first is a comment in any characters."""
    library, lines = _library(), read_regular(path, LIMIT).splitlines()
    comment = lines[0].decode("utf-8", "replace") if len(lines) == 2 else ""
    try:
        if len(lines) not in (1, 2):
            raise ValueError("it has not one or two lines")
        key = library.PublicKey.from_base64(lines[-1].strip())
    except ValueError as error:
        raise DamagedError(f"{path} is no public key of minisign: {error}") from None
    return _trusted(key, path.stem, comment.removeprefix("untrusted comment: "))


def _trusted(key: PublicKey, name: str, comment: str) -> TrustedKey:
    from base64 import b64decode

    own = _id(b64decode(key.to_base64()))
    return TrustedKey(own, name or own, comment, key)


def _id(content: bytes) -> str:
    """The key's number in a decoded key or signature, written as minisign does."""
    return content[2:10][::-1].hex().upper()


def verify(record: Path, keys: Iterable[TrustedKey]) -> Signature:
    """What the signature beside a record is worth to somebody who trusts these keys.

    Lines that a checkout on Windows ended otherwise count as they were signed.
    """
    place = signature_path(record)
    try:
        content = read_regular(place, LIMIT)
    except MissingError:
        return UNSIGNED
    except DamagedError as error:
        return Signature("bad", reason=error.message.replace(f"{place.parent}/", ""))
    known = list(keys)
    library, found = _library(), None
    try:
        found = library.Signature.from_bytes(content)
        own = _id(_decoded(content))
    except ValueError as error:
        return Signature("bad", reason=f"no signature of minisign: {error}")
    named = [key for key in known if key.id == own]
    if not named:
        return Signature("unknown", id=own)
    from irfer_bench.store.records import RECORD_LIMIT

    signed = read_regular(record, RECORD_LIMIT).replace(b"\r\n", b"\n")
    for key in named:  # two keys may have one number
        try:
            key.key.verify(signed, found)
        except ValueError:
            continue
        return Signature("good", key, own)
    return Signature("bad", named[0], own, "it is not of this content, or not by this key")


def _decoded(signature: bytes) -> bytes:
    from base64 import b64decode

    return b64decode(signature.splitlines()[1])


def read_secret(path: Path) -> SecretKey:
    """A secret key of minisign, still encrypted where it has a password.

    Raises:
        UsageError: there is no such file, or it is no secret key.
    """
    library = _library()
    try:
        return library.SecretKey.from_bytes(read_regular(path, LIMIT))
    except MissingError:
        raise UsageError(
            f"no key {path}", "irfer-bench records keygen --key FILE makes one"
        ) from None
    except ValueError as error:
        raise UsageError(f"{path} is no secret key of minisign: {error}") from None


def public_of(secret: SecretKey) -> TrustedKey:
    """The public half of a secret key that is not encrypted any more."""
    return _trusted(secret.get_public_key(), "", "")


def sign(record: Path, secret: SecretKey, content: bytes) -> Path:
    """Write the signature of a record's content beside it, as `minisign -S` does."""
    comment = f"timestamp:{int(time.time())}\tfile:{record.name}\thashed"
    made = secret.sign(
        content,
        untrusted_comment="signature from minisign secret key",
        trusted_comment=comment,
    )
    place = signature_path(record)
    with clear_write_errors(place), atomic_file(place) as draft:
        draft.write_bytes(bytes(made) + b"\n")
    return place


def write_pair(secret_path: Path, public_path: Path, password: str) -> TrustedKey:
    """Make a new pair of keys; the secret one is encrypted where there is a password.

    Raises:
        UsageError: one of the files exists already.
    """
    for path in (secret_path, public_path):
        if path.exists() or path.is_symlink():
            raise UsageError(f"{path} exists already", "name another file: keys are not replaced")
    library = _library()
    pair = library.KeyPair.generate()
    if password:
        pair.secret_key.encrypt(password)
    own = _trusted(pair.public_key, public_path.stem, "")
    pair.public_key.untrusted_comment = f"minisign public key {own.id}"
    files: Sequence[tuple[Path, Any, int]] = (
        (secret_path, pair.secret_key, 0o600), (public_path, pair.public_key, 0o644)
    )  # fmt: skip
    for path, key, mode in files:
        with clear_write_errors(path), atomic_file(path, mode=mode) as draft:
            draft.write_bytes(bytes(key) + b"\n")
    pair.secret_key.wipe()
    return own
