"""Texts that no signature holds: exit codes, environment variables, settings, records."""

from __future__ import annotations

import re

from docs.generate.table import fields, table
from irfer_bench import errors
from irfer_bench.data.manifest import BLOCKING, DAMAGED, INCOMPLETE
from irfer_bench.store.records import SCHEMA

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
    "IRFER_BENCH_PLUGINS": "`builtin` leaves every other distribution's plugins out",
    "IRFER_BENCH_TRACEBACK": "if set, errors come with their Python traceback",
    "IRFER_GOLDEN": "tests only: folder of the parity fixtures, all of which must then be there",
}

RECORD = {
    "Top level": {
        "schema": "number of this form; a reader refuses newer ones",
        "key": "the cell's key: equal keys are the same experiment",
        "cell": "what was asked, below",
        "translator": "the translator as it was used, below",
        "recognizer": "the same of the recognizer; null where a quality setting had none",
        "data": "what it was trained and tested on, below",
        "metrics": "by name, below",
        "confusion": "counts, rows true, columns predicted, in the order of `classes`; or null",
        "classes": "canonical names in the order of the columns",
        "steps": "every step the result rests on, below",
        "facts": "what components reported, by step title",
        "machine": "system, machine, python, cpu, cores, threads (of torch), device, precision; "
        "no host, no user",
        "packages": "versions of this package, of what computes, and of the plugins used",
        "created": "time in UTC",
        "outcome": "`ok`",
        "warnings": "sentences shown under the result",
        "digest": "sha256 of everything else, so that an edited record is noticed",
    },
    "cell": {
        "setting": "name of the setting",
        "setting_version": "its version; two versions never share a table",
        "dataset": "the setting's dataset",
        "translator": "name, variant, and what was changed by `-p`: the row's name",
        "recognizer": "the same, or `-`",
        "preset": "quick, bench or paper",
        "fold": "from 1",
        "seed": "of the recognizer and of the draw of labels",
        "folds": "how many folds a full row has",
        "seeds": "how many seeds a full row has",
        "primary": "the metric that ranks",
        "precision": "fp32 or bf16, as used",
        "fit_translator_on": "the other dataset the translator was fitted on, or empty",
    },
    "translator, recognizer": {
        "name": "component",
        "variant": "or empty",
        "preset": "the preset asked for",
        "version": "of the component",
        "distribution": "the package that offers it",
        "params": "every resolved value",
        "given": "the values the user gave",
        "inputs": "digests of the weights it starts from",
    },
    "data": {
        "fingerprint": "digest of the dataset's content",
        "other_fingerprints": "by name, of the other datasets that took part; absent if none did",
        "crops": "by prepared domain, digest of the squares that were cut out",
        "folds": "by prepared domain, digest of the folds",
        "incomplete": "true where subjects, expressions, files or lists are missing",
        "subjects": "`checked`: no subject in training and test; `unchecked`: it has no subjects",
        "train_source": "clips in the recognizer's source",
        "train_target": "labelled clips in its target",
        "test": "clips scored",
        "pairs": "translated clips that have a true partner",
        "unlabelled_target": "true where fitting the translator read unlabelled target images",
        "predictions": "sha256 of the predictions beside the record",
    },
    "metrics": {
        "value": "the number, or null",
        "low": "lower end of the 95 % interval over subjects",
        "high": "upper end",
        "reason": "why there is no value",
        "direction": "higher, lower or none",
        "unit": "such as dB",
    },
    "steps": {
        "kind": "prepare, fit_translator, translate, fit_recognizer, predict or score",
        "title": "in words",
        "key": "the artefact's key in the store",
        "seconds": "when it was built, on the machine that built it",
        "peak_mb": "peak memory of that process up to then",
    },
    "Predictions": {
        "classes": "in `OUT/predictions/`, same name as the record: order of the scores",
        "items": "`[id, subject, label, log-probabilities]` per test clip",
        "pairs": "ids of translated clips that have a true partner",
        "subjects": "their subjects",
        "values": "image metrics per pair, by name",
    },
}


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
