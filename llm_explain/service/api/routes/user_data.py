"""Routes about stored data: events, feedback, preferences, erasure, export, the audit record."""

from __future__ import annotations

from dataclasses import replace
from math import ceil
from typing import TYPE_CHECKING, Annotated, Final

from anyio import to_thread
from fastapi import APIRouter, Depends, Header, Path, Query, Request, Response
from fastapi.responses import StreamingResponse
from pydantic_core import to_json

from llm_explain.service.api.auth import admin, caller_of, owner, permit, shopper, storefront
from llm_explain.service.api.dependencies import TheTokens, TheUserDataHandler, answer, reply, run, wait_to_store
from llm_explain.service.handlers.answer import Json, etag_of
from llm_explain.service.schemas import events, fields, problems, user_data
from llm_explain.service.schemas.problems import ServiceProblem

if TYPE_CHECKING:
    from collections.abc import Iterator

router = APIRouter(tags=["accounts"], dependencies=[Depends(shopper)])
storefront_router = APIRouter(tags=["accounts"], dependencies=[Depends(storefront)])
admin_router = APIRouter(tags=["accounts"], dependencies=[Depends(admin)])

AskedUser = Annotated[fields.Id | None, Query()]
UserId = Annotated[fields.Id, Path()]
PREFERENCES: Final = "/users/{user_id:path}/preferences"
ExplanationId = Annotated[str, Path(pattern=r"^[0-9a-f]{24}$")]
IdempotencyKey = Annotated[str, Header(min_length=1, max_length=128, pattern=r"^[!-~]+$")]


@storefront_router.post("/events", response_model=events.Stored, status_code=201, summary="Store events")
async def add_events(
    body: events.EventsRequest, request: Request, handler: TheUserDataHandler, idempotency_key: IdempotencyKey
) -> Response:
    """Store events, all or none; they count in the next answer. The same key and body again store nothing."""
    raw = await request.body()
    return await answer(request, lambda: handler.add_events(body, key=idempotency_key, body=raw), status=201)


@router.post("/feedback", response_model=user_data.FeedbackReceipt, status_code=201, summary="Judge an explanation")
async def add_feedback(body: user_data.FeedbackRequest, request: Request, handler: TheUserDataHandler) -> Response:
    """Store a verdict; ``wrong`` and ``hide_reason`` suppress at once. Repeating it changes nothing."""
    user_id = owner(request, body.user_id)
    if wait := wait_to_store(request):
        raise ServiceProblem(replace(problems.RATE_LIMITED, retry_after=ceil(wait)))
    return await answer(request, lambda: handler.add_feedback(body, user_id), status=201)


@router.get(PREFERENCES, response_model=user_data.PreferencesReply, summary="What a user has switched off")
async def read_preferences(request: Request, handler: TheUserDataHandler, user_id: UserId) -> Response:
    """Say what is switched off, what could be, and what feedback has suppressed; with the preferences' ETag."""
    permit(request, user_id)
    return _tagged(request, await run(request, lambda: handler.preferences(user_id)))


@router.patch(PREFERENCES, response_model=user_data.PreferencesReply, summary="Switch things off")
async def change_preferences(
    body: user_data.PreferencesPatch,
    request: Request,
    handler: TheUserDataHandler,
    user_id: UserId,
    if_match: Annotated[str, Header(max_length=200)] = "*",
) -> Response:
    """Switch history groups, claim kinds or personalisation off or on again; the next answer knows it."""
    permit(request, user_id)
    return _tagged(request, await run(request, lambda: handler.prefer(user_id, body, if_match)))


@router.delete("/feedback/{feedback_id}", response_model=user_data.Withdrawn, summary="Undo feedback")
async def withdraw_feedback(
    request: Request, handler: TheUserDataHandler, feedback_id: ExplanationId, user_id: AskedUser = None
) -> Response:
    """Remove a verdict; what it suppressed may be said again."""
    of = owner(request, user_id)
    return await answer(request, lambda: handler.withdraw(feedback_id, of))


@storefront_router.post("/users/{user_id:path}/merge", response_model=user_data.Merged, summary="Merge a guest")
async def merge_guest(
    body: user_data.MergeRequest, request: Request, handler: TheUserDataHandler, user_id: UserId
) -> Response:
    """Give events, feedback, preferences and records of a guest to a user; repeating it moves what came since."""
    return await answer(request, lambda: handler.merge(user_id, body.guest_id))


@admin_router.get("/experiments/{tag}", response_model=events.ExperimentReply, summary="The figures of an experiment")
async def read_experiment(
    request: Request, handler: TheUserDataHandler, tag: Annotated[fields.Label, Path()]
) -> Response:
    """Return how many items each arm answered and showed, and how many of them were clicked and bought."""
    return await answer(request, lambda: handler.figures(tag))


@router.get("/explanations/{explanation_id}", response_model=user_data.RecordReply, summary="The audit record")
async def read_explanation(
    request: Request, handler: TheUserDataHandler, explanation_id: ExplanationId, user_id: AskedUser = None
) -> Response:
    """Return a record as it was given, and to admins whether explaining again from what was known then gives the same.

    A storefront names the user, and a record of another user is not found.
    """
    of_user, is_audit = owner(request, user_id), caller_of(request).scope == "admin"
    return await answer(request, lambda: handler.record(explanation_id, of_user, is_audit=is_audit))


@admin_router.delete("/users/{user_id:path}", response_model=user_data.Erased, summary="Erase a user")
async def erase_user(request: Request, handler: TheUserDataHandler, user_id: UserId) -> Response:
    """Remove a user from every table and cache; the artifacts' events of the user count no more."""
    return await answer(request, lambda: handler.erase(user_id))


@admin_router.get("/users/{user_id:path}/export", response_model=user_data.Export, summary="Everything kept of a user")
async def export_user(request: Request, handler: TheUserDataHandler, user_id: UserId) -> Response:
    """Return a user's events, preferences, feedback and records; these are read while they are sent."""
    content, records = await to_thread.run_sync(handler.export, user_id, limiter=request.app.state.thread_limiter)
    return StreamingResponse(_exported(request.state.request_id, content, records), media_type="application/json")


@storefront_router.post("/tokens", status_code=201, summary="Let a browser ask about one user")
async def issue_token(body: user_data.TokenRequest, request: Request, tokens: TheTokens) -> user_data.Token:
    """Issue a short-lived token for one user; it ends with the key that issues it."""
    token = tokens.issue(body.user_id, caller_of(request).id, body.seconds)
    head = {"request_id": request.state.request_id, "user_id": body.user_id}
    return user_data.Token(**head, token=token, expires_in=body.seconds)


def _exported(request_id: str, content: Json, records: Iterator[Json]) -> Iterator[bytes]:
    yield to_json({"request_id": request_id, **content})[:-1] + b',"explanations":['
    for place, record in enumerate(records):
        yield (b"," if place else b"") + to_json(record, inf_nan_mode="null")
    yield b"]}"


def _tagged(request: Request, content: Json) -> Response:
    response = reply(request, content)
    response.headers["ETag"] = etag_of(content["preferences"])
    return response
