"""Contact sheet of prepared clips, and a table of classes, illuminations and subjects."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from tabulate import tabulate

from irfer_bench.data.clips import ClipView, StoredClips
from irfer_bench.render.escape import terminal
from irfer_bench.render.images import NOTE, save_image

COLUMNS, SIDE = 10, 96


def draw_sheet(clips: ClipView, place: Path, title: str) -> Path:
    """One row per class, up to ten clips of different subjects, as PNG in a folder of its user.

    Clips of several frames are shown by their last one, which is nearest to the apex.
    """
    from PIL import Image, ImageDraw

    place.mkdir(exist_ok=True, mode=0o700)
    (place / NOTE).write_text("Faces: not to be published unless your licence says otherwise.\n")
    labels, subjects = clips.labels, clips.subjects
    classes = sorted({label or "unlabelled" for label in labels})
    left = 8 + max(map(_length, classes))
    shown = [
        _spread([k for k, label in enumerate(labels) if (label or "unlabelled") == name], subjects)
        for name in classes
    ]
    width = max(left + SIDE * max(map(len, shown)), 8 + _length(title))
    canvas = Image.new("RGB", (width, 20 + len(classes) * SIDE), "white")
    pen = ImageDraw.Draw(canvas)
    pen.text((4, 4), _plain(title), fill="black")
    for row, name in enumerate(classes):
        pen.text((4, 20 + row * SIDE + SIDE // 2), _plain(name), fill="black")
        for column, k in enumerate(shown[row]):
            face = Image.fromarray(clips[k].take([-1])[0]).resize((SIDE, SIDE))
            canvas.paste(face, (left + column * SIDE, 20 + row * SIDE))
    path = place / f"{'-'.join(re.findall(r'[A-Za-z0-9_]+', title))}.png"
    save_image(canvas, path)
    return path


def _length(text: str) -> int:
    from PIL import ImageFont

    return int(ImageFont.load_default().getlength(_plain(text)))


def _plain(text: str) -> str:
    """The characters that the built-in font can draw."""
    return text.encode("ascii", "replace").decode()


def _spread(own: Sequence[int], subjects: Sequence[str | None]) -> list[int]:
    """Positions of different subjects first, evenly over all of them."""
    first: dict[str, int] = {}
    for k in own:
        first.setdefault(subjects[k] or str(k), k)
    picked = list(first.values())
    picked = picked[:: max(1, len(picked) // COLUMNS)][:COLUMNS]
    shown = set(picked)
    rest = [k for k in own if k not in shown]
    return picked + rest[: COLUMNS - len(picked)]


def tabulate_clips(clips: StoredClips) -> str:
    """Clips by class and lighting, and how many each subject has."""
    rows = clips.rows
    illuminations = sorted({row["lighting"] for row in rows})
    count = Counter((row["label"] or "unlabelled", row["lighting"]) for row in rows)
    of_class: dict[str, set[str]] = {}
    for row in rows:
        if row["subject"] is not None:
            of_class.setdefault(row["label"] or "unlabelled", set()).add(row["subject"])
    body = [
        [
            name,
            *(count[name, light] for light in illuminations),
            sum(count[name, light] for light in illuminations),
            len(of_class.get(name, ())) or "-",
        ]
        for name in sorted({name for name, _ in count})
    ]
    headers = ["class", *(light or "any light" for light in illuminations), "clips", "subjects"]
    table: str = tabulate(body, headers, tablefmt="simple")
    return f"{table}\n{_subjects(clips)}"


def _subjects(clips: StoredClips) -> str:
    each = Counter(row["subject"] for row in clips.rows if row["subject"] is not None)
    if not each:
        return "no subjects"
    low = min(each.values())
    fewest = [terminal(name) for name, number in sorted(each.items()) if number == low]
    shown = ", ".join(fewest[:5]) + (" …" if len(fewest) > 5 else "")
    high = max(each.values())
    if low == high:
        return f"{len(each)} subjects, {low} clips each"
    return (
        f"{len(each)} subjects, {low} to {high} clips each, median {median(each.values()):g}; "
        f"fewest: {shown}"
    )
