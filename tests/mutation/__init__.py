"""Mutation runs: does a test notice when the code is changed? `python -m tests.mutation --help`."""
