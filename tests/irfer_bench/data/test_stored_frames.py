"""Stored and scored frames, and their positions in the item."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from irfer_bench.contracts.values import Item
from irfer_bench.data.clips import StoredClips, write_clips
from irfer_bench.data.frame_rules import choose_scored, pick
from irfer_bench.data.preparation.prepare import prepare
from irfer_bench.data.preparation.rules import Rules
from irfer_bench.engine.runner import Runner, scored_rule
from irfer_bench.errors import UsageError
from irfer_bench.experiment.dataset_copy import find_copy
from irfer_bench.experiment.graph import Step, prepare_step
from irfer_bench.registry import load
from irfer_bench.settings.setting import Setting
from irfer_bench.store.artefacts import Store
from irfer_synth.dataset import SynthDataset

RULES = st.one_of(
    st.just("all"),
    st.builds("{}({})".format, st.sampled_from(["last", "first", "uniform"]), st.integers(1, 20)),
)


@pytest.fixture(scope="module")
def items() -> list[Item]:
    found = [item for item in SynthDataset().index(None) if item.part == "clips"]
    return sorted(found, key=lambda item: item.id)[:3]


def stored(items: list[Item], place: Path, **rules: Any) -> list[Any]:
    chosen = Rules(unit="item", size=64, **rules)
    write_clips(place, prepare(SynthDataset(), None, items, chosen))
    return list(StoredClips(place, "key", chosen.frames if chosen.stored else "").view())


def test_every_frame_is_kept_and_the_rules_frames_are_scored(
    items: list[Item], tmp_path: Path
) -> None:
    (tmp_path / "scored").mkdir()
    (tmp_path / "both").mkdir()
    alone = stored(items, tmp_path / "scored", frames="uniform(4)")
    both = stored(items, tmp_path / "both", frames="uniform(4)", stored="all")
    for item, one, other in zip(items, alone, both, strict=True):
        assert len(other.frames) == item.frames == other.length == one.length
        assert other.positions == tuple(range(item.frames))
        assert one.positions == other.scored == tuple(p for p, _ in pick("uniform(4)", item.frames))
        assert one.scored is None
        assert np.array_equal(other.scored_frames(), one.frames)
        assert np.array_equal(one.scored_frames(), one.frames)
        assert other.fps is not None and other.landmarks.shape == (item.frames, 68, 2)


@pytest.mark.parametrize("scored", ["", "uniform(4)"])
def test_frames_are_counted_as_reading_the_clips_counts_them(
    scored: str, items: list[Item], tmp_path: Path
) -> None:
    rules = Rules(unit="item", size=64, frames="uniform(4)", stored="all")
    write_clips(tmp_path, prepare(SynthDataset(), None, items, rules))
    view = StoredClips(tmp_path, "key", scored).view().pick([2, 0])
    assert view.frame_counts() == [(len(clip.frames), clip.scored) for clip in view]


def test_stills_know_where_they_come_from(items: list[Item], tmp_path: Path) -> None:
    write_clips(
        tmp_path, prepare(SynthDataset(), None, items, Rules(frames="last(2)", size=64))
    )
    clips = list(StoredClips(tmp_path, "key").view())
    places = [(item.frames - 2 + k,) for item in items for k in (0, 1)]
    assert [clip.positions for clip in clips] == places
    assert [clip.length for clip in clips] == [item.frames for item in items for _ in (0, 1)]


@given(RULES, RULES, st.integers(1, 40))
def test_scored_frames_are_the_nearest_stored_ones(scored: str, kept: str, count: int) -> None:
    positions = [position for position, _ in pick(kept, count)]
    wanted = [position for position, _ in pick(scored, count)]
    found = [positions[k] for k in choose_scored(scored, positions, count)]
    assert len(found) == len(wanted)
    for one, other in zip(wanted, found, strict=True):
        assert abs(one - other) == min(abs(one - position) for position in positions)
    if set(wanted) <= set(positions):
        assert found == wanted


class Quiet:
    def step(self, step: Step) -> None: ...
    def progress(self, name: str, done: int, total: int, note: str = "") -> None: ...
    def finished(self, step: Step, seconds: float, built: bool) -> None: ...
    def line(self, text: str) -> None: ...


def step_of(setting: Setting, home: Path) -> Step:
    source = find_copy(load(), "synth", roots={}, home=home)
    return prepare_step(setting, setting.target, source, {})


def clips_setting(**changes: Any) -> Setting:
    setting = load().setting("synth_clips_supervised")
    return msgspec.structs.replace(setting, **changes)


def test_a_setting_says_both_and_its_views_know(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IRFER_BENCH_HOME", str(tmp_path))
    setting = clips_setting(classes=("fear",), frames="uniform(5)", stored="uniform(9)")
    step = step_of(setting, tmp_path)
    runner = Runner(Store(tmp_path / "store"), load(), tmp_path, "cpu", "fp32", Quiet())
    view = StoredClips(runner.artefact(step).folder, step.key, scored_rule(step)).view()
    assert len(view)
    for clip in view.hide_labels():
        assert clip.frames.shape[0] == 9 and clip.scored == (0, 2, 4, 6, 8)
        assert clip.scored_frames().shape[0] == 5 and clip.label is None


def test_keys_change_only_where_something_else_is_stored(tmp_path: Path) -> None:
    plain = step_of(clips_setting(), tmp_path)
    assert plain.spec.stored == ""
    keys = {
        step_of(clips_setting(frames=frames, stored=stored), tmp_path).key
        for frames in ("uniform(4)", "uniform(8)") for stored in ("", "all", "uniform(16)")
    }  # fmt: skip
    assert len(keys) == 6


@pytest.mark.parametrize(
    ("changes", "said"),
    [({"unit": "frame"}, "unit = 'item'"), ({"stored": "some"}, "'some' is not a rule")],
)
def test_what_cannot_be_stored_is_refused(
    changes: dict[str, Any], said: str, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match=said):
        step_of(clips_setting(**{"stored": "all"} | changes), tmp_path)
