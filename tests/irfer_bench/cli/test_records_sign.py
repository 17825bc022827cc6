"""`irfer-bench records sign` and `keygen`, and what boards make of signatures."""

from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
from pathlib import Path
from typing import Any

import minisign
import pytest

from irfer_bench.store import records
from irfer_bench.store.signatures import read_trusted, verify
from tests.irfer_bench.cli.sent import SETTING, change, forge, predictions_of, send, sent

MINISIGN = shutil.which("minisign")
PUBLIC = """\
untrusted comment: minisign public key 2226F664EFC27A5C
RWRcesLvZPYmIgwA7/HQxenEbUm3ntmgq6TCbpY91xCaVeY69Zjxe5Wu
"""
SIGNATURE = """\
untrusted comment: signature from minisign secret key
RURcesLvZPYmIiQxkSUfU+xslalbxYX4aQCtOMVZMp0m5tyRoSm7TXyWnBX2I6UZP3njX1hjfILhGQp7a8Rk4wvC37WjDIpv/QU=
trusted comment: timestamp:1
/0wgFLfTZpu/diozwRL2RTJlFtJ/OZ6y04HpDnZnEKjKsYbn+GG5JezDA2GmAHYX/7eberxRXZI7457+Ki+XBA==
"""
"""By minisign 0.11, of the line below."""
LINE = '{"schema": 2}\n'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return send(tmp_path / "sent")


def make_key(bench: Any, name: str) -> Path:
    """A secret key without a password; its public key lies beside it."""
    path: Path = bench.folder / f"{name}.key"
    assert bench.call("records", "keygen", "--key", str(path), "--no-password")[0] == 0
    return path


def sign(bench: Any, what: Path, key: Path) -> tuple[int, str, str]:
    code, out, err = bench.call("records", "sign", "--key", str(key), str(what))
    assert "Traceback" not in err
    return code, out, err


def check(bench: Any, folder: Path, *keys: Path) -> tuple[int, Any]:
    trust = [word for key in keys for word in ("--trust", str(key.with_suffix(".pub")))]
    code, out, _ = bench.call("records", "check", str(folder), "--json", *trust)
    return code, json.loads(out)


def page(bench: Any, folder: Path) -> str:
    assert bench.call("leaderboard", "--out", str(folder))[0] == 0
    return (folder / f"{SETTING}.md").read_text().replace("\\", "")


def trust(folder: Path, key: Path, name: str) -> None:
    (folder / "keys").mkdir(exist_ok=True)
    shutil.copy(key.with_suffix(".pub"), folder / "keys" / f"{name}.pub")


def test_signed_records_are_counted_by_key_and_signed_once(bench: Any, folder: Path) -> None:
    key = make_key(bench, "alice")
    own = read_trusted(str(key.with_suffix(".pub"))).id
    assert sign(bench, folder, key)[:2] == (0, f"5 signed with key {own}, 0 were already\n")
    before = {path: path.read_bytes() for path in (folder / "records").rglob("*.minisig")}
    assert len(before) == 5
    assert sign(bench, folder, key)[:2] == (0, f"0 signed with key {own}, 5 were already\n")
    assert {path: path.read_bytes() for path in before} == before
    code, facts = check(bench, folder, key)
    assert (code, facts["settings"][SETTING]["signed"]) == (0, {own: 5})
    code, out, _ = bench.call("records", "check", str(folder), "--trust", str(key)[:-3] + "pub")
    assert f"5 signed by {own}, 0 not" in out


def test_a_key_is_trusted_by_its_characters_too(bench: Any, folder: Path) -> None:
    key = make_key(bench, "alice")
    sign(bench, sent(folder)[0], key)
    text = key.with_suffix(".pub").read_text().splitlines()[1]
    code, out, _ = bench.call("records", "check", str(folder), "--trust", text)
    assert (code, "1 signed by" in out, "4 not" in out) == (0, True, True)


def test_a_signature_by_minisign_itself_is_good_of_its_content_alone(tmp_path: Path) -> None:
    for name, text in (("key.pub", PUBLIC), ("a.json", LINE), ("a.json.minisig", SIGNATURE)):
        (tmp_path / name).write_text(text)
    keys = [read_trusted(str(tmp_path / "key.pub"))]
    assert keys[0].id == PUBLIC.split()[5], "as minisign writes it"
    assert verify(tmp_path / "a.json", keys).state == "good"
    (tmp_path / "a.json").write_text(LINE.replace("2", "3"))
    assert verify(tmp_path / "a.json", keys).state == "bad"


@pytest.mark.skipif(MINISIGN is None, reason="minisign is not installed")
def test_minisign_verifies_what_is_signed_here_and_the_other_way_round(
    bench: Any, folder: Path
) -> None:
    key, path = make_key(bench, "alice"), sent(folder)[0]
    sign(bench, path, key)
    public = key.with_suffix(".pub")
    subprocess.run([str(MINISIGN), "-Vqm", path, "-p", public], check=True)
    theirs, other = bench.folder / "bob.key", sent(folder)[1]
    pair = ["-p", theirs.with_suffix(".pub"), "-s", theirs]
    subprocess.run([str(MINISIGN), "-GW", *pair], check=True, capture_output=True)
    subprocess.run([str(MINISIGN), "-Sm", other, "-s", theirs], check=True, capture_output=True)
    code, facts = check(bench, folder, theirs)
    assert (code, list(facts["settings"][SETTING]["signed"].values())) == (0, [1])
    assert sign(bench, sent(folder)[2], theirs)[0] == 0


@pytest.mark.parametrize("what", ["record", "predictions", "signature", "no signature", "swapped"])
def test_a_signature_covers_the_record_and_its_predictions(
    bench: Any, folder: Path, what: str
) -> None:
    key = make_key(bench, "alice")
    sign(bench, folder, key)
    path = sent(folder)[0]
    beside = path.with_name(f"{path.name}.minisig")
    if what == "record":  # sealed anew, so that only the signature tells
        forge(folder, lambda r: change(r, warnings=["it went well"]))
    elif what == "predictions":
        place = predictions_of(path)
        place.write_bytes(place.read_bytes() + b"\n")
    elif what == "signature":
        lines = beside.read_text().splitlines()
        beside.write_text("\n".join([*lines[:2], "trusted comment: by the author", lines[3]]))
    elif what == "no signature":
        beside.write_bytes(b"\0")
    else:
        other = sent(folder)[1]
        shutil.copy(other.with_name(f"{other.name}.minisig"), beside)
    code, facts = check(bench, folder, key)
    assert code == 4
    (fault,) = facts["faults"]
    assert fault["text"].startswith(
        "predictions are not what" if what == "predictions" else "bad signature: "
    )


def test_signatures_of_keys_that_nobody_trusts_are_notes(bench: Any, folder: Path) -> None:
    alice, bob = make_key(bench, "alice"), make_key(bench, "bob")
    sign(bench, folder, alice)
    code, facts = check(bench, folder, bob)
    assert (code, facts["settings"][SETTING]["signed"]) == (0, {})
    assert all("which is not trusted" in note["text"] for note in facts["notes"])
    assert len(check(bench, folder, alice, bob)[1]["notes"]) == 0
    code, _, err = sign(bench, folder, bob)
    assert (code, err.count("is signed by another key, whose signature was left")) == (0, 5)


def test_what_is_damaged_is_not_signed(bench: Any, folder: Path) -> None:
    key, paths = make_key(bench, "alice"), sent(folder)
    paths[0].write_bytes(paths[0].read_bytes()[:-9])
    predictions_of(paths[1]).write_text("{}")
    record = records.read_record(paths[2])
    records.write_record(folder, change(record, data=change(record.data, predictions="")))
    code, out, err = sign(bench, folder, key)
    assert code == 4
    assert out.startswith("2 signed")
    assert "names no digest of its predictions: a signature would not cover them" in err
    assert len(err.splitlines()) == 3


def test_a_row_is_marked_by_whom_it_was_signed(bench: Any, folder: Path) -> None:
    unsigned = page(bench, folder)
    alice, bob = make_key(bench, "alice"), make_key(bench, "bob")
    sign(bench, folder, alice)
    assert page(bench, folder) == unsigned, "no key is trusted here"
    trust(folder, bob, "bob")
    assert page(bench, folder) == unsigned, "an unknown key is no key"
    trust(folder, alice, "a|lice")
    assert "; signed by a|lice" in page(bench, folder) or "signed by a|lice |" in page(
        bench, folder
    )
    own = read_trusted(str(alice.with_suffix(".pub"))).id
    assert f"Signed by a|lice: key {own} of keys/a|lice.pub." in page(bench, folder)
    assert "a\\|lice" in (folder / f"{SETTING}.md").read_text(), "escaped in the table"
    assert bench.call("leaderboard", "--out", str(folder), "--check")[0] == 0
    sent(folder)[0].with_name(f"{sent(folder)[0].name}.minisig").unlink()
    assert "4 of 5 cells signed by a|lice" in page(bench, folder)


def test_a_bad_signature_is_marked_and_leaderboard_check_exits_4(bench: Any, folder: Path) -> None:
    key = make_key(bench, "alice")
    sign(bench, folder, key)
    trust(folder, key, "alice")
    made = forge(folder, lambda r: change(r, warnings=["it went well"]))
    found = page(bench, folder)
    assert "4 of 5 cells signed by alice; bad signature on 1 of 5 cells" in found
    code, _, err = bench.call("leaderboard", "--out", str(folder), "--check")
    assert (code, f"records/{SETTING}/{made.name}: bad signature: " in err) == (4, True)


def test_a_comment_of_a_key_is_escaped(bench: Any, folder: Path) -> None:
    key = make_key(bench, "alice")
    sign(bench, folder, key)
    trust(folder, key, "alice")
    place = folder / "keys" / "alice.pub"
    lines = place.read_text().splitlines()
    place.write_text(f"untrusted comment: clé <b>|\x1b[31m\n{lines[1]}\n", "utf-8")
    text = bench.call("leaderboard", "--out", str(folder))[1]
    raw = (folder / f"{SETTING}.md").read_text("utf-8")
    assert "clé" in text and "clé" in raw
    assert "\x1b" not in text + raw
    assert "<b>" not in raw


def test_a_secret_key_with_a_password_asks_for_it(
    bench: Any, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = make_key(bench, "alice")
    secret = minisign.SecretKey.from_file(key)
    secret.encrypt("open", opslimit=32768, memlimit=2**24)
    key.write_bytes(bytes(secret))
    monkeypatch.setattr("sys.stdin", open(os.devnull))  # noqa: PTH123, SIM115
    code, _, err = sign(bench, folder, key)
    assert (code, len(err.splitlines())) == (2, 1)
    assert "is encrypted, and there is no terminal to ask for its password" in err
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("irfer_bench.cli.records.signing.getpass", lambda prompt: "wrong")
    code, _, err = sign(bench, folder, key)
    assert (code, "wrong password" in err) == (2, True)
    monkeypatch.setattr("irfer_bench.cli.records.signing.getpass", lambda prompt: "open")
    assert sign(bench, folder, key)[0] == 0
    assert check(bench, folder, key)[0] == 0


def test_keygen_keeps_keys_that_are_there_and_hides_the_secret_one(
    bench: Any, tmp_path: Path
) -> None:
    key = make_key(bench, "alice")
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    before = key.read_bytes()
    code, _, err = bench.call("records", "keygen", "--key", str(key), "--no-password")
    assert (code, "exists already" in err, key.read_bytes() == before) == (2, True, True)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("sign", "--key", "none.key", "sent"), "no key none.key"),
        (("sign", "--key", "alice.pub", "sent"), "is no secret key of minisign"),
        (("sign", "--key", "alice.key", "alice.pub"), "is no record of a results folder"),
        (("check", "sent", "--trust", "zork"), "is no public key and no file of one"),
        (("check", "sent", "--trust", "alice.key"), "is no public key of minisign"),
        (("keygen", "--key", "new.key"), "say --no-password"),
        (("keygen", "--key", "new.pub", "--no-password"), "new.pub is where the public key goes"),
    ],
)
def test_wrong_options_are_one_line_and_exit_2(
    bench: Any, folder: Path, words: tuple[str, ...], said: str
) -> None:
    make_key(bench, "alice")
    code, out, err = bench.call("records", *words)
    assert (code, out, len(err.splitlines())) == (2, "", 1)
    assert said in err


def test_a_checkout_with_other_line_ends_is_verified(bench: Any, folder: Path) -> None:
    key, path = make_key(bench, "alice"), sent(folder)[0]
    sign(bench, path, key)
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert verify(path, [read_trusted(str(key.with_suffix(".pub")))]).state == "good"
