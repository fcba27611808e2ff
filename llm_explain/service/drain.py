"""The switch that SIGTERM sets: the process is about to end."""

from __future__ import annotations


class Drain:
    """Whether the process is about to end.

    While it is on, ``/readyz`` answers 503 and each answer closes its connection.

    Attributes:
        is_on: Whether the process is about to end.
    """

    def __init__(self) -> None:
        self.is_on = False

    def start(self) -> None:
        """Set the switch."""
        self.is_on = True
