"""Raises on import, on purpose: what a missing driver does to a plugin."""

raise RuntimeError("blurnet_gpu: no accelerator of the right kind")
