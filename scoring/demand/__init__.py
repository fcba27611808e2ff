"""Demand: units per item and store over the coming weeks, with ranges, and what to order."""
