"""Churn: who is about to leave or to spend much less, from events or from any table of customers."""
