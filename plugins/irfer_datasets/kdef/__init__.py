"""Karolinska Directed Emotional Faces."""
