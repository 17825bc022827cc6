"""Published checkpoints in the place of training: names, reports, refusals; ours exported."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from diffusers import DiffusionPipeline, UNet2DModel
from safetensors.torch import save_file
from torch import Tensor

from irfer_bench.api import DamagedError, Exporter, MissingWeightsError, UsageError
from irfer_bench.contracts.params import resolve
from irfer_bench.testing.memory import MemoryContext
from irfer_translators.diffusion import domain_net, unet
from irfer_translators.diffusion.egsde import Egsde
from irfer_translators.diffusion.egsde_params import EgsdeParams
from irfer_translators.diffusion.foreign_weights import read_score_net
from irfer_translators.diffusion.ilvr import Ilvr
from irfer_translators.diffusion.ilvr_params import IlvrParams
from irfer_translators.diffusion.key_maps import adm_modules, ddpm_modules
from irfer_translators.diffusion.nfer_sde_params import NferSdeParams
from irfer_translators.diffusion.sdedit import SdEdit
from irfer_translators.diffusion.sdedit_params import SdEditParams
from irfer_translators.diffusion.sr3_params import Sr3Params
from irfer_translators.diffusion.t2v_ddpm_params import T2vDdpmParams
from irfer_translators.diffusion.unet import NetPreset, build_unet
from tests.irfer_translators.toys import paired

SIZE = 16
SMALL = {
    "ddpm": NetPreset((32, 64), 1, (8,), family="ddpm"),
    "bench_base": NetPreset((32, 64), 1, (8,), head_width=16),
    "bench_small": NetPreset((32, 32, 64), 2, (8, 4), head_width=16),
}
MAPS = {"ddpm": ddpm_modules, "adm": adm_modules}


@pytest.fixture(autouse=True)
def _small_networks(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, preset in SMALL.items():
        monkeypatch.setitem(unet.NETS, name, preset)
    monkeypatch.setitem(domain_net.NETS, "adm_64", NetPreset((32, 64), 1, (8,), head_width=16))


def published(
    state: Mapping[str, Tensor], preset: NetPreset, side: int = SIZE
) -> dict[str, Tensor]:
    """A diffusers state under the names of the published code: the other way round."""
    backward = {own: name for name, own in MAPS[preset.family](preset, side).items()}
    made: dict[str, Tensor] = {}
    for key, value in state.items():
        module, kind = key.rsplit(".", 1)
        joint, _, part = module.rpartition(".")
        if part == "to_q" and f"{joint}.qkv" in backward:
            parts = [state[f"{joint}.{p}.{kind}"].unflatten(0, (-1, preset.head_width))
                     for p in ("to_q", "to_k", "to_v")]
            whole = torch.stack(parts, 1).flatten(0, 2)
            shaped = whole[..., None] if whole.ndim > 1 else whole
            made[f"{backward[f'{joint}.qkv']}.{kind}"] = shaped
        elif part not in ("to_k", "to_v") or f"{joint}.qkv" not in backward:
            shaped = value[..., None, None] if ".attentions." in key and value.ndim > 1 else value
            made[f"{backward[module]}.{kind}"] = shaped
    return made


def a_net(name: str, outputs: int = 3) -> tuple[Any, dict[str, Tensor]]:
    torch.manual_seed(3)
    net: Any = build_unet(name, SIZE, 3, outputs)
    return net, {k: torch.randn_like(v) / 10 for k, v in net.net.state_dict().items()}


def params(cls: Any, name: str, **given: Any) -> Any:
    small = {"size": SIZE, "steps": 2, "iterations": 2, "batch": 2}
    return resolve(cls, component=name, preset="quick", given={**small, **given})


def fitted(translator: Any, ctx: MemoryContext | None = None) -> Any:
    translator.fit(paired(landmarks=False), ctx or MemoryContext())
    return translator


@pytest.mark.parametrize("suffix", [".pt", ".safetensors"])
@pytest.mark.parametrize("name", SMALL)
def test_a_published_network_takes_the_place_of_training(
    tmp_path: Path, name: str, suffix: str
) -> None:
    _, state = a_net(name)
    path = tmp_path / f"published{suffix}"
    given = {f"module.{k}": v.contiguous() for k, v in published(state, SMALL[name]).items()}
    save_file(given, path) if suffix == ".safetensors" else torch.save(given, path)
    ctx = MemoryContext()
    translator = fitted(SdEdit(params(SdEditParams, "sdedit", net=name, weights=str(path))), ctx)
    assert not ctx.parts, "a network was trained"
    assert ctx.reports["weights_keys"] == f"{len(state)} tensors matched, 0 missing, 0 unknown"
    for key, value in translator.nets["score"].net.state_dict().items():
        assert torch.equal(value, state[key]), key


def test_the_learned_variance_is_left_out_where_it_is_not_used(tmp_path: Path) -> None:
    _, state = a_net("bench_base", outputs=6)
    torch.save({"state_dict": published(state, SMALL["bench_base"])}, tmp_path / "adm.pt")
    given = {"net": "bench_base", "weights": "adm.pt"}
    ctx = MemoryContext(weights=tmp_path)
    plain = fitted(Ilvr(params(IlvrParams, "ilvr", **given)), ctx)
    assert str(ctx.reports["weights_keys"]).endswith(" 0 unknown, variance left out")
    assert torch.equal(plain.nets["score"].net.conv_out.weight, state["conv_out.weight"][:3])
    official = fitted(Ilvr(params(IlvrParams, "ilvr", **given, learned_range=True)), ctx)
    assert torch.equal(official.nets["score"].net.conv_out.weight, state["conv_out.weight"])
    assert str(ctx.reports["weights_keys"]).endswith(" 0 unknown")


@pytest.mark.parametrize("inputs", [3, 6])
@pytest.mark.parametrize("name", ["bench_base", "mini", "mini_fine"])
def test_what_is_left_of_a_network_with_variance_gives_its_prediction(
    tmp_path: Path, name: str, inputs: int
) -> None:
    torch.manual_seed(5)
    whole = build_unet(name, SIZE, inputs, 6).eval()
    for value in whole.parameters():
        torch.nn.init.normal_(value, std=0.05)
    save_file(whole.state_dict(), tmp_path / "w.safetensors")
    half = build_unet(name, SIZE, inputs, 3).eval()
    state = read_score_net(tmp_path / "w.safetensors", half, name)
    assert state.scalars["weights_keys"].endswith("variance left out")
    x, t = torch.randn(2, inputs, SIZE, SIZE), torch.tensor([5.0, 800.0])
    with torch.no_grad():
        predicted, variance = whole(x, t).chunk(2, 1)
        torch.testing.assert_close(half(x, t), predicted)
        assert not torch.allclose(predicted, variance, atol=0.01)


def broken(state: dict[str, Tensor]) -> Iterator[tuple[str, dict[str, Tensor]]]:
    half = dict(list(state.items())[: len(state) // 2])
    yield "missing", half
    yield "unknown", {**state, "label_emb.weight": torch.zeros(2)}
    first = next(iter(state))
    yield "expected", {**state, first: torch.zeros(5)}


def test_half_a_file_and_another_network_are_refused(tmp_path: Path) -> None:
    _, state = a_net("ddpm")
    path = tmp_path / "w.pt"
    for reason, wrong in broken(published(state, SMALL["ddpm"])):
        torch.save(wrong, path)
        with pytest.raises(DamagedError, match=rf"not the U-Net 'ddpm'.*{reason}"):
            fitted(SdEdit(params(SdEditParams, "sdedit", net="ddpm", weights=str(path))))
    torch.save(published(state, SMALL["ddpm"]), path)
    with pytest.raises(DamagedError, match="not the U-Net 'bench_small'"):
        fitted(SdEdit(params(SdEditParams, "sdedit", net="bench_small", weights=str(path))))
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(DamagedError, match="cannot be read as a checkpoint"):
        fitted(SdEdit(params(SdEditParams, "sdedit", net="ddpm", weights=str(path))))


def test_only_a_fit_needs_pairs() -> None:
    for cls, given in ((Sr3Params, {}), (T2vDdpmParams, {}), (NferSdeParams, {"pairs": True})):
        bare, read = cls(), cls(weights="w.pt")
        assert bare.traits().get("pairs") == given.get("pairs")
        assert read.traits()["pairs"] is False
    assert NferSdeParams(weights="w.pt").traits()["landmarks"] is True


def test_the_file_enters_the_key_and_a_missing_one_is_named(tmp_path: Path) -> None:
    given = params(SdEditParams, "sdedit", weights="w.pt")
    with pytest.raises(MissingWeightsError, match=r"w\.pt"):
        given.inputs(tmp_path)
    (tmp_path / "w.pt").write_bytes(b"1")
    first = given.inputs(tmp_path)["weights_digest"]
    (tmp_path / "w.pt").write_bytes(b"22")
    assert given.inputs(tmp_path)["weights_digest"] != first
    assert params(SdEditParams, "sdedit").inputs(tmp_path) == {}


def test_a_published_domain_classifier_is_used_or_trained_on(tmp_path: Path) -> None:
    encoder = domain_net.build_domain_net("adm_64", SIZE)
    preset, side = domain_net.shape("adm_64", SIZE)
    state = {k: v for k, v in encoder.state_dict().items() if not k.startswith("head.")}
    given = published(state, preset, side) | {"I2Iout.0.weight": torch.zeros(64)}
    torch.save(given, tmp_path / "dse.pt")
    options = {"dse_net": "adm_64", "dse_weights": "dse.pt"}
    as_it_is = fitted(
        Egsde(params(EgsdeParams, "egsde", **options, dse_iterations=0)),
        MemoryContext(weights=tmp_path),
    )
    own = as_it_is.nets["domain"].state_dict()
    assert all(torch.equal(own[k], v) for k, v in state.items())
    further = fitted(
        Egsde(params(EgsdeParams, "egsde", **options, dse_iterations=2, dse_batch=4)),
        MemoryContext(weights=tmp_path),
    ).nets["domain"].state_dict()
    moved = max(float((further[k] - v).abs().max()) for k, v in state.items())
    assert 0 < moved < 0.01
    del given["middle_block.0.in_layers.0.weight"]
    torch.save(given, tmp_path / "dse.pt")
    with pytest.raises(DamagedError, match=r"encoder of the domain classifier.*matched, 1 missing"):
        fitted(
            Egsde(params(EgsdeParams, "egsde", **options, dse_iterations=0)),
            MemoryContext(weights=tmp_path),
        )
    with pytest.raises(UsageError, match="dse_weights"):
        params(EgsdeParams, "egsde", dse_iterations=0)


def test_an_exported_network_opens_in_diffusers_and_comes_back(tmp_path: Path) -> None:
    translator = fitted(SdEdit(params(SdEditParams, "sdedit", net="ddpm", prediction="eps")))
    assert isinstance(translator, Exporter)
    translator.export(tmp_path)
    folder = tmp_path / "diffusers"
    net = UNet2DModel.from_pretrained(folder, subfolder="unet")
    x, t = torch.randn(2, 3, SIZE, SIZE), torch.tensor([5.0, 800.0])
    with torch.no_grad():
        assert torch.equal(net(x, t).sample, translator.nets["score"](x, t))
    pipeline = DiffusionPipeline.from_pretrained(folder)
    made = pipeline(batch_size=1, num_inference_steps=2, output_type="np").images
    assert made.shape == (1, SIZE, SIZE, 3)
    np.testing.assert_allclose(
        pipeline.scheduler.alphas_cumprod.numpy(), np.cumprod(1 - np.linspace(1e-4, 0.02, 1000)),
        rtol=1e-4,
    )
    (weights,) = (folder / "unet").glob("*.safetensors")
    again = fitted(SdEdit(params(SdEditParams, "sdedit", net="ddpm", weights=str(weights))))
    for a, b in zip(again.nets["score"].parameters(), translator.nets["score"].parameters(),
                    strict=True):
        assert torch.equal(a, b)
