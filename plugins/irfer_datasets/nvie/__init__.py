"""USTC-NVIE."""
