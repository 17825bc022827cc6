"""The distribution's own tests run in a child, where it is installed."""

collect_ignore = ["irfer-bench-blurnet"]
