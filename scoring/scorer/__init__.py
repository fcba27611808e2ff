"""Scorer: scores users and items with trained weights, and stores them."""
