"""API keys: shown once, kept as hashes, good until revoked."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final, Literal

from sqlalchemy import insert, select, update

from llm_explain.errors import SettingError
from llm_explain.state.models import ApiKeyRow
from llm_explain.state.users import now

if TYPE_CHECKING:
    from llm_explain.state.database import Database

Scope = Literal["storefront", "admin"]
PREFIX: Final = "llmx"


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key without its secret.

    Attributes:
        id: Public part of the key.
        name: What it is for.
        scope: What it may do.
        key_hash: Its hash.
        created_at: When it was made.
        revoked_at: When it stopped being good.
    """

    id: str
    name: str
    scope: Scope
    key_hash: str
    created_at: datetime
    revoked_at: datetime | None


class Keys:
    """Makes, checks and revokes keys.

    Args:
        database: The state.
        pepper: Secret outside the database that is mixed into the hashes.
    """

    def __init__(self, database: Database, pepper: str = "") -> None:
        self._database = database
        self._pepper = pepper.encode()

    def create(self, name: str, scope: Scope) -> str:
        """Make a key.

        Args:
            name: What it is for.
            scope: What it may do.

        Returns:
            The key; it is not kept and cannot be shown again.
        """
        key_id = secrets.token_hex(6)
        key = f"{PREFIX}_{key_id}_{secrets.token_urlsafe(32)}"
        values = {"id": key_id, "name": name, "scope": scope, "key_hash": self._hash(key), "created_at": now()}
        with self._database.writing() as connection:
            connection.execute(insert(ApiKeyRow).values(values))
        return key

    def id_of(self, key: str) -> str:
        """Return the public part of a key; empty if it is not written like one."""
        prefix, _, rest = key.partition("_")
        key_id = rest.partition("_")[0]
        return key_id if prefix == PREFIX and key_id.isalnum() and key.isascii() else ""

    def is_of(self, key: str, stored: ApiKey) -> bool:
        """Return whether a key has the hash of a stored one; takes the same time for each wrong key."""
        return hmac.compare_digest(stored.key_hash, self._hash(key))

    def in_force(self) -> dict[str, ApiKey]:
        """Return the keys that are not revoked, by id."""
        return {key.id: key for key in self.all() if key.revoked_at is None}

    def all(self) -> list[ApiKey]:
        """Return every key that was made, oldest first."""
        wanted = select(*ApiKeyRow.__table__.columns).order_by(ApiKeyRow.created_at, ApiKeyRow.id)
        with self._database.reading() as connection:
            rows = connection.execute(wanted).all()
        return [ApiKey(*(getattr(row, name) for name in ApiKey.__dataclass_fields__)) for row in rows]

    def revoke(self, key_id: str) -> None:
        """Make a key useless from now on.

        Args:
            key_id: Public part of the key.

        Raises:
            SettingError: If there is no such key in force.
        """
        wanted = update(ApiKeyRow).where(ApiKeyRow.id == key_id, ApiKeyRow.revoked_at.is_(None))
        with self._database.writing() as connection:
            found = connection.execute(wanted.values(revoked_at=now())).rowcount
        if not found:
            raise SettingError(
                f"key {key_id!r} is not in force but one that is is needed. Run `llm-explain keys list`."
            )

    def _hash(self, key: str) -> str:
        return hmac.new(self._pepper, key.encode(), hashlib.sha256).hexdigest()
