"""The embedded benchmark: procedural faces, videos and voices."""
