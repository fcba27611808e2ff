"""What a caller may do: the scope that each route needs, and the users that a request may be about.

``AdmissionMiddleware`` has found the caller. A route without one of these dependencies would be open, and a test visits
every route.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

from fastapi import Depends, Request
from fastapi.security import APIKeyHeader, HTTPAuthorizationCredentials, HTTPBearer

from llm_explain.service.schemas.problems import HISTORY_TOO_LONG, NEEDS_USER, UNAUTHENTICATED, ServiceProblem

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from llm_explain.service.admission.authenticator import Caller

_BEARER = HTTPBearer(auto_error=False, scheme_name="bearer", description="Authorization: Bearer KEY or TOKEN")
_HEADER = APIKeyHeader(name="X-API-Key", auto_error=False, scheme_name="header", description="X-API-Key: KEY")

Bearer = Annotated[HTTPAuthorizationCredentials | None, Depends(_BEARER)]
Header = Annotated[str | None, Depends(_HEADER)]


MOST_OF_BROWSER: Final = 1000
"""Events of a history that comes with a user's token."""


def caller_of(request: Request) -> Caller:
    """Return the caller that the middleware found."""
    found: Caller | None = getattr(request.state, "caller", None)
    if found is None:
        raise ServiceProblem(UNAUTHENTICATED)
    return found


async def shopper(request: Request, _bearer: Bearer, _header: Header) -> None:
    """Require a key or a user token; the route calls ``permit`` with the users that it is about."""
    caller_of(request)


async def storefront(request: Request, _bearer: Bearer, _header: Header) -> None:
    """Require a key of any scope."""
    caller_of(request).require("storefront")


async def admin(request: Request, _bearer: Bearer, _header: Header) -> None:
    """Require an admin key."""
    caller_of(request).require("admin")


def permit(
    request: Request,
    *user_ids: str | None,
    as_of: datetime | None = None,
    history: Sequence[object] | None = None,
    experiment: object = None,
) -> None:
    """Refuse what a caller may not ask.

    Args:
        request: The request.
        *user_ids: The users that it is about; ``None`` for a history that came with it.
        as_of: The time that it names. Reading the shop as of another time needs much memory, so only admins may.
        history: The history that came with it. One of a browser is short, because a long one takes seconds.
        experiment: The experiment that it counts for; a browser could distort the figures of its arms.

    Raises:
        ServiceProblem: If the caller may not ask this.
    """
    caller = caller_of(request)
    caller.require_users(user_ids)
    if as_of is not None:
        caller.require("admin")
    if experiment is not None:
        caller.require("storefront")
    if caller.user_id is not None and len(history or ()) > MOST_OF_BROWSER:
        raise ServiceProblem(HISTORY_TOO_LONG)


def owner(request: Request, user_id: str | None) -> str | None:
    """Return the user whose explanation a caller may read or judge.

    Args:
        request: The request.
        user_id: The user that it names.

    Returns:
        The user; ``None`` for any, which only an admin may ask.

    Raises:
        ServiceProblem: If a token names another user, or a storefront names no user.
    """
    caller = caller_of(request)
    caller.require_users([user_id])
    if user_id is None and caller.scope == "storefront":
        raise ServiceProblem(NEEDS_USER)
    return user_id or caller.user_id
