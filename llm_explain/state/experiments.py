"""What the arms of an experiment answered and showed, and what users then clicked and bought."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import distinct, exists, func, select

from llm_explain.state.models import EventRow, ExposureRow

if TYPE_CHECKING:
    from collections.abc import Collection

    from llm_explain.state.database import Database

ANSWER: Final = "answer"
FIGURES: Final = {ANSWER: "answered", "impression": "shown", "click": "clicked"}
"""Name of each kind's count."""


class Experiments:
    """Counts exposures.

    Args:
        database: The state.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def of_explanations(self, explanation_ids: Collection[str]) -> dict[tuple[str, str], tuple[str, str]]:
        """Return tag and arm of the latest answer that gave each explanation, by the explanation and its item."""
        row = ExposureRow
        wanted = select(row.explanation_id, row.item_id, row.tag, row.arm).where(
            row.explanation_id.in_(explanation_ids), row.kind == ANSWER
        )
        with self._database.reading() as connection:
            found = connection.execute(wanted.order_by(row.id)).all() if explanation_ids else []
        return {(str(explanation_id), item_id): (tag, arm) for explanation_id, item_id, tag, arm in found}

    def of_user(self, user_id: str) -> list[dict[str, Any]]:
        """Return what is kept of a user, oldest first."""
        columns = [getattr(ExposureRow, name) for name in ("tag", "arm", "kind", "item_id", "timestamp")]
        wanted = select(*columns).where(ExposureRow.user_id == user_id).order_by(ExposureRow.id)
        with self._database.reading() as connection:
            return [dict(row) for row in connection.execute(wanted).mappings()]

    def figures(self, tag: str, kinds: Collection[str]) -> list[dict[str, Any]]:
        """Count what each arm of an experiment did.

        Args:
            tag: The experiment.
            kinds: Kinds of event that count as buying.

        Returns:
            For each arm its users, the items answered, shown and clicked, and ``bought``: pairs of a user and an item
            that was shown, and bought at that moment or later.
        """
        row, event = ExposureRow, EventRow
        is_bought = exists().where(
            event.user_id == row.user_id,
            event.item_id == row.item_id,
            event.kind.in_(kinds),
            event.timestamp >= row.timestamp,
        )
        shown = select(row.arm, row.user_id, row.item_id).where(row.tag == tag, row.kind == "impression", is_bought)
        bought = shown.distinct().subquery()
        users = select(row.arm, func.count(distinct(row.user_id))).where(row.tag == tag).group_by(row.arm)
        counts = select(row.arm, row.kind, func.count()).where(row.tag == tag).group_by(row.arm, row.kind)
        with self._database.reading() as connection:
            arms = {
                arm: {"arm": arm, "users": n, "answered": 0, "shown": 0, "clicked": 0, "bought": 0}
                for arm, n in connection.execute(users.order_by(row.arm))
            }
            for arm, kind, n in connection.execute(counts):
                arms[arm][FIGURES[kind]] = n
            for arm, n in connection.execute(select(bought.c.arm, func.count()).group_by(bought.c.arm)):
                arms[arm]["bought"] = n
        return list(arms.values())
