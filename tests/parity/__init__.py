"""Parity with official code and with the papers' equations."""
