"""Makes the mini masked autoencoders: `python -m irfer_synth.pretrain_mae`.

One of faces and one of voices, trained from scratch without labels on drawn people who are not in
the benchmark: of voices by the pixels left out (`mae.py`), of faces by oriented gradients
(`mae_gradients.py`). Writes their encoders, in the layout of MAE-Face and AudioMAE, as fp16
safetensors to `weights/`, with what a linear probe on frozen features finds in people whom the
training did not see. What is shipped was trained in 26 and 18 minutes of one processor with
`--only face --people 1500 --steps 12000 --batch 32 --rate 6e-3 --threads 1` and `--only audio
--people 1000 --steps 7000 --batch 16 --threads 1`. Run again when the generator changes.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn import functional as F

from irfer_bench.api import CLASSES, atomic_file
from irfer_bench.nn.log_mel import spectrogram
from irfer_synth.clips import RECORDED_SPREAD
from irfer_synth.dataset import GENERATOR
from irfer_synth.faces import Camera, render_identity_range
from irfer_synth.identity import PRETRAIN, generator
from irfer_synth.mae import AUDIO, FACE, MAEShape, MaskedAutoencoder
from irfer_synth.mae_gradients import GradientPrediction, whiten
from irfer_synth.pretraining import descend, say
from irfer_synth.voice import RATE, add_noise, draw_prosody, speak

FILES = {"face": "mini_mae_face.safetensors", "audio": "mini_mae_audio.safetensors"}
SHAPES = {"face": FACE, "audio": AUDIO}
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
PROBED = CLASSES[:7]
UNSEEN = 60
"""People of the probes; half of them train it."""
VOICE_SEED = 77
SAMPLE = 2200
"""Images from which the gradients' directions and the first patch embedding are computed."""


@dataclass(frozen=True, slots=True)
class Task:
    """One of the two encoders: its examples, their augmentation, and what it learns of them.

    Args:
        begin: a fresh network, given its examples, to a module whose forward is the loss.
    """

    draw: Callable[[range, tuple[str, ...]], Tensor]
    view: Callable[[Tensor], Tensor]
    augment: Callable[[Tensor], Tensor]
    begin: Callable[[MaskedAutoencoder, Tensor], nn.Module]


def draw_faces(people: range, labels: tuple[str, ...], camera: Camera = "vis") -> Tensor:
    """(people * labels, 3, 64, 64) uint8, people outer."""
    drawn = []
    for first in range(people.start, people.stop, 32):
        last = min(first + 32, people.stop)
        images, _ = render_identity_range(first, last, labels=labels, camera=camera)
        drawn.append(torch.from_numpy(images).permute(0, 3, 1, 2))
        say(f"faces {people.start}", last - people.start, len(people))
    return torch.cat(drawn)


def draw_voices(people: range, labels: tuple[str, ...]) -> Tensor:
    """(people * labels, 1, 256, 64) float32 spectrograms, people outer, 1.5 to 2.5 s of speech."""
    window, mels = AUDIO.size
    drawn = []
    for number in people:
        speaker = float(generator(PRETRAIN, number, VOICE_SEED).uniform(0, 1))
        for label in labels:
            rng = generator(PRETRAIN, number, 100 + CLASSES.index(label), VOICE_SEED)
            how = draw_prosody(label, rng, RECORDED_SPREAD)
            sound = add_noise(speak(how, speaker, int(rng.integers(24, 41)) * 1000, rng), rng)
            drawn.append(spectrogram(sound, RATE, window=window, mels=mels))
        say(f"voices {people.start}", number + 1 - people.start, len(people))
    return torch.stack(drawn)[:, None]


def view_faces(images: Tensor) -> Tensor:
    """uint8 to normalised float32."""
    mean, std = (torch.tensor(v)[:, None, None] for v in (MEAN, STD))
    return (images.float() / 255 - mean) / std


def augment_faces(images: Tensor) -> Tensor:
    """Mirror, a little shift and zoom; half of them grey; other brightness and contrast."""
    n = len(images)
    turn = torch.zeros(n, 2, 3)
    zoom = torch.empty(n).uniform_(0.94, 1.04)
    turn[:, 0, 0] = zoom * (torch.randint(0, 2, (n,)) * 2 - 1)
    turn[:, 1, 1] = zoom
    turn[:, :, 2] = torch.empty(n, 2).uniform_(-0.03, 0.03)
    grid = F.affine_grid(turn, [n, 3, *FACE.size], align_corners=False)
    x = F.grid_sample(images.float(), grid, padding_mode="border", align_corners=False)
    film = torch.rand(n, 3, 1, 1)
    grey = (x * film / film.sum(dim=1, keepdim=True)).sum(dim=1, keepdim=True)
    x = torch.where((torch.rand(n) < 0.5)[:, None, None, None], grey, x)
    gain, lift = torch.empty(2, n, 1, 1, 1).uniform_(-0.3, 0.3).unbind(0)
    return view_faces((x - 128) * (1 + gain) + 128 * (1 + lift))


def augment_voices(heard: Tensor) -> Tensor:
    """Another loudness, and a roll in time, as AudioMAE's (`roll_mag_aug`)."""
    rolled = torch.roll(heard, int(torch.randint(heard.shape[2], ())), dims=2)
    return rolled + torch.empty(len(heard), 1, 1, 1).uniform_(-0.15, 0.15)


def begin_faces(model: MaskedAutoencoder, images: Tensor) -> nn.Module:
    """Gradients predicted from the class token, the patch embedding whitened (`mae_gradients`)."""
    views = view_faces(images[:: max(1, len(images) // SAMPLE)])
    whiten(model, views)
    return GradientPrediction(model, views)


TASKS = {
    "face": Task(draw_faces, view_faces, augment_faces, begin_faces),
    "audio": Task(draw_voices, lambda heard: heard, augment_voices, lambda model, _: model),
}


def fit(
    name: str, shape: MAEShape, examples: Tensor, *, steps: int, batch: int, rate: float
) -> MaskedAutoencoder:
    """Train an encoder; its decoder, trained or not, is still in it."""
    model, augment = MaskedAutoencoder(shape), TASKS[name].augment
    objective = TASKS[name].begin(model, examples)
    learned = {k: p for k, p in objective.named_parameters() if p.requires_grad}

    def loss(step: int) -> Tensor:
        found: Tensor = objective(augment(examples[torch.randint(0, len(examples), (batch,))]))
        return found

    descend(name, learned, loss, steps=steps, rate=rate, warmup=max(1, steps // 20), inner="blocks")
    return model.eval()


@torch.no_grad()
def probe(model: MaskedAutoencoder, views: Tensor, labels: int) -> dict[str, float]:
    """Accuracy of a linear classifier on frozen features, trained on half of the people.

    Args:
        views: (people * labels, ...), people outer.
    """
    encoded = torch.cat([model.encode(part) for part in torch.split(views, 64)])
    return {
        "class_token": score(encoded[:, 0].numpy(), labels),
        "patch_mean": score(encoded[:, 1:].mean(dim=1).numpy(), labels),
    }


def score(features: Any, labels: int) -> float:
    """Accuracy of logistic regression on standardised features, both halves of people in turn."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    truth = np.tile(np.arange(labels), len(features) // labels)
    half = np.repeat(np.arange(len(features) // labels) % 2, labels)
    hits = 0
    for k in (0, 1):
        model = make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=1000))
        model.fit(features[half != k], truth[half != k])
        hits += int((model.predict(features[half == k]) == truth[half == k]).sum())
    return round(hits / len(truth), 3)


def judge(name: str, model: MaskedAutoencoder, people: range) -> dict[str, dict[str, float]]:
    """Probes of the encoder and of one with random weights, on people it was not trained on."""
    task, untrained = TASKS[name], MaskedAutoencoder(model.shape).eval()
    views = {"": task.view(task.draw(people, PROBED))}
    if name == "face":
        views = {"vis": views[""], "nir": view_faces(draw_faces(people, PROBED, "nir"))}
    found = {}
    for which, network in (("trained", model), ("random", untrained)):
        for camera, view in views.items():
            found[f"{which} {camera}".strip()] = probe(network, view, len(PROBED))
    return found


def save(model: MaskedAutoencoder, path: Path, facts: dict[str, Any]) -> None:
    """The encoder as fp16 safetensors, committed by one rename."""
    shape = asdict(model.shape)
    metadata = {"architecture": json.dumps(shape), "training": json.dumps(facts)}
    if model.shape.channels == 3:
        metadata |= {"mean": json.dumps(MEAN), "std": json.dumps(STD)}
    state = {k: v.half().contiguous() for k, v in model.encoder_state().items()}
    with atomic_file(path) as draft:
        save_file(state, draft, metadata)


def main(arguments: list[str] | None = None) -> int:
    """Draw, train, probe, save."""
    parser = argparse.ArgumentParser(prog="python -m irfer_synth.pretrain_mae", description=__doc__)
    parser.add_argument("--only", choices=tuple(FILES), help="one of the two")
    parser.add_argument("--people", type=int, default=300, help="identities to train on")
    parser.add_argument("--steps", type=int, default=1500)
    parser.add_argument("--batch", type=int, default=96)
    parser.add_argument("--rate", type=float, default=3e-3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "weights")
    given = parser.parse_args(arguments)
    torch.set_num_threads(given.threads)
    given.out.mkdir(parents=True, exist_ok=True)
    for name in [given.only] if given.only else FILES:
        torch.manual_seed(given.seed)
        examples = TASKS[name].draw(range(1, given.people + 1), CLASSES)
        recipe = {"steps": given.steps, "batch": given.batch, "rate": given.rate}
        model = fit(name, SHAPES[name], examples, **recipe)
        unseen = range(given.people + 1, given.people + 1 + UNSEEN)
        facts = {"people": given.people, "seed": given.seed, "generator": GENERATOR, **recipe}
        facts["probes"] = judge(name, model, unseen)
        save(model, given.out / FILES[name], facts)
        sys.stdout.write(json.dumps(facts) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
