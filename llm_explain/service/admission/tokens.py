"""User tokens: short-lived JSON Web Tokens (RFC 7519) with which a browser may ask about one user."""

from __future__ import annotations

import hmac
import re
import time
from typing import Final, NamedTuple

import jwt

AUDIENCE: Final = "llm-explain"
ALGORITHM: Final = "HS256"
_MAX_LENGTH: Final = 4096
"""Longer than the token of the longest user id, whose characters may take twelve bytes each in JSON."""

_TOKEN: Final = re.compile(r"[\w-]+(?:\.[\w-]+){2}", re.ASCII)
"""Base64 without padding (RFC 7515), so that a token has one form."""

_KEY_ID: Final = "azp"


class Claims(NamedTuple):
    """What a valid token says.

    Attributes:
        user_id: Whom it is for.
        key_id: Id of the API key that issued it; the token ends with the key.
        issued: When, in seconds since 1970; the token ends with an erasure of the user that comes later.
    """

    user_id: str
    key_id: str
    issued: float


class UserTokens:
    """Issues and reads tokens.

    Args:
        secret: Signs the tokens; at least 32 bytes.
    """

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def mark_of(self, key: str) -> str:
        """Return what tells a key from another and says nothing of it."""
        return hmac.new(self._secret, key.encode(), "sha256").hexdigest()[:12]

    def issue(self, user_id: str, key_id: str, seconds: int) -> str:
        """Return a token.

        Args:
            user_id: Whom it is for.
            key_id: Id of the API key that issues it.
            seconds: How long it is valid.

        Returns:
            The token.
        """
        issued = time.time()  # with its fraction: a user may be erased and come back within a second
        claims = {"sub": user_id, _KEY_ID: key_id, "aud": AUDIENCE, "iat": issued, "exp": int(issued) + seconds}
        return jwt.encode(claims, self._secret, algorithm=ALGORITHM)

    def read(self, token: str) -> Claims | None:
        """Return what a token says; ``None`` if it is not a token, not of this service, or not valid any more."""
        if len(token) > _MAX_LENGTH or _TOKEN.fullmatch(token) is None:
            return None
        try:
            claims = jwt.decode(
                token,
                self._secret,
                algorithms=[ALGORITHM],
                audience=AUDIENCE,
                options={"require": ["sub", _KEY_ID, "aud", "iat", "exp"]},
            )
        except jwt.InvalidTokenError:
            return None
        return Claims(claims["sub"], claims[_KEY_ID], float(claims["iat"]))
