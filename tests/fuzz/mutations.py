"""Seeded mutations of bytes, text and JSON values."""

from __future__ import annotations

import json
import re
import struct
from collections.abc import Callable, Sequence
from random import Random
from typing import Any

HUGE = (0, 1, -1, 255, 2**15, 2**16 - 1, 2**31 - 1, 2**32 - 1, 2**40, 2**62, 2**63 - 1, 2**64 - 1)
DEPTH = 1500
NESTED = "\ue000nested\ue000"
"""Stands in a value for lists nested `DEPTH` deep, which `json.dumps` cannot write."""
TEXTS = (
    "",
    " ",
    "\0",
    "\n",
    "\r\n",
    "\x1b[31mred",
    "\u202egnp",
    "\ufeff",
    "\ud800",
    "\udcff",
    "é" * 40,
    "🙂",
    "a" * 300,
    "a" * 5000,
    "../../decoy/file",
    "/dev/zero",
    "/dev/null",
    "~nosuchuser/x",
    "..",
    ".",
    "-",
    "--",
    "--out",
    "=",
    "a=b",
    "%s%n",
    "{0}",
    "$(touch decoy)",
    "=1+1",
    "con",
    "nan",
    "1e999",
    "-0",
    "０１",
    "1_0",
    "9" * 400,
    "0x10",
    "null",
    "true",
    "[" * 60,
    "@",
    "none@",
    "none@x@y",
    "http://127.0.0.1:9/x",
    "a\\b",
    "'",
    '"',
    "`",
    "2020-13-45T99:99:99Z",
)
NUMBERS = (
    0,
    -1,
    1,
    2,
    255,
    2**31,
    2**53 + 1,
    2**63,
    2**64,
    -(2**63) - 1,
    10**30,
    0.5,
    -0.0,
    1e-320,
    1e308,
    float("inf"),
    float("-inf"),
    float("nan"),
)


def odd_value(random: Random) -> Any:
    """A JSON value that nobody expects at its place."""
    made: Sequence[Callable[[], Any]] = (
        lambda: random.choice(TEXTS),
        lambda: random.choice(NUMBERS),
        lambda: random.choice((None, True, False, [], {}, [[]], {"": {}}, [None], [""])),
        lambda: [odd_value(random) for _ in range(random.randrange(3))],
        lambda: {random.choice(TEXTS): odd_value(random)},
        lambda: NESTED,
    )
    return random.choices(made, (6, 6, 4, 1, 1, 0.3))[0]()


def mutate_bytes(random: Random, content: bytes, others: Sequence[bytes] = ()) -> bytes:
    """One to four changes: bits, bytes, numbers, cuts, repeats, or a piece of another input."""
    data = bytearray(content)
    for _ in range(random.choice((1, 1, 1, 2, 4))):
        _change(random, data, others)
    return bytes(data[: 2**20])


def _change(random: Random, data: bytearray, others: Sequence[bytes]) -> None:
    # Headers lie in front: half of all changes are made there.
    end = min(len(data), random.choice((16, 64, 512, len(data), len(data))))
    at = random.randrange(end + 1)
    length = random.choice((1, 2, 4, 8, 16, random.randrange(1, 200)))
    what = random.randrange(10)
    if what <= 1 and at < len(data):
        data[at] ^= 1 << random.randrange(8)
    elif what == 2 and at < len(data):
        data[at] = random.choice((0, 1, 0x7F, 0x80, 0xFF, random.randrange(256)))
    elif what <= 4:
        form = random.choice(("<I", ">I", "<H", ">H", "<Q", ">Q"))
        number = random.choice(HUGE) % 2 ** (8 * struct.calcsize(form))
        data[at : at + struct.calcsize(form)] = struct.pack(form, number)
    elif what == 5:
        del data[at : len(data) if random.random() < 0.5 else at + length]
    elif what == 6:
        data[at:at] = random.randbytes(length)
    elif what == 7:
        data[at:at] = data[at : at + length] * random.choice((1, 2, 100))
    elif what == 8 and others:
        other = random.choice(others)
        start = random.randrange(len(other) + 1)
        data[at : at + length] = other[start : start + length]
    else:
        back = random.randrange(len(data) + 1)
        data[at : at + length], data[back : back + length] = (
            data[back : back + length],
            data[at : at + length],
        )


def mutate_text(random: Random, content: bytes, others: Sequence[bytes] = ()) -> bytes:
    """Changes of numbers, quoted strings, lines and cells; sometimes of bytes."""
    if random.random() < 0.15:
        return mutate_bytes(random, content, others)
    text = content.decode("utf-8", "surrogateescape")
    for _ in range(random.choice((1, 1, 2, 3))):
        text = _change_text(random, text)
    return text.encode("utf-8", "surrogatepass" if random.random() < 0.5 else "replace")[: 2**20]


def _change_text(random: Random, text: str) -> str:
    odd = str(random.choice((*TEXTS, *NUMBERS)))
    what = random.randrange(8)
    pattern = (r"-?\d+(\.\d+)?", r'"[^"\n]*"', r"[A-Za-z_]+", r"[,;\t]")[what % 4]
    found = list(re.finditer(pattern, text))
    if what < 4 and found:
        hit = random.choice(found)
        new = f'"{odd}"' if pattern.startswith('"') else odd
        return text[: hit.start()] + new + text[hit.end() :]
    lines = text.splitlines(keepends=True) or [""]
    at = random.randrange(len(lines))
    if what == 4:
        del lines[at]
    elif what == 5:
        lines[at:at] = [lines[random.randrange(len(lines))]] * random.choice((1, 1, 2000))
    elif what == 6:
        place = random.randrange(len(lines[at]) + 1)
        lines[at] = lines[at][:place] + odd + lines[at][place:]
    else:
        opening, closing = random.choice(("[]", "{}", "()", '""'))
        lines[at] = f"{opening * DEPTH}{lines[at]}{closing * DEPTH}"
    return "".join(lines)


def mutate_json(random: Random, content: bytes, others: Sequence[bytes] = ()) -> bytes:
    """Changes of values, names and shape of a JSON document; sometimes of its text."""
    if random.random() < 0.25:
        return mutate_text(random, content, others)
    try:
        value = json.loads(content)
    except (ValueError, RecursionError):
        return mutate_bytes(random, content, others)
    for _ in range(random.choice((1, 1, 2, 3))):
        value = change_value(random, value)
    return dump(value)


def dump(value: Any) -> bytes:
    """JSON with `NaN`, `Infinity` and the nested lists that `NESTED` stands for."""
    text = json.dumps(value, ensure_ascii=False)
    text = text.replace(f'"{NESTED}"', "[" * DEPTH + "]" * DEPTH)
    return text.encode("utf-8", "surrogatepass")


def change_value(random: Random, value: Any) -> Any:
    """A value with one thing changed somewhere inside."""
    inside = isinstance(value, dict | list) and len(value) > 0
    if not inside or random.random() < 0.08:
        return odd_value(random)
    if isinstance(value, list):
        changed, at = list(value), random.randrange(len(value))
        what = random.random()
        if what < 0.12:
            del changed[at]
        elif what < 0.2:
            changed.insert(at, odd_value(random))
        elif what < 0.3:
            changed *= random.choice((2, 3, 50))
        else:
            changed[at] = change_value(random, changed[at])
        return changed
    changed_map, name = dict(value), random.choice(list(value))
    what = random.random()
    if what < 0.12:
        del changed_map[name]
    elif what < 0.2:
        changed_map[random.choice(TEXTS)] = odd_value(random)
    elif what < 0.3:
        changed_map[name] = value[random.choice(list(value))]
    else:
        changed_map[name] = change_value(random, changed_map[name])
    return changed_map
