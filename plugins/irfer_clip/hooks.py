"""Components of the CLIP family."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from irfer_bench.api import Component, Traits, hookimpl

TORCH = ("torch", "open_clip")
IMAGE: Traits = {"modality": "image"}
VIDEO: Traits = {"modality": "video"}
PARTS: Mapping[str, str] = {"clip_features": "clip.features/1"}
"""Features of the frozen image tower belong to the family: every method reads the same ones."""


@hookimpl
def irfer_bench_components() -> Iterable[Component]:
    """Recognizers on a frozen CLIP."""
    yield Component(
        kind="recognizer", name="clip_zero_shot",
        factory="irfer_clip.clip_zero_shot:ClipZeroShot",
        params="irfer_clip.clip_zero_shot_params:ClipZeroShotParams",
        summary="CLIP compares an image with a sentence about each class; nothing is trained",
        needs=TORCH, licence="MIT", source="radford2021clip",
        traits=Traits(modality="image", trains=False), parts=PARTS,
    )
    yield Component(
        kind="recognizer", name="linear_probe",
        factory="irfer_clip.linear_probe:LinearProbe",
        params="irfer_clip.linear_probe_params:LinearProbeParams",
        summary="logistic regression on features of CLIP's image tower",
        needs=TORCH, licence="MIT", source="radford2021clip; zhou2022coop",
        traits=IMAGE, parts=PARTS,
    )
    yield Component(
        kind="recognizer", name="coop",
        factory="irfer_clip.coop:Coop", params="irfer_clip.coop_params:CoopParams",
        summary="learned words around the class name, both towers of CLIP as they are",
        needs=TORCH, licence="MIT", source="zhou2022coop",
        traits=IMAGE, parts=PARTS,
    )
    yield Component(
        kind="recognizer", name="cocoop",
        factory="irfer_clip.cocoop:Cocoop", params="irfer_clip.cocoop_params:CocoopParams",
        summary="learned words that a small network moves with the image",
        needs=TORCH, licence="MIT", source="zhou2022cocoop",
        traits=IMAGE, parts=PARTS,
    )
    yield Component(
        kind="recognizer", name="maple",
        factory="irfer_clip.maple:Maple", params="irfer_clip.maple_params:MapleParams",
        summary="prompts in both towers of CLIP, the image's made from the text's",
        needs=TORCH, licence="MIT", source="khattak2023maple",
        traits=IMAGE,
    )
    yield Component(
        kind="recognizer", name="ivlp",
        factory="irfer_clip.ivlp:Ivlp", params="irfer_clip.ivlp_params:IvlpParams",
        summary="prompts in both towers of CLIP, independent of each other",
        needs=TORCH, licence="MIT", source="khattak2023maple",
        traits=IMAGE,
    )
    yield Component(
        kind="recognizer", name="mpa_fer",
        factory="irfer_clip.mpa_fer:MpaFer", params="irfer_clip.mpa_fer_params:MpaFerParams",
        summary="prompts aligned with descriptions of expressions, prototypes and local patches",
        needs=TORCH, licence="MIT", source="ma2025mpafer",
        traits=IMAGE, parts=PARTS,
    )
    yield Component(
        kind="recognizer", name="pca",
        factory="irfer_clip.pca:Pca", params="irfer_clip.pca_params:PcaParams",
        summary="prompts and feature banks align visible and few labelled infrared images",
        needs=TORCH, licence="MIT",
        source="shi2025pca",
        traits=IMAGE, parts=PARTS,
    )
    yield Component(
        kind="recognizer", name="pda",
        factory="irfer_clip.pda:Pda", params="irfer_clip.pda_params:PdaParams",
        summary="prompts and feature banks align labelled source and unlabelled target images",
        needs=TORCH, licence="MIT",
        source="bai2024pda",
        traits=Traits(modality="image", unlabelled=True), parts=PARTS,
    )
    yield Component(
        kind="recognizer", name="vpt",
        factory="irfer_clip.vpt:Vpt", params="irfer_clip.vpt_params:VptParams",
        summary="learned tokens in every layer of CLIP's image tower, fixed sentences",
        needs=TORCH, licence="MIT",
        source="jia2022vpt; khattak2023maple",
        traits=IMAGE,
    )
    yield Component(
        kind="recognizer", name="clip_frame_mean",
        factory="irfer_clip.clip_frame_mean:ClipFrameMean",
        params="irfer_clip.clip_frame_mean_params:ClipFrameMeanParams",
        summary="features of CLIP's image tower, averaged over the frames of a clip",
        needs=TORCH, licence="MIT", source="radford2021clip; zhou2022coop",
        traits=VIDEO, parts=PARTS,
    )
    yield Component(
        kind="recognizer", name="dfer_clip",
        factory="irfer_clip.dfer_clip:DferClip",
        params="irfer_clip.dfer_clip_params:DferClipParams",
        summary="CLIP trained on videos: attention over frames, descriptions of expressions",
        needs=TORCH, licence="MIT", source="zhao2023dferclip",
        traits=VIDEO,
    )
