"""Whether this process is about to end: from SIGTERM on, answers close their connections and readiness is gone."""

from __future__ import annotations


class Drain:
    """A switch that is set once.

    Attributes:
        is_on: Whether the process is about to end.
    """

    def __init__(self) -> None:
        self.is_on = False

    def start(self) -> None:
        """Let the process end when its connections are done."""
        self.is_on = True
