"""Migrations of the state, oldest first."""
