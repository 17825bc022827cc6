"""A request becomes a plan of cells and steps, without touching data."""
