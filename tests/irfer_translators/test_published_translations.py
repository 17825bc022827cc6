"""`irfer-bench translate --weights`: published checkpoints on a user's own images."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file

from irfer_bench import cli
from irfer_bench.contracts.params import resolve
from irfer_bench.testing.memory import MemoryContext
from irfer_translators.diffusion.domain_net import build_domain_net
from irfer_translators.diffusion.egsde import Egsde
from irfer_translators.diffusion.egsde_params import EgsdeParams
from irfer_translators.diffusion.ilvr import Ilvr
from irfer_translators.diffusion.ilvr_params import IlvrParams
from irfer_translators.diffusion.nfer_sde_params import NferSdeParams
from irfer_translators.diffusion.nfer_sde_translator import NferSde
from irfer_translators.diffusion.sr3 import Sr3
from irfer_translators.diffusion.sr3_params import Sr3Params
from irfer_translators.diffusion.t2v_ddpm import T2vDdpm
from irfer_translators.diffusion.t2v_ddpm_params import T2vDdpmParams
from irfer_translators.diffusion.unet import build_unet
from tests.irfer_translators.gans import gan
from tests.irfer_translators.toys import paired

SMALL = ("--preset", "quick", "-p", "cyclegan.size=24", "-p", "cyclegan.blocks=1")
EXPORTED: dict[str, tuple[Any, Any, dict[str, Any]]] = {
    "sr3": (Sr3, Sr3Params, {}),
    "t2v_ddpm": (T2vDdpm, T2vDdpmParams, {}),
    "nfer_sde": (NferSde, NferSdeParams, {}),
    "nfer_sde@cond": (NferSde, NferSdeParams, {}),
    "nfer_sde@cond_f": (NferSde, NferSdeParams, {}),
    "ilvr@official": (Ilvr, IlvrParams, {}),
    "egsde": (Egsde, EgsdeParams, {"dse_weights": "state.safetensors", "dse_iterations": 0}),
}
NOISY = ("--preset", "quick", "-p", "translator.size=16", "-p", "translator.steps=2")


@pytest.fixture(autouse=True)
def photos(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two images; the second one is also alone in a folder."""
    monkeypatch.setenv("IRFER_BENCH_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    random = np.random.default_rng(0)
    for name, (height, width) in {"a.png": (30, 40), "b.png": (24, 24)}.items():
        image = Image.fromarray(random.integers(0, 255, (height, width, 3), np.uint8))
        for folder in ("photos", "alone") if name == "b.png" else ("photos",):
            (tmp_path / folder).mkdir(exist_ok=True)
            image.save(tmp_path / folder / name)
    return tmp_path


def generator(path: Path, channels: int) -> Path:
    torch.manual_seed(1)
    torch.save(gan("cyclegan", ngf=channels).build().state_dict(), path)
    return path


def score_net(path: Path) -> Path:
    """With weights that are all random: an untrained network's last layer is zero."""
    torch.manual_seed(1)
    state = build_unet("mini", 16, 3, 3).state_dict()
    save_file({name: 0.05 * torch.randn(value.shape) for name, value in state.items()}, path)
    return path


def pixels(path: Path) -> Any:
    return np.asarray(Image.open(path))


def test_a_published_generator(photos: Path, capsys: pytest.CaptureFixture[str]) -> None:
    weights = str(generator(photos / "latest_net_G_A.pth", 2))
    words = ["translate", "-t", "cyclegan", "--weights", weights, *SMALL, "-p", "cyclegan.ngf=2"]
    assert cli.main([*words, "photos", "out"]) == 0
    assert pixels(photos / "out" / "a.png").shape == (30, 40, 3)
    count = len(torch.load(weights, weights_only=True))
    assert f"weights: {count} tensors matched, 0 missing, 0 unknown\n" in capsys.readouterr().err
    assert cli.main([*words, "alone", "again"]) == 0
    np.testing.assert_array_equal(pixels(photos / "out/b.png"), pixels(photos / "again/b.png"))


def test_a_checkpoint_of_another_network_is_refused(
    photos: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    weights = str(generator(photos / "G.pth", 3))
    words = ["translate", "-t", "cyclegan", "--weights", weights, *SMALL, "-p", "cyclegan.ngf=2"]
    assert cli.main([*words, "photos", "out"]) == 4
    said = capsys.readouterr().err
    assert "does not fit cyclegan's generator as it is configured" in said
    assert said.count("\n") == 1
    assert not (photos / "out").exists()


def test_noise_depends_on_the_name_alone(photos: Path) -> None:
    score = str(score_net(photos / "s.safetensors"))
    words = ["translate", "-t", "sdedit", "--weights", score, *NOISY]
    (photos / "renamed").mkdir()
    (photos / "renamed" / "c.png").write_bytes((photos / "alone" / "b.png").read_bytes())
    for folder in ("photos", "alone", "renamed"):
        assert cli.main([*words, folder, f"{folder}_out"]) == 0
    alone = pixels(photos / "alone_out" / "b.png")
    np.testing.assert_array_equal(pixels(photos / "photos_out" / "b.png"), alone)
    assert (pixels(photos / "renamed_out" / "c.png") != alone).any()


def test_egsde_from_two_checkpoints_needs_no_image(photos: Path) -> None:
    score = str(score_net(photos / "s.safetensors"))
    classifier = photos / "dse.safetensors"
    save_file(build_domain_net("mini", 16).state_dict(), classifier)
    words = ["translate", "-t", "egsde", "--weights", score, *NOISY, "-p", "egsde.dse_iterations=0"]
    assert cli.main([*words, "-p", f"egsde.dse_weights={classifier}", "alone", "out"]) == 0
    assert pixels(photos / "out" / "b.png").shape == (24, 24, 3)


@pytest.mark.parametrize("name", EXPORTED)
def test_our_own_exports_translate_a_folder(
    photos: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    """The state that `irfer-bench export` writes, and the network of its diffusers folder."""
    cls, params_class, beside = EXPORTED[name]
    component, _, variant = name.partition("@")
    small = {"size": 16, "steps": 2, "iterations": 2, "batch": 2}
    small |= {"h_iterations": 2, "h_batch": 2} if name == "nfer_sde" else {}
    translator = cls(resolve(
        params_class, component=component, variant=variant, preset="quick",
        given=small | ({"dse_iterations": 2, "dse_batch": 2} if beside else {}),
    ))
    translator.fit(paired(landmarks=name == "nfer_sde"), MemoryContext())
    for value in translator.nets["score"].parameters():
        torch.nn.init.normal_(value, std=0.05)
    state = translator.state().tensors
    save_file({k: torch.tensor(v) for k, v in state.items()}, "state.safetensors")
    translator.export(photos)
    (unet,) = (photos / "diffusers" / "unet").glob("*.safetensors")
    count = len(translator.nets["score"].state_dict())
    files = ["state.safetensors"] if name == "nfer_sde" else ["state.safetensors", str(unet)]
    for file in files:
        words = ["translate", "-t", name, "--weights", file, *NOISY, "--force"]
        words += [word for k, v in beside.items() for word in ("-p", f"{component}.{k}={v}")]
        assert cli.main([*words, "photos", f"out{Path(file).stem}"]) == 0, capsys.readouterr().err
        note = f"weights: {count} tensors matched, 0 missing, 0 unknown\n"
        said = capsys.readouterr().err
        assert note in said
        assert ("dse_weights: " in said) == ("dse_weights" in beside)
        assert ("landmarks: " in said) == (name == "nfer_sde")
    made = [pixels(photos / f"out{Path(file).stem}" / "a.png") for file in files]
    np.testing.assert_array_equal(made[0], made[-1])
    assert (made[0] != pixels(photos / "photos" / "a.png")).mean() > 0.5


CLASSIFIER = "-p egsde.dse_weights=FILE -p egsde.dse_iterations=0"


@pytest.mark.parametrize(
    ("name", "words"),
    [("nfer_sde", "or --weights FILE, one of irfer-bench export that holds the "
                  "landmark network too, or -t nfer_sde@cond --weights FILE, which has none"),
     ("egsde", f"or --weights FILE {CLASSIFIER}")],
)
def test_what_is_trained_beside_the_checkpoint_is_said(
    photos: Path, capsys: pytest.CaptureFixture[str], name: str, words: str
) -> None:
    score = str(score_net(photos / "s.safetensors"))
    for given, reason in (
        ((), "has to be fitted first; say --from RECORD, a record of a run with it"),
        (("--weights", score),
         "is trained on images beside its checkpoint; "
         "fit it by irfer-bench run, and say --from RECORD"),
    ):
        code = cli.main(["translate", "-t", name, *given, *NOISY, "alone", "out"])
        said = capsys.readouterr().err
        assert code == 2, said
        assert f"{reason}, {words}" in said
        assert said.count("\n") == 1
