"""A dataset of labelled stills whose paths say everything: one pattern, and tables of values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import ClassVar

from irfer_bench.contracts.component import Spectrum
from irfer_bench.contracts.values import Item, Match
from irfer_bench.data.trees.folds import own_folds
from irfer_bench.data.trees.labels import canonical, nearest
from irfer_bench.data.trees.patterns import Patterns
from irfer_bench.data.trees.stills import Stills
from irfer_bench.data.trees.survey import Survey


class LabelledStills(Stills):
    """A labelled still set. A subclass says `pattern`, and whatever differs from the defaults.

    Named groups of the pattern become facts of an item: `label`, `subject`, `spectrum`,
    `lighting`, `split`, `part`; all of `key` make its id. Two images that differ only in their
    spectrum or lighting are partners. Folds are every fifth subject, or the group `split`.
    """

    pattern: ClassVar[str]
    """A regular expression for the end of an image's path; `//`: up to two folders between."""
    layout: ClassVar[str] = ""
    """The pattern as a person writes it, for messages."""
    classes: Sequence[str]
    spectrum: ClassVar[Spectrum] = "vis"
    """Of a set whose paths do not say it."""
    values: ClassVar[Mapping[str, Mapping[str, str]]] = {}
    """What a group's text means, in lower case, by group; a label may also be any known spelling.
    """
    key: ClassVar[Sequence[str]] = ("spectrum", "lighting", "part", "subject", "label", "name")
    """Groups that tell items apart, in the order of the id."""

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        if hasattr(cls, "pattern"):
            cls.table = Patterns({"image": cls.pattern})

    def identify(self, root: Path) -> Match:
        """Confident where images lie as the pattern says and their labels are known."""
        survey = self.survey(root)
        if survey.items:
            return Match(0.9, f"{len(survey.items)} images as {self.layout or self.pattern}")
        reasons = [f"no image as {self.layout or self.pattern}", *self.hints(root)]
        return Match(0.0, "; ".join(reasons))

    def walk(self, root: Path) -> Survey:
        """One item per image whose facts are known; others are noted."""
        seen = Survey(root)
        found = self.find(root)
        seen.problems.extend(found.problems())
        rows = dict(self._rows(root, seen))
        spectra: dict[str, set[str]] = {}
        for facts in rows.values():
            spectra.setdefault(self._pair(facts), set()).add(self._domain(facts))
        for path, facts in rows.items():
            pair = self._pair(facts)
            seen.items.append(
                Item(
                    id="-".join(facts[name] for name in self.key if facts.get(name)),
                    label=facts["label"],
                    subject=facts.get("subject"),
                    spectrum=facts.get("spectrum", self.spectrum),  # type: ignore[arg-type]
                    files=(path,),
                    lighting=facts.get("lighting", ""),
                    split=facts.get("split", ""),
                    part=facts.get("part", "main"),
                    pair=pair if len(spectra[pair]) > 1 else None,
                )
            )
        return seen

    def folds(self, items: Sequence[Item]) -> Sequence[frozenset[str]]:
        """The test split where paths name one; else up to five, every fifth sorted subject."""
        return own_folds(items)

    def _rows(self, root: Path, seen: Survey) -> Iterator[tuple[str, dict[str, str]]]:
        ids: dict[str, str] = {}
        for path, found in self.find(root).files("image"):
            facts = {name: self._value(name, text) for name, text in found.items()}
            odd = next((name for name, value in facts.items() if value is None), None)
            if odd is not None:
                kind = "unknown_label" if odd == "label" else "bad_row"
                known = self.values.get(odd, {})
                hint = nearest(found[odd], self.classes) if odd == "label" else ", ".join(known)
                seen.note(kind, path, f"not read: {odd} {found[odd]!r}; {hint}")
                continue
            row = {name: value for name, value in facts.items() if value is not None}
            own = "-".join(row[name] for name in self.key if row.get(name))
            if ids.setdefault(own, path) != path:
                seen.note("duplicate_file", path, f"not read; {ids[own]} is; remove one")
            else:
                yield path, row

    def _value(self, name: str, text: str) -> str | None:
        table = self.values.get(name)
        if table is not None and text.casefold() in table:
            return table[text.casefold()]
        if name == "label":
            label = canonical(text)
            return label if label in self.classes else None
        return text if table is None else None

    def _pair(self, facts: Mapping[str, str]) -> str:
        names = (name for name in self.key if name not in ("spectrum", "lighting"))
        return "-".join(facts[name] for name in names if facts.get(name))

    def _domain(self, facts: Mapping[str, str]) -> str:
        return f"{facts.get('spectrum', '')} {facts.get('lighting', '')}"
