"""Every test runs under these: no deadline per example, since a busy machine is no defect."""

from hypothesis import settings

settings.register_profile("bench", deadline=None, max_examples=60)
settings.load_profile("bench")
