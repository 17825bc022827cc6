"""Hours and memory of `bench` and `paper`, from counted FLOPs and measured throughput.

    python -m tests.benchmarks.cost [--device cuda] [--images 1380]

FLOPs (two per multiply-add) are counted on networks without data, a training step as three forward
passes. Throughput is that of the network `bench_base` in evaluation on this device. Memory is what
weights, gradients, AdamW's state and the averaged weights take in float32; activations come on top.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from typing import Any

import torch
from tabulate import tabulate
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from irfer_translators.diffusion.diffusion_params import DiffusionParams
from irfer_translators.diffusion.landmark_net import build_landmark_net
from irfer_translators.diffusion.nfer_sde_params import NferSdeParams
from irfer_translators.diffusion.sdedit_params import SdEditParams
from irfer_translators.diffusion.unet import build_unet

STATES = 5
"""Weights, gradients, two moments, averaged weights."""


def forward_flops(net: nn.Module, channels: int, size: int) -> float:
    """FLOPs of one image's forward pass, counted on tensors without data."""
    x = torch.empty(1, channels, size, size, device="meta")
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        net.to("meta")(x, torch.zeros(1, device="meta"))
    return float(counter.get_total_flops())


def rows(images: int, throughput: float) -> Iterator[list[Any]]:
    """Method, preset, EFLOP of fitting and translating one fold, hours of each, gigabytes."""
    methods: list[tuple[str, type[DiffusionParams], int]] = [
        ("nfer_sde", NferSdeParams, 6), ("sdedit", SdEditParams, 3),
    ]  # fmt: skip
    for name, params, inputs in methods:
        for preset in ("bench", "paper"):
            p = params(**params.presets[preset])
            with torch.device("meta"):
                net = build_unet(p.net, p.size, inputs, 3)
                maps = build_landmark_net(p.h_net, p.size) if isinstance(p, NferSdeParams) else None
            score = forward_flops(net, inputs, p.size)
            fit = 3 * score * p.batch * p.iterations
            step = score
            if maps is not None and isinstance(p, NferSdeParams):
                energy = forward_flops(maps, 3, p.size)
                fit += 3 * energy * p.h_batch * p.h_iterations
                step += 3 * energy  # of c_t, of x, and the gradient with respect to x
            translate = step * (p.steps or p.start_level) * images
            size = STATES * 4 * sum(w.numel() for w in net.parameters()) / 1e9
            yield [name, preset, fit / 1e18, fit / throughput / 3600, translate / 1e18,
                   translate / throughput / 3600, size]


def measure(device: str) -> float:
    """FLOPs per second of `bench_base` at 256 px, in bfloat16 on a GPU."""
    net = build_unet("bench_base", 256, 6, 3)
    flops = forward_flops(net, 6, 256)
    net = build_unet("bench_base", 256, 6, 3).to(device).eval()
    batch = 16 if device != "cpu" else 1
    x, t = torch.zeros(batch, 6, 256, 256, device=device), torch.zeros(batch, device=device)
    with torch.no_grad(), torch.autocast(device, torch.bfloat16, enabled=device != "cpu"):
        seconds = []
        for _ in range(4):
            start = time.perf_counter()
            net(x, t)
            if device == "cuda":
                torch.cuda.synchronize()
            seconds.append(time.perf_counter() - start)
    return flops * batch / min(seconds[1:])


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--images", type=int, default=1380, help="translated images of a fold")
    parser.add_argument("--tflops", type=float, default=0.0, help="instead of measuring")
    args = parser.parse_args()
    throughput = 1e12 * args.tflops or measure(args.device)
    head = ["method", "preset", "fit EFLOP", "fit h", "translate EFLOP", "translate h", "state GB"]
    table = tabulate(rows(args.images, throughput), head, "pipe", floatfmt=".2g")
    sys.stdout.write(f"{throughput / 1e12:.3g} TFLOP/s\n{table}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
