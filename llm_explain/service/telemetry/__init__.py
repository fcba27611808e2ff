"""Metrics, log lines and spans of each request."""
