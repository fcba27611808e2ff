"""How a route has its work done: off the event loop, records stored before they are given, and out as JSON bytes."""

from __future__ import annotations

from asyncio import wait, wrap_future
from collections.abc import Awaitable, Callable
from contextlib import nullcontext
from typing import TYPE_CHECKING, Annotated, TypeVar, cast

from anyio import CapacityLimiter, to_thread
from fastapi import Depends, Request, Response
from pydantic_core import to_json

from llm_explain.service.accounts import Accounts
from llm_explain.service.desk import Answer, Desk

if TYPE_CHECKING:
    from llm_explain.service.gate import Ticket
    from llm_explain.service.state import State
    from llm_explain.service.state.records import GivenAnswer

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


def _desk(request: Request) -> Desk:
    return cast("Desk", request.app.state.desk)


def _accounts(request: Request) -> Accounts:
    return cast("Accounts", request.app.state.accounts)


TheDesk = Annotated[Desk, Depends(_desk)]
"""The application's desk."""

TheAccounts = Annotated[Accounts, Depends(_accounts)]
"""The application's accounts."""


async def answer(request: Request, ask: Callable[[], Answer], *, status: int = 200) -> Response:
    """Return what was asked, with the request's id.

    Args:
        request: The request.
        ask: The blocking question.
        status: Status of a good answer.

    Returns:
        JSON; it is not validated again on its way out.
    """
    given: Answer = await request.app.state.work(ask)
    content = {"request_id": request.state.request_id, **given.content}
    if given.keep is not None:
        content["recorded"] = await _kept(request, given.keep)
    return Response(to_json(content, inf_nan_mode="null"), status_code=status, media_type="application/json")


async def _kept(request: Request, answer: GivenAnswer) -> bool:
    """Wait until records are stored, or a deadline that was asked for; the request's place is another's meanwhile."""
    state = cast("State", request.app.state.state)
    saved = state.records.save(answer)
    if saved.done():
        return saved.result()
    ticket: Ticket | None = getattr(request.state, "ticket", None)
    storing = wrap_future(saved)
    with nullcontext() if ticket is None else ticket.rest():
        await wait([storing], timeout=None if ticket is None else ticket.storing_seconds())
    return storing.result() if storing.done() else False
