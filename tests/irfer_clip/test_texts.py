"""Files of texts: a user's templates, names and descriptions, for any classes and languages."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from irfer_bench.api import BASIC, BenchError, DamagedError, MissingError, TrainingData, UsageError
from irfer_bench.testing.memory import ClipList
from irfer_clip.maple_params import MapleParams
from irfer_clip.texts import class_texts, load_sentences
from tests.irfer_clip.small import NONE, SMALL, SOURCE, TARGET, context, data, make, run

GERMAN = """
[templates]
single = "ein Foto: {}."
face = "ein Gesicht voller {}."
ensemble = ["ein {}!", "das {}."]
[names]
anger = "Wut"
disgust = "Ekel"
fear = "\u6050\u60e7"
[descriptions]
anger = "gerunzelte Stirn."
boredom = "halb geschlossene Augen."
"""


def test_the_shipped_file_describes_the_basic_classes_and_those_of_mafw() -> None:
    (texts,) = class_texts((*BASIC, "neutral", "contempt", "anxiety"), "descr")
    assert len(texts) == 9
    assert len(class_texts(BASIC, "ensemble")) == 8
    assert class_texts(["very_sad"], "bare") == [
        ["a photo of a person making a facial expression of very sad"]]


def test_a_users_file_takes_the_place_of_what_it_names(tmp_path: Path) -> None:
    (tmp_path / "german.toml").write_text(GERMAN, encoding="utf-8")
    own = load_sentences("german.toml", tmp_path)
    assert class_texts(["anger", "joy_x"], "single", own) == [
        ["ein Foto: Wut.", "ein Foto: joy x."]]
    assert class_texts(["boredom"], "descr", own) == [
        ["ein Gesicht voller boredom, halb geschlossene Augen."]]
    assert class_texts(["fear"], "descr", own)[0][0].endswith("a retracted chin.")
    assert len(class_texts(["fear"], "ensemble", own)) == 2
    assert load_sentences(str(tmp_path / "german.toml")) is own


@pytest.mark.parametrize("name", SMALL)
def test_prompts_in_another_language_and_other_classes(name: str, folder: Path) -> None:
    """Three classes of a user's own, one of them in Chinese: every method fits and scores."""
    (folder / "own.toml").write_text(
        GERMAN + 'trust = "x."\njoy_x = "y."\n', encoding="utf-8")
    classes = ("boredom", "trust", "joy_x")
    renamed = dict(zip(("anger", "disgust", "fear"), classes, strict=True))
    source, target = (
        ClipList([replace(c, label=renamed[c.label or ""]) for c in some])
        for some in (SOURCE, TARGET)
    )
    given = TrainingData(source, target, target.unlabelled(), NONE, classes)
    _, scores = run(name, folder, given, texts="own.toml")
    assert np.isfinite(scores).all()
    _, foreign = run(name, folder, data(), texts="own.toml")
    _, english = run(name, folder, data())
    if name != "linear_probe":
        assert not np.allclose(foreign, english, atol=1e-6)


@pytest.mark.parametrize("name", [name for name in SMALL if name != "linear_probe"])
def test_a_name_that_exceeds_the_context_is_refused(name: str, folder: Path) -> None:
    """A method that reads no names reads descriptions."""
    table = "descriptions" if name == "dfer_clip" else "names"
    long = "anger " * 80
    (folder / "long.toml").write_text(f'[{table}]\nanger = "{long}"\n', encoding="utf-8")
    with pytest.raises(UsageError, match="tokens, the backbone takes 130"):
        run(name, folder, data(), texts="long.toml")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[templates", "not a TOML file"),
        ("[words]\na = 'b'", "holds 'words'"),
        ("names = 3", "holds 'names'"),
        ("[names]\nanger = 3", r"names\.anger is 3"),
        ("[templates]\nother = 'a {}'", "no template 'other'"),
        ("[templates]\nsingle = 'a photo'", "once, for the class"),
        ("[templates]\nensemble = []", "not a text"),
    ],
)
def test_a_damaged_file_is_refused(text: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text(text, encoding="utf-8")
    with pytest.raises(DamagedError, match=message):
        load_sentences("own.toml", tmp_path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(MissingError, match=r"nowhere\.toml.*copy texts\.toml"):
        load_sentences("nowhere.toml", tmp_path)


def test_the_key_holds_the_content_of_the_file(folder: Path) -> None:
    params = MapleParams(backbone="tiny.safetensors", texts="own.toml")
    with pytest.raises(BenchError, match=r"own\.toml"):
        params.inputs(folder)
    (folder / "own.toml").write_text(GERMAN, encoding="utf-8")
    assert len(params.inputs(folder)["texts_digest"]) == 64
    assert "texts_digest" not in MapleParams(backbone="tiny.safetensors").inputs(folder)


def test_an_edited_file_is_read_again(folder: Path) -> None:
    path = folder / "own.toml"
    path.write_text(GERMAN, encoding="utf-8")
    before = load_sentences("own.toml", folder)
    path.write_text(GERMAN.replace("Wut", "Zorn und Wut"), encoding="utf-8")
    after = load_sentences("own.toml", folder)
    assert (before.word("anger"), after.word("anger")) == ("Wut", "Zorn und Wut")
    method = make("clip_zero_shot", texts="own.toml")
    method.fit(data(), context("clip_zero_shot", folder))
    assert method.words[0] == "Zorn und Wut"
