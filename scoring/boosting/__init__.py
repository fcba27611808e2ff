"""Boosted trees of LightGBM: additive models that score without LightGBM, and larger trees to compare with."""
