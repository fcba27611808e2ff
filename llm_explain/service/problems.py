"""RFC 9457 problem documents: what went wrong and what to do, without a word of the input.

    ServiceProblem   anything that a route refuses on purpose; carries one of the problems below

Messages of the package's own errors name ids and values, so they never leave: each class of error has a text of its
own.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from llm_explain.errors import (
    LlmExplainError,
    PromptError,
    SettingError,
    UnknownGroupError,
    UnknownItemError,
    UnknownUserError,
)
from llm_explain.service.state.errors import KeyReusedError, StateBusyError, StateError, StateFullError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from fastapi import FastAPI
    from starlette.requests import Request

MEDIA_TYPE: Final = "application/problem+json"
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Problem:
    """One kind of problem.

    Attributes:
        code: Stable name; ``type`` is ``urn:llm-explain:problem:<code>``.
        status: HTTP status.
        detail: What is wrong and what to do.
        retry_after: Seconds after which the same request may succeed; ``None`` where it will not.
    """

    code: str
    status: int
    detail: str
    retry_after: int | None = None


INVALID = Problem(
    "invalid-request", 422, "The request breaks its schema. See errors, and /openapi.json for the schema."
)
MALFORMED = Problem("malformed-request", 400, "The body cannot be read. Send one JSON object in UTF-8.")
UNKNOWN_ITEM = Problem("unknown-item", 422, "An item is not in the catalogue but a known one is needed.")
UNKNOWN_PLAYER = Problem("unknown-player", 422, "A player is none of this user's. Use the players of an attribution.")
UNKNOWN_USER = Problem("unknown-user", 404, "Nothing is kept of this user.")
UNKNOWN_EXPLANATION = Problem("unknown-explanation", 404, "No explanation is kept under this id.")
UNKNOWN_REASON = Problem("unknown-reason", 422, "The explanation gives no such reason. Use one of its reasons.")
UNKNOWN_LOCALE = Problem(
    "unknown-locale", 422, "There are no words for this locale. See the schema for those there are."
)
UNUSABLE = Problem("unusable-value", 422, "A value cannot be used. See the schema.")
FUTURE = Problem("event-in-the-future", 422, "An event lies more than a day ahead. Send events that have happened.")
KEY_REUSED = Problem("idempotency-key-reused", 422, "This idempotency key belongs to another body. Use a new key.")
NO_KEY = Problem("no-idempotency-key", 400, "The header Idempotency-Key is missing. Send 1 to 128 visible characters.")
UNAUTHENTICATED = Problem("unauthenticated", 401, "A valid API key is needed. Send Authorization: Bearer KEY.")
FORBIDDEN = Problem("forbidden", 403, "This needs an API key with the scope admin.")
FULL = Problem(
    "storage-full", 507, "The storage is full, and nothing was stored. Make room and send the request again."
)
BUSY = Problem("storage-busy", 503, "The storage did not answer in time. Send the request again.", retry_after=1)
INTERNAL = Problem("internal-error", 500, "Something went wrong here. The request id names the log entry.")

_BY_ERROR: Final[tuple[tuple[type[LlmExplainError], Problem], ...]] = (
    (UnknownItemError, UNKNOWN_ITEM),
    (UnknownGroupError, UNKNOWN_PLAYER),
    (UnknownUserError, UNKNOWN_USER),
    (SettingError, UNUSABLE),
    (PromptError, UNKNOWN_LOCALE),
    (StateFullError, FULL),
    (StateBusyError, BUSY),
    (KeyReusedError, KEY_REUSED),
    (StateError, INTERNAL),
)

_SAFE_RULES: Final = frozenset({
    "missing", "extra_forbidden", "string_type", "string_too_short", "string_too_long", "string_pattern_mismatch",
    "string_unicode", "int_type", "int_parsing", "int_from_float", "float_type", "float_parsing", "finite_number",
    "bool_type", "bool_parsing", "greater_than", "greater_than_equal", "less_than", "less_than_equal", "too_long",
    "too_short", "tuple_type", "list_type", "dict_type", "model_type", "model_attributes_type", "literal_error",
    "datetime_type", "datetime_from_date_parsing", "datetime_parsing", "json_invalid", "value_error",
})  # fmt: skip
"""Pydantic's names of broken rules that say nothing of the value."""


class ServiceProblem(Exception):  # noqa: N818  a problem document, not an error
    """A request is refused on purpose.

    Args:
        problem: Why.
        errors: Where, for a body that breaks its schema.
    """

    def __init__(self, problem: Problem, errors: Sequence[Mapping[str, str]] = ()) -> None:
        super().__init__(problem.code)
        self.problem = problem
        self.errors = tuple(errors)


def document(request: Request, problem: Problem, errors: Sequence[Mapping[str, str]] = ()) -> JSONResponse:
    """Return a problem document.

    Args:
        request: The request that failed; only its id is read.
        problem: What went wrong.
        errors: Where, for a body that breaks its schema.

    Returns:
        The response.
    """
    headers = {} if problem.retry_after is None else {"Retry-After": str(problem.retry_after)}
    if problem.status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Bearer"
    content: dict[str, Any] = {
        "type": f"urn:llm-explain:problem:{problem.code}",
        "title": HTTPStatus(problem.status).phrase,
        "status": problem.status,
        "detail": problem.detail,
        "request_id": getattr(request.state, "request_id", ""),
    }
    if errors:
        content["errors"] = list(errors)
    return JSONResponse(content, status_code=problem.status, media_type=MEDIA_TYPE, headers=headers)


def install(app: FastAPI) -> None:
    """Let every error of an application leave as a problem document.

    Args:
        app: The application.
    """
    app.add_exception_handler(ServiceProblem, _refused)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(LlmExplainError, _own)
    app.add_exception_handler(Exception, _unexpected)


def _refused(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, ServiceProblem)
    return document(request, error.problem, error.errors)


def _invalid(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    found = error.errors()
    if any(each["type"] == "json_invalid" for each in found):
        return document(request, MALFORMED)
    return document(request, INVALID, [_place(each) for each in found[:10]])


def _place(error: Mapping[str, Any]) -> dict[str, str]:
    """Return where a rule was broken; the name of an unknown field is the input's and stays out."""
    is_unknown = error["type"] == "extra_forbidden"
    parts = [str(part) for part in (error["loc"][:-1] if is_unknown else error["loc"])]
    rule = error["type"] if error["type"] in _SAFE_RULES else "invalid"
    return {"pointer": "#/" + "/".join(parts[1:]), "in": parts[0] if parts else "body", "rule": rule}


def _http(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    if error.status_code == HTTPStatus.BAD_REQUEST:
        return document(request, MALFORMED)
    status = HTTPStatus(error.status_code)
    answer = document(request, Problem(status.phrase.lower().replace(" ", "-"), status, f"{status.description}."))
    answer.headers.update(error.headers or {})
    return answer


def _own(request: Request, error: Exception) -> JSONResponse:
    for kind, problem in _BY_ERROR:
        if isinstance(error, kind):
            return document(request, problem)
    _LOG.error("request failed: %s", type(error).__name__)
    return document(request, INTERNAL)


def _unexpected(request: Request, error: Exception) -> JSONResponse:
    _LOG.error("request failed: %s", type(error).__name__)
    return document(request, INTERNAL)
