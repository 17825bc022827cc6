"""irfer-bench for programs and notebooks: what `import irfer_bench` offers."""
