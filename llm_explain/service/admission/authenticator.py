"""Authentication: API keys and user tokens, checked before a request may wait for a place.

The keys in force are held in memory and read again after ``TRUST_SECONDS``, so a request without a valid key costs no
database access, and a revoked key or its tokens stop working within that time.
"""

from __future__ import annotations

import asyncio
import hmac
import ipaddress
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, NamedTuple, NoReturn

from anyio import to_thread

from llm_explain.service.admission.queue import ShedError
from llm_explain.service.admission.rate_limiter import RateLimiter, limiter
from llm_explain.service.schemas.problems import FORBIDDEN, NEEDS_KEY, NOT_YOUR_USER, UNAUTHENTICATED, ServiceProblem
from llm_explain.state.errors import StateError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from starlette.types import Scope as AsgiScope

    from llm_explain.service.admission.tokens import Claims, UserTokens
    from llm_explain.service.settings import ServiceSettings
    from llm_explain.state import State
    from llm_explain.state.keys import ApiKey, Keys, Scope

TRUST_SECONDS: Final = 5.0
_MISS_SECONDS: Final = 0.2
"""A key that is not known may be new: the keys are read again, but not more often than this."""

_IPV6_PREFIX: Final = 64


@dataclass(frozen=True, slots=True)
class Caller:
    """Who sent a request.

    Attributes:
        scope: ``user`` for a token, else the scope of the key.
        id: Whose rate counts: the id of the key, or the user of a token, whichever key issued it.
        user_id: The only user that a token may ask about; ``None`` for a key.
    """

    scope: Literal["admin", "storefront", "user"]
    id: str
    user_id: str | None = None

    def require(self, scope: Scope) -> None:
        """Refuse a caller whose scope is too small.

        Args:
            scope: The scope that the route needs.

        Raises:
            ServiceProblem: If the caller is a user or lacks the scope.
        """
        if scope == "admin" and self.scope != "admin":
            raise ServiceProblem(FORBIDDEN)
        if self.scope == "user":
            raise ServiceProblem(NEEDS_KEY)

    def require_users(self, user_ids: Iterable[str | None]) -> None:
        """Refuse a token that asks about another user.

        Args:
            user_ids: The users that the request is about; ``None`` for a history that came with it.

        Raises:
            ServiceProblem: If one of them is not the token's.
        """
        if self.user_id is not None and any(user_id not in (None, self.user_id) for user_id in user_ids):
            raise ServiceProblem(NOT_YOUR_USER)


class Rates(NamedTuple):
    """How often callers may ask.

    Attributes:
        keys: For each API key.
        users: For the tokens of each user.
        failures: For each address without a valid key.
    """

    keys: RateLimiter
    users: RateLimiter
    failures: RateLimiter


class Authenticator:
    """Finds the caller of a request.

    Args:
        keys: The stored keys; ``None`` to treat each caller as an admin.
        tokens: Reads user tokens.
        fixed: Keys from the settings by scope; empty ones are left out.
        rates: How often a key may ask, a user's tokens, and an address without a valid key, whatever the path;
            ``None`` for no limit.
        is_over: Whether a token ended before its time, because its user was erased; reads the storage.
    """

    def __init__(
        self,
        keys: Keys | None,
        tokens: UserTokens,
        fixed: Mapping[Scope, str] | None = None,
        rates: Rates | None = None,
        is_over: Callable[[Claims], bool] = lambda _: False,
    ) -> None:
        self._keys, self._rates, self._is_over = keys, rates, is_over
        self._tokens = tokens
        # The id changes with the key, so that tokens end with it.
        self._fixed = {f"{scope}-{tokens.mark_of(key)}": (scope, key) for scope, key in (fixed or {}).items() if key}
        self._known: dict[str, ApiKey] = {}
        self._read_at = -TRUST_SECONDS
        self._reading = asyncio.Lock()

    async def caller(self, scope: AsgiScope) -> Caller:
        """Return who sent a request.

        Args:
            scope: The ASGI scope.

        Returns:
            The caller; an admin, named by its address, where keys are off. Without a valid key it refuses.

        Raises:
            ShedError: If the caller asks too often.
        """
        found = await self._known_caller(scope)
        if self._rates is not None:
            rates = self._rates.keys if found.user_id is None else self._rates.users
            if wait := rates.take(found.id):
                raise ShedError("rate", wait)
        return found

    def charge(self, caller: Caller, requests: float) -> None:
        """Charge a shopper for work, in requests; a key pays for none."""
        if caller.user_id is not None and self._rates is not None:
            self._rates.users.charge(caller.id, requests)

    async def _known_caller(self, scope: AsgiScope) -> Caller:
        if self._keys is None:
            return Caller("admin", address_of(scope))
        credential = _credential(scope)
        found = await self._find(self._keys, credential) if credential else None
        if found is None:
            self.refuse(scope)
        return found

    def refuse(self, scope: AsgiScope) -> NoReturn:
        """Refuse a request without a valid key, and count it against its address.

        Args:
            scope: The ASGI scope.

        Raises:
            ServiceProblem: If the address has not failed too often.
            ShedError: If it has.
        """
        if self._rates is not None and (wait := self._rates.failures.take(address_of(scope))):
            raise ShedError("rate", wait)
        raise ServiceProblem(UNAUTHENTICATED)

    async def _find(self, keys: Keys, credential: str) -> Caller | None:
        for fixed_id, (scope, key) in self._fixed.items():
            if hmac.compare_digest(credential.encode(), key.encode()):
                return Caller(scope, fixed_id)
        claims = self._tokens.read(credential)
        key_id = keys.id_of(credential) if claims is None else claims.key_id
        stored = None if claims is not None and key_id in self._fixed else await self._stored(keys, key_id)
        if claims is None:
            return Caller(stored.scope, key_id) if stored is not None and keys.is_of(credential, stored) else None
        if (stored is None and key_id not in self._fixed) or await to_thread.run_sync(self._is_over, claims):
            return None
        return Caller("user", f"user/{claims.user_id}", claims.user_id)

    async def _stored(self, keys: Keys, key_id: str) -> ApiKey | None:
        """Return a key that is in force; ``None`` for any other."""
        if not key_id:
            return None
        async with self._reading:  # one reading at a time, for every request that waits for it
            age = time.monotonic() - self._read_at
            if age >= TRUST_SECONDS or (key_id not in self._known and age >= _MISS_SECONDS):
                try:
                    self._known = await to_thread.run_sync(keys.in_force)
                except StateError:
                    if key_id not in self._known:
                        raise
                finally:
                    self._read_at = time.monotonic()
        return self._known.get(key_id)


def rates_of(settings: ServiceSettings) -> Rates:
    """Return the rates of a service's settings."""
    return Rates(*(limiter(settings, kind) for kind in ("", "user_", "failure_")))


def authenticator_of(settings: ServiceSettings, state: State, tokens: UserTokens) -> Authenticator:
    """Return the authenticator of a service's settings and state."""
    return Authenticator(
        state.keys if settings.auth else None,
        tokens,
        settings.fixed_keys(),
        rates_of(settings),
        lambda claims: state.users.is_erased_since(claims.user_id, claims.issued),
    )


def address_of(scope: AsgiScope) -> str:
    """Return the client's address, or the network of an IPv6 client, which has many addresses."""
    host = str((scope.get("client") or ("",))[0])
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    return host if address.version == 4 else str(ipaddress.ip_network((address, _IPV6_PREFIX), strict=False))


def _credential(scope: AsgiScope) -> str:
    """Return the key or token of ``Authorization: Bearer`` or ``X-API-Key``; empty if there is none."""
    headers = dict(reversed(scope["headers"]))
    scheme, _, word = headers.get(b"authorization", b"").partition(b" ")
    found = word.strip() if scheme.lower() == b"bearer" else headers.get(b"x-api-key", b"")
    return found.decode() if found.isascii() else ""
