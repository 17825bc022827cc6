"""The pages of components and settings, read from the registry."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from docs.generate.table import code, plain, sentence, table
from irfer_bench.contracts.params import PRESETS, describe
from irfer_bench.registry import Registered, Registry
from irfer_bench.render.references import cite
from irfer_bench.settings.description import rows
from irfer_bench.settings.kinds import protocol_of
from irfer_bench.settings.setting import Domain, Setting

SETTING = (
    "setting", "kind", "target", "source", "extra", "labels", "folds", "seeds", "scored", "pixels",
    "faces", "primary",
)


def components(known: Registry) -> str:
    """Every dataset, detector, translator and recognizer with its parameters; every metric."""
    parts = [
        "# Components", "",
        "Defaults are the preset `paper`. Stage `fit` changes what is trained; stage `apply` is "
        "used after training and never refits. Any field of a dataset, translator or recognizer is "
        "set by `-p NAME.FIELD=VALUE`; detectors and metrics run with their defaults.", "",
    ]
    for kind in ("dataset", "detector", "translator", "recognizer"):
        parts += [f"## {kind.capitalize()}s", ""]
        for owned in known.registered:
            if owned.component.kind == kind:
                parts += _component(known, owned)
    return "\n".join([*parts, "## Metrics", "", _metrics(known)])


def _component(known: Registry, owned: Registered) -> Iterator[str]:
    component = owned.component
    cls = known.params_class(component)
    yield from (f"### `{component.name}`", "", sentence(component.summary), "")
    facts = {
        "version": component.version, "licence": component.licence,
        "needs": ", ".join(component.needs),
    }
    yield from (f"- {name}: {plain(text)}" for name, text in facts.items() if text)
    yield from (f"- source: {plain(text)}" for text in cite(component.source))
    yield ""
    presets = [preset for preset in PRESETS if cls.presets.get(preset)]
    rows = [
        [
            f"`{row['name']}`", " / ".join(f"`{word}`" for word in row["type"].split("|")),
            code(row["default"]),
            *(code(cls.presets[preset][row["name"]]) if row["name"] in cls.presets[preset] else ""
              for preset in presets),
            row["stage"], ", ".join(f"{k} {v}" for k, v in row["bounds"].items()),
            plain(row["description"]),
        ]
        for row in describe(cls)
    ]
    if rows:
        heads = ["field", "type", "default", *presets, "stage", "bounds", "meaning"]
        yield from (table(heads, rows), "")
    for name, changes in cls.variants.items():
        words = ", ".join(f"`{field}` {code(value)}" for field, value in changes.items())
        yield f"- `{component.name}@{name}`: {words}"
        for preset in PRESETS:
            scale = cls.presets.get(f"{preset}@{name}", {})
            words = ", ".join(f"`{field}` {code(value)}" for field, value in scale.items())
            if words:
                yield f"- `{component.name}@{name}` in `{preset}`: {words}"
    if cls.variants:
        yield ""


def _metrics(known: Registry) -> str:
    rows = []
    for component in known.components("metric"):
        metric = known.create(component)
        low, high = (str(end).replace("inf", "∞") for end in metric.range)
        rows.append([
            f"`{component.name}`", plain(component.summary), metric.direction, metric.unit,
            f"{low} to {high}", ", ".join(sorted(metric.consumes)),
        ])
    return table(["metric", "meaning", "better", "unit", "range", "consumes"], rows)


def settings(known: Registry) -> str:
    """Every setting of every dataset, and what the kinds of settings mean."""
    parts = [
        "# Settings", "",
        "A setting is what makes two numbers comparable. `irfer-bench show SETTING` prints one in "
        "full; [datasets](../datasets.md) describes the layout of each dataset on disk.", "",
        table(["kind", "translator is fitted on", "source", "target", "test"], rows()), "",
        "V and N are the visible and the target training items of the fold, V′ and N′ the test "
        "items, E the visible images of other subjects, F the translator.", "",
    ]
    for component in known.components("dataset"):
        own = known.settings_of(component.name)
        if own:
            parts += _dataset(component.name, own)
    return "\n".join(parts[:-1])


def _dataset(name: str, own: Sequence[Setting]) -> Iterator[str]:
    yield from (f"## {name}", "", f"Default: `{own[0].name}`.", "")
    yield from (table(SETTING, [_setting(setting) for setting in own]), "")
    yield from (f"- `{s.name}` (version {s.version}): {plain(s.summary)}" for s in own)
    yield ""
    sharing: dict[str, list[str]] = defaultdict(list)
    saying: dict[str, list[str]] = defaultdict(list)
    for setting in own:
        sharing[", ".join(setting.metrics)].append(setting.name)
        if setting.source_text:
            saying[setting.source_text].append(f"`{setting.name}`")
    rest = max(sharing.values(), key=len)
    for metrics, names in sharing.items():
        who = "the others" if names is rest and len(sharing) > 1 else ", ".join(names)
        yield f"- Metrics of {who if len(sharing) > 1 else 'all'}: {metrics}"
    yield ""
    for text, names in saying.items():
        yield from (f"{', '.join(names)}: {plain(text)}", "")


def _setting(setting: Setting) -> list[str]:
    protocol = protocol_of(setting)
    if protocol.target is None or protocol.judged:
        labels = ""
    elif isinstance(setting.shots, float):
        labels = f"{100 * setting.shots:g} % of subjects"
    else:
        labels = {None: "all", 0: "none"}.get(setting.shots, f"{setting.shots} per class")
    return [
        f"`{setting.name}`", setting.kind, _domain(setting.target, setting),
        _domain(setting.source, setting), _domain(setting.extra, setting), labels,
        str(setting.folds), str(setting.seeds), f"{setting.frames}, by {setting.unit}",
        str(setting.size), _faces(setting), setting.primary,
    ]


def _faces(setting: Setting) -> str:
    if setting.detector in ("none", "boxes"):
        return {"none": "centre square", "boxes": "boxes"}[setting.detector]
    return f"{setting.detector} × {setting.crop:g}"


def _domain(domain: Domain | None, setting: Setting) -> str:
    if domain is None:
        return ""
    other = domain.dataset if domain.dataset != setting.dataset else ""
    words = (other, domain.spectrum, *domain.lightings, *domain.parts, *domain.splits)
    return " ".join(word for word in words if word)
