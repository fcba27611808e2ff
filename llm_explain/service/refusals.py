"""Problem documents (RFC 9457) of the layers before the application: the same form as ``problems.py``, made of bytes.

Turning a request away must cost almost nothing, so no response object is built, and what is sent depends on a few
constants and the request's id alone.
"""

from __future__ import annotations

import json
from functools import cache, lru_cache
from http import HTTPStatus
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llm_explain.service.admission import Scope, Send

MEDIA_TYPE = b"application/problem+json"


@cache
def _opening(status: int, code: str, detail: str) -> bytes:
    said = {
        "type": f"urn:llm-explain:problem:{code}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
    }
    return json.dumps(said)[:-1].encode()


@lru_cache(64)  # Retry-After is the only part that a load moves
def _head(status: int, retry_after: int | None, *, closes: bool) -> bytes:
    """Return the head of an answer as far as its length."""
    lines = [
        f"HTTP/1.1 {status} {HTTPStatus(status).phrase}",
        f"content-type: {MEDIA_TYPE.decode()}",
        *([f"retry-after: {retry_after}"] if retry_after is not None else []),
        *(["connection: close"] if closes else []),
        "content-length: ",
    ]
    return "\r\n".join(lines).encode()


def problem_body(*, status: int, code: str, detail: str, request_id: str = "") -> bytes:
    """Return a problem document.

    Args:
        status: HTTP status.
        code: Stable name of the problem.
        detail: What is wrong and what to do; one of a few constants.
        request_id: Id of the request, made here or checked.

    Returns:
        JSON.
    """
    return b'%s, "request_id": "%s"}' % (_opening(status, code, detail), request_id.encode())


def whole_answer(
    *, status: int, code: str, detail: str, request_id: str = "", retry_after: int | None = None, closes: bool
) -> bytes:
    """Return a problem document with the head before it, for where there is no application to answer.

    Args:
        status: HTTP status.
        code: Stable name of the problem.
        detail: What is wrong and what to do; one of a few constants.
        request_id: Id of the request, made here or checked; empty where there is none.
        retry_after: Seconds.
        closes: Whether the connection ends with it.

    Returns:
        An HTTP/1.1 answer.
    """
    body = problem_body(status=status, code=code, detail=detail, request_id=request_id)
    named = f"\r\nx-request-id: {request_id}".encode() if request_id else b""
    return b"%s%d%s\r\n\r\n%s" % (_head(status, retry_after, closes=closes), len(body), named, body)


async def refuse(
    scope: Scope,
    send: Send,
    *,
    status: int,
    code: str,
    detail: str,
    headers: Sequence[tuple[bytes, bytes]] = (),
) -> None:
    """Answer a request with a problem document.

    Args:
        scope: The request.
        send: Where the answer goes.
        status: HTTP status.
        code: Stable name of the problem.
        detail: What is wrong and what to do; one of a few constants.
        headers: Further headers.
    """
    named = str(scope.get("state", {}).get("request_id", ""))
    body = problem_body(status=status, code=code, detail=detail, request_id=named)
    length = (b"content-length", str(len(body)).encode())
    start = [(b"content-type", MEDIA_TYPE), length, *headers]
    await send({"type": "http.response.start", "status": status, "headers": start})
    await send({"type": "http.response.body", "body": body})
