"""The child process as the tests see it: an input goes in, a verdict comes out."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import select
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from tests.fuzz.sandbox import PATIENCE, Verdict

ROOT = Path(__file__).parents[2]
CORPUS = Path(__file__).parent / "corpus"
TURN = 32
"""Inputs that are sent before the first answer is awaited; their answers fit into a pipe."""
NEEDED = ("PATH", "LANG", "LD_LIBRARY_PATH", "VIRTUAL_ENV", "PYTHONHASHSEED")


@dataclass
class Probe:
    """Feeds inputs to a child, and starts a new one where it died."""

    folder: Path
    counts: dict[str, dict[str, int]] = field(default_factory=dict)
    _child: subprocess.Popen[bytes] | None = None
    _started: int = 0

    def feed(self, kind: str, contents: Sequence[bytes]) -> Iterator[Verdict]:
        """How the child ended on each input; its death on one is a fault of that one."""
        waiting = list(contents)
        while waiting:
            for verdict in self._turn(kind, waiting[:TURN]):
                own = self.counts.setdefault(kind, {})
                own[verdict.outcome] = own.get(verdict.outcome, 0) + 1
                del waiting[0]
                yield verdict

    def _turn(self, kind: str, contents: Sequence[bytes]) -> Iterator[Verdict]:
        """Verdicts of a few inputs that are sent together, up to the first that ends the child."""
        child = self._child = self._child or self._start()
        assert child.stdin is not None and child.stdout is not None
        for content in contents:
            line = {"kind": kind, "content": base64.b64encode(content).decode()}
            with suppress(BrokenPipeError):  # the answers tell at which input it ended
                child.stdin.write(f"{json.dumps(line)}\n".encode())
        for _ in contents:
            ready, _, _ = select.select([child.stdout], [], [], 2 * PATIENCE)
            answer = child.stdout.readline() if ready else b""
            if not answer:
                yield self._died(child, bool(ready))
                return
            yield Verdict(**json.loads(answer))

    def close(self) -> None:
        """End the child."""
        if self._child is not None:
            self._child.kill()
            self._child.communicate()
            self._child = None

    def _start(self) -> subprocess.Popen[bytes]:
        self._started += 1
        box = self.folder / f"box{self._started}"
        box.mkdir()
        toy = ROOT / "tests" / "irfer_bench" / "toy"
        path = os.pathsep.join(map(str, (ROOT, ROOT / "plugins", toy)))
        given = {name: os.environ[name] for name in NEEDED if name in os.environ}
        with (self.folder / "log").open("a") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "tests.fuzz.child", str(box)],
                env=given | {"PYTHONPATH": path, "OMP_NUM_THREADS": "1"},
                cwd=box, bufsize=0, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log,
            )  # fmt: skip

    def _died(self, child: subprocess.Popen[bytes], ended: bool) -> Verdict:
        self.close()
        log = (self.folder / "log").read_text(errors="replace")
        own = [text.strip() for text in log.splitlines() if "irfer_" in text]
        how = f"the process ended with {child.returncode}" if ended else "it never came back"
        return Verdict("fault", fault=f"{how}: {log[-1500:]}", where=own[-1] if own else "child")


def corpus(kind: str) -> Iterator[tuple[str, bytes]]:
    """Inputs that once broke a rule: names and contents."""
    for path in sorted((CORPUS / kind).glob("*")):
        yield path.name, path.read_bytes()


def save(kind: str, content: bytes) -> Path:
    """Keep an input that breaks a rule."""
    path = CORPUS / kind / hashlib.sha256(content).hexdigest()[:12]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def tell(counts: Mapping[str, Mapping[str, int]]) -> Iterator[str]:
    """One line per kind: inputs, refused, accepted, faults."""
    for kind, own in sorted(counts.items()):
        each = ", ".join(f"{count} {outcome}" for outcome, count in sorted(own.items()))
        yield f"{kind:<14} {sum(own.values()):>6} inputs: {each}"
    whole = sum(sum(own.values()) for own in counts.values())
    faults = sum(own.get("fault", 0) for own in counts.values())
    yield f"{'altogether':<14} {whole:>6} inputs, {faults} faults"
