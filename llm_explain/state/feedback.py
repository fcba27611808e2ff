"""Stored feedback on explanations, and the reasons that it suppresses."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, select

from llm_explain.state.models import AnswerRow, ExplanationRow, FeedbackRow, SuppressionRow
from llm_explain.state.users import Suppressed, item_of, now

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llm_explain.state.database import Database


@dataclass(frozen=True, slots=True)
class Opinion:
    """A shopper's verdict on an explanation.

    Attributes:
        explanation_id: Which.
        user_id: Whose; stored is the user who has the explanation then.
        item_id: Of which item.
        verdict: ``helpful``, ``not_helpful``, ``wrong`` or ``hide_reason``.
        kind: Claim kind of the reason that is meant; ``None`` for all.
        player: Its player.
        kinds: Kinds that the sentence states.
        skeleton: The sentence with slots.
        source: Where it came from.
        locale: Its language.
    """

    explanation_id: str
    user_id: str
    item_id: str
    verdict: str
    kind: str | None
    player: str | None
    kinds: tuple[str, ...]
    skeleton: str
    source: str
    locale: str

    @property
    def id(self) -> str:
        """Return an id that is the same for the same verdict on the same reason."""
        identity = (self.explanation_id, self.verdict, self.kind, self.player)
        return hashlib.sha256("|".join(map(str, identity)).encode()).hexdigest()[:24]


class Feedback:
    """Stores opinions.

    Args:
        database: The state.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, opinion: Opinion, suppressed: Sequence[Suppressed]) -> bool | None:
        """Store an opinion and what it suppresses; when this returns, both are durable.

        Args:
            opinion: The opinion.
            suppressed: Claims that the user is not told any more.

        Returns:
            Whether it was new; ``None`` if the explanation is gone.
        """
        owner = select(AnswerRow.user_id).join(ExplanationRow, ExplanationRow.answer_id == AnswerRow.id)
        values = {name: getattr(opinion, name) for name in Opinion.__dataclass_fields__}
        with self._database.writing() as connection:
            # The explanation may have been merged into an account since it was read.
            user_id = connection.scalar(owner.where(ExplanationRow.id == opinion.explanation_id))
            if user_id is None:
                return None
            of = {"user_id": user_id, "feedback_id": opinion.id}
            rows = [{**of, "kind": kind, "player": each, "item_id": item_of(item)} for kind, each, item in suppressed]
            row = {**values, "user_id": user_id, "kinds": list(opinion.kinds), "id": opinion.id, "created_at": now()}
            once = self._database.insert_once(FeedbackRow).values(row).returning(FeedbackRow.id)
            is_new = connection.scalar(once) is not None
            if rows:
                connection.execute(self._database.insert_once(SuppressionRow), rows)
        return is_new

    def withdraw(self, feedback_id: str, user_id: str | None = None) -> str | None:
        """Remove an opinion and what it suppresses.

        Args:
            feedback_id: Its id.
            user_id: Its user; any if not given.

        Returns:
            Its user; ``None`` if there is no such opinion.
        """
        with self._database.writing() as connection:
            opinion = delete(FeedbackRow).where(FeedbackRow.id == feedback_id).returning(FeedbackRow.user_id)
            of = connection.scalar(opinion if user_id is None else opinion.where(FeedbackRow.user_id == user_id))
            if of is not None:
                connection.execute(delete(SuppressionRow).where(SuppressionRow.feedback_id == feedback_id))
        return of

    def suppressed_of(self, user_id: str) -> list[dict[str, Any]]:
        """Return what a user is not told any more, and the opinion that says so."""
        columns = [getattr(SuppressionRow, name) for name in ("kind", "player", "item_id", "feedback_id")]
        with self._database.reading() as connection:
            rows = connection.execute(select(*columns).where(SuppressionRow.user_id == user_id)).mappings()
            return [{**row, "item_id": row["item_id"] or None} for row in rows]

    def of_user(self, user_id: str) -> list[dict[str, Any]]:
        """Return a user's opinions, oldest first."""
        names = ("id", "explanation_id", "verdict", "kind", "player", "created_at")
        columns = [getattr(FeedbackRow, name) for name in names]
        wanted = select(*columns).where(FeedbackRow.user_id == user_id).order_by(FeedbackRow.created_at)
        with self._database.reading() as connection:
            return [dict(row) for row in connection.execute(wanted).mappings()]
