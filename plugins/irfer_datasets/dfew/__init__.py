"""DFEW."""
