"""The table of the kinds of settings in words, for the reference pages."""

from __future__ import annotations

from irfer_bench.settings.kinds import KINDS
from irfer_bench.settings.setting import Domain, Setting


def rows() -> list[list[str]]:
    """One row per kind: name, F is fitted on, source, target, test; for the reference pages."""
    visible, target = Domain(spectrum="vis"), Domain(spectrum="nir")
    fitting = {"own": "pairs (V, N)", "elsewhere": "`--fit-translator-on`", "unused": "not used"}
    table = []
    for name, kind in KINDS.items():
        setting = Setting(
            name=name, kind=name, dataset="", target=target, source=visible, extra=visible
        )
        known = kind(setting, False)
        learnt = known.target.symbol if known.target else "empty"
        if known.target and known.shots:
            learnt = f"the labelled draw of {learnt}"
        elif known.target:
            learnt += ", for a judge" if known.judged else ", all labelled"
        tested = known.test.symbol
        if known.judged and known.compared:
            tested = f"{known.compared.symbol} against {tested}"
        source = known.source.symbol if known.source else "empty"
        table.append([f"`{name}`", fitting[known.fitting], source, learnt, tested])
    return table
