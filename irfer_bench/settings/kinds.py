"""The six kinds of settings, one function each: data for fitting and testing.

V and N are the source and the target of the setting, E its extra visible images, F a translator.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal

import msgspec

from irfer_bench.contracts.component import Spectrum
from irfer_bench.settings.setting import Domain, Setting, SettingKind

Role = Literal["source", "target", "extra"]
Subset = Literal["train", "test", "all"]
Fitting = Literal["own", "elsewhere", "unused"]

OWN = "fitted on pairs of source and target of the training subjects, labels hidden"
UNPAIRED = (
    "fitted on source and target of the training subjects, labels hidden; there are no pairs, so "
    "one that needs them is fitted elsewhere (--fit-translator-on) or refused"
)
ELSEWHERE = (
    "fitted on another dataset's pairs, named by --fit-translator-on; none and identity need no fit"
)


class Use(msgspec.Struct, frozen=True):
    """Clips of one role, subset and form.

    Args:
        role: the domain they are of. subset: of the fold. translated: passed through F.
    """

    role: Role
    subset: Subset
    translated: bool = False

    @property
    def symbol(self) -> str:
        """Such as `F(V′)`, the translated test items of the source."""
        letter = {"source": "V", "target": "N", "extra": "E"}[self.role]
        letter += "′" if self.subset == "test" else ""
        return f"F({letter})" if self.translated else letter


class Protocol(msgspec.Struct, frozen=True, kw_only=True):
    """Data and tasks of a setting, for planning, `irfer-bench show` and the reference pages.

    Args:
        fitting: what a translator is fitted on: the setting's `own` source and target, a dataset
            named `elsewhere`, or it is `unused`.
        test: what a recognizer is tested on.
        source, target: what it is trained on; None for nothing.
        shots: whether the setting's shots and draws are taken of the target.
        compared: translated test items that are compared with their true partners.
        partners: whether a translator may be given the true partners of what it translates.
        judged: whether images are scored, and a recognizer is optional.
        reads_unlabelled: whether fitting F reads target images whose labels are not granted.
        spectrum: of translated clips; None where the dataset of `fitting` decides.
        task, fitted, trained, tested: sentences.
    """

    fitting: Fitting
    test: Use
    source: Use | None = None
    target: Use | None = None
    shots: bool = False
    compared: Use | None = None
    partners: bool = False
    judged: bool = False
    reads_unlabelled: bool = False
    spectrum: Spectrum | None
    task: str
    fitted: str
    trained: str
    tested: str


def protocol_of(setting: Setting, *, adds_nothing: bool = False) -> Protocol:
    """The protocol of a setting.

    Args:
        adds_nothing: for a translator without effect.
    """
    return KINDS[setting.kind](setting, adds_nothing)


def augmented(setting: Setting, adds_nothing: bool = False) -> Protocol:
    """Labelled target images, and translated visible images of other subjects."""
    translates = not adds_nothing and setting.extra is not None
    return Protocol(
        fitting="own",
        source=Use("extra", "all", translated=True) if translates else None,
        target=Use("target", "train"),
        test=_test(setting),
        compared=None if adds_nothing else _compared(setting),
        spectrum=_spectrum(setting),
        task="augmented: a recognizer learns from all labelled target images and from other "
        "people's visible images, translated to the target",
        fitted=_fitted(setting),
        trained="the training subjects' target, and the whole of extra, translated, both labelled",
        tested=_tested(setting),
    )


def weak(setting: Setting, adds_nothing: bool = False) -> Protocol:
    """Labelled visible images translated to the target, and few labelled target images."""
    rest = ", and all of their target without labels" if setting.unlabelled else ""
    return Protocol(
        fitting="own",
        source=_source(setting),
        target=Use("target", "train"),
        shots=True,
        test=_test(setting),
        compared=_compared(setting),
        partners=True,
        reads_unlabelled=True,
        spectrum=_spectrum(setting),
        task="weakly supervised: a recognizer learns from labelled visible images, translated to "
        "the target, and from a few labelled target images",
        fitted=_fitted(setting),
        trained="the training subjects' source, translated and labelled, and "
        f"{describe_shots(setting)}{rest}",
        tested=_tested(setting),
    )


def supervised(setting: Setting, adds_nothing: bool = False) -> Protocol:
    """Trained and tested in one domain, on all of its labels or on few of each class."""
    few = setting.shots is not None
    return Protocol(
        fitting="unused",
        target=Use("target", "train"),
        shots=few,
        test=_test(setting),
        spectrum=_spectrum(setting),
        task="supervised: a recognizer learns and is tested in one domain; nothing is translated",
        fitted="none (--translator none)",
        trained=f"{describe_shots(setting)}, of the training subjects, and nothing else" if few
        else "the training subjects' target, labelled",
        tested=_tested(setting),
    )


def cross(setting: Setting, adds_nothing: bool = False) -> Protocol:
    """Trained on the source, translated or not, without target data."""
    foreign = is_foreign(setting, setting.source)
    what = "all of" if foreign else "the training part of"
    return Protocol(
        fitting="elsewhere" if foreign else "own",
        source=_source(setting),
        test=_test(setting),
        compared=_compared(setting),
        spectrum=_spectrum(setting),
        task="cross: a recognizer learns in the source, and is tested in the target, of which it "
        "saw nothing",
        fitted=ELSEWHERE if foreign else _fitted(setting),
        trained=f"{what} the source, as it is (translator none) or translated, labelled",
        tested=_tested(setting),
    )


def simulated(setting: Setting, adds_nothing: bool = False) -> Protocol:
    """A dataset without infrared: training and test images are translated."""
    rest = "both labelled" if setting.shots is None else f"of which {describe_shots(setting)}"
    own = not is_foreign(setting, setting.source)
    return Protocol(
        fitting="elsewhere",
        source=Use("source", "train"),
        target=Use("source", "train", translated=True),
        shots=True,
        test=Use("source", "test", translated=True) if own else _test(setting),
        spectrum=setting.target.spectrum if adds_nothing else setting.simulated,
        task="simulated: there is no infrared here; training and test images are both translated",
        fitted=ELSEWHERE,
        trained=f"the training part of the source, as it is and translated, {rest}",
        tested="the test part, translated",
    )


def quality(setting: Setting, adds_nothing: bool = False) -> Protocol:
    """Translated images compared with the true ones, optionally by a recognizer of the target."""
    return Protocol(
        fitting="own",
        target=Use("target", "train"),
        test=_test(setting),
        compared=_compared(setting),
        partners=True,
        judged=True,
        spectrum=_spectrum(setting),
        task="quality: translations are compared with the true target images",
        fitted=_fitted(setting),
        trained="no recognizer is needed; a judge, where one is named, learns from the labelled "
        "target",
        tested="translations of the test subjects' source, beside their true target images",
    )


KINDS: Mapping[SettingKind, Callable[[Setting, bool], Protocol]] = {
    "weak": weak,
    "augmented": augmented,
    "supervised": supervised,
    "cross": cross,
    "simulated": simulated,
    "quality": quality,
}


def is_foreign(setting: Setting, domain: Domain | None) -> bool:
    """Whether a domain is of another dataset than the setting's."""
    return domain is not None and domain.dataset not in ("", setting.dataset)


def describe_shots(setting: Setting) -> str:
    """How many target labels are granted, in words."""
    shots = setting.shots
    if shots is None:
        return "every label of the target"
    if shots == 0:
        return "no label of the target"
    if isinstance(shots, float):
        return f"the target labels of {100 * shots:g} % of the training subjects"
    unit = "frame" if setting.unit == "frame" else "item"
    return f"{shots} labelled target {unit}{'s' if shots > 1 else ''} per class"


def _source(setting: Setting) -> Use | None:
    """The translated source: another dataset's is trained on as a whole."""
    if setting.source is None:
        return None
    foreign = is_foreign(setting, setting.source)
    return Use("source", "all" if foreign else "train", translated=True)


def _test(setting: Setting) -> Use:
    return Use("target", "all" if setting.tested == "all" else "test")


def _compared(setting: Setting) -> Use | None:
    """Translated test items; another dataset's have no partner here."""
    if setting.source is None or is_foreign(setting, setting.source):
        return None
    return Use("source", "test", translated=True)


def _spectrum(setting: Setting) -> Spectrum:
    return setting.target.spectrum


def _fitted(setting: Setting) -> str:
    return OWN if setting.paired else UNPAIRED


def _tested(setting: Setting) -> str:
    return "all of the target" if setting.tested == "all" else "the test part of the target"
