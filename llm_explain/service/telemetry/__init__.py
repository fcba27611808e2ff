"""Metrics, ids and log lines of each request."""
