"""A setting in words that need no other page: who is trained on what, and what is scored."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Mapping

from irfer_bench.render.escape import terminal
from irfer_bench.settings.setting import Domain, Setting

WIDTH, MARGIN = 100, 15
KINDS = {
    "weak": (
        "weakly supervised: a recognizer learns from labelled visible images, translated to the "
        "target, and from a few labelled target images"
    ),
    "augmented": (
        "augmented: a recognizer learns from all labelled target images and from other people's "
        "visible images, translated to the target"
    ),
    "supervised": "supervised: a recognizer learns and is tested in one domain; nothing is "
    "translated",
    "cross": "cross: a recognizer learns in the source, and is tested in the target, of which it "
    "saw nothing",
    "simulated": (
        "simulated: there is no infrared here; training and test images are both translated"
    ),
    "quality": "quality: translations are compared with the true target images",
}
SPECTRA = {"vis": "visible", "nir": "near-infrared", "lwir": "thermal"}
FACES = {
    "none": "the whole image's centre square, no detector",
    "boxes": "the squares of --boxes FILE, as they are",
}
NO_FACE = {
    "whole": "where none is found, the whole image's centre square is taken and counted",
    "drop": "frames without a face are dropped and counted",
    "fail": "a frame without a face stops the run",
}


def render_protocol(setting: Setting, folds: str, metrics: Mapping[str, str]) -> str:
    """Labelled lines of at most `WIDTH` columns, safe for a terminal.

    Args:
        folds: one sentence on where the dataset's folds come from, or empty.
        metrics: summary by name.
    """
    lines = [f"setting {terminal(setting.name)} (version {terminal(setting.version)})"]
    for name, text in _facts(setting, folds, metrics):
        lines += labelled(name, text)
    return "\n".join(lines)


def labelled(name: str, text: str) -> list[str]:
    """A name and its text beside it, in lines of at most `WIDTH` columns, safe for a terminal."""
    first = f"  {name}".ljust(MARGIN)
    return textwrap.wrap(
        terminal(text), WIDTH, initial_indent=first, subsequent_indent=" " * MARGIN,
        break_on_hyphens=False, break_long_words=False,
    )


def _facts(
    setting: Setting, folds: str, metrics: Mapping[str, str]
) -> Iterator[tuple[str, str]]:
    if setting.summary:
        yield "in short", setting.summary
    yield "task", KINDS[setting.kind]
    yield "dataset", f"{setting.dataset}: its subjects and its folds"
    for role in ("source", "target", "extra"):
        domain: Domain | None = getattr(setting, role)
        if domain is not None:
            yield role, _domain(domain, setting)
    yield "translator", _translator(setting)
    yield "trained on", _trained(setting)
    yield "tested on", _tested(setting)
    yield "classes", f"{len(setting.classes)}, in the order of the scores: " + ", ".join(
        setting.classes
    )
    if setting.tested == "all":
        yield "folds", "none: all of the target is tested"
    else:
        where = f"; {_lower(folds)}" if folds else ""
        yield "folds", f"{setting.folds}, each tested once, the rest trains{where}"
    yield from _draws(setting)
    yield "frames", _frames(setting)
    yield "faces", _faces(setting)
    yield "pixels", f"{setting.size} x {setting.size}, 8 bits; {_depth(setting)}"
    for name in (setting.primary, *(n for n in setting.metrics if n != setting.primary)):
        about = f" ({metrics[name]})" if metrics.get(name) else ""
        rank = ": the primary one, by which rows are ranked" if name == setting.primary else ""
        yield "metrics" if rank else "", f"{name}{about}{rank}"
    yield "intervals", "95 %, by resampling subjects, or items where there are no subjects"
    yield "full row", f"{_count(setting.folds, 'fold')} x {_count(setting.seeds, 'seed')}" + (
        "; the translator is fitted anew for each seed" if setting.translator_seeds else ""
    )
    yield "from", setting.source_text or "its plugin does not say"


def _domain(domain: Domain, setting: Setting) -> str:
    where = domain.dataset or setting.dataset
    words = [SPECTRA[domain.spectrum]]
    for title, names in (
        ("light", domain.lightings), ("part", domain.parts), ("split", domain.splits),
    ):
        if names:
            words.append(f"{title} {' or '.join(names)}")
    own = domain.detector
    if own and own != setting.detector:
        words.append("centre squares" if own == "none" else f"faces by {own}")
    return f"{where}: {', '.join(words)}"


def _translator(setting: Setting) -> str:
    if setting.kind == "supervised":
        return "none (--translator none)"
    if setting.kind == "simulated" or (setting.kind == "cross" and _foreign(setting)):
        return (
            "fitted on another dataset's pairs, named by --fit-translator-on; none and identity "
            "need no fit"
        )
    if setting.paired:
        return "fitted on pairs of source and target of the training subjects, labels hidden"
    return (
        "fitted on source and target of the training subjects, labels hidden; there are no pairs, "
        "so one that needs them is fitted elsewhere (--fit-translator-on) or refused"
    )


def _trained(setting: Setting) -> str:
    if setting.kind == "weak":
        return f"the training subjects' source, translated and labelled, and {_shots(setting)}" + (
            "; the rest of the target without labels" if setting.unlabelled else ""
        )
    if setting.kind == "augmented":
        return "the training subjects' target, and the whole of extra, translated, both labelled"
    if setting.kind == "supervised":
        return "the training subjects' target, labelled"
    if setting.kind == "cross":
        return f"{'all of' if _foreign(setting) else 'the training part of'} the source, " + (
            "as it is (translator none) or translated, labelled"
        )
    if setting.kind == "simulated":
        rest = "both labelled" if setting.shots is None else f"of which {_shots(setting)}"
        return f"the training part of the source, as it is and translated, {rest}"
    return "no recognizer is needed; a judge, where one is named, learns from the labelled target"


def _tested(setting: Setting) -> str:
    if setting.kind == "simulated":
        return "the test part, translated"
    if setting.kind == "quality":
        return "translations of the test subjects' source, beside their true target images"
    return "all of the target" if setting.tested == "all" else "the test part of the target"


def _shots(setting: Setting) -> str:
    shots = setting.shots
    if shots is None:
        return "every label of the target"
    if shots == 0:
        return "no label of the target"
    if isinstance(shots, float):
        return f"the target labels of {100 * shots:g} % of the training subjects"
    return f"{shots} labelled target {'frame' if setting.unit == 'frame' else 'item'}" + (
        "s per class" if shots > 1 else " per class"
    )


def _draws(setting: Setting) -> Iterator[tuple[str, str]]:
    if setting.kind in ("weak", "simulated") and setting.shots:
        yield "draws", (
            f"{setting.draws} fixed ones of distinct subjects where possible; seed s uses draw "
            f"s mod {setting.draws}"
        )
    if setting.validation:
        yield "validation", f"{100 * setting.validation:g} % of the training subjects"


def _frames(setting: Setting) -> str:
    match = re.fullmatch(r"(\w+)\((\d+)\)", setting.frames)
    if match is None:
        which = "all of each item"
    elif match[1] == "uniform":
        which = f"{match[2]} of each item, evenly spaced, repeated where it is shorter"
    else:
        which = f"the {match[1]} {match[2]} of each item" if match[2] != "1" else (
            f"the {match[1]} one of each item"
        )
    unit = "one frame" if setting.unit == "frame" else "one item with all its frames"
    return f"{which}; {unit} is one scored example"


def _faces(setting: Setting) -> str:
    if setting.detector in FACES:
        return FACES[setting.detector]
    return (
        f"found by {setting.detector}, square {setting.crop:g} times its box; "
        f"{NO_FACE[setting.no_face]}"
    )


def _depth(setting: Setting) -> str:
    if setting.range_16bit is None:
        return "16-bit images by their sequence's 1 to 99 percentile"
    low, high = setting.range_16bit
    return f"16-bit images from {low} to {high}"


def _foreign(setting: Setting) -> bool:
    return setting.source is not None and setting.source.dataset not in ("", setting.dataset)


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _lower(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:].rstrip(".")
