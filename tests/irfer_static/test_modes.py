"""Which clips each mode trains on: sources, targets, both, or one after the other."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from irfer_bench.api import CellError, Clip, State, TrainingData
from irfer_bench.contracts.params import resolve
from irfer_bench.registry import load
from irfer_bench.testing.memory import ClipList, MemoryContext
from irfer_static.resnet import ResNetRecognizer
from irfer_static.resnet_params import ResNetParams
from tests.irfer_static.toys import CLASSES, toy, training

SMALL = {"width": 8, "size": 32, "epochs": 2, "target_epochs": 2, "batch": 16}


def fitted(data: TrainingData, ctx: MemoryContext | None = None, **given: Any) -> ResNetRecognizer:
    made = resolve(ResNetParams, component="resnet18", preset="quick", given=SMALL | given)
    recognizer = ResNetRecognizer(made)
    recognizer.fit(data, ctx or MemoryContext())
    return recognizer


def same(a: State, b: State) -> bool:
    return all(np.array_equal(array, b.tensors[name]) for name, array in a.tensors.items())


@pytest.mark.parametrize("name", ["resnet18", "resnet50", "vit", "mae_face"])
def test_every_network_has_the_same_modes_and_joint_is_the_default(name: str) -> None:
    registry = load()
    params = registry.params_class(registry.get("recognizer", name))
    assert params().mode == "joint"  # type: ignore[attr-defined]
    for mode in ("source_only", "target_fewshot", "finetune"):
        assert resolve(params, component=name, given={"mode": mode})


@pytest.mark.slow
def test_a_mode_of_one_side_ignores_the_other() -> None:
    source, target, other = toy(24, 1), toy(24, 2), toy(24, 3)
    joint = fitted(training(source, target)).state()
    from_source = fitted(training(source, target), mode="source_only").state()
    assert same(from_source, fitted(training(source, other), mode="source_only").state())
    assert same(from_source, fitted(training(source)).state())
    from_target = fitted(training(source, target), mode="target_fewshot").state()
    assert same(from_target, fitted(training(other, target), mode="target_fewshot").state())
    assert not same(from_source, from_target)
    assert not same(joint, from_source)
    assert not same(joint, from_target)


@pytest.mark.slow
def test_finetune_goes_on_from_the_network_of_the_source() -> None:
    """Its second part hardly moves a weight at a rate of nearly zero, and does at a real one."""
    data = training(toy(24, 1), toy(24, 2))
    source = fitted(data, mode="source_only").state().tensors
    still = fitted(data, mode="finetune", target_factor=1e-9).state().tensors
    moved = fitted(data, mode="finetune", target_factor=1.0).state().tensors
    weights = [name for name in source if name.endswith("weight")]
    assert all(np.allclose(source[n], still[n], atol=1e-6) for n in weights)
    assert not any(np.allclose(source[n], moved[n], atol=1e-6) for n in weights)


@pytest.mark.slow
def test_finetune_ends_with_the_labels_of_the_target() -> None:
    """The target calls every class of the source by the name of the next one."""
    clips = toy(60, 1)
    shifted = ClipList([
        Clip(f"t{c.id}", c.frames, "nir", CLASSES[(CLASSES.index(c.label or "") + 1) % 3])
        for c in clips])
    recognizer = fitted(
        training(clips, shifted), mode="finetune", epochs=4, target_epochs=8, target_factor=1.0)
    scores = recognizer.predict(shifted, MemoryContext())
    found = [CLASSES[k] for k in scores.argmax(1)]
    assert np.mean([a == b for a, b in zip(found, shifted.labels, strict=True)]) > 0.9


@pytest.mark.slow
def test_finetune_interrupted_in_its_second_part_ends_as_if_it_was_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("irfer_bench.nn.loop.CHECKPOINT_SHARE", float("inf"))
    data = training(toy(30, 1), toy(30, 2))
    whole = fitted(data, mode="finetune")

    class Stopping(MemoryContext):
        def progress(self, name: str, done: int, total: int, note: str = "") -> None:
            if name == "resnet18.target" and done == 3:
                raise InterruptedError

    stopped = Stopping()
    with pytest.raises(InterruptedError):
        fitted(data, stopped, mode="finetune")
    resumed = fitted(data, MemoryContext(checkpoints=stopped.checkpoints), mode="finetune")
    assert same(whole.state(), resumed.state())


@pytest.mark.parametrize(
    ("mode", "data", "said"),
    [
        ("joint", training(), "source and target are both empty"),
        ("source_only", training(target=toy(6, 1)), "source is empty"),
        ("target_fewshot", training(source=toy(6, 1)), "target is empty"),
        ("finetune", training(source=toy(6, 1)), "target is empty"),
        ("finetune", training(target=toy(6, 1)), "source is empty"),
    ],
)
def test_a_side_that_a_mode_needs_and_has_not_is_named(
    mode: str, data: TrainingData, said: str
) -> None:
    with pytest.raises(CellError, match=f"mode={mode} has nothing to train on: {said}"):
        fitted(data, mode=mode)
