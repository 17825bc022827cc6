"""Our maps of module names against the verified ones, which are of networks of two levels."""

from __future__ import annotations

import pytest
import torch

from irfer_translators.diffusion.key_maps import adm_modules, ddpm_modules
from irfer_translators.diffusion.unet import NETS, NetPreset, unet
from tests.parity.fixtures import fixtures
from tests.parity.network_maps import read_map

PRESET = NetPreset((32, 32), 1, attention=(16,))
MAPS = fixtures("translators", "diffusers_key_maps")


@pytest.mark.parametrize("path", MAPS)
def test_ddpm_names_are_the_verified_ones(path: object) -> None:
    verified = read_map("ddpm_2level_1res_attn1")
    ours = ddpm_modules(PRESET, 32)
    assert {name: ours[name] for name in verified} == verified


@pytest.mark.parametrize("path", MAPS)
def test_adm_names_are_the_verified_ones(path: object) -> None:
    verified = read_map("adm_2level_1res_attn1")
    ours = adm_modules(PRESET, 32)
    assert {name: ours[name] for name in verified["modules"]} == verified["modules"]
    split = {name: f"{own}.qkv" for name, own in verified["qkv_split"].items()}
    assert {name: ours[name] for name in split} == split


@pytest.mark.parametrize("name", [n for n in NETS if not n.startswith("mini")])
def test_every_module_of_a_full_size_network_has_a_published_name(name: str) -> None:
    preset = NETS[name]
    family = ddpm_modules if preset.family == "ddpm" else adm_modules
    named = set(family(preset, 256).values())
    with torch.device("meta"):
        net = unet(preset, 256, 3, 3)
    for key in net.state_dict():
        module = key.rpartition(".")[0]
        joint = module.rpartition(".")[0] + ".qkv"
        assert module in named or joint in named, key
