"""The public base class of datasets of files, by its names in this family."""

from irfer_bench.api import Stills, Survey, clip_of

__all__ = ["Stills", "Survey", "clip_of"]
