"""Metrics and log lines of each request."""
