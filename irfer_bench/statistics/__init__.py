"""Intervals, comparisons, pooled rows and ranked boards."""
