"""Carries a plan out: steps, contexts, records."""
