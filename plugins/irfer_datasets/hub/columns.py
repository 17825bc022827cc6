"""Roles of columns and the meaning of their values; integers need names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from irfer_bench.api import MissingError, RefusedRowError, Spectrum, UsageError, canonical, nearest
from irfer_datasets.folder.rows import SPECTRA, near_name
from irfer_datasets.hub.forms import IMAGE_ROLES, split_of
from irfer_datasets.params import HubParams

FACTS = ("label", "subject", "spectrum", "lighting", "pair", "weak_pair", "split", "part", "row_id")
FILES = ("audio", "landmarks", "fps")
LIGHTINGS = ("strong", "weak", "dark", "normal")
_SHOWN = 12


@dataclass(frozen=True)
class Facts:
    """Facts of a row; `named` is the label as spelt in the table, `of_item` an item's fields."""

    named: str
    row_id: str
    of_item: Mapping[str, Any]


class Columns:
    """The columns of one split by role; roles without a column are absent."""

    def __init__(self, features: Mapping[str, Any], params: HubParams) -> None:
        """Match roles with columns.

        Raises:
            MissingError: no column of images, or a column that was asked for is not there.
            UsageError: the labels are integers without names.
        """
        self.params = params
        self.features = features
        self.names: dict[str, str] = {}
        usual = HubParams()
        for role in (*IMAGE_ROLES, *FACTS, *FILES):
            asked = getattr(params, role)
            if asked in features:
                self.names[role] = asked
            elif asked and asked != getattr(usual, role):
                raise MissingError(f"hub: no column {asked!r} for {role}; {self._near(asked)}")
        if not any(role in self.names for role in IMAGE_ROLES):
            raise MissingError(
                f"hub: no column of images; {self._near('image')}",
                f"say -p hub.image={self._images() or 'NAME'}",
            )
        self._refuse_bare_integers()

    def missing(self) -> str:
        """The hint where no column holds the labels; empty where one does."""
        if "label" in self.names:
            return ""
        return f"no column {self.params.label!r}; {self._near('label')}; say -p hub.label=NAME"

    def facts(self, row: Mapping[str, Any], split: str) -> Facts:
        """Facts of one row; `split` is the file's, for rows that name none.

        Raises:
            RefusedRowError: a value outside what is known.
        """
        text = {role: self._text(role, row) for role in FACTS if role in self.names}
        named = text.get("label") or ""
        part = text.get("part") or ""
        of_item = {
            "label": self._label(named),
            "subject": text.get("subject") or None,
            "spectrum": self._spectrum(text.get("spectrum") or ""),
            "lighting": _lighting(text.get("lighting") or ""),
            "pair": text.get("pair") or None,
            "weak_pair": (text.get("weak_pair") or "").casefold() in ("true", "1"),
            "split": _split(text.get("split") or "") or split,
            "part": "main" if self._is_main(part) else part.casefold(),
        }
        return Facts(named, text.get("row_id") or "", of_item)

    def _text(self, role: str, row: Mapping[str, Any]) -> str:
        name = self.names[role]
        value = row[name]
        names = getattr(self.features[name], "names", None)
        if value is None or value != value or (names and value == -1):  # NaN, hidden
            return ""
        if names is None or not isinstance(value, int):
            return str(value).strip()
        if not 0 <= value < len(names):
            raise RefusedRowError(
                "unknown_label" if role == "label" else "bad_row",
                f"{name} {value} is outside its names 0 to {len(names) - 1}",
            )
        return str(names[value]).strip()

    def _label(self, named: str) -> str | None:
        given = {name.casefold(): meaning for name, meaning in self.params.labels.items()}
        meaning = given.get(named.casefold(), named)
        label = canonical(meaning)
        if meaning and label is None:
            raise RefusedRowError(
                "unknown_label",
                f'label {named!r}; {nearest(named)}; say -p \'hub.labels={{"{named}": "anger"}}\''
                ' ("" for no expression)',
            )
        return label

    def _spectrum(self, text: str) -> Spectrum:
        if not text:
            return self.params.default_spectrum
        if text.casefold() not in SPECTRA:
            raise RefusedRowError("bad_row", f"spectrum {text!r}; {near_name(text, SPECTRA)}")
        return SPECTRA[text.casefold()]

    def _is_main(self, part: str) -> bool:
        wanted = [name.casefold() for name in self.params.parts]
        folded = part.casefold()
        return folded in wanted if wanted else folded != "extra"

    def _refuse_bare_integers(self) -> None:
        feature = self.features.get(self.names.get("label", ""))
        kind = str(getattr(feature, "dtype", ""))
        if "int" not in kind or getattr(feature, "names", None) or self.params.labels:
            return
        raise UsageError(
            f"hub: column {self.names['label']!r} holds integers without names, and every set of "
            "this field has several orders of them",
            'say what they mean: -p \'hub.labels={"0": "anger", "1": "disgust"}\' and so on',
        )

    def _images(self) -> str:
        kinds = {"Image": [], "Video": []}  # type: dict[str, list[str]]
        for name, feature in self.features.items():
            kinds.get(type(feature).__name__, []).append(name)
        return next(iter(kinds["Image"] + kinds["Video"]), "")

    def _near(self, name: str) -> str:
        columns = list(self.features)
        near = get_close_matches(name.casefold(), [c.casefold() for c in columns], n=1, cutoff=0.6)
        shown = ", ".join(columns[:_SHOWN]) + (" …" if len(columns) > _SHOWN else "")
        wanted = next((c for c in columns if near and c.casefold() == near[0]), "")
        return f"it has {shown}" + (f" (did you mean {wanted}?)" if wanted else "")


def _lighting(text: str) -> str:
    if text and text.casefold() not in LIGHTINGS:
        raise RefusedRowError("bad_row", f"lighting {text!r}; {near_name(text, LIGHTINGS)}")
    return text.casefold()


def _split(text: str) -> str:
    if text and not split_of(text):
        known = ("train", "val", "test", "set_1")
        raise RefusedRowError("bad_row", f"split {text!r}; {near_name(text, known)}")
    return split_of(text)
