"""Texts that no signature holds: exit codes, environment variables, settings, records."""

from __future__ import annotations

import re
from typing import get_type_hints

import msgspec

from docs.generate.table import fields, table
from irfer_bench import errors
from irfer_bench.contracts.record import SCHEMA, SECTIONS
from irfer_bench.data.manifest import BLOCKING, DAMAGED, INCOMPLETE

EXIT_CODES = {
    0: "every cell that was asked for has a result",
    1: "a cell failed: a plugin raised, broke its contract, or a loss became NaN",
    2: "wrong usage, or a combination that has no meaning",
    3: "something is missing: data, weights, a plugin, a licence, landmarks",
    4: "data, an artefact or a record is damaged, the disk is full or read-only, or a committed "
       "board or page is out of date (`--check`)",
    130: "interrupted; finished steps are kept, and the same line continues",
}

ENVIRONMENT = {
    "IRFER_BENCH_HOME": "store and caches; default the platform's cache folder",
    "IRFER_BENCH_WEIGHTS": "pretrained weights; default `weights` in the home",
    "IRFER_BENCH_DATA_<NAME>": "root of the dataset NAME, where `--data-root` does not give it",
    "IRFER_BENCH_WORKERS": "processes that prepare images; default one per core",
    "IRFER_BENCH_FIGURES": "`none`: a run draws no figures",
    "IRFER_BENCH_PLUGINS": "`builtin` leaves every other distribution's plugins out",
    "IRFER_BENCH_TRACEBACK": "if set, errors come with their Python traceback",
    "IRFER_GOLDEN": "tests only: folder of the parity fixtures, all of which must then be there",
}


def meanings(cls: type[msgspec.Struct]) -> dict[str, str]:
    """What each field of a struct means, from its annotations."""
    hints = get_type_hints(cls, include_extras=True)
    described = {name: getattr(hints[name], "__metadata__", ()) for name in cls.__struct_fields__}
    return {
        name: next((m.description or "" for m in own if isinstance(m, msgspec.Meta)), "")
        for name, own in described.items()
    }


RECORD = {title: meanings(cls) for title, cls in SECTIONS.items()}


def errors_page() -> str:
    """Exit codes, error classes and the problems that stop a run."""
    classes = [
        cls for cls in vars(errors).values()
        if isinstance(cls, type) and issubclass(cls, errors.BenchError)
    ]
    rows = [[f"`{cls.__name__}`", str(cls.exit_code), _first(cls)] for cls in classes]
    then = {"a run stops": BLOCKING | DAMAGED, "results are marked incomplete": INCOMPLETE}
    return "\n".join([
        "# Errors and exit codes", "",
        "An expected failure is one line: what was asked, what was found, what to do. "
        "`IRFER_BENCH_TRACEBACK=1` shows the Python traceback as well.", "",
        table(["exit code", "meaning"], [[str(k), v] for k, v in EXIT_CODES.items()]), "",
        "A run of several cells goes on after a failed one. It ends with the failures' own code "
        "where they all share one, else with 1.", "",
        "## Classes", "", "All are in `irfer_bench.api`.", "",
        table(["class", "exit code", "meaning"], rows), "",
        "## Problems of a dataset", "",
        "`irfer-bench data check` lists problems as kind, path and action. Kinds that are not in "
        "this table are listed and change nothing; [datasets](../datasets.md#problems) says what "
        "each means.", "",
        table(["then", "kinds"], [[what, ", ".join(f"`{k}`" for k in sorted(kinds))]
                                  for what, kinds in then.items()]),
    ])


def record_page() -> str:
    """Every field of a record and of its predictions."""
    parts = [
        "# The record", "",
        f"One finished cell is one JSON file, schema {SCHEMA}, at "
        "`OUT/records/SETTING/TRANSLATOR+RECOGNIZER.PRESET.foldN.seedN.KEY.json`. It is written "
        "once and never changed; folders of records are merged by copying. Fractions are 0 to 1.",
        "",
    ]
    for title, meanings in RECORD.items():
        parts += [f"## {title}", "", table(["field", "meaning"], fields(meanings)), ""]
    return "\n".join(parts)


def _first(cls: type) -> str:
    text = " ".join((cls.__doc__ or "").split("\n\n")[0].split())
    return re.sub(r" \(exit \d+\)", "", text)
