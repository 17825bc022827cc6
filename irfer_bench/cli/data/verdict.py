"""The end of `data check`: settings that this copy can run, those it cannot, and what to do."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from irfer_bench.cli.data.opened import SHOWN
from irfer_bench.data.manifest import BLOCKING, DAMAGED, Manifest
from irfer_bench.experiment.request import parse_params, parse_roots
from irfer_bench.home import home, weights
from irfer_bench.orchestration.verdict import Judge, SettingVerdict, next_command
from irfer_bench.registry import Registry
from irfer_bench.render.escape import terminal


def judge(
    args: argparse.Namespace, registry: Registry, manifest: Manifest
) -> list[SettingVerdict]:
    """A verdict on every setting of the dataset, whose folder was read just now."""
    roots = parse_roots(args.data_root, args.dataset)
    known = {args.dataset: manifest}
    made = Judge(registry, home(), weights(), roots, parse_params(args.param), known)
    return made.judge(args.dataset)


def verdict_facts(
    args: argparse.Namespace, verdicts: Sequence[SettingVerdict]
) -> dict[str, Any]:
    """What `--json` says of them; it names no folder of this machine."""
    roots = dict.fromkeys(parse_roots(args.data_root, args.dataset), "FOLDER")
    return {
        "settings": [
            {"name": v.setting, "folds": list(v.folds), "of": v.of, "reason": v.reason}
            for v in verdicts
        ],
        "next": next_command(args.dataset, verdicts, roots) if verdicts else "",
    }


def verdict_code(verdicts: Sequence[SettingVerdict]) -> int:
    """0 where a setting can be run, or there is none; else what a run of the first exits with."""
    if not verdicts or any(verdict.folds for verdict in verdicts):
        return 0
    return verdicts[0].exit_code


def verdict_lines(
    args: argparse.Namespace, verdicts: Sequence[SettingVerdict], manifest: Manifest
) -> Iterator[str]:
    """The verdict, a line per set of folds that can be run and per kind of reason why not."""
    if not verdicts:
        return
    able = [verdict for verdict in verdicts if verdict.folds]
    yield f"verdict: this copy can run {len(able) or 'none'} of {_settings(len(verdicts))}"
    for folds, own in _grouped(able, lambda v: (_folds(v), _kind(v))).items():
        why = own[0].reason
        partly = f"; not the others: {_bare(own[0])}" if why else ""
        yield terminal(f"  can     {', '.join(v.setting for v in own)}: {folds[0]}{partly}")
    unable = [verdict for verdict in verdicts if not verdict.folds]
    for own in _grouped(unable, _kind).values():
        names = ", ".join(v.setting for v in own[:SHOWN])
        names += f" and {len(own) - SHOWN} more" if len(own) > SHOWN else ""
        reasons = list(dict.fromkeys(map(_bare, own)))
        rest = "; and so on (--json lists all)" if len(reasons) > SHOWN else ""
        yield terminal(f"  cannot  {names}: {'; or '.join(reasons[:SHOWN])}{rest}")
    roots = parse_roots(args.data_root, args.dataset)
    command = terminal(next_command(args.dataset, verdicts, roots))
    if able:
        yield f"next: {command}"
    elif any(problem.kind in BLOCKING | DAMAGED for problem in manifest.problems):
        yield f"next: put right what blocks, then {command}"
    else:
        yield f"next: bring what is missing (irfer-bench show {args.dataset}), then {command}"


def _grouped(
    verdicts: Iterable[SettingVerdict], key: Callable[[SettingVerdict], Any]
) -> dict[Any, list[SettingVerdict]]:
    groups: dict[Any, list[SettingVerdict]] = {}
    for verdict in verdicts:
        groups.setdefault(key(verdict), []).append(verdict)
    return groups


def _bare(verdict: SettingVerdict) -> str:
    """The reason without the setting's name."""
    return verdict.reason.removeprefix(f"{verdict.setting}: ")


def _kind(verdict: SettingVerdict) -> str:
    """What reasons of one kind share: their first words, without the fold."""
    words = re.sub(r"fold \d+:? ", "", _bare(verdict)).split()
    return " ".join(words[:4])


def _settings(count: int) -> str:
    return f"{count} setting{'' if count == 1 else 's'}"


def _folds(verdict: SettingVerdict) -> str:
    """Such as `all 5 folds` or `folds 1, 3 of 10`."""
    if len(verdict.folds) == verdict.of:
        return "all folds" if verdict.of > 1 else "its fold"
    which = ", ".join(map(str, verdict.folds))
    return f"fold{'' if len(verdict.folds) == 1 else 's'} {which} of {verdict.of}"
