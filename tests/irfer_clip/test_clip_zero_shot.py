"""Zero-shot: templates, and the scores of clips."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from irfer_bench.api import UsageError
from irfer_bench.contracts.params import resolve
from irfer_bench.testing.memory import MemoryContext
from irfer_clip import features as module
from irfer_clip.clip_zero_shot import ClipZeroShot
from irfer_clip.clip_zero_shot_params import ClipZeroShotParams
from irfer_clip.texts import class_texts
from tests.irfer_clip.tiny import clips, training, write_tiny

TEST = clips(6, seed=9)


def _fitted(folder: Path, template: str) -> tuple[ClipZeroShot, MemoryContext]:
    write_tiny(folder)
    given = {"backbone": "tiny.safetensors", "template": template}
    recognizer = ClipZeroShot(resolve(ClipZeroShotParams, component="clip_zero_shot", given=given))
    context = MemoryContext(weights=folder)
    recognizer.fit(training(TEST, TEST), context)
    return recognizer, context


def test_each_template_is_another_question(tmp_path: Path) -> None:
    found = []
    for template in ("single", "face", "descr", "ensemble"):
        recognizer, context = _fitted(tmp_path, template)
        found.append(recognizer.predict(TEST, context))
    for i, one in enumerate(found):
        assert np.allclose(np.exp(one).sum(axis=1), 1, atol=1e-5)
        for other in found[:i]:
            assert not np.allclose(one, other, atol=1e-6)


def test_texts_are_encoded_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recognizer, context = _fitted(tmp_path, "ensemble")
    first = recognizer.predict(TEST, context)
    monkeypatch.setattr(module, "encode_templates", lambda *_: pytest.fail("encoded again"))
    other = ClipZeroShot(recognizer.params)
    other.restore(recognizer.state())
    assert np.array_equal(other.predict(TEST, context), first)
    assert np.array_equal(recognizer.predict(TEST, context), first)


def test_class_names_lose_their_underscores_and_descriptions_must_exist() -> None:
    assert class_texts(["very_sad"], "single") == [["a photo of a very sad."]]
    (described,) = class_texts(["fear"], "descr")
    assert described[0].startswith("a photo of a person making a facial expression of fear, raised")
    with pytest.raises(UsageError, match="boredom"):
        class_texts(["boredom"], "descr")
