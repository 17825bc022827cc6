"""Figures for a talk or a paper, as SVG and as PNG of 300 dpi; matplotlib is imported on use."""
