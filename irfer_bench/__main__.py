"""`python -m irfer_bench`."""

import sys

from irfer_bench.cli import main

if __name__ == "__main__":
    sys.exit(main())
