"""The record of a cell as typed structs, which are also the form of the JSON file."""

from __future__ import annotations

from typing import Annotated, Any, Literal, get_args

import msgspec
from msgspec import Meta

SCHEMA = 2
"""The form that is written. Records of schema 1 are converted when they are read."""

Outcome = Literal["ok", "failed", "timeout", "oom", "refused"]
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)


class Facts(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, gc=False):
    """Base of all structs of a record; unknown fields are refused."""


class CellFacts(Facts, frozen=True, kw_only=True):
    """What was asked."""

    setting: Annotated[str, Meta(description="name of the setting")]
    setting_version: Annotated[
        str, Meta(description="its version; two versions never share a table")
    ]
    translator: Annotated[
        str,
        Meta(description="name, variant, and what was changed by `-p`: the row's name"),
    ]
    recognizer: Annotated[str, Meta(description="the same, or `-`")]
    preset: Annotated[str, Meta(description="quick, bench or paper")]
    fold: Annotated[int, Meta(description="from 1")]
    seed: Annotated[int, Meta(description="of the recognizer and of the draw of labels")]
    folds: Annotated[int, Meta(description="how many folds a full row has")]
    seeds: Annotated[int, Meta(description="how many seeds a full row has")]
    primary: Annotated[str, Meta(description="the metric that ranks")]
    dataset: Annotated[str, Meta(description="the setting's dataset")] = ""
    precision: Annotated[str, Meta(description="fp32 or bf16, as used")] = ""
    fit_translator_on: Annotated[
        str, Meta(description="the other dataset the translator was fitted on, or empty")
    ] = ""
    further_metrics: Annotated[
        list[str], Meta(description="metrics asked for beside the setting's own")
    ] = []


class MethodFacts(Facts, frozen=True, kw_only=True):
    """A translator or recognizer as it was used."""

    name: Annotated[str, Meta(description="component")]
    variant: Annotated[str, Meta(description="or empty")] = ""
    preset: Annotated[str, Meta(description="the preset asked for")] = ""
    version: Annotated[str, Meta(description="of the component")] = ""
    distribution: Annotated[str, Meta(description="the package that offers it")] = ""
    params: Annotated[dict[str, Any], Meta(description="every resolved value")] = {}
    given: Annotated[dict[str, Any], Meta(description="the values the user gave")] = {}
    inputs: Annotated[
        dict[str, Any], Meta(description="digests of the weights it starts from")
    ] = {}
    drawn_faces: Annotated[
        bool, Meta(description="true where those weights were trained on drawn faces alone")
    ] = False


class DataFacts(Facts, frozen=True, kw_only=True):
    """What was trained and tested on."""

    fingerprint: Annotated[str, Meta(description="digest of the dataset's content")]
    other_fingerprints: Annotated[
        dict[str, str],
        Meta(description="by name, of the other datasets that took part"),
    ] = {}
    crops: Annotated[
        dict[str, str],
        Meta(description="by prepared domain, digest of the squares that were cut out"),
    ] = {}
    folds: Annotated[
        dict[str, str], Meta(description="by prepared domain, digest of the folds")
    ] = {}
    incomplete: Annotated[
        bool, Meta(description="true where subjects, expressions, files or lists are missing")
    ] = False
    subjects: Annotated[
        str,
        Meta(
            description="`checked`: no subject in training and test; "
            "`unchecked`: it has no subjects"
        ),
    ] = "unchecked"
    train_source: Annotated[int, Meta(description="clips in the recognizer's source")] = 0
    train_target: Annotated[int, Meta(description="labelled clips in its target")] = 0
    test: Annotated[int, Meta(description="clips scored")] = 0
    pairs: Annotated[int, Meta(description="translated clips that have a true partner")] = 0
    unlabelled_target: Annotated[
        bool,
        Meta(description="true where fitting the translator read unlabelled target images"),
    ] = False
    predictions: Annotated[str, Meta(description="sha256 of the predictions beside the record")] = (
        ""
    )


class Value(Facts, frozen=True, kw_only=True, omit_defaults=True):
    """A metric's value as a fraction, its 95 % interval over subjects, or why there is none."""

    value: Annotated[float | None, Meta(description="the number, or null")]
    low: Annotated[
        float | None, Meta(description="lower end of the 95 % interval over subjects")
    ] = None
    high: Annotated[float | None, Meta(description="upper end")] = None
    reason: Annotated[str, Meta(description="why there is no value")] = ""
    direction: Annotated[str, Meta(description="higher, lower or none")] = "higher"
    unit: Annotated[str, Meta(description="such as dB")] = ""
    version: Annotated[str, Meta(description="of the metric")] = "1"


class StepFacts(Facts, frozen=True, kw_only=True):
    """One step the result rests on."""

    kind: Annotated[
        str,
        Meta(description="prepare, fit_translator, translate, fit_recognizer, predict or score"),
    ]
    title: Annotated[str, Meta(description="in words")]
    key: Annotated[str, Meta(description="the artefact's key in the store")]
    seconds: Annotated[float, Meta(description="when it was built, on the machine that built it")]
    peak_mb: Annotated[float | None, Meta(description="peak memory of that process up to then")] = (
        None
    )
    threads: Annotated[
        int | None, Meta(description="torch's threads while it was built; null where unknown")
    ] = None


class Machine(Facts, frozen=True, kw_only=True):
    """Where it was computed; no host, no user."""

    system: Annotated[str, Meta(description="such as Linux")] = ""
    machine: Annotated[str, Meta(description="such as x86_64")] = ""
    python: Annotated[str, Meta(description="its version")] = ""
    cpu: Annotated[str, Meta(description="its name")] = ""
    cores: Annotated[int | None, Meta(description="that the process could use")] = None
    threads: Annotated[int | None, Meta(description="torch's when the record was written")] = None
    device: Annotated[str, Meta(description="cpu or cuda")] = ""
    precision: Annotated[str, Meta(description="fp32 or bf16")] = ""


class Record(Facts, frozen=True, kw_only=True):
    """One cell's result."""

    schema: Annotated[int, Meta(description="number of this form; a reader refuses newer ones")]
    key: Annotated[str, Meta(description="the cell's key: equal keys are the same experiment")]
    cell: Annotated[CellFacts, Meta(description="what was asked, below")]
    translator: Annotated[MethodFacts, Meta(description="the translator as it was used, below")]
    recognizer: Annotated[
        MethodFacts | None,
        Meta(description="the same of the recognizer; null where a quality setting had none"),
    ]
    data: Annotated[DataFacts, Meta(description="what it was trained and tested on, below")]
    metrics: Annotated[dict[str, Value], Meta(description="by name, below")]
    confusion: Annotated[
        list[list[int]] | None,
        Meta(
            description="counts, rows true, columns predicted, as `classes`; or null"
        ),
    ]
    classes: Annotated[list[str], Meta(description="canonical names in the order of the columns")]
    steps: Annotated[list[StepFacts], Meta(description="every step the result rests on, below")]
    facts: Annotated[dict[str, Any], Meta(description="what components reported, by step title")]
    machine: Annotated[Machine, Meta(description="where it was computed, below")]
    packages: Annotated[
        dict[str, str],
        Meta(description="versions of this package, of what computes, and of the plugins used"),
    ]
    created: Annotated[str, Meta(description="time in UTC")]
    outcome: Annotated[
        Outcome,
        Meta(
            description="`ok`, or why there is no result: `failed`, `timeout`, `oom` (killed for "
            "memory) or `refused`; `metrics` is then empty and `warnings` says why"
        ),
    ] = "ok"
    warnings: Annotated[list[str], Meta(description="sentences shown under the result")] = []
    digest: Annotated[
        str,
        Meta(
            description="sha256 of the file without this line, so that an edited record is noticed"
        ),
    ] = ""

    @property
    def row(self) -> tuple[str, str, str]:
        """Setting, translator and recognizer: what a board calls one row."""
        return self.cell.setting, self.cell.translator, self.cell.recognizer


class KeptItem(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One test clip: an array of four in the file."""

    id: str
    subject: str | None
    label: str
    scores: list[float]


class Kept(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The predictions file beside a record: `OUT/predictions/`, same name as the record."""

    classes: Annotated[list[str], Meta(description="order of the scores")] = []
    items: Annotated[
        list[KeptItem] | None,
        Meta(description="`[id, subject, label, log-probabilities]` per test clip"),
    ] = None
    pairs: Annotated[
        list[str], Meta(description="ids of translated clips that have a true partner")
    ] = []
    subjects: Annotated[list[str | None], Meta(description="their subjects")] = []
    values: Annotated[
        dict[str, list[float]], Meta(description="image metrics per pair, by name")
    ] = {}
    summands: Annotated[
        dict[str, list[list[float]]],
        Meta(description="per pair and metric, what the metric is made of by summing over pairs"),
    ] = {}


SECTIONS: dict[str, type[msgspec.Struct]] = {
    "Top level": Record,
    "cell": CellFacts,
    "translator, recognizer": MethodFacts,
    "data": DataFacts,
    "metrics": Value,
    "steps": StepFacts,
    "machine": Machine,
    "Predictions": Kept,
}
"""Every part of a record and of its predictions, for the reference page."""
