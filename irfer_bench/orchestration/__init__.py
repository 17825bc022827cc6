"""What `import irfer_bench` and the command line share: planning, running and results of cells."""
