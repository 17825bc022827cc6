"""Reading of a dataset's folder: one walk, one table of path patterns, one report of the rest."""
