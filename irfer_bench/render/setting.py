"""A setting as text: training data, test data and scored frames."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from irfer_bench.render.escape import terminal
from irfer_bench.render.layout import columns, labelled
from irfer_bench.settings.kinds import protocol_of
from irfer_bench.settings.setting import Domain, Setting

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
CODING = {
    "raw": "",
    "source": "; the dataset's own JPEG files are kept where nothing is cut or resized",
    "jpeg95": (
        "; the dataset's own JPEG files are kept where nothing is cut or resized, other frames as "
        "JPEG of quality 95"
    ),
}


def render_protocol(
    setting: Setting, folds: str, metrics: Mapping[str, str], width: int = 0
) -> str:
    """Labelled lines that follow the terminal's width, safe for a terminal.

    Args:
        folds: one sentence on where the dataset's folds come from, or empty.
        metrics: summary by name. width: columns of the terminal; 0 finds them out.
    """
    width = width or columns()
    lines = [f"setting {terminal(setting.name)} (version {terminal(setting.version)})"]
    for name, text in _facts(setting, folds, metrics):
        lines += labelled(name, text, width)
    return "\n".join(lines)


def _facts(
    setting: Setting, folds: str, metrics: Mapping[str, str]
) -> Iterator[tuple[str, str]]:
    protocol = protocol_of(setting)
    if setting.summary:
        yield "in short", setting.summary
    yield "task", protocol.task
    yield "dataset", f"{setting.dataset}: its subjects and its folds"
    for role in ("source", "target", "extra"):
        domain: Domain | None = getattr(setting, role)
        if domain is not None:
            yield role, _domain(domain, setting)
    yield "translator", protocol.fitted
    yield "trained on", protocol.trained
    yield "tested on", protocol.tested
    yield "classes", _classes(setting)
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


def _classes(setting: Setting) -> str:
    if not setting.classes:
        return "those that the data has"
    return f"{len(setting.classes)}, in the order of the scores: " + ", ".join(setting.classes)


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


def _draws(setting: Setting) -> Iterator[tuple[str, str]]:
    if protocol_of(setting).shots and setting.shots:
        yield "draws", (
            f"{setting.draws} fixed ones of distinct subjects where possible; seed s uses draw "
            f"s mod {setting.draws}"
        )
    if setting.validation:
        yield "validation", (
            f"{100 * setting.validation:g} % of the training subjects, held out to choose "
            "parameters; nothing of theirs is trained on"
        )


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
    if setting.stored:
        which += f"; stored are {setting.stored} of each, which a method may train on"
    which += CODING[setting.coding]
    unit = "one frame" if setting.unit == "frame" else "one item with all its frames"
    return f"{which}; {unit} is one scored example"


def _faces(setting: Setting) -> str:
    if setting.detector in FACES:
        return FACES[setting.detector] + _aligned(setting)
    looked = "" if setting.every == 1 else (
        f", which looks at every frame number {setting.every} of an item and the last; between "
        "them boxes and landmarks are interpolated"
    )
    return (
        f"found by {setting.detector}{looked}, square {setting.crop:g} times its box"
        f"{_aligned(setting)}; {NO_FACE[setting.no_face]}"
    )


def _aligned(setting: Setting) -> str:
    if not setting.align:
        return ""
    what = "the centres of the eyes" if setting.align == "eyes" else "eye corners and nose"
    return f"; turned and scaled so that {what} lie at fixed places"


def _depth(setting: Setting) -> str:
    if setting.range_16bit is None:
        return "16-bit images by their sequence's 1 to 99 percentile"
    low, high = setting.range_16bit
    return f"16-bit images from {low} to {high}"


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _lower(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:].rstrip(".")
