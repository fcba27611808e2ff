"""Admission of requests: API key rates, body limits and the queue in front of the work."""
