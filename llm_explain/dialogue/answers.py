"""Answers to shoppers: from their own events and the shop's tables, and from the reasons of the list."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from llm_explain.dialogue import offers
from llm_explain.dialogue.facts import Statement
from llm_explain.dialogue.mentions import MOST_CHOICES
from llm_explain.dialogue.own_events import MOST_NAMED
from llm_explain.dialogue.reason_answers import ReasonAnswers
from llm_explain.dialogue.scene import Answer
from llm_explain.dialogue.slots import OF_TWO_ITEMS
from llm_explain.dialogue.turns import named

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from llm_explain.dialogue.own_events import Item
    from llm_explain.dialogue.scene import Scene
    from llm_explain.records import Text


KNOWN: Final = "known"
"""Stands in ``Context.said`` for what is known of a user; asked again, another part of it is told."""


class Answers:
    """Answers questions of one user about a shop.

    Args:
        scene: What the user is answered about.

    Attributes:
        scene: What the user is answered about.
    """

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self._reasons = ReasonAnswers(scene)

    def of_events(self, event: str) -> Statement:
        """Return that there are no events of a kind, or that they cannot be left out alone."""
        return Statement("events_whole" if self.scene.own.has(event) else "no_events", event=event)

    def shown(self, k: int) -> tuple[str, ...]:
        """Return the items of the user's list, in the order shown."""
        placed = self.scene.explainer.rank(k=k, history=self.scene.history, section="mixed")
        return tuple(each.item_id for each in placed)

    def answer(self, intent: str, slots: Mapping[str, Any], choices: Sequence[str]) -> Answer:
        """Return the answer to a question of a shopper."""
        if choices:
            missing = "other_id" if intent in OF_TWO_ITEMS and "item_id" in slots else "item_id"
            missing = missing if choices[0] in self.scene.explainer.titles else "category"
            return Answer([Statement("which_group")], tuple(choices), missing)
        why, scene = self._reasons, self.scene
        answers: dict[str, Callable[[dict[str, Any]], Answer]] = {
            "why": why.why, "why_not": self._why_not, "why_above": why.compared, "compare": why.compared,
            "what_if": why.what_if, "know": self._know, "where_from": self._where_from, "prove": why.prove,
            "more": why.more, "last_bought": self._bought, "how_often": self._bought, "paid": self._bought,
            "price": self._of_shop, "usual": self._usual, "stock": self._of_shop, "offer": self._of_shop,
            "find": self._found, "cheapest": self._found, "details": self._property, "shopping": self._property,
            "visits": lambda _: Answer(scene.own.visits()), "data_date": lambda _: Answer([scene.until()]),
            "switched_off": lambda _: Answer(self.switched_off()),
            "list": self._list,
        }  # fmt: skip
        if "period" in slots:
            return self._within(intent, slots)
        if "event" in slots and intent == "what_if" and not self.scene.own.has_only(slots["event"]):
            return Answer([self.of_events(slots["event"])])
        if intent in answers:
            return answers[intent]({**slots, "intent": intent})
        is_made = intent == "help" and scene.history.is_target.any()
        return Answer([*([Statement("made_of")] if is_made else []), Statement(intent)])

    def _why_not(self, slots: dict[str, Any]) -> Answer:
        """Answer why an item is not in the list; of several categories, what of them is in it, and the best others."""
        groups = tuple(filter(self.scene.shop.policy.may_name_category, slots.get("categories", ())))
        if not groups:
            return self._reasons.why_not(slots)
        parts: list[Statement | Text] = [*self.listed(groups, self.scene.context.items)]
        shown = {part.category for part in parts if isinstance(part, Statement)}
        focus = next((item for part in parts if isinstance(part, Statement) for item in part.items), None)
        for place, category in enumerate([each for each in groups if each not in shown][:MOST_NAMED]):
            told = self._reasons.why_not({"category": category})
            parts += told.parts[: None if place == 0 and not shown else 1]
            focus = focus or told.focus
        return Answer(parts, focus=focus)

    @staticmethod
    def _property(slots: Mapping[str, Any]) -> Answer:
        """Return that the chat does not know a property of an item, or what shopping takes."""
        intent, item = slots["intent"], slots.get("item_id")
        is_named = item is not None and intent == "details"
        return Answer([Statement("details_item", item=item) if is_named else Statement(intent)], focus=item)

    def _within(self, intent: str, slots: Mapping[str, Any]) -> Answer:
        """Return the answer from the events of a period alone, and which period it is."""
        first, last = map(dt.date.fromisoformat, slots["period"])
        rest = {name: value for name, value in slots.items() if name != "period"}
        if intent == "know" and not rest.keys() & {"category", "person"}:
            intent, rest = "last_bought", {"all": True}  # "what did I buy on 25 November"
        scene = self.scene.within(first, last)
        if not scene.history.is_target.any():
            return Answer([Statement("nothing_within", dates={"first": first, "last": last})])
        is_basket = intent == "last_bought" and "all" in rest  # of a period, no purchase is "the last" one
        told = (
            Answer([scene.own.basket(), *self._total(scene)]) if is_basket else Answers(scene).answer(intent, rest, ())
        )
        dates = {"first": first, "last": last} if first < last else {"last": last}
        return replace(told, parts=[Statement("within" if first < last else "within_day", dates=dates), *told.parts])

    def _found(self, slots: Mapping[str, Any]) -> Answer:
        """Return items of a category, or of the list: those up to a price, the cheapest, or what may be suggested.

        What the tables do not prove is said: the catalogue may have no prices, and names and categories alone are
        searched.
        """
        scene, category, intent = self.scene, slots.get("category"), slots["intent"]
        if "other_id" in slots:
            return Answer(self._priced(slots["item_id"], slots["other_id"]))  # "which is cheaper, A or B"
        if category is not None and not scene.shop.policy.may_name_category(category):
            return Answer([Statement("no_talk")])
        of_list = [each for each in scene.context.items if not scene.is_sensitive(each)]
        items = of_list if category is None else offers.titles_of(scene.shop, category)
        told: list[Statement] = []
        if slots.get("new") and category is None:
            return self._list(slots)
        if "amount" in slots:
            told = [offers.up_to(scene.shop, items, slots["amount"])]
        elif intent == "cheapest":
            told = [offers.cheapest(scene.shop, items, category)]
        if told and told[0].frame in {"up_to", "cheapest", "cheapest_group"}:
            return Answer(told, focus=told[0].item)
        if category is not None:
            more = self._reasons.more({"category": category})
            return replace(more, parts=[*told, *more.parts])
        if intent == "cheapest":
            return Answer(told)
        asked = tuple(scene.own.categories()[:MOST_CHOICES])
        return Answer([*told, Statement("find_how")], asked, "category")

    def _list(self, slots: Mapping[str, Any]) -> Answer:
        """Return what is in the list, or what of a category is in it."""
        groups, scene = named(slots, "group"), self.scene
        if not all(map(scene.shop.policy.may_name_category, groups)):
            return Answer([Statement("no_talk")])
        if slots.get("new"):
            shown = [
                each for each in scene.context.items if not scene.is_sensitive(each) and scene.explainer.titles[each]
            ]
            new = tuple(each for each in shown if not scene.own.has_item(each))
            return Answer([Statement("listed_new", items=new[:MOST_CHOICES]) if new else Statement("none_new")])
        if found := self.listed(groups, scene.context.items):
            items = [item for part in found for item in part.items]
            return Answer(found, focus=items[0] if groups and len(items) == 1 else None)
        if not groups:
            return Answer([Statement("nothing_listed")])
        more = self._reasons.more({"category": groups[0]})
        return replace(more, parts=[*(Statement("none_listed", category=each) for each in groups), *more.parts])

    def listed(self, categories: Sequence[str], items: Sequence[str]) -> list[Statement]:
        """Return which items of a list are from some categories; some of its items, for no category."""
        scene = self.scene
        named = [each for each in items if not scene.is_sensitive(each) and scene.explainer.titles[each]]
        if not categories:
            numbers = {"count": len(items)}
            return [Statement("listed", items=tuple(named[:MOST_CHOICES]), numbers=numbers)] if named else []
        own = {each: tuple(item for item in named if scene.category_of(item) == each) for each in categories}
        return [Statement("listed_group", category=each, items=several) for each, several in own.items() if several]

    def switched_off(self) -> list[Statement]:
        """Return what the user has switched off or hidden."""
        off = self.scene.context
        told = [] if off.is_personal else [Statement("left_out_all")]
        groups, items = offers.spoken(self.scene.shop, off.groups_off, off.hidden)
        told += [Statement("left_out_group", category=each) for each in groups]
        told += [Statement("left_out_kind", kind=each) for each in off.kinds_off]
        told += [Statement("left_out", item=each) for each in items]
        count = len((*off.groups_off, *off.hidden)) - len((*groups, *items))
        told += [Statement("left_out_hidden", numbers={"count": count})] if count else []
        return told or [Statement("nothing_off")]

    def _know(self, slots: dict[str, Any]) -> Answer:
        if "event" in slots and not self.scene.own.is_target(slots["event"]):
            return Answer([self.scene.own.signals(slots["event"])])
        if slots.get("category"):
            return self._bought({**slots, "intent": "how_often"})
        own = self.scene.own
        if slots.get("person"):
            return Answer([Statement("no_person"), Statement("made_of")])
        if self.scene.context.said.count(KNOWN) % 2 and self.scene.history.is_target.any():
            return Answer([*(each for each in own.visits() if each.frame == "visits"), own.most_often()])
        may_name = self.scene.shop.policy.may_name_category
        is_all = all(map(may_name, self.scene.catalogue.category_names))
        return Answer([own.known(), *([] if is_all else [Statement("unnamed")])])

    def _bought(self, slots: dict[str, Any]) -> Answer:
        """Answer when, how often or for how much the user bought an item or from a category."""
        intent, category, event = slots["intent"], slots.get("category"), slots.get("event")
        if event is not None and not self.scene.own.is_target(event):
            item = slots.get("item_id")
            told = self.scene.own.signals(event, item)
            is_sensitive = item is not None and self.scene.is_sensitive(item)
            return Answer([Statement("no_talk_own") if is_sensitive else told], focus=item)
        tell = {"last_bought": self.scene.own.last_bought, "paid": self.scene.own.spent}.get(
            intent, self.scene.own.how_often
        )
        several = tuple(slots.get("item_ids", ()))
        if several or (category is not None and "item_id" not in slots):
            return self._bought_of(slots, several or None, None if several else category, tell)
        if (whole := self._of_all(slots)) is not None:
            return whole
        item = self.scene.item(slots)
        if isinstance(item, Answer):
            return item
        if self.scene.is_sensitive(item):
            return Answer([Statement("no_talk_own")], focus=item)
        kind = self.scene.category_of(item)
        if not self.scene.own.has_item(item) and self.scene.own.count_in(kind):  # the list shows another bread
            return Answer([Statement("not_bought_item", item=item), tell(None, kind)], focus=item)
        if intent != "paid":
            rhythm = self.scene.own.rhythm(item) if intent == "how_often" else None
            return Answer([tell(item, None), *([rhythm] if rhythm else [])], focus=item)
        total = self.scene.own.spent(item, None)
        parts = [self.scene.own.paid(item), *([total] if total.numbers.get("count", 0) > 1 else [])]
        return Answer([*parts, *self._monthly(slots, item)], focus=item)

    def _bought_of(
        self, slots: Mapping[str, Any], several: Item, category: str | None, tell: Callable[..., Statement]
    ) -> Answer:
        """Answer what the user bought of some items, or from a category."""
        if category is not None and not self.scene.shop.policy.may_name_category(category):
            return Answer([Statement("no_talk_own")])
        if category is not None and slots.get("all"):
            most = self.scene.own.most_often(category)
            return Answer([most], focus=most.item)
        focus = self.scene.own.last_of_several(several) if isinstance(several, tuple) else None
        return Answer([tell(several, category), *self._monthly(slots, several, category)], focus=focus)

    def _of_all(self, slots: Mapping[str, Any]) -> Answer | None:
        """Return what the user bought last, paid in all or bought most; ``None`` for a question about something."""
        own = self.scene.own
        if not slots.get("all"):
            return None
        if slots["intent"] == "last_bought":
            told = own.basket(is_last=True)
            if not self.scene.is_whole_history:  # the purchase may have held more
                return Answer([*self.switched_off(), told])
            return Answer([told, *(own.last_amount() if told.frame.startswith("basket") else [])])
        if slots["intent"] == "paid":
            total = self._total(self.scene)
            usual = own.per_month() if slots.get("monthly") else own.per_purchase()
            is_usual = usual is not None and any(each.numbers for each in total)
            return Answer([*(total or [Statement("no_spending")]), *([usual] if usual and is_usual else [])])
        told = own.most_often()
        return Answer([told], focus=told.item)

    def _monthly(self, slots: Mapping[str, Any], item: Item, category: str | None = None) -> list[Statement]:
        """Return what the user paid in a month for some items or from a category, if that is asked."""
        return [*filter(None, [self.scene.own.per_month(item, category)])] if slots.get("monthly") else []

    @staticmethod
    def _total(scene: Scene) -> list[Statement]:
        """Return what the user paid in all, and that something is left out; nothing without prices."""
        total = scene.own.spent()
        frame = total.frame if scene.is_whole_history else total.frame.replace("total", "used")
        return [replace(total, frame=frame)] if total.amounts else []

    def _of_shop(self, slots: dict[str, Any]) -> Answer:
        """Answer what an item costs, whether it is available and whether a promotion runs."""
        if slots["intent"] == "offer" and not {"item_id", "category"} & slots.keys() and self.scene.context.items:
            items = [item for item in self.scene.context.items if not self.scene.is_sensitive(item)]
            return Answer([offers.offers(self.scene.shop, items, self.scene.history, most=len(items))])
        if slots["intent"] != "price" and "item_id" not in slots and (category := slots.get("category")) is not None:
            if not self.scene.shop.policy.may_name_category(category):
                return Answer([Statement("no_talk")])
            if slots["intent"] == "stock":
                return Answer([offers.stock_of(self.scene.shop, category, most=MOST_NAMED)])
            return Answer([offers.offers_of(self.scene.shop, category, self.scene.history, most=MOST_NAMED)])
        if slots["intent"] == "price" and len(own := self.scene.of_category(slots.get("category"))) > 1:
            return Answer(self._priced(*own))  # "which is cheaper", after "why two kinds of eggs"
        item = self.scene.item(slots)
        if isinstance(item, Answer):
            return item
        if self.scene.is_sensitive(item):
            return Answer([Statement("no_talk")], focus=item)
        if slots["intent"] == "offer":
            return Answer([offers.offer(self.scene.shop, item, self.scene.history)], focus=item)
        if slots["intent"] == "stock":
            return Answer([offers.stock(self.scene.shop, item)], focus=item)
        return Answer(self._priced(item, slots.get("other_id")), focus=item)

    def _priced(self, *items: str | None) -> list[Statement]:
        """Return the prices of items in the catalogue; what the user paid for one that has none."""
        told: list[Statement] = []
        for item in items:
            if item is None or self.scene.is_sensitive(item):
                continue
            told.append(offers.price(self.scene.shop, item))
            paid = self.scene.own.paid(item)
            if told[-1].frame == "no_price" and paid.frame == "paid" and self.scene.context.staff_user is None:
                told.append(paid)
        return told

    def _usual(self, slots: dict[str, Any]) -> Answer:
        """Answer whether an item costs more than the user paid: what it costs, and the prices that were paid."""
        item = self.scene.item(slots)
        if isinstance(item, Answer):
            return item
        if self.scene.is_sensitive(item):
            return Answer([Statement("no_talk")], focus=item)
        if "other_id" in slots:
            return Answer(self._priced(item, slots["other_id"]), focus=item)
        return Answer([offers.price(self.scene.shop, item), self.scene.own.paid_range(item)], focus=item)

    def _of_category(self, category: str) -> Answer:
        """Return how many events a reason from a category follows from."""
        if not self.scene.shop.policy.may_name_category(category):
            return Answer([Statement("no_talk_own")])
        count = self.scene.own.count_in(category)
        frame, numbers = ("source_group", {"count": count}) if count else ("not_bought", {})
        return Answer([Statement(frame, category=category, numbers=numbers)])

    def _where_from(self, slots: dict[str, Any]) -> Answer:
        if "item_id" not in slots and "category" not in slots:
            known = self._know(slots)
            return known if slots.get("person") else replace(known, parts=[*known.parts, Statement("made_of")])
        if "item_id" not in slots and not self.scene.of_category(slots["category"]):
            return self._of_category(slots["category"])  # "how do you know that I have a cat?"
        return self._reasons.where_from(slots)
