"""The spectrum of a target domain such as `nir` or `nir_dark`."""

from __future__ import annotations

from irfer_bench.api import Spectrum, UsageError

SPECTRA: tuple[Spectrum, ...] = ("vis", "nir", "lwir")


def target_spectrum(domain: str) -> Spectrum:
    """The spectrum that begins the domain's name.

    Raises:
        UsageError: it is none of vis, nir and lwir.
    """
    for spectrum in SPECTRA:
        if domain.split("_")[0] == spectrum:
            return spectrum
    raise UsageError(
        f"target domain {domain!r} is of no known spectrum", f"use {', '.join(SPECTRA)}"
    )
