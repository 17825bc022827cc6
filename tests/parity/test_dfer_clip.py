"""DFER-CLIP against official code: logits, loss and the gradients of all that is trained."""

from __future__ import annotations

import copy
import json
from pathlib import Path

import pytest
from torch.nn import functional as F

from irfer_bench.nn.temporal_transformer import TemporalTransformer, from_official
from irfer_clip.dfer_clip import DferClipModel, _compare
from tests.parity.clip_fixtures import clip_of, tensors_of
from tests.parity.fixtures import error, fixtures

LOGITS, GRADS = 2e-5, 5e-5


@pytest.mark.parametrize("path", fixtures("recognizers", "dfer_clip"))
def test_logits_loss_and_gradients(path: Path) -> None:
    t, metadata = tensors_of(path)
    config = json.loads(metadata["config"])
    clip = clip_of(t, {k: v for k, v in config.items() if k != "th"})
    ctx = t["state_dict.prompt_learner.ctx"]
    assert ctx.shape[1] == config["n_ctx"]
    temporal = TemporalTransformer(
        config["td"], config["t"], depth=config["depth"], heads=config["th"],
        head_width=config["tdh"], hidden=config["tm"])
    official = {k.removeprefix("state_dict."): v for k, v in t.items()}
    temporal.load_state_dict(from_official(official))
    visual = copy.deepcopy(clip.visual).requires_grad_(True)
    model = DferClipModel(visual, temporal, ctx / 0.02)
    logits = _compare(
        model.video(t["input.image"]), model.texts(clip, t["input.tokenized_prompts"]))
    assert error(logits, t["output.logits"]) < LOGITS
    loss = F.cross_entropy(logits, t["input.label"])
    assert error(loss, t["output.loss"]) < LOGITS
    loss.backward()  # type: ignore[no-untyped-call]
    given = {k.removeprefix("grad."): v for k, v in t.items() if k.startswith("grad.")}
    expected = {f"temporal.{k}": v for k, v in from_official(given).items()}
    expected |= {k.replace("image_encoder.", "visual."): v for k, v in given.items()
                 if k.startswith("image_encoder.")}
    expected["ctx"] = given["prompt_learner.ctx"]
    assert expected.keys() == dict(model.named_parameters()).keys()
    for name, gradient in expected.items():
        assert error(model.get_parameter(name).grad, gradient) < GRADS, name
