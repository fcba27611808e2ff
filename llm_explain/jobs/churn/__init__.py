"""Churn with reasons: risks of users, their drivers, and the sentence of each."""
