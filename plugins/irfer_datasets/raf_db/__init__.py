"""Real-world Affective Faces Database, single labels."""
