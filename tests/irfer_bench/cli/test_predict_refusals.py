"""`irfer-bench predict`: bad input is refused in one line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image

from tests.irfer_bench.conftest import Preparer


def test_an_export_of_another_version_or_a_damaged_one(bench: Preparer, record: Path) -> None:
    Image.new("RGB", (8, 8), "red").save("a.png")
    assert bench.call("export", str(record), "mine")[0] == 0
    place = Path("mine/recognizer/method.json")
    facts = json.loads(place.read_text())
    for change, code, said in (
        ({"version": "0"}, 3, "toy_means is here in version 1, the fitted state needs 0"),
        ({"images": {"classes": 3}}, 4, "cannot be read as a fitted recognizer"),
        ({"name": "nobody"}, 2, "nobody"),
    ):
        place.write_text(json.dumps(facts | change))
        found, out, err = bench.call("predict", "--weights", "mine", "a.png")
        assert (found, out, err.count("\n")) == (code, "", 1), err
        assert said in err
    place.write_text(json.dumps(facts))
    (place.parent / "state.safetensors").write_bytes(b"half")
    assert bench.call("predict", "--weights", "mine", "a.png")[0] == 4
    assert not Path("predictions.csv").exists()


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("a.png",), 2, "no recognizer is named; say --recognizer NAME, --from RECORD, or"),
        (("-r", "resnet18", "a.png"), 3,
         "resnet18 has to be fitted first; say --from RECORD, a record of a run with it, or"),
        (("-r", "clip_zero_shoot", "a.png"), 2, "did you mean 'clip_zero_shot'"),
        (("-r", "clip_zero_shot", "a.png"), 3, "--preset quick"),
        (("-r", "clip_zero_shot", "nowhere"), 3, "nowhere is not there; name images, videos or"),
        (("-r", "clip_zero_shot", "empty"), 3, "no image or video in empty"),
        (("-r", "clip_zero_shot", "a.png", "--out", "a.txt"), 2, "written as .csv or .parquet"),
        (("-r", "clip_zero_shot", "a.png", "--out", "old.csv"), 2, "old.csv is there; name a new"),
        (("-r", "clip_zero_shot", "a.png", "--out", "a.png/b.csv"), 4, "nothing can be written"),
        (("-r", "clip_zero_shot", "a.png", "--classes", "anger"), 2, "two or more different names"),
        (("-r", "clip_zero_shot", "a.png", "--detector", "boxes"), 2, "is given boxes, and"),
        (("-r", "clip_zero_shot", "a.png", "--detector", "opencvv"), 2, "did you mean 'opencv'"),
        (("-r", "clip_zero_shot", "a.png", "--frames", "some"), 2, "frames = 'some' is not a rule"),
        (("-r", "clip_zero_shot", "a.png", "-p", "pca.epochs=3"), 2, "'pca' takes no part"),
        (("--weights", "no", "a.png"), 3, "the weights no are not here; check the path"),
        (("-r", "clip_zero_shot", "--weights", "no.safetensors", "a.png"), 3,
         "pretrained weights no.safetensors are not here (looked for no.safetensors in"),
        (("-r", "clip_zero_shot", "--weights", "ViT-B-16/laion2b_s34b_b88k", "a.png"), 3,
         "pretrained weights ViT-B-16/laion2b_s34b_b88k are not here"),
        (("-r", "clip_zero_shot", "--weights", "no", "a.png"), 2,
         "backbone 'no' is neither mini, nor model/tag, nor the path of a file"),
        (("-r", "linear_probe", "--weights", "a.png", "a.png"), 2,
         "fit it by irfer-bench run -p linear_probe.backbone=FILE, and give --weights a folder"),
        (("--weights", "empty", "a.png"), 4, "empty has no method.json beside it"),
        (("--from", "no.json", "a.png"), 3, "no.json"),
        (("--from", "no.json", "--preset", "quick", "a.png"), 2, "--preset and --from are both"),
        (("--from", "no.json", "--classes", "a,b", "a.png"), 2, "--classes and --from are both"),
    ],
)  # fmt: skip
def test_bad_input_is_one_line(
    bench: Preparer, words: tuple[str, ...], code: int, said: str
) -> None:
    Image.new("RGB", (8, 8), "red").save("a.png")
    Path("empty").mkdir()
    Path("old.csv").write_text("mine")
    found, out, err = bench.call("predict", *words)
    assert (found, out) == (code, "")
    assert said in err
    assert err.count("\n") == 1
    assert not Path("predictions.csv").exists()
    assert Path("old.csv").read_text() == "mine"
