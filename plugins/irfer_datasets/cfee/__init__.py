"""Compound Facial Expressions of Emotion."""
