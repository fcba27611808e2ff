"""RFC 9457 problem documents: what went wrong and what to do. They repeat nothing of the request.

ServiceProblem   a request is refused; carries one of the problems below
"""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from starlette.responses import JSONResponse

from llm_explain.text.prompt_files import locales

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

MEDIA_TYPE: Final = "application/problem+json"


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


INVALID = Problem("invalid-request", 422, "The request breaks its schema. See errors, and /openapi.json for it.")
MALFORMED = Problem("malformed-request", 400, "The body cannot be read. Send one JSON object in UTF-8.")
UNKNOWN_ITEM = Problem("unknown-item", 422, "An item is not in the catalogue but a known one is needed.")
NO_ITEM = Problem("unknown-item", 404, "The catalogue does not have this item. Add it with PUT.")
INVALID_ROW = Problem("invalid-row", 422, "A row breaks a rule of the tables. See docs/design.md §8.")
UNKNOWN_PLAYER = Problem(
    "unknown-player",
    422,
    "A player is not one of this user's. Take one from groups of the user's preferences, or from attributions.",
)
UNKNOWN_USER = Problem("unknown-user", 404, "Nothing is kept of this user.")
UNKNOWN_EXPLANATION = Problem("unknown-explanation", 404, "No explanation is kept under this id.")
UNKNOWN_FEEDBACK = Problem("unknown-feedback", 404, "No feedback is kept under this id.")
CHANGED_MEANWHILE = Problem("changed-meanwhile", 412, "The preferences have another ETag now. Read them again.")
GUEST_TAKEN = Problem(
    "guest-of-another-user", 409, "This guest was merged into another user, or this user into the guest."
)
GUEST_ITSELF = Problem("guest-is-user", 422, "A user cannot be merged into itself. Send the id of the guest as from.")
UNKNOWN_REASON = Problem("unknown-reason", 422, "The explanation gives no such reason. Use one of its reasons.")
UNKNOWN_LOCALE = Problem(
    "unknown-locale", 422, f"There are no words for this locale. Use one of {', '.join(locales())}."
)
UNUSABLE = Problem("unusable-value", 422, "A value cannot be used. See the schema.")
NO_CHURN_MODEL = Problem("no-churn-model", 404, "No churn model is there. Set LLM_EXPLAIN_CHURN_ARTIFACTS.")
NO_DEMAND_MODEL = Problem("no-demand-model", 404, "No demand model is there. Set LLM_EXPLAIN_DEMAND_ARTIFACTS.")
FUTURE = Problem(
    "event-in-the-future", 422, "An event lies more than five minutes ahead. Send events that have happened."
)
AHEAD = Problem(
    "artifacts-ahead", 409, "The artifacts hold events that lie ahead of the clock, so no change counts. Train again."
)
KEY_REUSED = Problem("idempotency-key-reused", 422, "This idempotency key belongs to another body. Use a new key.")
UNAUTHENTICATED = Problem("unauthenticated", 401, "A valid key or token is needed. Send Authorization: Bearer KEY.")
NOT_YOUR_USER = Problem("not-your-user", 403, "The token is for another user. Ask about the user of the token.")
NEEDS_USER = Problem("user-needed", 422, "The user of the explanation is needed. Send user_id.")
HISTORY_TOO_LONG = Problem("history-too-long", 422, "A token's history has at most 1,000 events. Send the latest.")
FORBIDDEN = Problem("forbidden", 403, "This needs an API key with the scope admin.")
NEEDS_KEY = Problem("forbidden", 403, "This needs an API key of any scope; a user's token does not suffice.")
FULL = Problem("storage-full", 507, "The storage is full, and nothing was stored. Make room, then try again.")
BUSY = Problem("storage-busy", 503, "The storage did not answer in time. Send the request again.", retry_after=1)
INTERNAL = Problem("internal-error", 500, "Something went wrong here. The request id names the log entry.")

OVERLOADED = Problem("overloaded", 503, "More is asked than can be answered in time. Wait for Retry-After seconds.", 1)
RATE_LIMITED = Problem("rate-limited", 429, "This caller exceeds its rate. Wait for Retry-After seconds.", 1)
UNSUPPORTED_MEDIA_TYPE = Problem("unsupported-media-type", 415, "The body is of another type. Send application/json.")


class ServiceProblem(Exception):  # noqa: N818  a problem document, not an error
    """A request is refused.

    Args:
        problem: Why.
        errors: Where, for a body that breaks its schema.
    """

    def __init__(self, problem: Problem, errors: Sequence[Mapping[str, str]] = ()) -> None:
        super().__init__(problem.detail)
        self.problem = problem
        self.errors = tuple(errors)


def problem_response(problem: Problem, request_id: str, errors: Sequence[Mapping[str, str]] = ()) -> JSONResponse:
    """Return a problem document.

    Args:
        problem: What went wrong.
        request_id: Id of the request that failed.
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
        "request_id": request_id,
    }
    if errors:
        content["errors"] = list(errors)
    return JSONResponse(content, status_code=problem.status, media_type=MEDIA_TYPE, headers=headers)
