"""Requests that came whole and alone: what a glance at them says, for whoever turns most of them away."""

from __future__ import annotations

from typing import NamedTuple

from httptools import HttpParserError, HttpParserUpgrade, HttpRequestParser

_NAMED = b"-request-id"


class Asked(NamedTuple):
    """What a glance shows.

    Attributes:
        method: HTTP method.
        path: What is asked for.
    """

    method: str
    path: bytes


class Glance:
    """Parses as the server does but builds nothing: of everything that a request holds, two values are kept.

    One serves all connections, for nothing of a request stays.
    """

    def __init__(self) -> None:
        self._renew()

    def _renew(self) -> None:
        self._parser = HttpRequestParser(self)

    def at(self, data: bytes) -> Asked | None:
        """Read bytes at whose beginning a request begins.

        Args:
            data: What came from a connection at once.

        Returns:
            What is asked; ``None`` unless it is one valid request, whole, with no other behind it, which lets the
            connection live and does not name itself: everything else is worth more than a glance.
        """
        if _NAMED in data.lower():
            return None
        self._path = b""
        self._n_begun = self._n_whole = 0
        self._is_last = False
        try:
            self._parser.feed_data(data)
        except (HttpParserError, HttpParserUpgrade):
            self._renew()
            return None
        if not self._n_begun == self._n_whole == 1 or self._is_last:
            self._renew()
            return None
        return Asked(self._parser.get_method().decode("ascii"), self._path)

    def on_message_begin(self) -> None:
        """Count a request; called by the parser, as are the next two."""
        self._n_begun += 1

    def on_url(self, url: bytes) -> None:
        """Keep where it goes."""
        self._path += url

    def on_message_complete(self) -> None:
        """Count a request that is whole, and ask what the parser then forgets."""
        self._n_whole += 1
        self._is_last = not self._parser.should_keep_alive()
