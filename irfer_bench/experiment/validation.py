"""Validation of combinations of setting, translator and recognizer."""

from __future__ import annotations

from irfer_bench.errors import MissingError, RefusedError
from irfer_bench.experiment.graph import Cell
from irfer_bench.experiment.methods import NEEDS_AUDIO


def validate(cell: Cell) -> None:
    """Check that setting, translator and recognizer can be combined.

    Raises:
        RefusedError: they cannot, with the reason in one line.
        MissingError: the translator has no pairs to be fitted on.
    """
    setting, translator, protocol = cell.setting, cell.translator, cell.protocol
    traits = translator.traits
    if not 1 <= cell.fold <= setting.folds:
        raise RefusedError(f"{setting.name} has folds 1 to {setting.folds}, not {cell.fold}")
    if protocol.fitting == "unused" and not traits["adds_nothing"]:
        raise RefusedError(
            f"{setting.name} trains and tests on one domain: translator {translator.name!r} "
            "would not be used",
            "say --translator none, or choose another setting of irfer-bench show "
            f"{setting.dataset}",
        )
    if not setting.paired and traits["partners"]:
        raise RefusedError(
            f"translator {translator.name!r} gives the true partner and {setting.name} has none"
        )
    if not setting.paired and traits["pairs"] and cell.fit_on is None:
        raise RefusedError(
            f"translator {translator.name!r} is fitted on pairs and {setting.name} has none",
            "say --fit-translator-on DATASET, or choose a translator that needs no pairs",
        )
    if protocol.judged and traits["adds_nothing"]:
        raise RefusedError(f"{setting.name} measures images and {translator.name!r} makes none")
    if traits["partners"] and not protocol.partners:
        raise RefusedError(
            f"translator {translator.name!r} gives the true partner, and what {setting.name} "
            "translates has none",
            "use it in a weak or quality setting",
        )
    _validate_recognizer(cell)
    if protocol.fitting == "elsewhere" and cell.fit_on is None and traits["trains"]:
        raise MissingError(
            f"{setting.name} has no pairs to fit {translator.name!r} on",
            "say --fit-translator-on DATASET and its --data-root",
        )


def _validate_recognizer(cell: Cell) -> None:
    setting, recognizer = cell.setting, cell.recognizer
    if recognizer is None:
        if not cell.protocol.judged:
            raise RefusedError(f"{setting.name} scores a recognizer and none was asked for")
        return
    if recognizer.traits["modality"] in NEEDS_AUDIO and not setting.audio:
        what = "frames" if setting.unit == "frame" else "clips"
        raise RefusedError(
            f"recognizer {recognizer.name!r} needs audio and {setting.name} has {what} without any",
            "choose a setting of videos with audio (irfer-bench show SETTING)",
        )
    if recognizer.traits["unlabelled"] and not setting.unlabelled:
        raise RefusedError(
            f"recognizer {recognizer.name!r} learns from target images without labels, and "
            f"{setting.name} grants none",
            "choose a setting of unsupervised adaptation (irfer-bench list settings)",
        )
