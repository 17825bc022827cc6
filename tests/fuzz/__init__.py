"""Mutated inputs for everything that reads what others sent; see `kinds`."""
