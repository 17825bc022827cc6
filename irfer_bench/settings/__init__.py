"""Settings: the protocols that make two numbers comparable."""
