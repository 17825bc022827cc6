"""Settings: the protocols of leaderboards."""
