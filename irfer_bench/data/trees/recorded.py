"""Sequences of frames in folders by camera, subject and expression, as laboratories record them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field

from irfer_bench.data.trees.labels import canonical, nearest
from irfer_bench.data.trees.patterns import Found
from irfer_bench.data.trees.survey import OTHERS_USED, Notes, note_gaps

SequenceKey = tuple[str, ...]
"""The proper names of a sequence's levels, such as camera, light, subject, expression."""


@dataclass(frozen=True)
class Level:
    """One level of folders above the frames.

    Args:
        group: the group of the pattern that holds its name. proper: the proper spelling of a
            name, or None. advice: what to say of a name that has none.
    """

    group: str
    proper: Callable[[str], str | None]
    advice: Callable[[str], str]


@dataclass
class Recorded:
    """One sequence: its folder, and its frames' paths by number."""

    folder: str
    base: str
    frames: dict[int, str] = field(default_factory=dict)

    @property
    def files(self) -> tuple[str, ...]:
        """Paths of the frames in their order."""
        return tuple(self.frames[number] for number in sorted(self.frames))


def one_of(group: str, names: Sequence[str], advice: Callable[[str], str] | None = None) -> Level:
    """A level of known names in any letter case."""
    proper = {name.casefold(): name for name in names}
    known = f"known: {names[0]} to {names[-1]}"
    return Level(group, lambda name: proper.get(name.casefold()), advice or (lambda _: known))


def expression_level(group: str, labels: Sequence[str]) -> Level:
    """A level of expressions in any spelling; their proper names are capitalised labels."""
    def proper(name: str) -> str | None:
        label = canonical(name)
        return label.capitalize() if label and label in labels else None

    return Level(group, proper, lambda name: nearest(name, labels))


def read_sequences(
    hits: Iterable[Found], levels: Sequence[Level], seen: Notes
) -> dict[SequenceKey, Recorded]:
    """Sequences by their proper names; properly spelt folders win over others.

    Problems: `misnamed_folder`, `mis_cased`, `second_tree`, `duplicate_frame`, `frame_gap`.
    """
    named = [(_key(hit, levels), hit) for hit in hits]
    # Stable: of equally spelt folders the upper copy comes first.
    named.sort(key=lambda pair: list(pair[0]) != _names(pair[1], levels))
    found: dict[SequenceKey, Recorded] = {}
    for key, hit in named:
        proper = tuple(name for name in key if name is not None)
        if len(proper) < len(key):
            place, level, name = _odd(key, hit, levels)
            seen.note("misnamed_folder", place, f"not read; {level.advice(name)}")
            continue
        sequence = found.setdefault(proper, Recorded(hit.folder, hit.base))
        if sequence.folder != hit.folder:
            _note_twin(sequence, hit, seen)
            continue
        _note_spelling(proper, hit, levels, seen)
        for number, path in hit.ordered("frame"):
            first = sequence.frames.setdefault(number, path)
            if first != path:
                seen.note("duplicate_frame", path, f"not read; {first} is; remove one")
        note_gaps(sorted(sequence.frames), hit.folder, seen)
    return found


def note_absent_sequences(
    place: str,
    there: Collection[SequenceKey],
    subjects: Iterable[str],
    expressions: Sequence[str],
    seen: Notes,
) -> None:
    """`missing_subject` and `missing_expression` of one camera or illumination.

    Args:
        place: its folder. there: (subject, expression) of the sequences that are there.
    """
    people = {subject for subject, _ in there}
    for subject in subjects:
        if subject not in people:
            seen.note("missing_subject", f"{place}/{subject}", OTHERS_USED)
            continue
        for expression in expressions:
            if (subject, expression) not in there:
                seen.note("missing_expression", f"{place}/{subject}/{expression}", OTHERS_USED)


def _names(hit: Found, levels: Sequence[Level]) -> list[str]:
    return [hit.facts[level.group] for level in levels]


def _key(hit: Found, levels: Sequence[Level]) -> tuple[str | None, ...]:
    return tuple(level.proper(hit.facts[level.group]) for level in levels)


def _place(hit: Found, level: int, levels: Sequence[Level]) -> str:
    """The folder of one level above the frames."""
    return hit.folder.rsplit("/", len(levels) - 1 - level)[0]


def _odd(
    key: tuple[str | None, ...], hit: Found, levels: Sequence[Level]
) -> tuple[str, Level, str]:
    first = key.index(None)
    level = levels[first]
    return _place(hit, first, levels), level, hit.facts[level.group]


def _note_twin(sequence: Recorded, hit: Found, seen: Notes) -> None:
    if sequence.base != hit.base:
        action = f"not read, {sequence.base or 'the root'} is; give its own folder to use it"
        seen.note("second_tree", hit.base or ".", action)
    else:
        action = f"not read; {sequence.folder.rpartition('/')[2]} is there too"
        seen.note("misnamed_folder", hit.folder, action)


def _note_spelling(key: SequenceKey, hit: Found, levels: Sequence[Level], seen: Notes) -> None:
    for number, (proper, name) in enumerate(zip(key, _names(hit, levels), strict=True)):
        if proper != name:
            kind = "mis_cased" if proper.casefold() == name.casefold() else "misnamed_folder"
            seen.note(kind, _place(hit, number, levels), f"read as {proper}; rename it")
