"""A glance at what came: one whole request that lets its connection live, or nothing."""

from __future__ import annotations

import pytest
from wire import request

from llm_explain.service.glance import Asked, Glance

WHOLE = request("POST", "/v1/recommendations?x=1", {"user_id": "u"})


@pytest.mark.parametrize(
    ("sent", "asked"),
    [(WHOLE, Asked("POST", b"/v1/recommendations?x=1")), (request("GET", "/v1/users/u"), Asked("GET", b"/v1/users/u"))],
)
def test_one_whole_request_shows_what_is_asked(sent: bytes, asked: Asked) -> None:
    assert Glance().at(sent) == asked


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        WHOLE[:-1],
        WHOLE[:20],
        WHOLE + WHOLE,
        WHOLE + b"P",
        WHOLE + b"\x00",
        b"\x00\xff\r\n\r\n",
        request("POST", "/v1/a", {}, {"X-Request-ID": "0123456789abcdef"}),
        request("POST", "/v1/a", {}, {"connection": "close"}),
        request("GET", "/v1/a", None, {"connection": "upgrade", "upgrade": "websocket"}),
        b"POST /v1/a HTTP/1.1\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\nabc",
        b"POST /v1/a HTTP/1.1\r\ncontent-length: 2\r\ntransfer-encoding: chunked\r\n\r\nab",
        b"POST /v1/a HTTP/1.0\r\ncontent-length: 2\r\n\r\nab",
    ],
)
def test_everything_else_is_read_properly_and_leaves_nothing_behind(sent: bytes) -> None:
    glance = Glance()
    assert glance.at(sent) is None
    assert glance.at(WHOLE) == Asked("POST", b"/v1/recommendations?x=1")
