"""Formats of numbers and times."""

from __future__ import annotations


def number(value: float, unit: str) -> str:
    """A metric's value as text: fractions in percent, others with two or four decimals."""
    if unit == "fraction":
        return f"{100 * value:.2f}"
    text = f"{value:.2f}" if abs(value) >= 2 else f"{value:.4f}"
    return text.lstrip("-") if float(text) == 0 else text


def duration(seconds: float) -> str:
    """Seconds, minutes or hours with two digits."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"


def clock(seconds: float) -> str:
    """Minutes and seconds, `0:07`, or hours, minutes and seconds, `1:02:03`."""
    whole = round(seconds)
    hours, minutes = divmod(whole // 60, 60)
    return f"{hours}:{minutes:02}:{whole % 60:02}" if hours else f"{minutes}:{whole % 60:02}"
