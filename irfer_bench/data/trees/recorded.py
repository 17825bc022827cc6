"""Sequences of frames in folders by camera, subject and expression."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from irfer_bench.data.trees.patterns import Found
from irfer_bench.data.trees.survey import OTHERS_USED, Notes, note_gaps

SequenceKey = tuple[str, ...]
"""The proper names of a sequence's levels, such as camera, light, subject, expression."""


@dataclass
class Recorded:
    """One sequence: its folder, and its frames' paths by number."""

    folder: str
    frames: dict[int, str] = field(default_factory=dict)

    @property
    def files(self) -> tuple[str, ...]:
        """Paths of the frames in their order."""
        return tuple(self.frames[number] for number in sorted(self.frames))


def read_sequences(
    hits: Iterable[Found], levels: Sequence[str], names: Mapping[str, str], seen: Notes
) -> dict[SequenceKey, Recorded]:
    """Sequences by the proper names of their levels; of one that comes twice the first.

    Problems: `duplicate_file`, `second_tree`, `duplicate_frame`, `frame_gap`.

    Args:
        levels: the groups of the pattern that name a sequence. names: proper spellings by their
            lower case, as `Matches.names` holds them.
    """
    folders: dict[SequenceKey, str] = {}
    found: dict[SequenceKey, Recorded] = {}
    for hit in hits:
        given = (hit.facts[level] for level in levels)
        key = tuple(names.get(name.casefold(), name) for name in given)
        if seen.first(folders, key, hit.folder, base=hit.base):
            sequence = found[key] = Recorded(hit.folder)
            for number, path in hit.ordered("frame"):
                seen.first(sequence.frames, number, path, kind="duplicate_frame")
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
