"""Lists of arguments; what would compute for long is only planned."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from typing import Any

from tests.fuzz.mutations import TEXTS, dump

RUN = (
    "suite.toml",
    "-t",
    "-r",
    "-p",
    "--preset",
    "-d",
    "-s",
    "--data-root",
    "--landmarks",
    "--fit-translator-on",
    "--detector",
    "--boxes",
    "--no-face",
    "--fold",
    "--seed",
    "--device",
    "--precision",
    "--threads",
    "--metric",
    "--rebuild",
    "--out",
    "--executor",
    "--workers",
    "--limit-seconds",
    "--limit-memory-mb",
    "--allow-faces",
)
FROM = ("--from", "--weights", "--preset", "-p", "--device", "image.png", "record.json", "-s")
DATA = (
    "check",
    "list",
    "items",
    "manifest",
    "scan",
    "prepare",
    "purge",
    "export",
    "--data-root",
    "-p",
    "--json",
    "--against",
    "--out",
    "-s",
    "--yes",
    "toy",
    "folder",
    "hub",
    "dfew",
    "nvie",
    "folder=.",
    "--boxes",
    "--detector",
    "--landmarks",
    "--to",
    "--upload",
)
COMMANDS: dict[str, tuple[str, ...]] = {
    "run": (*RUN, "--json"),
    "plan": (*RUN, "--json"),
    "list": ("--json", "--missing", "settings", "translators", "recognizers", "datasets"),
    "show": ("--json", "--out", "--full", "--figures", "record.json", "--explain"),
    "leaderboard": ("--out", "--format", "--check", "--json", "toy_weak", "markdown"),
    "predict": (*FROM, "-r", "--out", "--classes", "--detector", "--no-face", "--frames", "--json"),
    "translate": (*FROM, "-t", "--force", "made"),
    "export": ("record.json", "made"),
    "data": DATA,
    "doctor": ("--json",),
    "new": ("plugin", "mine", "--kind", "--into", "translator", "recognizer", "metric"),
    "gc": ("--out", "--all", "--dry-run"),
    "completion": ("bash", "zsh", "fish"),
}
WORDS = (
    "toy",
    "toy_weak",
    "toy_supervised",
    "toy_quality@boxes",
    "toy_shift",
    "toy_raw",
    "toy_means",
    "toy_means@x",
    "toy_encoded",
    "none",
    "pca",
    "synth",
    "synth_nir_weak5",
    "folder",
    "image.png",
    "suite.toml",
    "record.json",
    "empty",
    "junk",
    ".",
    "missing",
    "..",
    "1",
    "0",
    "1-2",
    "all",
    "5-1",
    "toy_means.epochs=3",
    "toy.subjects=2",
    "translator.x=[1",
    "a.b={}",
    "uar",
    "cpu",
    "cuda:9",
    "quick",
    "uniform(3)",
    "opencv",
    "boxes",
    "toy=.",
    "anger,fear",
    "local",
    "markdown",
    "-1",
    "1e9",
    "--help",
    "-h",
    "--",
    "@junk",
    "&",
    "landmarks.safetensors",
)
SAFE = [text for text in TEXTS if "decoy" not in text]
"""A user may name any folder."""
SUITE = b'dataset = "toy"\nrecognizers = ["toy_means"]\n'


def strategy() -> Any:
    """Hypothesis's strategy of contents: a command with its own options and odd values."""
    from hypothesis import strategies as st

    odd = st.one_of(st.sampled_from(SAFE), st.text(max_size=12))

    def words(command: str) -> Any:
        own = st.sampled_from((*COMMANDS[command], *WORDS))
        return st.lists(st.one_of(own, own, own, own, odd), max_size=7).map(
            lambda rest: [command, *rest]
        )

    lists = st.one_of(st.sampled_from(sorted(COMMANDS)).flatmap(words), st.lists(odd, max_size=3))
    return lists.map(dump)


def seeds(kind: str) -> list[bytes]:
    """Commands as people type them."""
    lines = (
        "",
        "--version",
        "list",
        "plan -d toy -t toy_shift -r toy_means",
        "run -d toy -r toy_means",
        "data check toy",
        "show toy_weak",
        "doctor",
    )
    return [json.dumps(line.split()).encode() for line in lines]


def prepare(kind: str, content: bytes, place: Path) -> Callable[[], object]:
    """Call the entry point in a folder with a few files, the results folder beside it."""
    words = [word for word in json.loads(content) if isinstance(word, str)]
    from tests.fuzz.kinds.images import seeds as images

    (place / "image.png").write_bytes(images("images")[0])
    (place / "suite.toml").write_bytes(SUITE)
    (place / "junk").write_bytes(bytes(range(256)))
    (place / "empty").mkdir()

    def call() -> int:
        import irfer_bench.cli.run as command
        from irfer_bench.cli import main
        from irfer_bench.orchestration.planning import preview
        from irfer_bench.orchestration.running import Finished

        def plan_only(session: Any, requests: Any, out: Path, how: Any, *rest: Any) -> Any:
            return Finished(preview(session, requests, how.executor).plan)

        command.carry_out = plan_only
        return main(words)

    return call


def mutate(kind: str, random: Random, seed: bytes, others: Sequence[bytes]) -> bytes:
    """A command with its own options, names, and sometimes an odd text."""
    command = random.choice(list(COMMANDS))
    own = (*COMMANDS[command], *WORDS, random.choice(SAFE))
    return dump([command, *random.choices(own, k=random.randrange(8))])
