"""Parameters of the plain translators: none have any, but each says what it needs; torch-free."""

from __future__ import annotations

from typing import ClassVar

from irfer_bench.api import Params


class PlainParams(Params, frozen=True):
    """What the core asks of a translator before it imports one.

    `trains`: fitting reads data. `adds_nothing`: in `augmented` the source stays empty.
    `needs_partners`: `translate` is given the true partners, aligned with the clips.
    """

    trains: ClassVar[bool] = False
    adds_nothing: ClassVar[bool] = False
    needs_partners: ClassVar[bool] = False


class NoneParams(PlainParams, frozen=True):
    adds_nothing: ClassVar[bool] = True


class IdentityParams(PlainParams, frozen=True):
    """The raw visible image."""


class GreyParams(PlainParams, frozen=True):
    """Pillow's luma."""


class RedParams(PlainParams, frozen=True):
    """The red channel."""


class HistmatchParams(PlainParams, frozen=True):
    trains: ClassVar[bool] = True


class MeanstdParams(PlainParams, frozen=True):
    trains: ClassVar[bool] = True


class OracleParams(PlainParams, frozen=True):
    needs_partners: ClassVar[bool] = True
