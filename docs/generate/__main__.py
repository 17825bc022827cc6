"""`python -m docs.generate`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from docs.generate import pages
from irfer_bench.store.files import write_text


def main(argv: Sequence[str] | None = None) -> int:
    """Write the pages that are out of date, or with `--check` only list them (exit 4)."""
    parser = argparse.ArgumentParser(prog="python -m docs.generate")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 4 on drift")
    parser.add_argument("--root", type=Path, default=Path(__file__).resolve().parents[2])
    args = parser.parse_args(argv)
    stale = {
        path: text
        for path, text in pages(args.root).items()
        if not (args.root / path).is_file()
        or (args.root / path).read_text(encoding="utf-8") != text
    }
    for path, text in stale.items():
        sys.stdout.write(f"{'out of date' if args.check else 'wrote'}: {path}\n")
        if not args.check:
            write_text(args.root / path, text)
    return 4 if stale and args.check else 0


if __name__ == "__main__":
    sys.exit(main())
