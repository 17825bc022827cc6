"""Stored clips and tables written for other tools."""
