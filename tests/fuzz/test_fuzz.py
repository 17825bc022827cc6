"""Mutated inputs of every kind: one clear refusal or a result, and nothing else.

The default run feeds a few of each kind; `pytest tests/fuzz --fuzz 20000` feeds that many.
"""

from __future__ import annotations

import importlib
from random import Random

import pytest

from tests.fuzz.kinds import KINDS
from tests.fuzz.probe import corpus, save

FEW = 500
"""Inputs of the default run, all kinds together."""
MOST = 12
"""Valid inputs of a kind that the default run feeds as they are."""


@pytest.mark.parametrize("kind", KINDS)
def test_inputs_that_once_broke_a_rule_do_not_any_more(kind, probe):
    known = dict(corpus(kind))
    verdicts = zip(known, probe.feed(kind, list(known.values())), strict=True)
    broken = [f"{name}: {verdict.fault}" for name, verdict in verdicts if verdict.fault]
    if broken:
        pytest.fail("\n".join(broken), pytrace=False)


@pytest.mark.parametrize("kind", KINDS)
def test_mutated_inputs_are_read_or_refused_in_one_line(kind, probe, pytestconfig):
    module = importlib.import_module(KINDS[kind].module)
    whole = pytestconfig.getoption("--fuzz", 0) or FEW
    count = round(whole * KINDS[kind].share / sum(each.share for each in KINDS.values()))
    random = Random(f"{kind} {pytestconfig.getoption('--fuzz-seed', 0)}")
    seeds = module.seeds(kind)
    contents = [module.mutate(kind, random, random.choice(seeds), seeds) for _ in range(count)]
    if not pytestconfig.getoption("--fuzz", 0):
        seeds = seeds[:MOST]
    broken: dict[str, str] = {}
    whole_list = [*seeds, *contents]
    for content, verdict in zip(whole_list, probe.feed(kind, whole_list), strict=True):
        place = verdict.where or verdict.fault[:60]
        if verdict.fault and place not in broken:
            broken[place] = f"{save(kind, content)}: {verdict.fault} ({verdict.where})"
    if broken:
        pytest.fail("\n".join(broken.values()), pytrace=False)
