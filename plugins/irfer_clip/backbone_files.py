"""The files of a CLIP backbone, found without importing torch, for planning."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from irfer_bench.api import UsageError
from irfer_bench.nn.weights import Pretrained, digest, find

OPENAI = "https://openaipublic.azureedge.net/clip/models"
PAGE = "https://github.com/mlfoundations/open_clip (docs/openclip_results.csv names every tag)"
MINI_WEIGHTS, MINI_MERGES = "mini_clip.safetensors", "mini_clip_bpe.txt.gz"

# Tags whose owners trained with QuickGELU. Exact GELU loads without complaint and is wrong.
QUICK_GELU_TAGS = ("openai", "dfn", "metaclip")

_OPENAI_FILES = {
    "ViT-B-16-quickgelu": (
        "ViT-B-16.pt",
        "5806e77cd80f8b59890b7e101eabd078d9fb84e6937f9e85e4ecb61988df416f",
    ),
    "ViT-B-32-quickgelu": (
        "ViT-B-32.pt",
        "40d365715913c9da98579312b702a82c18be219cc2a73407c4526f58eba950af",
    ),
    "ViT-L-14-quickgelu": (
        "ViT-L-14.pt",
        "b8cca3fd41ae0c99ba7e8951adf17d267cdb84cd88be6f7c2e0eca1737a03836",
    ),
    "ViT-L-14-336-quickgelu": (
        "ViT-L-14-336px.pt",
        "3035c92b350959924f9f00213499208652fc7ea050643e8b385c2dac08641f02",
    ),
}
OPENAI_SHA256 = frozenset(sha256 for _, sha256 in _OPENAI_FILES.values())
"""The TorchScript archives of ViT CLIPs that OpenAI published (their digests are in their URLs)."""

_HUB = {
    ("ViT-B-16", "laion2b_s34b_b88k"): "laion/CLIP-ViT-B-16-laion2B-s34B-b88K",
    ("ViT-B-16", "datacomp_xl_s13b_b90k"): "laion/CLIP-ViT-B-16-DataComp.XL-s13B-b90K",
    ("ViT-B-16-quickgelu", "dfn2b"): "apple/DFN2B-CLIP-ViT-B-16",
}


def locate(backbone: str, weights: Path) -> Path:
    """The checkpoint of `mini`, of an open_clip tag `model/tag`, or a file.

    A bare file name is looked up in the weights folder, so that keys hold no machine's paths.

    Raises:
        MissingWeightsError: the file is not here; says where to get it and where to put it.
        UsageError: the tag's weights need another activation than the named model has.
    """
    if backbone == "mini":
        return find(_mini(), weights)
    if is_file_path(backbone):
        path = Path(backbone).expanduser()
        if path.is_file():
            return path
        return find(Pretrained(backbone, (path.name,), source="where you keep it"), weights)
    model, _, tag = backbone.partition("/")
    if not tag:
        raise UsageError(
            f"backbone {backbone!r} is neither mini, nor model/tag, nor the path of a file",
            "for example ViT-B-16-quickgelu/openai",
        )
    check_activation(model, tag)
    return find(_tagged(model, tag), weights)


def is_file_path(backbone: str) -> bool:
    """Whether the name means a file rather than an open_clip tag."""
    return backbone.endswith((".pt", ".pth", ".bin", ".safetensors", ".ckpt"))


def check_activation(model: str, tag: str) -> None:
    """Refuse a model whose activation is not the one its weights were trained with."""
    trained_quick = tag.startswith(QUICK_GELU_TAGS)
    named_quick = "quickgelu" in model
    if trained_quick != named_quick:
        right = model.removesuffix("-quickgelu") if named_quick else f"{model}-quickgelu"
        raise UsageError(
            f"weights {tag!r} were trained with {'QuickGELU' if trained_quick else 'exact GELU'}, "
            f"and {model!r} has the other",
            f"use {right}/{tag}",
        )


def backbone_digest(backbone: str, weights: Path) -> str:
    """sha256 of the checkpoint, for keys; read once per size and modification time."""
    return digest(locate(backbone, weights))


def _mini() -> Pretrained:
    return Pretrained(
        name="mini CLIP",
        files=(MINI_WEIGHTS,),
        source="`python -m irfer_synth.pretrain`, which makes it",
        folder=Path(str(files("irfer_synth"))) / "weights",
    )


def _tagged(model: str, tag: str) -> Pretrained:
    stem = f"{model}-{tag}"
    own = (f"{stem}.safetensors", f"{stem}.pt", f"{stem}.bin")
    if tag == "openai" and model in _OPENAI_FILES:
        file, sha = _OPENAI_FILES[model]
        return Pretrained(f"{model}/{tag}", (file, *own), sha, f"{OPENAI}/{sha}/{file}")
    repo = _HUB.get((model, tag))
    if repo:
        page = f"https://huggingface.co/{repo} (open_clip_model.safetensors, saved as {own[0]})"
        return Pretrained(f"{model}/{tag}", own, source=page)
    return Pretrained(f"{model}/{tag}", own, source=PAGE)
