"""Execution of a plan: steps, contexts, records."""
