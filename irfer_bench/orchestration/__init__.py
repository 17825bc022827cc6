"""Planning, running and results of cells: what `import irfer_bench` and the commands share."""
