"""The tests mirror the tree; `tests.parity.fixtures` is what parity tests import."""
