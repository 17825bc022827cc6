"""Settings of all tests: no deadline per example, since machines may be busy."""

from hypothesis import settings

settings.register_profile("bench", deadline=None, max_examples=60)
settings.load_profile("bench")
