"""Skeleton sources: templates, the phrasebook and the tuning corpus."""
