"""Large-HFE."""
