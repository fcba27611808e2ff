"""Evaluation: splits, protocol and metrics of a ranking."""
