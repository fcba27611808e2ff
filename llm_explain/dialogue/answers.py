"""Answers to shoppers: from their own events and the shop's tables, and from the reasons of the list."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from llm_explain.dialogue import offers
from llm_explain.dialogue.facts import Statement
from llm_explain.dialogue.own_events import MOST_NAMED
from llm_explain.dialogue.reason_answers import ReasonAnswers
from llm_explain.dialogue.scene import Answer, Scene
from llm_explain.dialogue.slots import OF_TWO_ITEMS
from llm_explain.policy.suppressions import NO_SUPPRESSIONS, Suppressions

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from llm_explain.dialogue.turns import Context
    from llm_explain.explainer import Explainer
    from scoring.data.history import History


KNOWN: Final = "known"
"""Stands in ``Context.said`` for what is known of a user; asked again, another part of it is told."""


class Answers:
    """Answers questions of one user about a shop.

    Args:
        explainer: The shop.
        user_id: The shop's id of the user.
        context: The list on screen, and what the user has switched off.
        locale: A folder under ``prompts/``.
        history: The user's events; those of the log if not given.
        suppressions: Claims that the user's feedback took back.
    """

    def __init__(
        self,
        explainer: Explainer,
        user_id: str,
        context: Context,
        locale: str,
        history: History | None = None,
        suppressions: Suppressions = NO_SUPPRESSIONS,
    ) -> None:
        self._scene = Scene(explainer, user_id, context, locale, history, suppressions)
        self._reasons = ReasonAnswers(self._scene)

    @property
    def bought(self) -> set[str]:
        """Items of the history that is used."""
        return self._scene.bought

    def may_speak_of(self, item_id: str) -> bool:
        """Return whether an answer may name an item."""
        return not self._scene.is_sensitive(item_id)

    def has_only(self, event: str) -> bool:
        """Return whether all of the user's events are of a kind, so that it stands for the whole history."""
        return self._scene.own.has_only(event)

    def of_events(self, event: str) -> Statement:
        """Return that there are no events of a kind, or that they cannot be left out alone."""
        return Statement("events_whole" if self._scene.own.has(event) else "no_events", event=event)

    def shown(self, k: int, *, by_score: bool = False) -> tuple[str, ...]:
        """Return the items of the user's list, in the order shown."""
        placed = self._scene.explainer.rank(k=k, history=self._scene.history, section=None if by_score else "mixed")
        return tuple(each.item_id for each in placed)

    def answer(self, intent: str, slots: Mapping[str, Any], choices: Sequence[str]) -> Answer:
        """Return the answer to a question of a shopper.

        Args:
            intent: What is asked.
            slots: Its typed slots.
            choices: Items among which the message did not tell.

        Returns:
            What to say.
        """
        if choices:
            missing = "other_id" if intent in OF_TWO_ITEMS and "item_id" in slots else "item_id"
            missing = missing if choices[0] in self._scene.explainer.titles else "category"
            return Answer([Statement("which_group")], tuple(choices), missing)
        why = self._reasons
        answers = {
            "why": why.why, "why_not": why.why_not, "why_above": why.compared, "compare": why.compared,
            "what_if": why.what_if, "know": self._know, "where_from": self._where_from, "prove": why.prove,
            "more": why.more, "last_bought": self._bought, "how_often": self._bought, "paid": self._bought,
            "price": self._of_shop, "usual": self._usual, "stock": self._of_shop, "offer": self._of_shop,
        }  # fmt: skip
        if "event" in slots and intent == "what_if" and not self.has_only(slots["event"]):
            return Answer([self.of_events(slots["event"])])
        if intent in answers:
            return answers[intent]({**slots, "intent": intent})
        if intent == "visits":
            return Answer(self._scene.own.visits())
        if intent in {"details", "shopping"}:
            item = slots.get("item_id")
            is_named = item is not None and intent == "details"
            return Answer([Statement("details_item", item=item) if is_named else Statement(intent)], focus=item)
        if intent == "data_date":
            return Answer([self._scene.until()])
        if intent == "switched_off":
            return Answer(self._off())
        if intent == "cheapest":
            return self._cheapest(slots.get("category"))
        if intent == "help" and self._scene.history.is_target.any():
            return Answer([Statement("made_of"), Statement("help")])
        return Answer([Statement(intent)])

    def _cheapest(self, category: str | None) -> Answer:
        """Return what costs least of a category, and of the list."""
        scene, told = self._scene, []
        if category is not None and scene.shop.policy.may_name_category(category):
            told = [offers.cheapest(scene.shop, offers.titles_of(scene.shop, category), category)]
        told.append(offers.cheapest(scene.shop, [each for each in scene.context.items if not scene.is_sensitive(each)]))
        known = [each for each in told if each.item is not None]
        return Answer(known or told[:1], focus=known[0].item if known else None)

    def _off(self) -> list[Statement]:
        """Return what the user has switched off or hidden."""
        off = self._scene.context
        told = [] if off.is_personal else [Statement("left_out_all")]
        told += [Statement("left_out_group", category=each) for each in off.groups_off]
        told += [Statement("left_out_kind", kind=each) for each in off.kinds_off]
        return [*told, *(Statement("left_out", item=each) for each in off.hidden)] or [Statement("nothing_off")]

    def _know(self, slots: dict[str, Any]) -> Answer:
        if "event" in slots and not self._scene.own.is_target(slots["event"]):
            return Answer([self._scene.own.signals(slots["event"])])
        if slots.get("category"):
            return self._bought({**slots, "intent": "how_often"})
        own = self._scene.own
        if self._scene.context.said.count(KNOWN) % 2 and self._scene.history.is_target.any():
            return Answer([*(each for each in own.visits() if each.frame == "visits"), own.most_often()])
        may_name = self._scene.shop.policy.may_name_category
        is_all = all(map(may_name, self._scene.catalogue.category_names))
        return Answer([own.known(), *([] if is_all else [Statement("unnamed")])])

    def _bought(self, slots: dict[str, Any]) -> Answer:
        """Answer when, how often or for how much the user bought an item or from a category."""
        intent, category, event = slots["intent"], slots.get("category"), slots.get("event")
        if event is not None and not self._scene.own.is_target(event):
            item = slots.get("item_id")
            told = self._scene.own.signals(event, item)
            is_sensitive = item is not None and self._scene.is_sensitive(item)
            return Answer([Statement("no_talk_own") if is_sensitive else told], focus=item)
        tell = {"last_bought": self._scene.own.last_bought, "paid": self._scene.own.spent}.get(
            intent, self._scene.own.how_often
        )
        if category is not None and "item_id" not in slots:
            if not self._scene.shop.policy.may_name_category(category):
                return Answer([Statement("no_talk_own")])
            return Answer([tell(None, category)])
        if (whole := self._of_all(slots)) is not None:
            return whole
        item = self._scene.item(slots)
        if isinstance(item, Answer):
            return item
        if self._scene.is_sensitive(item):
            return Answer([Statement("no_talk_own")])
        kind = self._scene.category_of(item)
        if not self._scene.own.has_item(item) and self._scene.own.count_in(kind):  # the list shows another bread
            return Answer([Statement("not_bought_item", item=item), tell(None, kind)], focus=item)
        if intent != "paid":
            rhythm = self._scene.own.rhythm(item) if intent == "how_often" else None
            return Answer([tell(item, None), *([rhythm] if rhythm else [])], focus=item)
        total = self._scene.own.spent(item, None)
        return Answer([self._scene.own.paid(item), *([total] if total.numbers.get("count", 0) > 1 else [])], focus=item)

    def _of_all(self, slots: Mapping[str, Any]) -> Answer | None:
        """Return what the user bought last, paid in all or bought most; ``None`` for a question about something."""
        own, is_named = self._scene.own, bool({"item_id", "category"} & slots.keys() or self._scene.context.topic)
        if slots["intent"] == "last_bought" and not is_named:
            return Answer([own.last_basket()])
        if not slots.get("all"):
            return None
        if slots["intent"] == "paid":
            usual = own.per_purchase()
            return Answer([own.spent(), *([usual] if usual else [])])
        told = own.most_often()
        return Answer([told], focus=told.item)

    def _of_shop(self, slots: dict[str, Any]) -> Answer:
        """Answer what an item costs, whether it is available and whether a promotion runs."""
        if slots["intent"] == "offer" and not {"item_id", "category"} & slots.keys() and self._scene.context.items:
            items = [item for item in self._scene.context.items if not self._scene.is_sensitive(item)]
            return Answer([offers.offers(self._scene.shop, items, self._scene.history, most=len(items))])
        if slots["intent"] != "price" and "item_id" not in slots and (category := slots.get("category")) is not None:
            if not self._scene.shop.policy.may_name_category(category):
                return Answer([Statement("no_talk")])
            if slots["intent"] == "stock":
                return Answer([offers.stock_of(self._scene.shop, category, most=MOST_NAMED)])
            return Answer([offers.offers_of(self._scene.shop, category, self._scene.history, most=MOST_NAMED)])
        item = self._scene.item(slots)
        if isinstance(item, Answer):
            return item
        if self._scene.is_sensitive(item):
            return Answer([Statement("no_talk")])
        if slots["intent"] == "offer":
            return Answer([offers.offer(self._scene.shop, item, self._scene.history)], focus=item)
        if slots["intent"] == "stock":
            return Answer([offers.stock(self._scene.shop, item)], focus=item)
        return Answer(self._priced(item, slots.get("other_id")), focus=item)

    def _priced(self, *items: str | None) -> list[Statement]:
        """Return the prices of items in the catalogue; what the user paid for one that has none."""
        told: list[Statement] = []
        for item in items:
            if item is None or self._scene.is_sensitive(item):
                continue
            told.append(offers.price(self._scene.shop, item))
            paid = self._scene.own.paid(item)
            if told[-1].frame == "no_price" and paid.frame == "paid" and self._scene.context.staff_user is None:
                told.append(paid)
        return told

    def _usual(self, slots: dict[str, Any]) -> Answer:
        """Answer whether an item costs more than the user paid: what it costs, and the prices that were paid."""
        item = self._scene.item(slots)
        if isinstance(item, Answer):
            return item
        if self._scene.is_sensitive(item):
            return Answer([Statement("no_talk")])
        if "other_id" in slots:
            return Answer(self._priced(item, slots["other_id"]), focus=item)
        return Answer([offers.price(self._scene.shop, item), self._scene.own.paid_range(item)], focus=item)

    def _of_category(self, category: str) -> Answer:
        """Return how many events a reason from a category follows from."""
        if not self._scene.shop.policy.may_name_category(category):
            return Answer([Statement("no_talk_own")])
        count = self._scene.own.count_in(category)
        frame, numbers = ("source_group", {"count": count}) if count else ("not_bought", {})
        return Answer([Statement(frame, category=category, numbers=numbers)])

    def _where_from(self, slots: dict[str, Any]) -> Answer:
        if "item_id" not in slots and "category" not in slots:
            known = self._know(slots)  # "where did you get my age"
            return replace(known, parts=[*known.parts, Statement("made_of")])
        if "item_id" not in slots and not self._scene.of_category(slots["category"]):
            return self._of_category(slots["category"])  # "how do you know that I have a cat?"
        return self._reasons.where_from(slots)
