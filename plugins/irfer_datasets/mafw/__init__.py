"""MAFW."""
