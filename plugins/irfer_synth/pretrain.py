"""Makes the mini CLIP: `python -m irfer_synth.pretrain` (16 minutes of one quiet core).

open_clip's architecture, trained from scratch on visible synthetic faces of people who are not
in the benchmark; no near-infrared image is seen. Two stages, as in locked-image tuning (LiT, Zhai
et al., CVPR 2022), because text and image towers that start together need far more images:

1. the image tower learns to predict facts about a face (action units, curves, hair, skin, glasses)
   and where its parts are, from views of random films (`pretrain_tower.py`, `pretrain_views.py`);
2. the text tower, the image projection and the temperature learn image-text contrast on noisy
   captions (`captions.py`) from features of the now fixed image tower.

Writes `weights/mini_clip.safetensors` (fp16, with its architecture in the metadata) and the
tokenizer's merges beside it, if linear probes on people of neither stage reach the aim; `--trial`
with `--out FOLDER` writes without one. Run again when the generator of the faces changes.
"""

from __future__ import annotations

import argparse
import gzip
import json
import math
import sys
import time
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
from open_clip.loss import ClipLoss
from open_clip.model import CLIP
from open_clip.tokenizer import SimpleTokenizer
from safetensors.torch import save_file
from torch import Tensor
from torch.nn import functional as F

from irfer_bench.api import BASIC, atomic_file
from irfer_synth.captions import learn_merges, vocabulary
from irfer_synth.dataset import GENERATOR
from irfer_synth.pretrain_people import draw_people
from irfer_synth.pretrain_probe import draw_probe_images, probe, refuse, view_plainly
from irfer_synth.pretrain_tower import fit_images, initialise, tower
from irfer_synth.pretrain_views import MEAN, STD, place, view_images
from irfer_synth.pretraining import descend

WEIGHTS, MERGES = "mini_clip.safetensors", "mini_clip_bpe.txt.gz"
VIEWS, TEXT_IMAGES = 4, 4200
PROBED = 900_001
"""First of the people, outside the benchmark and pretraining, by whom towers are judged."""
SHIPPED = Path(__file__).parent / "weights"
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
    """open_clip's model config of the mini CLIP: 4 + 4 blocks, 36 patches of 8 x 8 pixels."""
    return {
        "embed_dim": 128,
        "quick_gelu": False,
        "vision_cfg": {
            "image_size": 48,
            "patch_size": 8,
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


def make_tokenizer() -> SimpleTokenizer:
    """open_clip's tokenizer with these merges, which it reads from a file."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / MERGES
        write_merges(path)
        return SimpleTokenizer(bpe_path=str(path), context_length=48)


@torch.no_grad()
def centre(clip: CLIP, features: Tensor) -> Tensor:
    """Move the mean of the class tokens into `ln_post`, and start the projection as whitened
    principal components: contrast then begins with features that differ in every direction.
    """
    flat = features.flatten(0, 1)
    mean = flat.mean(dim=0)
    variance, direction = torch.linalg.eigh((flat - mean).T @ (flat - mean) / len(flat))
    clip.visual.ln_post.bias -= mean
    scale = (variance + 0.01 * variance[-1]).sqrt() * len(mean) ** 0.5
    clip.visual.proj.copy_((direction / scale)[:, -clip.visual.proj.shape[1] :])
    return features - mean


def fit_texts(clip: CLIP, features: Tensor, ids: Tensor, *, steps: int, batch: int) -> None:
    """Stage 2: contrast of noisy captions with features (views, N, width) of the fixed tower."""
    contrast = ClipLoss()
    learned = {name: p for name, p in clip.named_parameters() if not name.startswith("visual.")}
    learned["visual.proj"] = clip.visual.proj

    def loss(step: int) -> Tensor:
        chosen = torch.randperm(features.shape[1])[:batch]
        view = torch.randint(0, len(features), chosen.shape)
        image = F.normalize(features[view, chosen] @ clip.visual.proj, dim=-1)
        text = encode_short(clip, ids[chosen, torch.randint(0, ids.shape[1], chosen.shape)])
        found: Tensor = contrast(image, text, clip.logit_scale.clamp(0, math.log(100)).exp())
        return found

    descend("texts", learned, loss, steps=steps, rate=2e-3, warmup=max(1, steps // 20))


@torch.no_grad()
def encode_views(clip: CLIP, images: Tensor, views: int) -> Tensor:
    """(views, N, width) features of random views by the fixed image tower."""
    size = clip.visual.image_size[0]

    def once() -> Tensor:
        parts = torch.split(images, 128)
        return torch.cat([
            tower(clip, view_images(part, place(len(part)), size)) for part in parts
        ])  # fmt: skip

    return torch.stack([once() for _ in range(views)])


def encode_short(clip: CLIP, ids: Tensor) -> Tensor:
    """open_clip's encode_text without the padding, which the causal mask makes exact."""
    end = ids.argmax(dim=1)
    length = int(end.max()) + 1
    x = clip.token_embedding(ids[:, :length]) + clip.positional_embedding[:length]
    x = clip.transformer(x, attn_mask=clip.attn_mask[:length, :length])
    return F.normalize(clip.ln_final(x)[torch.arange(len(x)), end] @ clip.text_projection, dim=-1)


@torch.no_grad()
def judge(clip: CLIP, tokenizer: Any, people: range) -> dict[str, float]:
    """Linear probes of the class token, and accuracy of "a photo of a ..." without training."""
    images = {camera: draw_probe_images(camera, people) for camera in ("vis", "nir")}
    size = clip.visual.image_size[0]
    texts = clip.encode_text(tokenizer([f"a photo of a {name}." for name in BASIC]), normalize=True)
    found = asdict(probe(lambda x: tower(clip, x), size, images))
    truth = torch.arange(len(BASIC)).repeat(len(people))
    for camera, drawn in images.items():
        x = clip.encode_image(view_plainly(drawn, size), normalize=True)
        hits = (x @ texts.T).argmax(dim=1) == truth
        found[f"zero_shot_{camera}"] = round(float(hits.float().mean()), 4)
    return found


def save(clip: CLIP, config: dict[str, Any], folder: Path, facts: dict[str, Any]) -> None:
    """fp16 safetensors under open_clip's names, committed by one rename, and the merges."""
    metadata = {
        "architecture": json.dumps(config),
        "merges": MERGES,
        "mean": json.dumps(MEAN),
        "std": json.dumps(STD),
        "training": json.dumps(facts),
    }
    state = {k: v.half().contiguous() for k, v in clip.state_dict().items()}
    with atomic_file(folder / MERGES) as draft:
        write_merges(draft)
    with atomic_file(folder / WEIGHTS) as draft:
        save_file(state, draft, metadata)


def main(arguments: list[str] | None = None) -> int:
    """Draw people, train, judge by people of neither stage, and save what reaches the aim."""
    parser = argparse.ArgumentParser(prog="python -m irfer_synth.pretrain", description=__doc__)
    parser.add_argument("--people", type=int, default=4300, help="identities to train on")
    parser.add_argument("--image-steps", type=int, default=2400)
    parser.add_argument("--text-steps", type=int, default=120)
    parser.add_argument("--probed", type=int, default=120, help="people that judge the tower")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=SHIPPED)
    parser.add_argument("--trial", action="store_true", help="save without an aim, into --out")
    given = parser.parse_args(arguments)
    if given.trial and given.out.resolve() == SHIPPED.resolve():
        parser.error(f"--trial never writes into {SHIPPED}: name another folder by --out")
    began = time.process_time()
    torch.set_num_threads(given.threads)
    torch.manual_seed(given.seed)
    tokenizer = make_tokenizer()
    config = architecture(tokenizer.vocab_size)
    clip = CLIP(**config)
    people = draw_people(given.people, given.seed, tokenizer)
    initialise(clip, people)
    fit_images(clip, people, steps=given.image_steps, batch=64)
    features = centre(clip, encode_views(clip, people.images[:TEXT_IMAGES], VIEWS))
    fit_texts(clip, features, people.ids, steps=given.text_steps, batch=128)
    clip.eval()
    found = judge(clip, tokenizer, range(PROBED, PROBED + given.probed))
    facts = {
        "people": given.people,
        "image_steps": given.image_steps,
        "text_steps": given.text_steps,
        "seed": given.seed,
        "generator": GENERATOR,
        "probes": found,
        "minutes": round((time.process_time() - began) / 60),
    }
    sys.stdout.write(json.dumps(facts) + "\n")
    why = refuse(found)
    if why and not given.trial:
        sys.stderr.write(f"nothing is written into {given.out}: {why}\n")
        return 1
    save(clip, config, given.out, facts)
    return 0


if __name__ == "__main__":
    sys.exit(main())
