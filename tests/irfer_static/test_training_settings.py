"""What the settings of fine-tuning do: rates, stages, views, erasing, labels."""

from __future__ import annotations

from math import cos, pi
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from irfer_bench.api import TrainingData
from irfer_bench.contracts.params import resolve
from irfer_bench.nn.views import RandomView
from irfer_bench.testing.memory import MemoryContext
from irfer_static import fine_tuning
from irfer_static.fine_tuning import class_weight
from irfer_static.mae_face_params import MAEFaceParams
from irfer_static.resnet import ResNetRecognizer
from irfer_static.resnet_params import ResNet50Params, ResNetParams
from irfer_static.vit_network import ViTNetwork
from irfer_static.vit_params import ViTParams, ViTSize
from tests.irfer_static.toys import toy, training
from tests.recorder import Recorder

SMALL: dict[str, Any] = {"width": 4, "size": 32, "batch": 8}


def recorded(
    patch: pytest.MonkeyPatch, data: TrainingData, cls: type[ResNetParams] = ResNetParams,
    **given: Any,
) -> tuple[list[Recorder], ResNetRecognizer]:
    """One recorder per stage of a fit that takes no step."""
    loops: list[Recorder] = []

    def record(*args: Any, **more: Any) -> float:
        loops.append(Recorder())
        return loops[-1](*args, **more)

    patch.setattr(fine_tuning, "train", record)
    made = resolve(cls, component=cls.network, preset="quick", given=SMALL | given)
    recognizer = ResNetRecognizer(made)
    recognizer.fit(data, MemoryContext())
    return loops, recognizer


def test_the_rate_warms_up_linearly_and_falls_by_a_cosine(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    given = {"epochs": 5, "warmup_epochs": 2, "lr": 0.5, "head_factor": 4.0, "weight_decay": 0.25}
    (loop,), made = recorded(monkeypatch, training(toy(16, 1), toy(16, 2)), **given)
    assert loop.given["steps"] == 5 * 4
    rate = [loop.given["rate"](step) for step in range(20)]
    assert rate[:8] == pytest.approx([(step + 1) / 9 for step in range(8)])
    assert rate[8:] == pytest.approx([(1 + cos(pi * k / 12)) / 2 for k in range(12)])
    trunk, head = loop.groups()
    assert (trunk["lr"], head["lr"]) == (0.5, 2.0)
    assert trunk["weight_decay"] == head["weight_decay"] == 0.25
    assert made.model is not None
    assert {id(p) for p in head["params"]} == {id(p) for p in made.model.head.parameters()}
    assert len(trunk["params"]) + 2 == len(list(made.model.parameters()))


def test_muon_takes_the_matrices_of_the_blocks_and_adamw_the_rest(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    given = {"lr": 0.5, "head_factor": 4.0, "muon_lr": 0.25, "mode": "finetune"}
    loops, made = recorded(
        monkeypatch, training(toy(16, 1), toy(16, 2)), cls=ResNet50Params, **given)
    assert made.model is not None
    names = {id(p): name for name, p in made.model.named_parameters()}
    for loop, factor in zip(loops, (1, 0.1), strict=True):
        trunk, head, hidden = loop.groups()
        assert [g["lr"] for g in (trunk, head, hidden)] == pytest.approx(
            [0.5 * factor, 2.0 * factor, 0.25 * factor])
        assert all(".layer" in names[id(p)] and p.ndim > 1 for p in hidden["params"])
        assert len(hidden["params"]) == 3 * 16 + 4
        assert len(trunk["params"]) + len(head["params"]) + len(hidden["params"]) == len(names)


def test_muon_takes_the_projections_of_a_transformer_s_blocks() -> None:
    model = ViTNetwork(ViTSize(8, 2, 2, 8), 16, 3)
    given = {"architecture": "mini", "size": 48, "lr": 0.5, "head_factor": 4.0}
    for rate in (0.25, 0.0):
        params = resolve(ViTParams, component="vit", given=given | {"muon_lr": rate})
        adamw, *muon = fine_tuning._optimizers(model, params, 0.1)
        trunk, head = adamw.param_groups
        hidden = [q for own in muon for group in own.param_groups for q in group["params"]]
        assert sorted(tuple(q.shape) for q in hidden) == (
            sorted([(24, 8), (8, 8), (32, 8), (8, 32)] * 2) if rate else [])
        assert [group["lr"] for own in muon for group in own.param_groups] == (
            [pytest.approx(0.025)] if rate else [])
        assert (trunk["lr"], head["lr"]) == (pytest.approx(0.05), pytest.approx(0.2))
        assert [id(q) for q in head["params"]] == [id(q) for q in model.head.parameters()]
        known = [id(q) for q in (*trunk["params"], *head["params"], *hidden)]
        assert sorted(known) == sorted(id(q) for q in model.parameters())


def test_blocks_that_start_as_the_identity_do_so(monkeypatch: pytest.MonkeyPatch) -> None:
    scales = []
    for zero_init in (True, False):
        _, made = recorded(
            monkeypatch, training(toy(16, 1), toy(16, 2)), cls=ResNet50Params,
            zero_init=zero_init)
        assert made.model is not None
        scales.append([
            float(p.detach().abs().max()) for name, p in made.model.named_parameters()
            if name.endswith("bn3.weight")
        ])
    assert scales == [[0.0] * 16, [1.0] * 16]


def test_the_second_stage_of_finetune_has_its_own_clips_epochs_and_rate(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    given = {
        "mode": "finetune", "epochs": 5, "warmup_epochs": 2, "target_epochs": 3, "lr": 0.5,
        "target_factor": 0.25,
    }
    (first, second), _ = recorded(monkeypatch, training(toy(16, 1), toy(24, 2)), **given)
    assert (first.given["steps"], second.given["steps"]) == (5 * 2, 3 * 3)
    assert [loop.groups()[0]["lr"] for loop in (first, second)] == [0.5, 0.125]
    rate = second.given["rate"]
    assert [rate(step) for step in (0, 3, 6)] == pytest.approx([1.0, 0.75, 0.25])


def test_the_loss_smooths_labels_and_balances_classes_where_asked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    data = training(toy(10, 1), toy(4, 2))
    labels = torch.tensor([0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 0, 1, 2, 0])
    for smoothing, kind in ((0.0, "none"), (0.3, "none"), (0.3, "balanced")):
        (loop,), made = recorded(
            monkeypatch, data, label_smoothing=smoothing, class_weight=kind)
        assert made.model is not None
        made.model.eval()
        x, y = loop.given["batch"](0)
        logits = made.model(x).log_softmax(1)
        aim = F.one_hot(y, 3) * (1 - smoothing) + smoothing / 3
        weight = class_weight(labels, 3) if kind == "balanced" else torch.ones(3)
        expected = -(aim * weight * logits).sum() / weight[y].sum()
        torch.testing.assert_close(loop.given["loss"]((x, y)), expected)


def test_views_and_erasing_are_those_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    shares: list[float] = []

    def noting(x: Tensor, probability: float, draw: torch.Generator) -> Tensor:
        shares.append(probability)
        return x

    views: list[Any] = []

    def view(*args: Any, **given: Any) -> RandomView:
        views.append(RandomView(*args, **given))
        return views[-1]

    monkeypatch.setattr(fine_tuning, "erase", noting)
    monkeypatch.setattr(fine_tuning, "RandomView", view)
    (loop,), made = recorded(
        monkeypatch, training(toy(16, 1)), erase=0.125, crop=0.6, flip=0.25)
    x, y = loop.given["batch"](0)
    assert (shares, len(y)) == ([0.125], 8)
    assert (views[0].size, views[0].area, views[0].flip) == (32, (0.6, 1.0), 0.25)
    # Without a change training sees what evaluation sees, by ImageNet's mean and deviation.
    (loop,), made = recorded(monkeypatch, training(toy(16, 1)), erase=0.0, crop=1.0, flip=0.0)
    assert made.model is not None
    table = fine_tuning.training_stages(training(toy(16, 1)), made.params)[0].table
    plain = fine_tuning.ResizedFrames(table, 32).read(range(16))
    mean, std = (torch.tensor(v).view(3, 1, 1) for v in (
        (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)))
    known = ((plain + 1) / 2 - mean) / std
    x, labels = loop.given["batch"](1)
    for image, label in zip(x, labels, strict=True):
        gaps = (known - image).abs().amax((1, 2, 3))
        assert float(gaps.min()) < 1e-3
        assert table.clip_labels[gaps.argmin()] == label


def test_an_epoch_takes_one_random_frame_of_each_clip(monkeypatch: pytest.MonkeyPatch) -> None:
    data = training(toy(16, 1, frames=3))
    (loop,), made = recorded(monkeypatch, data)
    table = fine_tuning.training_stages(data, made.params)[0].table
    taken: list[int] = []
    pick = type(table).pick
    monkeypatch.setattr(
        type(table), "pick", lambda self, *given: taken.extend(i := pick(self, *given)) or i)
    for step in range(40):
        loop.given["batch"](step)
    owners = [i // 3 for i in taken]
    assert sorted(owners[:16]) == sorted(owners[16:32]) == list(range(16))
    assert owners[:16] != owners[16:32]
    assert len(set(taken)) == 48


def test_the_recipe_s_defaults() -> None:
    """They are in no paper, but every published row was trained with them."""
    resnet, vit = ResNetParams(), ViTParams()
    assert (resnet.epochs, resnet.warmup_epochs, resnet.batch, resnet.lr) == (40, 5, 64, 5e-4)
    assert (resnet.head_factor, resnet.label_smoothing, resnet.erase) == (10.0, 0.1, 0.25)
    assert (vit.lr, vit.head_factor, vit.weight_decay) == (1e-4, 1.0, 0.05)
    assert (MAEFaceParams().epochs, MAEFaceParams().lr) == (40, 1e-4)
