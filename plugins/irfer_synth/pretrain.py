"""Makes the mini CLIP: `python -m irfer_synth.pretrain` (a few minutes on two cores).

open_clip's architecture, trained from scratch on visible synthetic faces of people who are not
in the benchmark; no near-infrared image is seen. Two stages, as in locked-image tuning (LiT, Zhai
et al., CVPR 2022), because text and image towers that start together need far more images:

1. the image tower learns to predict facts about a face (action units, hair, skin, glasses);
2. the text tower, the image projection and the temperature learn image-text contrast on noisy
   captions (`captions.py`) from features of the now fixed image tower.

Writes `weights/mini_clip.safetensors` (fp16, with its architecture in the metadata) and the
tokenizer's merges beside it. Run again when the generator of the faces changes.
"""

from __future__ import annotations

import argparse
import gzip
import json
import math
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from open_clip.loss import ClipLoss
from open_clip.model import CLIP
from open_clip.tokenizer import SimpleTokenizer
from safetensors.torch import save_file
from torch import Tensor
from torch.nn import functional as F

from irfer_bench.api import BASIC, atomic_file
from irfer_bench.nn.schedules import cosine
from irfer_synth.captions import learn_merges, vocabulary, write_caption
from irfer_synth.dataset import GENERATOR
from irfer_synth.faces import render_identity_range

WEIGHTS, MERGES = "mini_clip.safetensors", "mini_clip_bpe.txt.gz"
SIZE = 64
LABELS = (*BASIC, "neutral")
MEAN, STD = (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)
CAPTIONS_EACH, VIEWS = 4, 4
SENTENCES = (
    "a photo of a",
    "a photo of a person making a facial expression of",
    "x",
    # Words of the class descriptions that recognizers use as prompts.
    "relaxed facial muscles straight mouth smooth forehead unremarkable eyebrows tears drooping",
    "upper eyelids wrinkled tightened frozen retracted parted lips one side of its lower tensed",
    "pupil",
    "dilation downward gaze lacking sighing raised narrow wide open down turned and nostrils chin",
    "itap of the large small bad photo art origami video game in",
)


def architecture(vocabulary_size: int) -> dict[str, Any]:
    """open_clip's model config of the mini CLIP: 4 + 4 blocks, 16 patches of 16 x 16 pixels."""
    return {
        "embed_dim": 128,
        "quick_gelu": False,
        "vision_cfg": {
            "image_size": SIZE,
            "patch_size": 16,
            "width": 128,
            "layers": 4,
            "head_width": 32,
        },
        "text_cfg": {
            "context_length": 48,
            "vocab_size": vocabulary_size,
            "width": 64,
            "heads": 2,
            "layers": 4,
        },
    }


def write_merges(path: Path) -> None:
    """The merges in the format that open_clip's tokenizer reads, byte for byte reproducible."""
    lines = [
        "#version: irfer_synth",
        *(" ".join(pair) for pair in learn_merges(vocabulary(SENTENCES))),
    ]
    with path.open("wb") as file, gzip.GzipFile("", "wb", fileobj=file, mtime=0) as packed:
        packed.write("\n".join(lines).encode())


def render_people(people: int, seed: int, tokenizer: Any) -> tuple[Tensor, Tensor, Tensor]:
    """(N, 3, 64, 64) uint8 images, (N, captions, context) ids and (N, facts) targets."""
    drawn, ids, targets = [], [], []
    rng = np.random.default_rng(seed)
    for first in range(1, people + 1, 32):
        last = min(first + 32, people + 1)
        frames, facts = render_identity_range(first, last, labels=LABELS, size=SIZE)
        drawn.append(torch.from_numpy(frames).permute(0, 3, 1, 2))
        for one in facts:
            ids.append(tokenizer([write_caption(one, rng) for _ in range(CAPTIONS_EACH)]))
            targets.append(fact_vector(one))
        say("rendering", last - 1, people)
    table = torch.tensor(targets)
    return torch.cat(drawn), torch.stack(ids), (table - table.mean(0)) / (table.std(0) + 1e-3)


def fact_vector(facts: Mapping[str, Any]) -> list[float]:
    """Targets of stage 1: 16 action units, then hair, style, eyes, skin and the rest."""
    words = [
        float(facts[key] == word)
        for key, choice in (
            ("hair", ("black", "brown", "blond", "red", "grey")),
            ("style", ("short", "long", "bald")),
            ("skin", ("light", "medium", "dark")),
        )
        for word in choice
    ]
    return [*facts["units"].values(), *words, float(facts["glasses"]), float(facts["beard"])]


def augment(drawn: Tensor) -> Tensor:
    """Mirror, shift, zoom, change the illumination, and convert two in five to grey."""
    n = len(drawn)
    turn = torch.zeros(n, 2, 3)
    zoom = torch.empty(n).uniform_(0.88, 1.06)
    turn[:, 0, 0] = zoom * (torch.randint(0, 2, (n,)) * 2 - 1)
    turn[:, 1, 1] = zoom
    turn[:, :, 2] = torch.empty(n, 2).uniform_(-0.08, 0.08)
    grid = F.affine_grid(turn, [n, 3, SIZE, SIZE], align_corners=False)
    x = F.grid_sample(drawn.float() / 255, grid, padding_mode="border", align_corners=False)
    # Black-and-white film stocks differ in their spectral response.
    film = torch.rand(n, 3, 1, 1)
    grey = (x * film / film.sum(dim=1, keepdim=True)).sum(dim=1, keepdim=True)
    x = torch.where((torch.rand(n) < 0.4)[:, None, None, None], grey, x)
    gain, lift = torch.empty(2, n, 1, 1, 1).uniform_(-0.4, 0.4).unbind(0)
    return normalise((x - 0.5) * (1 + gain) + 0.5 + 0.5 * lift)


def normalise(drawn: Tensor) -> Tensor:
    """0..1 to CLIP's statistics."""
    mean, std = (torch.tensor(v)[:, None, None] for v in (MEAN, STD))
    return (drawn - mean) / std


@torch.no_grad()
def initialise(clip: CLIP, drawn: Tensor) -> None:
    """Initialise patches as whitened principal components and positions as sines and cosines of
    row and column; a random start needs three times the steps.
    """
    visual, patch = clip.visual, clip.visual.conv1.kernel_size[0]
    width = visual.conv1.out_channels
    few = augment(drawn[torch.randperm(len(drawn))[:400]])
    rows = F.unfold(few, patch, stride=patch).transpose(1, 2).flatten(0, 1)
    rows = rows - rows.mean(dim=0)
    variance, direction = torch.linalg.eigh(rows.T @ rows / len(rows))
    whitened = direction[:, -width:] / (variance[-width:] + 0.002 * variance[-1]).sqrt()
    mixed = whitened @ torch.linalg.qr(torch.randn(width, width)).Q
    visual.conv1.weight.copy_(0.5 * mixed.T.reshape(visual.conv1.weight.shape))
    side = SIZE // patch
    row, column = torch.meshgrid(torch.arange(side), torch.arange(side), indexing="ij")
    frequency = 100.0 ** (-torch.arange(width // 4) / (width // 4))
    angle = [place.flatten()[:, None] * frequency for place in (column, row)]
    waves = torch.cat([wave for a in angle for wave in (a.sin(), a.cos())], dim=1)
    visual.positional_embedding.copy_(torch.cat([torch.zeros(1, width), 0.7 * waves]))


def fit_images(clip: CLIP, drawn: Tensor, targets: Tensor, *, steps: int, batch: int) -> None:
    """Stage 1: predict the facts from the image tower's class token through a temporary head."""
    head = torch.nn.Linear(clip.visual.proj.shape[0], targets.shape[1])
    modules = torch.nn.ModuleList([clip.visual, head])

    def loss(step: int) -> Tensor:
        chosen = torch.randint(0, len(drawn), (batch,))
        return F.mse_loss(head(tower(clip, augment(drawn[chosen]))), targets[chosen])

    descend("images", list(modules.parameters()), loss, steps=steps, rate=2e-3)


def fit_texts(clip: CLIP, features: Tensor, ids: Tensor, *, steps: int, batch: int) -> None:
    """Stage 2: contrast of noisy captions with features (views, N, width) of the fixed tower."""
    contrast = ClipLoss()
    learned = [p for name, p in clip.named_parameters() if not name.startswith("visual.")]

    def loss(step: int) -> Tensor:
        chosen = torch.randperm(features.shape[1])[:batch]
        view = torch.randint(0, len(features), chosen.shape)
        image = F.normalize(features[view, chosen] @ clip.visual.proj, dim=-1)
        text = encode_short(clip, ids[chosen, torch.randint(0, ids.shape[1], chosen.shape)])
        found: Tensor = contrast(image, text, clip.logit_scale.clamp(0, math.log(100)).exp())
        return found

    descend("texts", [*learned, clip.visual.proj], loss, steps=steps, rate=2e-3)


def descend(
    name: str, learned: list[Any], loss: Callable[[int], Tensor], *, steps: int, rate: float
) -> None:
    """AdamW with warm-up and cosine schedule; weight decay on matrices only."""
    groups = [
        {"params": [p for p in learned if p.ndim >= 2], "weight_decay": 0.05},
        {"params": [p for p in learned if p.ndim < 2], "weight_decay": 0.0},
    ]
    optimizer = torch.optim.AdamW(groups, lr=rate, betas=(0.9, 0.98))
    warmup = max(1, steps // 20)
    for step in range(steps):
        factor = (step + 1) / warmup if step < warmup else cosine(step - warmup, steps - warmup, 1)
        for group in optimizer.param_groups:
            group["lr"] = rate * factor
        value = loss(step)
        optimizer.zero_grad(set_to_none=True)
        value.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(learned, 1.0)
        optimizer.step()
        say(name, step + 1, steps, f"loss {value.item():.3f}")


def tower(clip: CLIP, images: Tensor) -> Tensor:
    """(B, width) class tokens before the projection."""
    visual = clip.visual
    tokens: Tensor = visual.ln_post(visual.transformer(visual._embeds(images))[:, 0])
    return tokens


@torch.no_grad()
def encode_views(clip: CLIP, drawn: Tensor, views: int) -> Tensor:
    """(views, N, width) features of augmented views by the fixed image tower."""

    def once() -> Tensor:
        return torch.cat([tower(clip, augment(part)) for part in torch.split(drawn, 128)])

    return torch.stack([once() for _ in range(views)])


def encode_short(clip: CLIP, ids: Tensor) -> Tensor:
    """open_clip's encode_text without the padding, which the causal mask makes exact."""
    end = ids.argmax(dim=1)
    length = int(end.max()) + 1
    x = clip.token_embedding(ids[:, :length]) + clip.positional_embedding[:length]
    x = clip.transformer(x, attn_mask=clip.attn_mask[:length, :length])
    return F.normalize(clip.ln_final(x)[torch.arange(len(x)), end] @ clip.text_projection, dim=-1)


@torch.no_grad()
def zero_shot(clip: CLIP, tokenizer: Any, camera: Any, people: range) -> float:
    """Accuracy of "a photo of a ..." over six classes on people the training did not see."""
    frames, facts = render_identity_range(people.start, people.stop, labels=BASIC, camera=camera)
    images = normalise(torch.from_numpy(frames).permute(0, 3, 1, 2).float() / 255)
    texts = clip.encode_text(tokenizer([f"a photo of a {name}." for name in BASIC]), normalize=True)
    guess = (clip.encode_image(images, normalize=True) @ texts.T).argmax(dim=1)
    truth = torch.tensor([BASIC.index(str(one["expression"])) for one in facts])
    return float((guess == truth).float().mean())


def save(clip: CLIP, config: dict[str, Any], folder: Path, facts: dict[str, Any]) -> None:
    """fp16 safetensors under open_clip's names, committed by one rename."""
    metadata = {
        "architecture": json.dumps(config),
        "merges": MERGES,
        "mean": json.dumps(MEAN),
        "std": json.dumps(STD),
        "training": json.dumps(facts),
    }
    state = {k: v.half().contiguous() for k, v in clip.state_dict().items()}
    with atomic_file(folder / WEIGHTS) as draft:
        save_file(state, draft, metadata)


def say(what: str, done: int, total: int, note: str = "") -> None:
    """Progress on one line, with the remaining time."""
    began = _BEGAN.setdefault(what, time.monotonic())
    spent = time.monotonic() - began
    left = spent / done * (total - done)
    end = "\n" if done == total else ""
    sys.stderr.write(f"\r{what} {done}/{total}, {spent:.0f} s, {left:.0f} s left  {note}   {end}")


_BEGAN: dict[str, float] = {}


def main(arguments: list[str] | None = None) -> int:
    """Render, train, measure on unseen people, save."""
    parser = argparse.ArgumentParser(prog="python -m irfer_synth.pretrain", description=__doc__)
    parser.add_argument("--people", type=int, default=600, help="identities to train on")
    parser.add_argument("--image-steps", type=int, default=1000)
    parser.add_argument("--text-steps", type=int, default=500)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "weights")
    given = parser.parse_args(arguments)
    torch.set_num_threads(given.threads)
    torch.manual_seed(given.seed)
    given.out.mkdir(parents=True, exist_ok=True)
    write_merges(given.out / MERGES)
    tokenizer = SimpleTokenizer(bpe_path=str(given.out / MERGES), context_length=48)
    config = architecture(tokenizer.vocab_size)
    clip = CLIP(**config)
    drawn, ids, targets = render_people(given.people, given.seed, tokenizer)
    initialise(clip, drawn)
    fit_images(clip, drawn, targets, steps=given.image_steps, batch=64)
    fit_texts(clip, encode_views(clip, drawn, VIEWS), ids, steps=given.text_steps, batch=128)
    clip.eval()
    unseen = range(given.people + 1, given.people + 61)
    found = {
        camera: round(zero_shot(clip, tokenizer, camera, unseen), 3) for camera in ("vis", "nir")
    }
    facts = {
        "people": given.people,
        "image_steps": given.image_steps,
        "text_steps": given.text_steps,
        "seed": given.seed,
        "generator": GENERATOR,
        "zero_shot": found,
    }
    save(clip, config, given.out, facts)
    sys.stdout.write(json.dumps(facts) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
