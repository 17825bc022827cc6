"""Preparation of the clips of a setting: decoded, cropped and resized once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from irfer_bench.data.coverage import describe_outside, with_classes
from irfer_bench.experiment.dataset_copy import DatasetCopy
from irfer_bench.experiment.graph import prepare_step
from irfer_bench.orchestration.reporter import quiet_stdout
from irfer_bench.orchestration.session import Session
from irfer_bench.settings.setting import Domain, Setting

if TYPE_CHECKING:
    from irfer_bench.data.clips import StoredClips


@dataclass(frozen=True)
class PreparedDomain:
    """One prepared domain of a setting.

    Args:
        cached: it was stored before. facts: of the artefact, such as `clips` and `no_face`.
    """

    title: str
    source: DatasetCopy
    cached: bool
    folder: Path
    facts: Mapping[str, Any]
    clips: StoredClips


@dataclass(frozen=True)
class Prepared:
    """All domains of a setting.

    Args:
        note: on the items outside its classes; empty where there are none.
    """

    setting: Setting
    domains: list[PreparedDomain]
    note: str = ""


def prepare(
    session: Session, setting: Setting, open_copy: Callable[[str], DatasetCopy]
) -> Prepared:
    """Prepare every domain of a setting; stored domains are reused.

    Args:
        open_copy: the copy of the dataset of this name, its folder read.

    Raises:
        MissingError: a dataset, a detector or its weights are not here.
        DamagedError: it is unclear which items count.
    """
    from irfer_bench.data.clips import StoredClips

    runner = session.runner("cpu", "fp32")
    detectors = {c.name: c.version for c in session.registry.components("detector")}
    manifest = open_copy(setting.dataset).manifest
    items = manifest.items if manifest is not None else ()
    note = describe_outside(setting, items, session.registry.settings_of(setting.dataset))
    setting = with_classes(setting, items)
    made = []
    for domain in _domains(setting):
        source = open_copy(domain.dataset or setting.dataset)
        step = prepare_step(setting, domain, source, detectors)
        cached = session.store.has(step.key)
        with quiet_stdout():
            found = runner.artefact(step)
        clips = StoredClips(found.folder, step.key)
        made.append(
            PreparedDomain(step.title, source, cached, found.folder, found.facts, clips)
        )
    return Prepared(setting, made, note)


def _domains(setting: Setting) -> Iterator[Domain]:
    return (d for d in (setting.source, setting.target, setting.extra) if d is not None)
