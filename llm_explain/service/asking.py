"""How a route has its work done: off the event loop, and out as JSON bytes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar, cast

from anyio import CapacityLimiter, to_thread
from fastapi import Request, Response
from pydantic_core import to_json

from llm_explain.service.desk import Desk

T = TypeVar("T")

Work = Callable[[Callable[[], T]], Awaitable[T]]
"""Does one piece of blocking work and returns what it returned."""


class Threads:
    """Does blocking work in a few threads.

    Args:
        max_running: Threads.
    """

    def __init__(self, max_running: int) -> None:
        self._limiter = CapacityLimiter(max_running)

    async def __call__(self, work: Callable[[], T]) -> T:
        """Return what the work returned.

        Args:
            work: What to do.

        Returns:
            Its result.
        """
        return await to_thread.run_sync(work, limiter=self._limiter)


def desk_of(request: Request) -> Desk:
    """Return the application's desk."""
    return cast("Desk", request.app.state.desk)


async def answer(request: Request, ask: Callable[[], dict[str, Any]], *, status: int = 200) -> Response:
    """Return what the desk says, with the request's id.

    Args:
        request: The request.
        ask: The blocking question.
        status: Status of a good answer.

    Returns:
        JSON; it is not validated again on its way out.
    """
    request_id = request.state.request_id

    def ask_and_write() -> bytes:
        return to_json({"request_id": request_id, **ask()})

    body: bytes = await request.app.state.work(ask_and_write)
    return Response(body, status_code=status, media_type="application/json")
