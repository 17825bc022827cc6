"""Settings of all tests: no deadline per example, since machines may be busy; no terminal."""

import os

from hypothesis import settings

settings.register_profile("bench", deadline=None, max_examples=60)
settings.load_profile("bench")
os.environ.pop("COLUMNS", None)  # what is printed follows it
if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # the processes share the cores
