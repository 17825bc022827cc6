"""Boards, panels and images of records."""
