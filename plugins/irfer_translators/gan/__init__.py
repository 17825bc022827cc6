"""Translators that are trained against discriminators: CycleGAN, pix2pix and HiFaceGAN."""
