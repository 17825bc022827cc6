"""The files of a CLIP backbone, found without importing torch, for planning."""

from __future__ import annotations

from hashlib import sha256
from importlib.resources import files
from pathlib import Path

from irfer_bench.api import UsageError
from irfer_bench.nn.weights import Pretrained, digest, find

OPENAI = "https://openaipublic.azureedge.net/clip/models"
PAGE = "https://github.com/mlfoundations/open_clip (docs/openclip_results.csv names every tag)"
MINI_WEIGHTS, MINI_MERGES = "mini_clip.safetensors", "mini_clip_bpe.txt.gz"

QUICK = "-quickgelu"
"""What open_clip's models with QuickGELU end with; the others have exact GELU."""
QUICK_GELU_TAGS = {
    "ViT-B-32": ("openai", "laion400m_e31", "laion400m_e32", "metaclip_400m", "metaclip_fullcc"),
    "ViT-B-16": ("openai", "dfn2b", "metaclip_400m", "metaclip_fullcc"),
    "ViT-L-14": ("openai", "dfn2b", "metaclip_400m", "metaclip_fullcc"),
    "ViT-L-14-336": ("openai",),
    "ViT-H-14": ("dfn5b", "metaclip_fullcc"),
    "ViT-H-14-378": ("dfn5b",),
    "ViT-bigG-14": ("metaclip_fullcc",),
    "ViT-H-14-worldwide": ("metaclip2_worldwide",),
}
"""Weights trained with QuickGELU, as open_clip's table of pretrained tags has them.

They load into a network with exact GELU without complaint and give wrong features. The copy is
here because planning imports no torch; loading asks open_clip's own table.
"""

CONFIG, COLOURS = "config.json", "preprocessor_config.json"
_IN_FOLDERS = ("model.safetensors", "pytorch_model.bin")

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
OPENAI_MODELS = {digest_: model for model, (_, digest_) in _OPENAI_FILES.items()}
OPENAI_SHA256 = frozenset(OPENAI_MODELS)
"""The TorchScript archives of ViT CLIPs that OpenAI published (their digests are in their URLs)."""

_HUB = {
    ("ViT-B-16", "laion2b_s34b_b88k"): "laion/CLIP-ViT-B-16-laion2B-s34B-b88K",
    ("ViT-B-16", "datacomp_xl_s13b_b90k"): "laion/CLIP-ViT-B-16-DataComp.XL-s13B-b90K",
    ("ViT-B-16-quickgelu", "dfn2b"): "apple/DFN2B-CLIP-ViT-B-16",
}


def locate(backbone: str, weights: Path) -> Path:
    """The checkpoint of `mini`, of an open_clip tag `model/tag`, of a folder, or a file.

    A bare name is looked up in the weights folder too, so that keys hold no machine's paths.

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
    folder = find_folder(backbone, weights)
    if folder is not None:
        wanted = Pretrained(backbone, _IN_FOLDERS, source="where you keep it", folder=folder)
        return find(wanted, folder)
    model, _, tag = backbone.partition("/")
    if not tag or not model.strip("~."):
        raise UsageError(
            f"backbone {backbone!r} is neither mini, nor model/tag, nor the path of a file, nor "
            f"that of a folder with {' or '.join(_IN_FOLDERS)}",
            "for example ViT-B-16-quickgelu/openai",
        )
    check_activation(model, tag)
    return find(_tagged(model, tag), weights)


def is_file_path(backbone: str) -> bool:
    """Whether the name means a file rather than a folder or an open_clip tag."""
    return backbone.endswith((".pt", ".pth", ".bin", ".safetensors", ".ckpt"))


def find_folder(backbone: str, weights: Path) -> Path | None:
    """The folder of a CLIPModel as Hugging Face's transformers saves it, if the name means one."""
    if not backbone or backbone == "mini" or is_file_path(backbone):
        return None
    for folder in (Path(backbone).expanduser(), weights / backbone):
        if any((folder / name).is_file() for name in (CONFIG, *_IN_FOLDERS)):
            return folder
    return None


def check_activation(model: str, tag: str) -> None:
    """Refuse a model whose activation is not the one its weights were trained with."""
    base = model.removesuffix(QUICK)
    trained_quick = tag.lower().replace("-", "_") in QUICK_GELU_TAGS.get(base, ())
    if trained_quick != (base != model):
        raise activation_error(model, tag)


def activation_error(model: str, tag: str) -> UsageError:
    """The error of a model with another activation than a tag's weights."""
    base = model.removesuffix(QUICK)
    own, other = ("QuickGELU", "exact GELU") if base != model else ("exact GELU", "QuickGELU")
    right = base if base != model else base + QUICK
    return UsageError(
        f"weights {tag!r} of {base} were trained with {other}, and {model!r} has {own}",
        f"use {right}/{tag}",
    )


def agreed_model(file: str, named: str, published: str) -> str:
    """The open_clip model of a file: the one it was published as, or else the named one.

    Raises:
        UsageError: both are given and differ; the activation or the shapes would be wrong.
    """
    if published and named and named != published:
        same = named.removesuffix(QUICK) == published.removesuffix(QUICK)
        kind = "QuickGELU" if published.endswith(QUICK) else "exact GELU"
        why = f"trained with {kind}, which {named} does not have" if same else f"not {named}"
        raise UsageError(
            f"{file} is the published {published} by its sha256, {why}",
            f"use architecture={published}, or leave it empty",
        )
    return published or named


def backbone_digest(backbone: str, weights: Path) -> str:
    """sha256 for keys, read once per size and modification time: of the checkpoint, or of a folder.

    A folder's covers the checkpoint and the configs that say how it is built and fed.
    """
    checkpoint, folder = locate(backbone, weights), find_folder(backbone, weights)
    if folder is None:
        return digest(checkpoint)
    found = [checkpoint, *(folder / name for name in (CONFIG, COLOURS))]
    parts = [f"{file.name} {digest(file)}" for file in found if file.is_file()]
    return sha256("\n".join(parts).encode()).hexdigest()


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
