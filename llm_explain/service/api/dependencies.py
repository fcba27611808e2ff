"""What routes share: the handlers, and ``answer``, which runs a handler in a thread and returns its result as JSON."""

from __future__ import annotations

from asyncio import gather, wait, wrap_future
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any, cast

from anyio import to_thread
from fastapi import Depends, Request, Response
from pydantic_core import to_json

from llm_explain.service.admission.tokens import UserTokens
from llm_explain.service.api.auth import caller_of
from llm_explain.service.handlers.answer import Answer, Json, etag_of
from llm_explain.service.handlers.campaigns import CampaignHandler
from llm_explain.service.handlers.catalogue_handler import CatalogueHandler
from llm_explain.service.handlers.chat import ChatHandler
from llm_explain.service.handlers.explanation_handler import ExplanationHandler
from llm_explain.service.handlers.jobs import JobsHandler
from llm_explain.service.handlers.user_data_handler import UserDataHandler

if TYPE_CHECKING:
    from llm_explain.service.admission.queue import Ticket
    from llm_explain.service.admission.rate_limiter import RateLimiter
    from llm_explain.state import State
    from llm_explain.state.records import GivenAnswer


def _of_application(name: str) -> Any:
    """Return a dependency on what the application's state holds under a name."""

    async def read(request: Request) -> Any:
        return getattr(request.app.state, name)

    return Depends(read)


TheCampaignHandler = Annotated[CampaignHandler, _of_application("campaign_handler")]
TheCatalogueHandler = Annotated[CatalogueHandler, _of_application("catalogue_handler")]
TheChatHandler = Annotated[ChatHandler, _of_application("chat_handler")]
TheExplanationHandler = Annotated[ExplanationHandler, _of_application("explanation_handler")]
TheJobsHandler = Annotated[JobsHandler, _of_application("jobs_handler")]
TheUserDataHandler = Annotated[UserDataHandler, _of_application("user_data_handler")]
TheTokens = Annotated[UserTokens, _of_application("tokens")]


async def answer(request: Request, work: Callable[[], Answer], *, status: int = 200) -> Response:
    """Run a handler in a thread and return its result.

    Args:
        request: The request.
        work: Calls the handler; it may block.
        status: HTTP status of the response.

    Returns:
        JSON with the request's id; FastAPI does not validate it again.
    """
    return reply(request, await run(request, work), status=status)


async def run(request: Request, work: Callable[[], Answer]) -> Json:
    """Run a handler in a thread and store its records.

    Args:
        request: The request.
        work: Calls the handler; it may block.

    Returns:
        The content of the response, without the request's id.
    """
    return (await run_many(request, lambda: [work()]))[0]


async def run_many(request: Request, work: Callable[[], list[Answer]]) -> list[Json]:
    """Run a handler of several users in a thread and store the records of each, as ``run`` does."""
    answers = await to_thread.run_sync(work, limiter=request.app.state.thread_limiter)
    return await gather(*(_recorded(request, given) for given in answers))


async def _recorded(request: Request, given: Answer) -> Json:
    if given.keep is None:
        return given.content
    return {**given.content, "recorded": await _store(request, given.keep) and bool(given.keep.records)}


def reply(request: Request, content: Json, *, status: int = 200) -> Response:
    """Return content as JSON with the request's id; FastAPI does not validate it again."""
    content = {"request_id": request.state.request_id, **content}
    headers = {"Vary": "Accept-Language"}
    return Response(to_json(content, inf_nan_mode="null"), status, headers, media_type="application/json")


def reply_cached(request: Request, content: Json) -> Response:
    """Return content with its ETag; 304 if the client has it already."""
    headers = {"ETag": f"W/{etag_of(content)}", "Cache-Control": "private, no-cache"}
    if headers["ETag"] in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    response = reply(request, content)
    response.headers.update(headers)
    return response


def wait_to_store(request: Request, kilobytes: float = 1.0) -> float:
    """Count what a token stores against the budget of its user.

    Args:
        request: The request.
        kilobytes: Size of what is to be stored.

    Returns:
        0 if it may be stored, as everything of a key may; else the seconds until it may.
    """
    caller, budget = caller_of(request), cast("RateLimiter", request.app.state.record_budget)
    wait = 0.0 if caller.user_id is None else budget.take(caller.id)
    if not wait:
        budget.charge(caller.id, kilobytes - 1)
    return wait


async def _store(request: Request, records: GivenAnswer) -> bool:
    """Store records, and return whether they were stored before the client's deadline."""
    stored = cast("State", request.app.state.state).records
    if caller_of(request).user_id is not None and not stored.knows(records):
        size = 1 + len(records.records) + len(to_json(records.context)) / 1000
        if wait_to_store(request, size):
            return False
    saved = stored.save(records)
    if saved.done():
        return saved.result()
    ticket: Ticket | None = getattr(request.state, "ticket", None)
    if ticket is not None:
        ticket.release()  # the request only waits from here on
    storing = wrap_future(saved)
    await wait([storing], timeout=None if ticket is None else ticket.storage_seconds())
    return storing.result() if storing.done() else False
