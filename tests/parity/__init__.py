"""Parity with official code and with the papers' equations (design §10)."""
