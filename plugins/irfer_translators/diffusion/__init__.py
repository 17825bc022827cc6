"""Diffusion translators: one process, one sampler, one set of energies, many methods."""
