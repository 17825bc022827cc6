"""Built-in executors, and the worker process that they start."""
