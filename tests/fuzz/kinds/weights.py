"""Checkpoints: safetensors, files of `torch.save`, and networks that their metadata describe."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from functools import cache
from io import BytesIO
from pathlib import Path
from random import Random
from typing import Any

from tests.fuzz.mutations import change_value, dump, mutate_bytes

CONFIG = {
    "embed_dim": 8,
    "quick_gelu": False,
    "vision_cfg": {"image_size": 16, "layers": 1, "width": 16, "head_width": 8, "patch_size": 8},
    "text_cfg": {"context_length": 8, "vocab_size": 50, "width": 8, "heads": 1, "layers": 1},
}


@cache
def _made() -> tuple[bytes, ...]:
    import torch
    from open_clip.model import CLIP
    from safetensors.torch import save

    torch.manual_seed(0)
    state = CLIP(**{k: v for k, v in CONFIG.items() if k != "quick_gelu"}).state_dict()
    whole = {name: value.clone() for name, value in state.items() if name != "attn_mask"}
    metadata = {"architecture": json.dumps(CONFIG), "mean": "[0.5,0.5,0.5]", "std": "[1,1,1]"}
    stream, old = BytesIO(), BytesIO()
    torch.save({"state_dict": {"module.a": torch.ones(2, 3)}, "epoch": 3}, stream)
    torch.save({"a": torch.ones(2)}, old, _use_new_zipfile_serialization=False)
    return save(whole, metadata), stream.getvalue(), old.getvalue()


def seeds(kind: str) -> list[bytes]:
    """A tiny CLIP with its architecture, and two files of `torch.save`."""
    return list(_made())


def mutate(kind: str, random: Random, seed: bytes, others: Sequence[bytes]) -> bytes:
    """Changed bytes, or a changed header."""
    if seed != _made()[0] or random.random() < 0.3:
        return mutate_bytes(random, seed)
    size = int.from_bytes(seed[:8], "little")
    header: Any = json.loads(seed[8 : 8 + size])
    if random.random() < 0.6:
        config = json.loads(header["__metadata__"]["architecture"])
        config = change_value(random, config)
        if random.random() < 0.5:
            config = _grown(random, config)
        header["__metadata__"]["architecture"] = dump(config).decode("utf-8", "replace")
    else:
        header = change_value(random, header)
    text = dump(header)
    return len(text).to_bytes(8, "little") + text + seed[8 + size :]


def _grown(random: Random, config: Any) -> Any:
    """One number of a config multiplied."""
    part = (
        config.get(random.choice(("vision_cfg", "text_cfg"))) if isinstance(config, dict) else None
    )
    if isinstance(part, dict) and part:
        name = random.choice(list(part))
        if isinstance(part[name], int):
            part[name] *= random.choice((100, 10_000, 10**6, 10**9))
    return config


def prepare(kind: str, content: bytes, place: Path) -> Callable[[], object]:
    """Read it as a checkpoint and build the network that it describes."""
    zipped = content[:2] == b"PK" or content[:1] == b"\x80"
    path = place / ("weights.pt" if zipped else "weights.safetensors")
    path.write_bytes(content)

    from irfer_bench.nn.checkpoints import read_checkpoint
    from irfer_bench.testing.memory import MemoryContext
    from irfer_clip.backbone import load_backbone

    def call() -> None:
        read_checkpoint(path)
        load_backbone(str(path), "", MemoryContext(weights=place))

    return call
