"""All benchmarks, in the order of the table."""

from __future__ import annotations

from functools import partial

from tests.benchmarks import (
    clip,
    clip_bf16,
    core,
    data,
    detection,
    diffusion,
    diffusion_training,
    flicker,
    gans,
    methods,
    mma_dfer,
    peak,
    samplers,
    start_up,
)
from tests.benchmarks.harness import Benchmark, no_matrix_units

BENCHMARKS = (
    Benchmark(
        "start-up, processor time", "irfer-bench --help", "bare interpreter", start_up.show_help,
        5, "at most 2.5 times the interpreter",
    ),
    Benchmark(
        "listing, processor time", "irfer-bench list", "bare interpreter", start_up.list_all, 5,
        "at most 8 times the interpreter",
    ),
    Benchmark(
        "a cached cell, processor time", "irfer-bench run", "bare interpreter",
        start_up.cached_run, 5, "at most 0.4 s",
    ),
    Benchmark(
        "a plan of 2,000 cells", "plan", "loading the plugins alone", core.plan, 3,
        "at most 0.5 s",
    ),
    Benchmark(
        "leaderboards of 20,000 records", "ten boards with ranks", "reading the files' bytes",
        core.leaderboard, 1, "at most 10 s",
    ),
    Benchmark(
        "leaderboards of 20,000 records again", "nothing changed", "the first time",
        core.leaderboard_again, 1, "at most 2 s",
    ),
    Benchmark(
        "gradient of the filter energy", "closed form", "autograd", methods.filter_gradient, 5,
    ),
    Benchmark(
        "32 images by nfer_sde (`quick`), processor time", "one batch", "one by one",
        methods.sampler, 1,
    ),
    *(
        Benchmark(
            f"16 images by {name}, networks of quick, processor time", "ours",
            "one by one, energies by autograd", partial(diffusion.against_reference, name), 3, aim,
        )
        for name, aim in (("nfer_sde", "at least 3 times as fast"),
                          ("egsde", "at least 3 times as fast"),
                          ("sdedit", "at least 1.5 times as fast"))
    ),
    *(
        Benchmark(
            f"16 images by {name}, network of quick, processor time", "ours", "one by one",
            partial(samplers.against_reference, name), 3, "at least 1.5 times as fast",
        )
        for name in samplers.METHODS
    ),
    *(
        Benchmark(
            f"4 steps of {name}, networks of bench at 64 px, processor time", "ours",
            "its U-Net alone", partial(diffusion.over_forward, name), 3, aim,
        )
        for name, aim in (("nfer_sde", "at most 25 % more"), ("egsde", "at most 130 % more"))
    ),
    Benchmark(
        "six videos by nfer_sde (`quick`): change from frame to frame over the source's",
        "one noise for a video", "new noise for each frame", flicker.change_by_noise, 1,
        unit="times",
    ),
    *(
        Benchmark(
            f"12 training steps of {network}, processor time",
            "with checkpoints and looks at NaN", "diffusers and a plain loop",
            partial(diffusion_training.training_steps, conditional=conditional), 3,
            "at least 1 time as fast",
        )
        for network, conditional in (("a score network", False), ("NFER-SDE's network", True))
    ),
    Benchmark(
        "a U-Net of bench at 64 px, processor time", "bf16", "fp32",
        diffusion_training.bf16_networks, 3, "faster with bf16 matrix units",
        lacking=no_matrix_units,
    ),
    Benchmark(
        "six steps of CycleGAN, processor time", "images of a network together",
        "a plain PyTorch loop", gans.cyclegan_step, 3, "at least 1 time as fast",
    ),
    Benchmark(
        "six steps of pix2pix, processor time", "fused optimiser", "a plain PyTorch loop",
        gans.pix2pix_step, 3, "at least 1 time as fast",
    ),
    Benchmark(
        "six steps of HiFaceGAN, processor time", "discriminators frozen in the generator's step",
        "a plain PyTorch loop", gans.hifacegan_step, 3, "at least 1 time as fast",
    ),
    Benchmark(
        "64 translations of CycleGAN, 48 px, processor time", "in batches", "one by one",
        gans.gan_sampling, 3,
    ),
    Benchmark(
        "a step of PCA, 32 + 32 images, processor time", "plain features kept, texts cut",
        "both towers' plain features and 77 positions in each step", clip.pca_epoch, 1,
        "at least 1.4 times as fast",
    ),
    Benchmark(
        "an epoch of CoOp with fixed views, processor time", "features kept, texts cut",
        "images and 77 positions in each step", clip.coop_epoch, 3, "at least 20 times as fast",
    ),
    Benchmark(
        "steps of MaPLe, batch 4, processor time", "texts cut", "77 positions",
        clip.maple_epoch, 5, "at least 1.2 times as fast",
    ),
    *(
        Benchmark(
            f"{what}, bf16, processor time", "bf16", "as above, fp32",
            partial(clip_bf16.bf16_epoch, name), 3, "at least 2.5 times as fast",
            lacking=no_matrix_units,
        )
        for name, what in (("pca", "a step of PCA"), ("maple", "steps of MaPLe, batch 4"))
    ),
    Benchmark(
        "linear probe and zero-shot, processor time", "from images, with the search of C",
        "one encoder pass", clip.frozen_features, 3, "little more than the pass",
    ),
    Benchmark(
        "a step of MMA-DFER, fp32, processor time", "four clips at once",
        "the public code's order", mma_dfer.step_seconds, 3, "at least 1 time as fast",
    ),
    Benchmark(
        "a forward pass of MMA-DFER, fp32, processor time", "class tokens alone at the end",
        "the public code's order", mma_dfer.forward_seconds, 3, "at least 1 time as fast",
    ),
    Benchmark(
        "a step of MMA-DFER, bf16, processor time", "bf16", "the public code's order, fp32",
        mma_dfer.bf16_step_seconds, 3, "at least 2 times as fast",
        lacking=no_matrix_units,
    ),
    Benchmark(
        "a forward pass of MMA-DFER, bf16, processor time", "bf16",
        "the public code's order, fp32", mma_dfer.bf16_forward_seconds, 3,
        "at least 2.5 times as fast", lacking=no_matrix_units,
    ),
    *(
        Benchmark(
            f"peak memory of a step of MMA-DFER, 224 px, 16 frames, batch 8, {kind}",
            "four clips at once", "the public code's order, fp32",
            partial(mma_dfer.peak_of_the_papers_step, bf16=kind == "bf16"), 1, "at most 60 %",
            unit="GiB",
        )
        for kind in ("bf16", "fp32")
    ),
    *(
        Benchmark(
            f"{name}: share of the matmul peak, processor time", "random weights",
            "its FLOPs at the peak", partial(peak.against_peak, name), 1,
            parts=partial(peak.parts, name),
        )
        for name in peak.WORKS
    ),
    Benchmark(
        "512 stills of the embedded benchmark", "drawn many at a time", "one by one",
        methods.drawing, 3,
    ),
    Benchmark(
        "1,000 stills at 224 px", "from the prepared store", "decoding 320x240 JPEGs", data.stills,
        3, "at least 10 times as fast",
    ),
    Benchmark(
        "60 clips of 16 frames at 224 px with sound", "from the prepared store",
        "decoding 640x360 videos", data.clips, 3, "at least 20 times as fast", clips=data.CLIPS,
    ),
    Benchmark(
        "60 clips kept whole as JPEG, 16 frames of each with sound, processor time",
        "from the prepared store", "decoding 640x360 videos", data.whole_clips, 3,
        "20 times, not reached", clips=data.CLIPS,
    ),
    Benchmark(
        "clips of 64 frames, `dlib`, processor time", "every eighth frame", "every frame",
        detection.clips, 1, "at least 4 times as fast",
    ),
    Benchmark(
        "preparing 10,000 images", "two processes", "one", data.two_cores, 3,
        "at least 1.8 times as fast",
    ),
)  # fmt: skip
