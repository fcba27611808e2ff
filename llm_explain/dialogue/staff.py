"""Answers to members of staff: why a customer is at risk, what an experiment proves, and what to order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol

from llm_explain.dialogue.answers import Answer
from llm_explain.dialogue.facts import Statement

if TYPE_CHECKING:
    from collections.abc import Mapping

    from llm_explain.jobs.churn.job import ChurnJob, UserActions
    from llm_explain.records import Explanation

STAFF_INTENTS: Final = frozenset({"risk", "risk_change", "order"})


class OrderAdvice(Protocol):
    """Explains what to order of an item."""

    def __call__(self, item_id: str, locale: str, /) -> Explanation | None:
        """Return the explanation; ``None`` for an item without a forecast."""


@dataclass(frozen=True)
class Staff:
    """Models that members of staff ask.

    Attributes:
        churn: Risks of churn; ``None`` for none.
        actions: Actions whose effect an experiment measured; ``None`` for none.
        orders: Advice on orders; ``None`` for none.
    """

    churn: ChurnJob | None = None
    actions: UserActions | None = None
    orders: OrderAdvice | None = None

    def answer(self, intent: str, slots: Mapping[str, Any], user_id: str | None, locale: str) -> Answer:
        """Return the answer to a question of a member of staff.

        Args:
            intent: ``risk``, ``risk_change`` or ``order``.
            slots: Its typed slots.
            user_id: The customer.
            locale: A folder under ``prompts/``.

        Returns:
            What to say; texts of the jobs are verified by their own verifiers.
        """
        if intent == "order":
            return self._order(slots, locale)
        if self.churn is None:
            return Answer([Statement("no_model")])
        if user_id is None or user_id not in self.churn.user_ids:
            return Answer([Statement("which_user")])
        rows = [self.churn.user_ids.index(user_id)]
        closing = self.actions.closing(rows) if self.actions is not None else None
        if intent == "risk_change" and closing is None:
            return Answer([Statement("no_action")])
        (record,) = self.churn.explain(rows, locale=locale, closing=closing)
        return _told(record)

    def _order(self, slots: Mapping[str, Any], locale: str) -> Answer:
        if self.orders is None:
            return Answer([Statement("no_model")])
        item = slots.get("item_id")
        record = None if item is None else self.orders(item, locale)
        return Answer([Statement("which_item")], missing="item_id") if record is None else _told(record)


def _told(record: Explanation) -> Answer:
    if record.text is None:
        return Answer([Statement("no_model")])
    return Answer([record.text], data={"explanation": record.to_dict()})
