"""Which items of a copy a setting takes: own classes, items outside, settings that have items."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

import msgspec

from irfer_bench.contracts.component import CLASSES
from irfer_bench.contracts.values import Item
from irfer_bench.data.domains import lies_in, select_items
from irfer_bench.errors import MissingError
from irfer_bench.settings.setting import Domain, Setting

FREE = ("name", "classes", "summary", "source_text", "version")
"""Fields in which two settings of one protocol with other classes differ."""


def with_classes(setting: Setting, items: Sequence[Item]) -> Setting:
    """The setting with the classes of the data where it names none: those of every domain.

    Expressions come in the unified order, then own classes by name.

    Raises:
        MissingError: a domain has no labelled item, or fewer than two classes are there.
    """
    if setting.classes:
        return setting
    found = [_labels(items, domain) for domain in _domains(setting)]
    for domain, labels in zip(_domains(setting), found, strict=True):
        select_items(setting.dataset, items, domain, sorted(labels))  # refuses an empty domain
    names = sorted(set.intersection(*found), key=_place) if found else []
    if len(names) < 2:
        raise MissingError(
            f"{setting.name}: it takes the classes of the data, and there are {len(names)} "
            f"({', '.join(names) or 'none'}) in " + " and ".join(map(_words, _domains(setting))),
            f"irfer-bench data items {setting.dataset} lists what is there",
        )
    return msgspec.structs.replace(setting, classes=tuple(names))


def labels_outside(
    items: Iterable[Item], domain: Domain, classes: Sequence[str]
) -> dict[str, int]:
    """How many labelled items of a domain have each label that is none of the classes."""
    own = (item.label for item in items if item.label is not None and lies_in(item, domain))
    return dict(Counter(label for label in own if label not in classes))


def count_outside(setting: Setting, items: Iterable[Item]) -> tuple[Counter[str], int]:
    """Labelled items of the setting's domains outside its classes, by label, and all of them."""
    own = [
        item.label for item in items
        if item.label is not None and any(lies_in(item, domain) for domain in _domains(setting))
    ]  # fmt: skip
    if not setting.classes:
        return Counter(), len(own)
    return Counter(label for label in own if label not in setting.classes), len(own)


def describe_outside(setting: Setting, items: Iterable[Item], others: Iterable[Setting]) -> str:
    """One sentence on the items outside a setting's classes and who takes them; or empty.

    Args:
        others: settings of the same dataset, in their order.
    """
    outside, total = count_outside(setting, items)
    if not outside:
        return ""
    bare, at, variant = setting.name.partition("@")
    labels = set(outside).union(setting.classes)
    alike = [other for other in others if _protocol(other) == _protocol(setting)]
    wider = [o for o in alike if labels.issubset(o.classes)]
    taking = min(wider, key=lambda o: len(o.classes), default=None)
    taking = taking or next((o for o in alike if not o.classes), None)
    text = (
        f"{outside.total()} of {total} items ({counted(outside)}) are outside the classes of "
        f"{bare}{at}{variant}"
    )
    return text if taking is None else f"{text}; {taking.name}{at}{variant} takes them"


def describe_coverage(settings: Sequence[Setting], items: Sequence[Item]) -> list[str]:
    """Sentences on the default setting of a copy, and on items outside its classes."""
    chosen, note = choose_default(settings, items)
    return [text for text in (note, describe_outside(chosen, items, settings)) if text]


def describe_items(items: Iterable[Item]) -> str:
    """Such as `193 stills, 12 clips of 16 to 64 frames, 10 of them with audio`."""
    stills, lengths, heard = 0, [], 0
    for item in items:
        if item.frames > 1 or item.audio:
            lengths.append(item.frames)
            heard += bool(item.audio)
        else:
            stills += 1
    parts = [_many(stills, "still")] if stills or not lengths else []
    if lengths:
        low, high = min(lengths), max(lengths)
        frames = _many(high, "frame") if low == high else f"{low} to {high} frames"
        sound = f", {heard} of them with audio" if heard else ", none with audio"
        parts.append(f"{_many(len(lengths), 'clip')} of {frames}{sound}")
    return ", ".join(parts)


def _many(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


def counted(labels: Counter[str]) -> str:
    """Such as `neutral 35, contempt 36`, in the unified order."""
    return ", ".join(f"{name} {labels[name]}" for name in sorted(labels, key=_place))


def choose_default(settings: Sequence[Setting], items: Sequence[Item]) -> tuple[Setting, str]:
    """The first setting of which every domain in this dataset has items, else the first.

    Returns:
        The setting, and a sentence where it is not the first.
    """
    first = settings[0]
    chosen = next((each for each in settings if not empty_domains(each, items)), first)
    if chosen is first or not items:
        return first, ""
    absent = " or ".join(empty_domains(first, items))
    return chosen, (
        f"{chosen.name} is the default here: {first.name} needs items that are {absent}, and "
        "there are none"
    )


def empty_domains(setting: Setting, items: Sequence[Item]) -> list[str]:
    """The domains of a setting without a labelled item of its classes, in words."""
    return [
        _words(domain) for domain in _domains(setting)
        if _labels(items, domain).isdisjoint(setting.classes or _labels(items, domain))
    ]  # fmt: skip


def _domains(setting: Setting) -> list[Domain]:
    named = (setting.source, setting.target, setting.extra)
    return [d for d in named if d is not None and d.dataset in ("", setting.dataset)]


def _labels(items: Iterable[Item], domain: Domain) -> set[str]:
    return {item.label for item in items if item.label is not None and lies_in(item, domain)}


def _protocol(setting: Setting) -> object:
    facts = msgspec.to_builtins(setting)
    bare = {"detector": "", "no_face": ""}  # of a variant of the setting
    return {k: v for k, v in (facts | bare).items() if k not in FREE}


def _place(label: str) -> tuple[int, str]:
    return CLASSES.index(label) if label in CLASSES else len(CLASSES), label


def _words(domain: Domain) -> str:
    return " ".join((domain.spectrum, *domain.lightings, *domain.parts, *domain.splits))
