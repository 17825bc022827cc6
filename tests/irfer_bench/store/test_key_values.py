"""Keys and seeds keep their values for ever: stored artefacts and drawn shots depend on them."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from irfer_bench.store import keys

VALUE = {"b": [1, 2.5, None], "a": "ä"}


def test_a_key_is_sha256_of_the_scheme_and_of_canonical_json() -> None:
    text = '[1,{"a":"\\u00e4","b":[1,2.5,null]}]'
    assert keys.canonical([1, VALUE]) == text
    assert keys.digest(VALUE) == hashlib.sha256(text.encode()).hexdigest()
    assert keys.digest(dict(reversed(VALUE.items()))) == keys.digest(VALUE)


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_a_number_that_json_lacks_has_no_key(number: float) -> None:
    with pytest.raises(ValueError, match="JSON compliant"):
        keys.digest({"lr": number})


def test_a_seed_is_the_first_63_bits_of_sha256_of_its_words() -> None:
    first = hashlib.sha256(b"3\0shots\0fear").hexdigest()[:16]
    assert keys.seed_for(3, "shots", "fear") == int(first, 16) // 2 < 2**63
    assert keys.seed_for(3, "shots", "fear") != keys.seed_for(3, "shotsfear")
    assert keys.seed_for(3) != keys.seed_for(4)


def test_the_digest_of_a_file_is_that_of_its_bytes(tmp_path: Path) -> None:
    content = json.dumps(VALUE).encode() * 1000
    (tmp_path / "weights").write_bytes(content)
    assert keys.digest_file(tmp_path / "weights") == hashlib.sha256(content).hexdigest()
