"""Fills the typed slots of an intent with what a message mentions."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

from llm_explain.dialogue.folding import unaccented
from llm_explain.dialogue.intents import MASK
from llm_explain.dialogue.mentions import MOST_CHOICES, WEAK
from llm_explain.dialogue.turns import named

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from llm_explain.dialogue.mentions import Mention, Mentions
    from llm_explain.dialogue.turns import Context
    from llm_explain.dialogue.words import Grammar

CHANGES: Final = frozenset({"stop", "resume", "less"})
"""Intents that change something, and so need a confirmation."""

OF_ONE_ITEM: Final = frozenset({
    "why", "why_not", "prove", "where_from", "last_bought", "how_often", "paid", "price", "usual", "offer", "stock",
    "order",
})  # fmt: skip
OF_A_CATEGORY: Final = frozenset({"last_bought", "how_often", "stock", "offer"})
"""Intents that are answered for a whole category."""

OF_OWN_EVENTS: Final = frozenset({"last_bought", "how_often", "paid"})

OF_THE_SHOP: Final = frozenset({"order", "due", "stock", "price"})
"""Intents that ask nothing about a customer: a number in them is an amount."""

OF_THE_CATALOGUE: Final = frozenset({"why_not", *OF_THE_SHOP})
"""Intents that ask about an item that is not on screen as well."""

OF_TWO_ITEMS: Final = frozenset({"why_above", "compare"})
OF_A_TARGET: Final = frozenset({"what_if", "more", *CHANGES})
OF_A_SEARCH: Final = frozenset({"find", "list", "cheapest"})
"""Intents that look for items."""

OF_STAFF: Final = frozenset({"order", "risk", "risk_change"})
"""Intents whose last answer a bare "why?" asks about."""

OF_SEVERAL: Final = frozenset({"last_bought", "how_often", "paid", "offer", *CHANGES})
"""Intents that one message may ask of several things."""

OF_A_PRICE: Final = frozenset({"price", "paid", "usual"})
OF_DATA: Final = frozenset({"delete_data", "export_data"})

AS_FOCUS: Final = 3.5
"""Least strength of a mention that is meant before what "this" means."""

CLAUSE: Final = re.compile(r"[,.;:!?，。；：！？]+")

FAR: Final = 1000
"""Distance of a name from words of use, if a message has no such words or the name is unsure."""


class Slots:
    """Fills slots in one locale.

    Args:
        grammar: How messages are read.
        category_of: Category of each item.
    """

    def __init__(self, grammar: Grammar, category_of: Mapping[str, str]) -> None:
        self._category_of, self._sizes = category_of, Counter(category_of.values())
        self._grammar, joins = grammar, grammar.joins.pattern
        self._half = re.compile(rf"{MASK} *(?:{joins}) *(?!{MASK})\w|\w *(?<!{MASK})(?:{joins}) *{MASK}")
        first = "|".join(map(re.escape, map(unaccented, grammar.ordinals[1])))
        self._top = re.compile(rf"\b(?:{first})\b" if grammar.is_spaced else first)

    def category_of(self, item_id: str) -> str:
        """Return the category of an item; empty for an item that the catalogue does not have."""
        return self._category_of.get(item_id, "")

    def as_named(
        self, intent: str, found: Mentions, context: Context, user_id: str | None
    ) -> tuple[str, tuple[dict[str, Any], tuple[str, ...]]]:
        """Return the intent that what is named allows, its slots and choices.

        "Why?" of what is not on screen asks why not; of a customer alone it asks for the risk. What would change a
        risk asks for the order if an item is named, but no customer.
        """
        slots, choices = self.of(intent, found, context)
        sure = [each for each in found.found if each.strength > WEAK]
        named = intent
        if intent == "order" and not (slots or choices) and self._grammar.which.search(found.text):
            named = "due"  # "what do we have to order"
        elif intent == "help" and any(each.shown for each in sure):
            named = "why"  # "who chose the first one"
        elif intent == "what_if" and context.intent in {"order", "due"} and not sure:
            return "order", (context.topic, ())  # "what if there is no display"
        elif (
            intent == "how_often" and not (found.found or slots) and (context.intent == "visits" or context.staff_user)
        ):
            named = "visits"  # "since when?", of a customer
        elif intent == "why" and user_id is not None and not (slots or choices or found.unknown):
            named = "risk"
        elif intent in {"risk", "risk_change"} and user_id is None and sure:
            named = "order"
        elif intent == "risk" and any(len(each.shown) == 1 for each in sure):
            named = "why"  # "12 asks for the reason of the beer"
        elif intent == "why" and user_id is None:
            named = self._why(slots, choices, found, context)
        return named, (slots, choices) if named == intent else self.of(named, found, context)

    def _why(self, slots: Mapping[str, Any], choices: Sequence[str], found: Mentions, context: Context) -> str:
        """Return the intent of "why": of an order or a risk that was told, of an item, or of what is not on screen."""
        item, category, is_order = slots.get("item_id"), slots.get("category"), context.intent in {"order", "due"}
        if not found.found and context.intent in OF_STAFF:
            return "order" if is_order else "risk"  # "why so many?" after an order
        if is_order and (item or category or choices):
            return "order"
        is_shown = any(each == item or self._category_of.get(each) == category for each in context.items)
        is_shown |= (item is not None and item == context.focus) or any(each in context.items for each in choices)
        return "why_not" if context.items and (item or category or choices) and not is_shown else "why"

    def of(self, intent: str, found: Mentions, context: Context) -> tuple[dict[str, Any], tuple[str, ...]]:
        """Return the slots of an intent, and items among which the message does not tell."""
        if intent in OF_TWO_ITEMS:
            return self._pair(intent, found, context)
        if intent in {"price", "usual", "cheapest"} and (pair := self._than_other(found.found)):
            return pair, ()
        signals = [] if "purchase" in found.events else found.events
        if intent in OF_OWN_EVENTS - {"paid"} and signals:
            slots, choices = self.one(intent, found, context)
            return {**slots, "event": signals[0]}, choices  # "did I return it", "when did I last rate it"
        if intent in OF_ONE_ITEM:
            return (intent == "why" and self._of_family(found, context)) or self.one(intent, found, context)
        if intent in OF_A_TARGET:
            slots, choices = self._target(intent, found, context)
            item = str(slots.get("item_id", ""))
            category = self._category_of.get(item, "") if item not in context.hidden else ""
            is_of_category = intent == "what_if" or self._is_of_use(found)
            return ({"category": category}, ()) if category and is_of_category else (slots, choices)
        if intent in OF_A_SEARCH:
            return self._searched(intent, found, context)
        return self._about_data(intent, found, context), ()

    def _searched(self, intent: str, found: Mentions, context: Context) -> tuple[dict[str, Any], tuple[str, ...]]:
        """Return the category and the highest price of a search, and categories among which its words do not tell."""
        if intent != "cheapest" and found.focus_at is None:
            context = replace(context, focus=None, category=None)
        budget = self._grammar.budget.search(found.text) if intent != "list" else None
        free = [each for each in found.found if budget is None or each.end <= budget.start()]  # "3 dollars"
        slots, _ = self._target("more" if intent == "find" else "what_if", replace(found, found=free), context)
        category = slots.get("category") or self._category_of.get(str(slots.get("item_id")))
        category = category or next((each.category for each in free if each.category), None)
        amount = {} if budget is None else {"amount": float(budget["amount"].replace(",", "."))}
        several = next((each.categories for each in free if each.categories), ()) if category is None else ()
        if intent != "cheapest" and not (category or several or amount) and self._grammar.new.search(found.text):
            return {"new": True}, ()
        if intent == "list":
            return ({"categories": several} if several else {"category": category} if category else {}), ()
        return {**({"category": category} if category else {}), **amount}, several

    def several(self, intent: str, found: Mentions, context: Context) -> tuple[dict[str, Any], ...]:
        """Return the slots of each thing that a message names together: "eggs and cheese"; nothing for one thing."""
        asked = tuple(each for each in (context.asked or {}).get("choices", ()) if each in self._category_of)
        both, meant = asked or (context.focus, context.other), self._grammar.either if asked else self._grammar.both
        if intent in OF_OWN_EVENTS and not found.found and meant.search(found.text) and all(both):
            return tuple({"item_id": each} for each in both)  # "which of them do I buy more often"
        sure = [each for each in found.found if each.strength > WEAK]
        if len(sure) == 1 and intent in CHANGES and found.focus_at is not None and context.topic:
            _, _, joint = found.text[found.focus_at : sure[0].start].replace(",", " ,").partition(" ")
            own, choices = self.of(intent, replace(found, found=sure, focus_at=None), context)
            is_both = bool(self._grammar.conjunction.fullmatch(joint)) and bool(own) and not choices
            return (dict(context.topic), own) if is_both else ()  # "remove it, and the beef"
        between = [found.text[one.end : other.start] for one, other in pairwise(sure)]
        if intent not in OF_SEVERAL or len(sure) < 2 or not all(map(self._grammar.conjunction.fullmatch, between)):
            return ()
        told = [self.of(intent, replace(found, found=[each], focus_at=None), context) for each in sure]
        is_told = all(slots and not choices for slots, choices in told)
        slots = [slots for place, (slots, _) in enumerate(told) if slots not in [each for each, _ in told[:place]]]
        return tuple(slots) if is_told and len(slots) > 1 else ()

    @staticmethod
    def together(several: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """Return the slots of a change of several things."""
        groups = tuple(dict.fromkeys(name for each in several for name in named(each, "group")))
        items = tuple(dict.fromkeys(name for each in several for name in named(each, "item")))
        return {**({"categories": groups} if groups else {}), **({"item_ids": items} if items else {})}

    def _about_data(self, intent: str, found: Mentions, context: Context) -> dict[str, Any]:
        """Return the slots of a question about properties, about all that is known, or about the user's data."""
        if intent in {"details", "shopping"}:
            is_this = bool(context.topic) and found.focus_at is not None  # "how much sugar is in it"
            item = (context.topic if is_this else self.one(intent, found, context)[0]).get("item_id")
            return {"item_id": item} if item else {}
        is_sure = any(each.strength > WEAK and not each.is_like for each in found.found)
        if intent == "know" and not is_sure and self._grammar.traits.search(found.text):
            return {"person": True}
        if intent == "know" and (is_sure or "purchase" in found.events or self._grammar.generic.search(found.text)):
            about = self._target(intent, found, context)[0]
            known = about.get("category") or self._category_of.get(str(about.get("item_id")))
            if known:
                return {"category": known}  # "what do you know of my coffee purchases?"
        if (intent in OF_DATA or (intent == "know" and not found.is_all)) and found.events:
            return {"event": found.events[0]}
        if intent in OF_DATA:
            return {"all": True}
        return {}

    def _resolved(self, mention: Mention) -> dict[str, Any]:
        """Return the item of a mention, else its category; nothing if it does not tell."""
        shown = self._listed(mention)
        if shown:
            return {"item_id": shown[0]} if len(shown) == 1 else {}
        if mention.items and mention.is_whole and (mention.is_definite or mention.category is None):
            return {"item_id": mention.items[0]}
        return {"category": mention.category} if mention.category is not None else {}

    def _listed(self, mention: Mention) -> tuple[str, ...]:
        """Return the listed items that words mean: "chicken" is no cat food if there is a category of chicken."""
        own = tuple(each for each in mention.shown if self._category_of.get(each) == mention.category)
        return own or mention.shown

    def one(self, intent: str, found: Mentions, context: Context) -> tuple[dict[str, Any], tuple[str, ...]]:
        """Return the item or category that a question is about; what "this" means if it names none."""
        ranked = _strongest(found, prefers_hidden=intent == "why_not")
        if (unnamed := self._unnamed(intent, ranked, found, context)) is not None:
            return unnamed, ()
        slots, category = self._resolved(ranked[0]), ranked[0].category
        other, is_than = slots.get("item_id"), self._grammar.than.search(found.text[: ranked[0].start]) is not None
        if intent in {"price", "usual"} and is_than and other and context.focus not in {None, other}:
            return {"item_id": context.focus, "other_id": other}, ()  # "is it cheaper than the second one?"
        if (of_own := self._of_own(intent, ranked[0], found)) is not None:
            return of_own, ()
        listed = tuple(each for each in context.items if category and self._category_of.get(each) == category)
        if intent in OF_A_PRICE and ranked[0].is_definite and len(listed) > 1 and not slots.get("item_id"):
            return ({"category": category}, ()) if intent == "paid" else ({}, listed)  # "the soda"
        if category is not None and self._is_of_category(intent, ranked[0], found, context):
            return {"category": category}, ()
        narrower: tuple[str, ...] = ()
        if intent not in OF_THE_CATALOGUE and any(self._category_of.get(each) == category for each in context.items):
            slots = slots if ranked[0].shown else {"category": category}  # "the pasta thing" is one on screen
        elif narrower := self._narrower(ranked[0]):
            slots = {"item_id": narrower[0]} if len(narrower) == 1 else {}
        if intent == "why_not" and not ranked[0].shown and (narrower or not slots) and ranked[0].items:
            slots = {"item_id": (narrower or ranked[0].items)[0]}  # the one that the user or most users bought
        if narrower and not slots:
            return slots, narrower
        several = _of_several(intent, ranked[0], slots)
        return several or (slots, () if slots else ranked[0].readings or context.items[:MOST_CHOICES])

    def _groups(self, mention: Mention) -> tuple[str, ...]:
        """Return the categories among which words do not tell, those of most items first: "meat" is beef or chicken."""
        is_one = mention.category is not None and mention.led == mention.category
        if is_one or mention.is_definite or (mention.is_whole and not mention.shown):
            return ()
        of_items = Counter(self._category_of.get(each, "") for each in mention.shown or mention.own)
        ranked = (mention.category, *(name for name, _ in of_items.most_common()), *mention.categories)
        several = tuple(dict.fromkeys(filter(None, ranked)))[:MOST_CHOICES]
        return several if len(several) > 1 else ()

    def _of_family(self, found: Mentions, context: Context) -> tuple[dict[str, Any], tuple[str, ...]] | None:
        """Return the listed items of the categories that words mean: "why candy"; ``None`` without one."""
        first = next(iter(_strongest(found)), None)
        family = () if first is None or self._resolved(first) else first.categories
        shown = tuple(each for each in context.items if self._category_of.get(each) in family)
        return (({"item_id": shown[0]}, ()) if len(shown) == 1 else ({}, shown)) if shown else None

    def _of_own(self, intent: str, mention: Mention, found: Mentions) -> dict[str, Any] | None:
        """Return what a question about own events means by words: "when did I last buy ham" means any ham."""
        if intent == "why_not" and (groups := self._groups(mention)):
            return {"categories": groups}
        if intent not in OF_OWN_EVENTS or (mention.is_definite and mention.shown):
            return None
        is_most = intent == "how_often" and self._grammar.which.search(found.text[: mention.start]) is not None
        if mention.own and not is_most:
            return {"item_id": mention.own[0]} if len(mention.own) == 1 else {"item_ids": mention.own}
        if mention.led and not mention.is_definite:
            return {"category": mention.led, **({"all": True} if is_most else {})}  # "which beef do I buy most"
        return None

    def _than_other(self, found: Sequence[Mention]) -> dict[str, Any]:
        """Return two items whose prices are compared: "is the second cheaper than the third"."""
        items = [self._resolved(each).get("item_id") for each in found]
        is_pair = len(items) == 2 and None not in items and items[0] != items[1]
        return {"item_id": items[0], "other_id": items[1]} if is_pair else {}

    def _unnamed(self, intent: str, ranked: list[Mention], found: Mentions, context: Context) -> dict[str, Any] | None:
        """Return the slots of a question that surely names nothing; ``None`` for another one."""
        focus, is_bare = _meant(found, context), not ranked and found.focus_at is None
        if (
            intent == "price"
            and is_bare
            and context.other
            and context.focus
            and self._grammar.either.search(found.text)
        ):
            return {"item_id": context.focus, "other_id": context.other}  # "which one is cheaper"
        # "What does she spend?" is about the customer, but "how often?" after an item is about the item.
        is_whole = self._grammar.ellipsis.search(found.text) is None or context.age > 0
        if intent in OF_OWN_EVENTS and context.staff_user is not None and found.focus_at is None and is_whole:
            focus = {}
        is_which = (
            intent in {"offer", "how_often", "last_bought"}
            and self._grammar.which.search(found.text) is not None
            and not found.unknown
        )
        is_sum = intent == "paid" and (found.is_all or not (focus or found.unknown))  # "how much did I spend"
        is_last = intent == "last_bought" and self._grammar.visit.search(found.text) is not None  # "my last purchase"
        if (is_which or is_sum or is_last) and not ranked and found.focus_at is None:
            return {} if intent == "offer" else {"all": True}  # "which did I buy most often", "total spent"
        is_sure = bool(ranked) and ranked[0].strength > WEAK
        if intent == "where_from" and self._grammar.traits.search(found.text):
            return {"person": True}  # "where did you get my age?"
        if intent == "where_from" and not is_sure and (ranked or self._grammar.person.search(found.text)):
            return {}  # "how do you know that I have a dog?"
        is_focus = bool(ranked and focus) and found.focus_at is not None and ranked[0].strength < AS_FOCUS
        return focus if not ranked or is_focus or (intent == "prove" and not is_sure) else None

    def _is_of_category(self, intent: str, mention: Mention, found: Mentions, context: Context) -> bool:
        """Return whether words mean a whole category: "how often do I buy cheese", "is there any cheese"."""
        is_item = bool(mention.shown) and mention.is_whole
        is_item &= intent not in OF_OWN_EVENTS or mention.led is None or mention.is_definite  # "when did I buy milk"
        if intent in OF_THE_CATALOGUE - {"stock"} or is_item:
            return False
        listed = [each for each in context.items if self._category_of.get(each) == mention.category]
        if intent == "paid":
            return len(listed) != 1
        if intent in OF_A_CATEGORY:
            is_any = not mention.is_definite or (intent == "offer" and not mention.shown)
            return is_any and (
                intent != "stock" or not mention.shown or self._grammar.which.search(found.text) is not None
            )
        is_bare = mention.led == mention.category and (self._grammar.is_head_first or not mention.is_definite)
        return len(listed) > 1 or (intent == "where_from" and is_bare)  # "all the soft drinks", "that I like cheese"

    def _narrower(self, mention: Mention) -> tuple[str, ...]:
        """Return the items of words that only some titles of a category have: "keyboards" of "mice and keyboards"."""
        if mention.shown or mention.is_whole or mention.category is None:
            return ()
        own = tuple(item for item in mention.items if self._category_of.get(item) == mention.category)
        return own if len(own) < self._sizes[mention.category] else ()

    def _pair(self, intent: str, found: Mentions, context: Context) -> tuple[dict[str, Any], tuple[str, ...]]:
        """Return two items that are compared: those mentioned, what "this" means, else neighbours in the list."""
        of_each = [(each, self._of_pair(each, context)) for each in found.found]
        named = [(each.start, several) for each, several in of_each if each.strength > WEAK or len(several) == 1]
        items = [(start, several[0]) for start, several in named if len(several) == 1]
        unclear = next((several for _, several in named if len(several) > 1), ())
        is_all_found = len(named) == len(found.found) and all(several for _, several in named) and not found.unknown
        is_bare = len(items) == len(named) == 1 and not self._half.search(found.masked())
        is_focus = context.focus is not None and not unclear and (found.focus_at is not None or is_bare)
        if len(items) < 2 and is_focus:
            start = -1 if found.focus_at is None else found.focus_at
            items = sorted([*items, (start, str(context.focus))])
        several = list(dict.fromkeys(item for _, item in items))[:2]
        asked = tuple((context.asked or {}).get("choices", ()))
        both = unclear if unclear and not several else asked if not (several or unclear) else ()
        if (len(both) == 2 or (both and both is asked)) and self._category_of.keys() >= {*both[:2]}:
            several, unclear = list(both[:2]), ()  # "compare the eggs", "what's the difference"
        if len(several) < 2 and not (unclear or found.found) and context.focus and context.other:
            several = [context.focus, context.other]  # "compare them", "which one is better"
        if len(several) < 2 and unclear:
            return dict(zip(("item_id", "other_id"), several, strict=False)), unclear
        if intent == "why_above" and self._grammar.below.search(found.text):
            several.reverse()
        if intent == "why_above" and len(several) == 1 and self._top.search(found.text):
            several = list(dict.fromkeys([*context.items[:1], *several]))  # "why isn't the milk first"
        slots = dict(zip(("item_id", "other_id"), several, strict=False))
        if intent == "why_above" and len(several) == 1:
            slots |= _neighbour(several[0], context.items) if is_all_found else {}
        elif not several and len(context.items) > 1 and found.focus_at is None and is_all_found:
            slots = {"item_id": context.items[0], "other_id": context.items[1]}
        return slots, ()

    def _of_pair(self, mention: Mention, context: Context) -> tuple[str, ...]:
        """Return the items that a mention may mean as one of two."""
        resolved = self._resolved(mention)
        if "item_id" in resolved:
            return (resolved["item_id"],)
        shown = [each for each in context.items if self._category_of.get(each) == resolved.get("category")]
        return (tuple(shown) if resolved else ()) or mention.readings

    def _target(self, intent: str, found: Mentions, context: Context) -> tuple[dict[str, Any], tuple[str, ...]]:
        """Return what a change, a what-if or "more" is about."""
        focus = self._pronoun(intent, found, context)
        ranked = _strongest(found, used=[*self._grammar.generic.finditer(found.text)])
        if intent in CHANGES and (verb := self._grammar.stops.search(found.text)) is not None:
            ranked = [each for each in ranked if not each.start <= verb.start() < each.end]  # "I quit smoking, hide it"
        if found.is_event_alone and found.events[0] != "purchase":
            ranked = [each for each in ranked if not each.is_like]  # "my clicks, I was bored"
        mention = ranked[0] if ranked and ranked[0].strength > WEAK else None
        if mention is None:
            return self._bare_target(intent, found, focus, ranked)
        if intent == "what_if" and context.focus in (*mention.shown, *mention.items):
            return {"category": self._category_of.get(str(context.focus), "")}, ()
        is_use = self._is_of_use(found)
        is_the = mention.is_definite and not (
            self._grammar.is_head_first and intent == "what_if"
        )  # "el queso" is any cheese
        is_category = not mention.shown or not (is_the or mention.is_whole) or is_use
        is_category |= intent == "resume" and mention.category in context.groups_off
        if intent == "stop" and not is_use and (hidden := self._hidden(mention, context)):
            return ({"item_id": hidden[0]} if len(hidden) == 1 else {"item_ids": hidden}), ()
        shared = {self._category_of.get(item, "") for item in mention.shown}
        if len(mention.shown) > 1 and len(shared) == 1 and "" not in shared:
            return {"category": shared.pop()}, ()
        of_items = dict.fromkeys(self._category_of.get(item, "") for item in mention.items)
        off = tuple(each for each in of_items if intent == "resume" and each in context.groups_off)
        if off and mention.category not in context.groups_off:
            return {"categories": off}, ()
        if mention.category is not None and is_category:
            return {"category": mention.category}, ()
        slots = self._resolved(mention)
        several = self._unclear(intent, mention)
        if intent in CHANGES and not slots and len(several) == 1 and several[0] not in self._category_of:
            return {"category": several[0]}, ()  # "I buy no more dog food"
        return slots, () if slots else several

    def _unclear(self, intent: str, mention: Mention) -> tuple[str, ...]:
        """Return what words may mean; a change is of the categories of the items that they mean."""
        of_items = dict.fromkeys(self._category_of.get(item, "") for item in mention.readings)
        is_of_items = "" not in of_items and (len(of_items) == 1 or not mention.shown)
        return tuple(of_items) if intent in CHANGES and is_of_items else mention.readings

    def is_of_use(self, text: str) -> bool:
        """Return whether a text has words of use: "stop using it"."""
        return self._grammar.generic.search(text) is not None

    def _is_of_use(self, found: Mentions) -> bool:
        """Return whether words of use belong to a request: not those after it, "hide it, and consider this my yes"."""
        verb, ends = self._grammar.stops.search(found.text), [each.end for each in found.found]
        rest = None if verb is None or not ends else CLAUSE.search(found.text, max(verb.end(), *ends))
        return self._grammar.generic.search(found.text[: rest.start() if rest else None]) is not None

    def _hidden(self, mention: Mention, context: Context) -> tuple[str, ...]:
        """Return the items of the list that words want out of it: all of a category that they name."""
        if mention.category is None or mention.is_definite or mention.led != mention.category:
            return mention.shown
        return tuple(each for each in context.items if self._category_of.get(each) == mention.category)

    @staticmethod
    def _pronoun(intent: str, found: Mentions, context: Context) -> dict[str, Any]:
        """Return what "it" means in a change, a what-if or "more": what was spoken of, unless the message names it."""
        before = found.text[: found.focus_at or 0]
        is_told = any(word in before for word in found.unknown) or any(each.end <= len(before) for each in found.found)
        if intent in CHANGES and found.focus_at is not None and is_told:
            return {}  # "I hate mayonaise, never show it to me"
        if intent == "resume" and context.focus not in context.hidden:
            return {}  # "undo that" means the last change
        return _meant(found, context)

    def _bare_target(
        self, intent: str, found: Mentions, focus: dict[str, Any], ranked: list[Mention]
    ) -> tuple[dict[str, Any], tuple[str, ...]]:
        """Return the target of a message without a sure name: what "this" means, everything, events or a claim kind."""
        is_all = found.is_all and intent != "more"  # "anything like that"
        if focus and found.focus_at is not None and (not is_all or "category" in focus):
            return focus, ()
        if "item_id" in focus and found.focus_at is not None and intent in CHANGES:
            return {"category": self._category_of[focus["item_id"]]}, ()  # "take out all of it"
        is_of_use = bool(found.events) or self._grammar.generic.search(found.text) is not None
        is_of_use |= intent in CHANGES and found.focus_at is not None  # "I hate mayonaise, never show it"
        if ranked and ranked[0].category is not None and intent != "more" and is_of_use:
            return {"category": ranked[0].category}, ()  # "I never looked at wine, leave it out"
        is_kind = bool(found.kinds) and found.events[:1] == ["purchase"]  # "my store brand purchases"
        is_else = bool(ranked or found.unknown) and found.events[:1] == ["purchase"]
        is_else |= found.focus_at is not None and found.events[:1] == ["purchase"]  # "if I had never bought that"
        is_event = found.is_event_alone and not (is_else or is_kind)  # "my soda purchases" are not all purchases
        if is_event and intent != "more" and not (is_all and found.events[0] == "purchase"):
            return {"event": found.events[0]}, ()
        if is_all:
            return {"all": True}, ()
        if found.kinds and intent != "more":
            return {"kind": found.kinds[0]}, ()
        if ranked and intent == "more":
            slots = self._resolved(ranked[0])
            return slots, () if slots else ranked[0].readings
        if intent in CHANGES and ranked and ranked[0].categories and not ranked[0].is_like:
            return {"categories": ranked[0].categories}, ()  # "no more water", of which there are two kinds
        return ({} if ranked else focus), self._unclear(intent, ranked[0]) if ranked else ()


def _meant(found: Mentions, context: Context) -> dict[str, Any]:
    """Return what "this" means; without such a word, what the last answer spoke of, unless another thing is named."""
    is_other = found.focus_at is None and bool(found.unknown or found.found or context.age)
    return {} if is_other else context.topic


def _strongest(found: Mentions, *, prefers_hidden: bool = False, used: Sequence[re.Match[str]] = ()) -> list[Mention]:
    """Return the mentions, the surest name first; items that are not on screen before it if they are asked about.

    Of several names, the one nearest to words of use is meant: "would tea be here if I hadn't bought coffee".
    """

    def key(mention: Mention) -> tuple[bool, float, float]:
        is_hidden = prefers_hidden and not mention.shown and mention.strength > WEAK
        is_sure = (mention.strength > WEAK and not mention.is_like) or (mention.items and mention.categories)
        spans = [match.span() for match in used] if is_sure else []
        nearest = min((max(start - mention.end, mention.start - end, 0) for start, end in spans), default=FAR)
        return is_hidden, -nearest, mention.strength

    return sorted(found.found, key=key, reverse=True)


def _of_several(intent: str, mention: Mention, slots: dict[str, Any]) -> tuple[dict[str, Any], tuple[str, ...]] | None:
    """Return what words mean that several titles begin with; ``None`` for others and for an item of the list.

    "Why no beer" is about the category, not about a size of beer. A price differs by size: it is asked back.
    """
    if mention.shown:
        return None
    if intent == "why_not" and mention.led is not None and (len(mention.items) != 1 or mention.category == mention.led):
        return {"category": mention.led}, ()
    if len(mention.items) == 1:
        return None
    if intent == "price" and mention.plain is not None:
        return {"item_id": mention.plain}, ()
    return ({}, mention.readings) if intent in OF_A_PRICE and "item_id" in slots else None


def _neighbour(item: str, shown: tuple[str, ...]) -> dict[str, str]:
    """Return the item below another one in the list; the one above it if it is the last."""
    if item not in shown or len(shown) < 2:
        return {}
    place = shown.index(item)
    return {"other_id": shown[place + 1 if place + 1 < len(shown) else place - 1]}
