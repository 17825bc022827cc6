"""Oulu-CASIA NIR&VIS."""
