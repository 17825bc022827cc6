"""argparse's parser, whose errors are safe for a terminal."""

from __future__ import annotations

import argparse
from typing import NoReturn

from irfer_bench.render.escape import terminal


class Parser(argparse.ArgumentParser):
    """The parser of a command; its sub-commands get parsers of the same class."""

    def error(self, message: str) -> NoReturn:
        """Print the usage and one line, and exit with 2."""
        super().error(terminal(message))
