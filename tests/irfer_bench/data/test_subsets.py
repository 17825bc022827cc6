"""Training and test clips: distinct subjects, fixed and nested draws, refused leaks."""

from __future__ import annotations

import json
from dataclasses import replace
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from irfer_bench.data import subsets as splits
from irfer_bench.data.clips import ClipView
from irfer_bench.errors import DamagedError

CLASSES = ("anger", "fear")


def view_of(rows):
    """A view over facts alone: (id, subject, label, pair)."""
    names = ("id", "subject", "label", "pair")
    return ClipView(
        SimpleNamespace(rows=[dict(zip(names, row, strict=True)) for row in rows], key="k"),
        tuple(range(len(rows))),
    )


def people(count, each=2):
    """`each` clips per class and subject."""
    return view_of([
        (f"s{s}-{label}-{n}", f"s{s}", label, f"s{s}-{label}-{n}")
        for s in range(count) for label in CLASSES for n in range(each)
    ])  # fmt: skip


@given(st.integers(3, 12), st.integers(1, 3), st.integers(0, 20))
def test_shots_come_from_distinct_subjects_and_are_fixed(count, shots, draw):
    view = people(count)
    picked = splits.draw_shots(view, CLASSES, shots, draw=draw, where="")
    for label in CLASSES:
        own = [s for s, at in zip(picked.subjects, picked.labels, strict=True) if at == label]
        assert len(own) == shots
        assert len(set(own)) == shots
    again = splits.draw_shots(view, CLASSES, shots, draw=draw, where="")
    assert picked.ids == again.ids


@given(st.integers(2, 8), st.integers(0, 9), st.randoms())
def test_draws_do_not_depend_on_the_order_of_the_folder(count, draw, random):
    view = people(count)
    order = list(range(len(view)))
    random.shuffle(order)
    one = splits.draw_shots(view, CLASSES, 2, draw=draw, where="")
    other = splits.draw_shots(view.pick(order), CLASSES, 2, draw=draw, where="")
    assert sorted(one.ids) == sorted(other.ids)


@given(st.integers(6, 12), st.integers(0, 9))
def test_more_shots_hold_the_fewer_ones(count, draw):
    view = people(count)

    def ids(shots):
        return set(splits.draw_shots(view, CLASSES, shots, draw=draw, where="").ids)

    assert ids(0) < ids(1) < ids(3) < ids(5) < ids(None) == set(view.ids)
    assert ids(0.2) <= ids(0.5) <= ids(0.9)


@given(st.integers(2, 30), st.floats(0.01, 0.99))
def test_a_fraction_keeps_whole_subjects(count, fraction):
    view = people(count)
    kept = splits.draw_shots(view, CLASSES, fraction, draw=0, where="")
    subjects = set(kept.subjects)
    assert abs(len(subjects) - fraction * count) <= 1
    assert len(kept) == 4 * len(subjects)


@pytest.mark.parametrize("shots", [1, 0.3])
def test_draws_differ(shots):
    view = people(12)
    found = {tuple(splits.draw_shots(view, CLASSES, shots, draw=d, where="").ids) for d in range(5)}
    assert len(found) == 5


def test_shots_of_a_class_are_of_that_class():
    picked = splits.draw_shots(people(4), ("fear",), 2, draw=0, where="")
    assert picked.labels == ["fear", "fear"]


def test_more_shots_than_subjects_take_further_clips_of_them_each_once():
    picked = splits.draw_shots(people(2, each=3), ("anger",), 5, draw=0, where="")
    assert len(set(picked.ids)) == 5
    assert set(picked.subjects[:2]) == {"s0", "s1"}, "distinct subjects first"


def test_folds_are_counted_from_one():
    view, folds = people(4), [{"s0", "s1"}, {"s2", "s3"}]
    assert splits.split_fold(view, folds, 0, "test", "toy").ids == view.ids
    assert splits.split_fold(view, folds, 1, "all", "toy").ids == view.ids
    assert set(splits.split_fold(view, folds, 2, "test", "toy").subjects) == {"s2", "s3"}
    with pytest.raises(DamagedError, match="toy: fold 3 was asked for and there are 2"):
        splits.split_fold(view, folds, 3, "test", "toy")


def test_who_owns_a_clip_without_a_subject_is_the_clip():
    view = view_of([("a", "s", "fear", None), ("b", None, "fear", None)])
    assert splits.owners(view) == ["s", "b"]


def test_too_few_clips_of_a_class_are_said():
    with pytest.raises(DamagedError, match=r"fold 2: class 'fear' has 0 .* 1 are needed"):
        splits.draw_shots(view_of([("a", "s", "anger", None)]), CLASSES, 1, draw=0, where="fold 2")


def test_a_class_missing_from_a_fold_is_said():
    with pytest.raises(DamagedError, match="fold 1: no training clip of fear"):
        splits.check_classes([view_of([("a", "s", "anger", None)])], CLASSES, "fold 1")


def test_a_small_copy_trains_without_a_class_but_not_without_all():
    view = view_of([("a", "s", "anger", None)])
    absent = splits.check_classes([view], CLASSES, "fold 1", fewer=True)
    assert absent == [name for name in CLASSES if name != "anger"]
    with pytest.raises(DamagedError, match="no training clip"):
        splits.check_classes([view.pick(())], CLASSES, "fold 1", fewer=True)


@given(st.integers(2, 10), st.data())
def test_train_and_test_share_nobody_and_lose_nobody(count, data):
    view = people(count)
    test = frozenset(data.draw(st.sets(st.sampled_from(sorted(set(view.subjects))))))
    train, tested = splits.split(view, test, "train"), splits.split(view, test, "test")
    assert set(tested.subjects) == test
    assert not set(train.subjects) & test
    assert sorted([*train.ids, *tested.ids]) == sorted(view.ids)
    assert splits.check_leak([train], tested, "") == bool(test)


def test_without_subjects_the_items_are_split_and_nothing_is_checked():
    view = view_of([(f"v{i}.{k}", None, "fear", None) for i in range(3) for k in range(2)])
    tested = splits.split(view, frozenset({"v1"}), "test")
    assert tested.ids == ["v1.0", "v1.1"]
    assert splits.check_leak([splits.split(view, frozenset({"v1"}), "train")], tested, "") is False


def test_a_subject_on_both_sides_is_refused():
    view = people(3)
    with pytest.raises(DamagedError, match=r"fold 1: 1 subject\(s\) .* in training and test: s2"):
        splits.check_leak([view], view.pick([8, 9]), "fold 1")


@pytest.mark.parametrize(
    ("count", "shown"), [(5, "s0, s1, s2, s3, s4"), (6, "s0, s1, s2, s3, s4 …")]
)
def test_five_subjects_of_a_leak_are_named(count, shown):
    with pytest.raises(DamagedError, match=rf"{count} subject\(s\) .*: {shown};"):
        splits.check_leak([people(count)], people(count), "fold 1")


def test_an_extra_set_that_holds_a_test_subject_stops_the_run(bench, monkeypatch):
    bench.call("list")
    from irfer_toy import dataset

    index = dataset.Toy.index

    def leaking(self, root):
        for item in index(self, root):
            yield replace(item, subject=item.subject.replace("x", "p"))

    monkeypatch.setattr(dataset.Toy, "index", leaking)
    words = "-d toy -s toy_augmented -t toy_shift -r toy_means"
    code, _, err = bench.run(*words.split())
    assert code == 4
    assert "are in training and test: p000, p002" in err
    (path,) = bench.out.glob("records/*/*")
    record = json.loads(path.read_text())
    assert (record["outcome"], record["metrics"]) == ("failed", {}), "no number of a leaking split"


@given(st.integers(1, 10), st.floats(0.05, 0.5), st.integers(0, 5))
def test_validation_is_carved_by_subject(count, fraction, draw):
    view = people(count)
    train, held = splits.split_validation(view, fraction, draw)
    assert not set(train.subjects) & set(held.subjects)
    assert len(train) + len(held) == len(view)
    assert len(set(held.subjects)) == max(1, round(fraction * count))


def test_validation_without_a_fraction_or_without_clips_is_empty():
    view = people(3)
    train, held = splits.split_validation(view, 0, 0)
    assert (train.ids, held.ids) == (view.ids, [])
    train, held = splits.split_validation(view.pick(()), 0.5, 0)
    assert (train.ids, held.ids) == ([], [])


def test_the_one_clip_there_is_validates_alone():
    train, held = splits.split_validation(people(1, each=1).pick([0]), 0.1, 0)
    assert (train.ids, held.ids) == ([], ["s0-anger-0"])


def test_each_draw_holds_out_others():
    view = people(12)
    assert len({tuple(splits.split_validation(view, 0.3, draw)[1].ids) for draw in range(5)}) == 5


def test_pairs_are_matched_by_their_moment():
    source = view_of([("a", "s", "fear", "m1"), ("b", "s", "fear", None), ("c", "s", "fear", "m3"),
                      ("d", "s", "fear", "whose partner is missing")])  # fmt: skip
    target = view_of([("x", "s", "fear", "m3"), ("y", "s", "fear", None), ("z", "s", "fear", "m1")])
    assert splits.match_pairs(source, target) == [(0, 2), (2, 0)]
