"""Records become tables, and tables become text."""
