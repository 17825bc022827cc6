"""Keys change exactly when the values behind them change."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from irfer_bench.store import keys

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


@given(st.dictionaries(st.text(), JSON, max_size=5))
def test_order_never_enters_a_digest(value):
    turned = dict(reversed(list(value.items())))
    assert keys.digest(value) == keys.digest(turned)
    assert keys.digest(json.loads(json.dumps(value))) == keys.digest(value)


@given(JSON, JSON)
def test_other_values_have_other_digests(one, other):
    same = json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)
    assert (keys.digest(one) == keys.digest(other)) == same


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_no_key_of_what_is_no_number(value):
    with pytest.raises(ValueError, match="JSON"):
        keys.digest([value])


@given(st.integers(0, 10**6), st.lists(st.text("abc", min_size=1), min_size=1, max_size=3))
def test_a_seed_depends_on_its_words_alone(seed, names):
    value = keys.seed_for(seed, *names)
    assert 0 <= value < 2**63
    assert value == keys.seed_for(seed, *names)
    assert value != keys.seed_for(seed + 1, *names)
    assert value != keys.seed_for(seed, *names, "x")


def test_this_scheme_stays_what_it_is():
    """Changing it makes every artefact of every user unfindable: raise SCHEME and say so."""
    assert keys.SCHEME == 1
    known = "3a111665267e1f0179f8e82e6217a1db12d2827779eeabc8b10238ced5db040e"
    assert keys.digest({"b": 1, "a": [1.5, None, "é"]}) == known


BASE = ("-d", "toy", "-t", "toy_shift", "-r", "toy_means", "--device", "cpu")


def steps(bench, *words):
    """Keys by title of the one cell's steps."""
    code, out, err = bench.call("plan", *BASE, *words, "--json")
    assert code == 0, err
    (cell,) = json.loads(out)["cells"]
    return {step["title"]: step["key"] for step in cell["steps"]}


FITTED = {
    "translate test by toy_shift", "translate train by toy_shift", "fit toy_means",
    "predict by toy_means", "predict partners by toy_means", "score",
}  # fmt: skip
LEARNT = {"fit toy_means", "predict by toy_means", "predict partners by toy_means", "score"}
USED = {"predict by toy_means", "predict partners by toy_means", "score"}
PREPARED = {"prepare toy nir main", "prepare toy vis main"}


@pytest.mark.parametrize(
    ("words", "changed"),
    [
        ("-p toy_shift.gain=2", FITTED),
        ("-p toy_shift.steps=5", FITTED | {"fit toy_shift"}),
        ("-p toy_means.passes=9", LEARNT),
        ("-p toy_means.sharpness=9", USED),
        ("--seed 1", LEARNT),
        ("--fold 2", FITTED | {"fit toy_shift"}),
        ("--precision bf16", FITTED | {"fit toy_shift"}),
        ("-p toy.subjects=12", FITTED | {"fit toy_shift"} | PREPARED),
        ("-p toy_shift.gain=1.0", set()),
        ("-p toy_shift.steps=2", set()),
        ("--fold 1 --seed 0", set()),
        ("--preset quick", set()),
        ("--setting toy_weak", set()),
        ("--data-root synth=/nowhere", set()),
    ],
)
def test_a_change_reaches_these_steps_and_no_other(bench, words, changed):
    before, after = (
        steps(bench, "--precision", "fp32"),
        steps(bench, *words.split())
        if ("--precision" in words)
        else steps(bench, "--precision", "fp32", *words.split()),
    )
    assert {title for title in before if before[title] != after[title]} == changed


def test_a_variant_is_named_by_what_it_changes(bench):
    """`toy_shift@strong` is `gain = 2`: the same artefacts under another row."""
    strong = steps(bench, "-p", "toy_shift.gain=2")
    code, out, _ = bench.call("plan", "-d", "toy", "-t", "toy_shift@strong", "-r", "toy_means",
                              "--device", "cpu", "--json")  # fmt: skip
    assert code == 0
    (cell,) = json.loads(out)["cells"]
    assert {step["key"] for step in cell["steps"]} == set(strong.values())


def test_the_order_of_a_request_never_enters(bench):
    words = (
        "-d toy -t toy_raw -t toy_shift -r toy_means -s toy_weak -s toy_augmented --fold 2 --fold 1"
    )
    turned = (
        "--fold 1 --fold 2 -s toy_augmented -s toy_weak -r toy_means -t toy_shift -t toy_raw -d toy"
    )
    cells = []
    for line in (words, turned):
        _, out, _ = bench.call("plan", *line.split(), "--json")
        cells.append({cell["cell"]: cell["key"] for cell in json.loads(out)["cells"]})
    assert cells[0] == cells[1]
    assert len(cells[0]) == 8


def test_the_home_folder_never_enters(bench, monkeypatch):
    before = steps(bench)
    monkeypatch.setenv("IRFER_BENCH_HOME", str(bench.folder / "elsewhere"))
    monkeypatch.chdir("/")
    assert steps(bench) == before


def test_a_cell_asked_for_twice_is_one(bench):
    words = "-d toy -t toy_raw -t toy_raw -r toy_means --fold 1 --fold 1"
    _, out, _ = bench.call("plan", *words.split(), "--json")
    assert len(json.loads(out)["cells"]) == 1


def test_landmarks_enter_by_content_not_by_name(bench):
    import numpy as np
    from safetensors.numpy import save_file

    found = []
    for name, value in (("a", 1.0), ("b", 1.0), ("c", 2.0)):
        save_file({"p000-anger-nir": np.full((1, 68, 2), value, np.float32)}, bench.folder / name)
        found.append(steps(bench, "--landmarks", name))
    assert found[0] == found[1]
    assert found[0]["prepare toy nir main"] != found[2]["prepare toy nir main"]
