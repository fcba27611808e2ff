"""API keys: the scope ``storefront`` allows everything about one shopper's answers, ``admin`` allows all.

A key that was checked is trusted for ``TRUST_SECONDS``, so a revoked key stops working within that time.
"""

from __future__ import annotations

import hashlib
import time
from collections import OrderedDict
from typing import TYPE_CHECKING, Annotated, Final, cast

from anyio import to_thread
from fastapi import Depends, Request
from fastapi.security import APIKeyHeader, HTTPAuthorizationCredentials, HTTPBearer

from llm_explain.service.schemas.problems import FORBIDDEN, UNAUTHENTICATED, ServiceProblem

if TYPE_CHECKING:
    from llm_explain.service.state.keys import ApiKey, Keys, Scope

TRUST_SECONDS: Final = 5.0
MAX_TRUSTED: Final = 1024

_BEARER = HTTPBearer(auto_error=False, scheme_name="bearer", description="Authorization: Bearer KEY")
_HEADER = APIKeyHeader(name="X-API-Key", auto_error=False, scheme_name="header", description="X-API-Key: KEY")


class Authenticator:
    """Checks keys.

    Args:
        keys: The keys in force; ``None`` to allow every request.
    """

    def __init__(self, keys: Keys | None) -> None:
        self._keys = keys
        self._trusted: OrderedDict[bytes, tuple[float, ApiKey]] = OrderedDict()

    async def check(self, key: str, scope: Scope) -> None:
        """Refuse a request whose key does not allow what it asks.

        Args:
            key: The request's key; empty if it has none.
            scope: The scope that the route needs.

        Raises:
            ServiceProblem: If the key is unknown or its scope is too small.
        """
        if self._keys is None:
            return
        found = await self._find(self._keys, key) if key else None
        if found is None:
            raise ServiceProblem(UNAUTHENTICATED)
        if scope == "admin" and found.scope != "admin":
            raise ServiceProblem(FORBIDDEN)

    async def _find(self, keys: Keys, key: str) -> ApiKey | None:
        digest = hashlib.blake2b(key.encode(errors="replace"), digest_size=16).digest()
        checked, trusted = self._trusted.get(digest, (0.0, None))
        if trusted is not None and time.monotonic() - checked < TRUST_SECONDS:
            return trusted
        found = await to_thread.run_sync(keys.find, key)
        self._trusted.pop(digest, None)
        if found is not None:
            self._trusted[digest] = time.monotonic(), found
            while len(self._trusted) > MAX_TRUSTED:
                self._trusted.popitem(last=False)
        return found


Bearer = Annotated[HTTPAuthorizationCredentials | None, Depends(_BEARER)]
Header = Annotated[str | None, Depends(_HEADER)]


async def storefront(request: Request, bearer: Bearer, header: Header) -> None:
    """Require a key of any scope."""
    await cast("Authenticator", request.app.state.authenticator).check(_key(bearer, header), "storefront")


async def admin(request: Request, bearer: Bearer, header: Header) -> None:
    """Require an admin key."""
    await cast("Authenticator", request.app.state.authenticator).check(_key(bearer, header), "admin")


def _key(bearer: HTTPAuthorizationCredentials | None, header: str | None) -> str:
    return bearer.credentials if bearer is not None else header or ""
