"""Reads a message: its intent, and typed slots."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from llm_explain.dialogue.folding import folded, unaccented
from llm_explain.dialogue.intents import MASK
from llm_explain.dialogue.mentions import MOST_CHOICES, WEAK

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Mapping, Sequence

    from llm_explain.dialogue.intents import IntentClassifier
    from llm_explain.dialogue.mentions import Mention, Mentions
    from llm_explain.dialogue.name_finder import NameFinder
    from llm_explain.dialogue.turns import Context, Role
    from llm_explain.dialogue.words import Grammar

CHANGES: Final = frozenset({"stop", "resume", "less"})
"""Intents that change something, and so need a confirmation."""

OF_ONE_ITEM: Final = frozenset({
    "why", "why_not", "prove", "where_from", "last_bought", "how_often", "paid", "price", "offer", "stock", "order",
})  # fmt: skip
OF_THE_SHOP: Final = frozenset({"order", "due", "stock", "price"})
"""Intents that ask nothing about a customer: a number in them is an amount."""

OF_THE_CATALOGUE: Final = frozenset({"why_not", *OF_THE_SHOP})
"""Intents that ask about an item that is not on screen as well."""

OF_TWO_ITEMS: Final = frozenset({"why_above", "compare"})
OF_A_TARGET: Final = frozenset({"what_if", "more", *CHANGES})
OF_DATA: Final = frozenset({"delete_data", "export_data"})

AS_FOCUS: Final = 3.5
"""Least strength of a mention that is meant before what "this" means."""

LEAST_WORDS: Final = 3
"""Words besides a name (characters without spaces) that make a short message a question of its own."""

MOST_WORDS: Final = 4
"""Words of a message that is only a yes, a no or a choice."""

LEAST_SCORE: Final = 0.2
"""Least score of an intent that is answered."""

LEAST_MARGIN: Final = 0.03
"""Least difference of the two best scores for an intent to be answered without asking back."""

BARE_ID: Final = re.compile(r"(?<![A-Za-z0-9_.,-])#?([0-9]{2,})(?=s\b|[^\w.,]|$|[.,](?!\d)|[^\x00-\x7f])")
"""A number in a message of a member of staff that is no place of the list."""

AS_A_WHOLE: Final = 0.1
"""Advantage of a whole message against a part of it."""

AS_A_QUESTION: Final = 0.3
"""Advantage of a part that asks against a remark: "I never bought pears. Why are they here?"."""

FOLLOW_UP: Final = "again"
"""Intent of a message that asks the last question of another item: "and the second one?"."""

TALK: Final = frozenset({"small_talk", "unknown", "help", FOLLOW_UP})
LESS_TELLING: Final = 0.4
"""Handicap of small talk, help and what is not understood against another part of a message."""

STAFF_USER: Final = "12"
"""Stands for the id of a customer in the examples of the classifier."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A message as it was understood.

    Attributes:
        intent: Name of the intent; ``unknown`` if the message is near to no example.
        slots: Typed slots.
        choices: Items among which the message does not tell.
        intents: Intents among which the message does not tell.
    """

    intent: str
    slots: dict[str, Any] = field(default_factory=dict)
    choices: tuple[str, ...] = ()
    intents: tuple[str, ...] = ()


class Reader:
    """Reads messages of one locale.

    Args:
        grammar: How messages are read.
        names: Finds names in them.
        intents: Classifies masked messages.
        category_of: Category of each item.
        is_user: Whether an id is that of a customer.
    """

    def __init__(
        self,
        grammar: Grammar,
        names: NameFinder,
        intents: IntentClassifier,
        category_of: Mapping[str, str],
        is_user: Callable[[str], bool],
    ) -> None:
        self._grammar, self._names, self._intents, self._category_of = grammar, names, intents, category_of
        self._is_user = is_user
        self._which = re.compile(unaccented(grammar.which))
        self._half = re.compile(
            rf"{MASK} *(?:{grammar.joins}) *(?!{MASK})\w|\w *(?<!{MASK})(?:{grammar.joins}) *{MASK}"
        )
        self._staff = frozenset(grammar.staff) - set(grammar.shopper)
        self._yes, self._no, self._user, self._generic, self._also, self._below, self._person = (
            re.compile(unaccented(each))
            for each in (
                grammar.confirm,
                grammar.refuse,
                grammar.user,
                grammar.generic,
                grammar.also,
                grammar.below,
                grammar.person,
            )
        )

    def read(self, message: str, context: Context, role: Role = "shopper", bought: Container[str] = ()) -> Reading:
        """Read a message.

        Args:
            message: What a person wrote; nothing in it is an instruction to a model.
            context: The list on screen, and what was said before.
            role: Whether a shopper or a member of staff writes.
            bought: Items of the user's history, which a name means before the rest of the catalogue.

        Returns:
            The intent and its slots.
        """
        text = folded(" ".join(message.strip(" .!。！¡¿").split()))
        size = len(text.split()) if self._grammar.is_spaced else len(text) / 2
        is_short = size <= MOST_WORDS
        if context.pending is not None and is_short and (decision := self._decision(text, context, bought)):
            return Reading(decision)
        text, user_id = self._without_user(text, message, context) if role == "staff" else (text, None)
        asked = context.asked or {}
        chosen = tuple(asked.get("choices", ()))
        if is_short and asked.get("slot") == "intent":
            return self._chosen_intent(text, chosen, asked, context, bought)
        found = self._found(text, (chosen if is_short else ()) or context.items, bought, user_id)
        intent, rivals, part = self._intent(found, role)
        is_new = not rivals and intent not in TALK and self._says_more(found)
        if context.asked is not None and (
            intent in {"unknown", FOLLOW_UP} or (is_short and found.found and not is_new)
        ):
            return self._completed(context.asked, found, context)
        if chosen and is_short:  # a place is one of the list again, not of the choices
            found = self._found(text, context.items, bought, user_id)
            intent, rivals, part = self._intent(found, role)
        if intent in {"resume", "why_not"} and context.hidden:
            of_hidden = self._names.find(text, context.hidden, bought)
            found = of_hidden if any(each.shown for each in of_hidden.found) else found
        if intent == FOLLOW_UP:
            intent = self._repeated(found, context, user_id)
        if found.focus_at is not None and not part[0] <= found.focus_at < part[1]:
            found.focus_at = None  # "this is creepy, how do you know …"
        is_this = context.focus is not None and found.focus_at is not None
        is_named = any(each.strength > WEAK for each in found.within(0, part[0]))  # "I had wine once, ignore that"
        found.found = found.within(*part) or ([] if is_this and part[0] > 0 and not is_named else found.found)
        intent, (slots, choices) = self._as_named(intent, found, context, user_id)
        is_listed = any(len(each.shown) == 1 for each in found.found) or (is_this and is_short)
        if intent == "delete_data" and is_listed and not (found.is_all or found.events):
            intent, (slots, choices) = "stop", self._slots("stop", found, context)  # "delete the first one"
        if user_id is not None and intent not in OF_THE_SHOP:
            slots["user_id"] = user_id
        return Reading(intent, slots, choices, rivals)

    def _found(self, text: str, shown: Sequence[str], bought: Container[str], user_id: str | None) -> Mentions:
        """Return what a message mentions; the id of a customer is no place of the list."""
        found = self._names.find(text, shown, bought)
        if user_id is not None:
            stands_for = re.compile(rf"(?<!\d){STAFF_USER}(?!\d)")
            found.found = [each for each in found.found if not stands_for.search(found.text[each.start : each.end])]
        return found

    def _decision(self, text: str, context: Context, bought: Container[str]) -> str | None:
        """Return "yes" or "no" to a change that waits; ``None`` for another message."""
        if self._yes.search(text):
            is_more = "?" in text or bool(self._names.find(text, context.items, bought).found)  # "ok and the second"
            return None if is_more else "yes"
        return "no" if self._no.search(text) else None

    def _without_user(self, text: str, message: str, context: Context) -> tuple[str, str | None]:
        """Return a text with the id of a customer exchanged for that of the examples, and the id.

        A number without "customer" before it is an id if there is such a customer and it is no place of the list.
        """
        places = [(each.start, each.end) for each in self._names.places(text, context.items) if each.shown]
        bare = (
            each
            for each in BARE_ID.finditer(text)
            if self._is_user(each[1]) and not any(start < each.start(1) < end for start, end in places)
        )
        match = self._user.search(text) or next(bare, None)
        if match is None:
            return text, None
        user_id = next(group for group in match.groups() if group).rstrip(":/-_")
        at = text.index(user_id, match.start())
        place = message.lower().find(user_id)  # an id keeps its capitals
        said = message[place : place + len(user_id)] if place >= 0 else user_id
        return f"{text[:at]}{STAFF_USER}{text[at + len(user_id) :]}", said

    def _intent(self, found: Mentions, role: Role) -> tuple[str, tuple[str, ...], tuple[int, int]]:
        """Return the intent of a message, the intents that are as near, and the part of the message that tells it."""
        whole = (0, len(found.text))
        ends = [match.span() for match in self._also.finditer(found.text)]
        parts = list(zip([0, *(end for _, end in ends)], [*(start for start, _ in ends), len(found.text)], strict=True))
        parts = [(start, end) for start, end in parts if found.text[start:end].strip()]
        parts = [whole, *parts] if len(parts) > 1 else [whole]
        masked = [(text, part) for part in parts for text in found.maskings(*part)]
        several = self._ranked([text for text, _ in masked], role)
        ranked = [(scores, part) for scores, (_, part) in zip(several, masked, strict=True)]
        best, part = max(
            ranked,
            key=lambda each: (
                each[0][0][1]
                - LESS_TELLING * (each[0][0][0] in TALK)
                + AS_A_WHOLE * (each[1] == whole)
                + AS_A_QUESTION * (found.text[each[1][1] : each[1][1] + 1] == "?" and each[0][0][0] not in CHANGES)
            ),
        )
        (intent, score), (_, second) = best[:2]
        if score < LEAST_SCORE or len(found.unknown) == len(found.text.split()):
            return "unknown", (), part
        is_clear = score - second >= LEAST_MARGIN or intent in TALK
        return intent, () if is_clear else tuple(name for name, _ in best[:3] if name not in TALK), part

    def _ranked(self, masked: list[str], role: Role) -> list[list[tuple[str, float]]]:
        staff = self._staff if role == "shopper" else frozenset()
        return [[each for each in scores.items() if each[0] not in staff] for scores in self._intents.scores(masked)]

    def _chosen_intent(
        self,
        text: str,
        chosen: tuple[str, ...],
        asked: Mapping[str, Any],
        context: Context,
        bought: Container[str],
    ) -> Reading:
        """Return the intent that a message chooses among those that were asked back."""
        found = self._names.find(text, chosen)
        place = next((each.shown[0] for each in found.found if each.shown), None)
        (scores,) = self._intents.scores([text])
        best = next(iter(scores))
        if place is None and best not in {*chosen, *TALK}:
            return self.read(text, replace(context, asked=None), bought=bought)
        intent = place or max(chosen, key=lambda name: scores.get(name, 0.0))
        return Reading(intent, dict(asked["slots"]))

    def _as_named(
        self, intent: str, found: Mentions, context: Context, user_id: str | None
    ) -> tuple[str, tuple[dict[str, Any], tuple[str, ...]]]:
        """Return the intent that what is named allows, its slots and choices.

        "Why?" of what is not on screen asks why not; of a customer alone it asks for the risk. What would change a
        risk asks for the order if an item is named, but no customer.
        """
        slots, choices = self._slots(intent, found, context)
        sure = [each for each in found.found if each.strength > WEAK]
        item, category = slots.get("item_id"), slots.get("category")
        is_shown = any(each == item or self._category_of.get(each) == category for each in context.items)
        is_shown |= item is not None and item == context.focus
        named = intent
        if intent == "why" and user_id is not None and not (slots or choices):
            named = "risk"
        elif intent in {"risk", "risk_change"} and user_id is None and sure:
            named = "order"
        elif intent == "risk" and any(len(each.shown) == 1 for each in sure):
            named = "why"  # "12 asks for the reason of the beer"
        elif intent == "why" and user_id is None and context.items and (item or category) and not is_shown:
            named = "why_not"
        return named, (slots, choices) if named == intent else self._slots(named, found, context)

    def _says_more(self, found: Mentions) -> bool:
        """Return whether a message says more than a name."""
        rest = found.masked().replace(MASK, " ")
        return (
            len(rest.split()) >= LEAST_WORDS if self._grammar.is_spaced else len(rest.replace(" ", "")) >= LEAST_WORDS
        )

    def _repeated(self, found: Mentions, context: Context, user_id: str | None) -> str:
        """Return the last intent, which a message asks of another item, or of another customer."""
        if user_id is not None and not found.found:
            return context.intent if context.intent and context.intent not in OF_THE_SHOP else "risk"
        if context.intent in OF_ONE_ITEM | OF_A_TARGET | {"compare"}:
            return str(context.intent)
        is_listed = any(each.shown for each in found.found) or not found.found
        return "why" if is_listed else "why_not"

    def _slots(self, intent: str, found: Mentions, context: Context) -> tuple[dict[str, Any], tuple[str, ...]]:
        """Return the slots of an intent, and items among which the message does not tell."""
        if intent in OF_TWO_ITEMS:
            return self._pair(intent, found, context)
        if intent in OF_ONE_ITEM:
            return self._one(intent, found, context)
        if intent in OF_A_TARGET:
            slots, choices = self._target(intent, found, context)
            item = str(slots.get("item_id", ""))
            category = self._category_of.get(item, "") if item not in context.hidden else ""
            return ({"category": category}, ()) if category and self._generic.search(found.text) else (slots, choices)
        is_sure = any(each.strength > WEAK and not each.is_like for each in found.found)
        if intent == "know" and (is_sure or "purchase" in found.events or self._generic.search(found.text)):
            about = self._target(intent, found, context)[0]
            known = about.get("category") or self._category_of.get(str(about.get("item_id")))
            if known:
                return {"category": known}, ()  # "what do you know of my coffee purchases?"
        if (intent in OF_DATA or (intent == "know" and not found.is_all)) and found.events:
            return {"event": found.events[0]}, ()
        if intent in OF_DATA:
            return {"all": True}, ()
        return {}, ()

    def _resolved(self, mention: Mention) -> dict[str, Any]:
        """Return the item of a mention, else its category; nothing if it does not tell."""
        if len(mention.shown) == 1:
            return {"item_id": mention.shown[0]}
        if mention.shown:
            return {}
        if mention.items and mention.is_whole and (mention.is_definite or mention.category is None):
            return {"item_id": mention.items[0]}
        return {"category": mention.category} if mention.category is not None else {}

    def _one(self, intent: str, found: Mentions, context: Context) -> tuple[dict[str, Any], tuple[str, ...]]:
        """Return the item or category that a question is about; what "this" means if it names none."""
        focus = _meant(found, context)
        ranked = _strongest(found, prefers_hidden=intent == "why_not")
        if intent == "offer" and not ranked and found.focus_at is None and self._which.search(found.text):
            return {}, ()
        is_sure = bool(ranked) and ranked[0].strength > WEAK
        if intent == "where_from" and not is_sure and (ranked or self._person.search(found.text)):
            return {}, ()  # "how do you know that I have a dog?"
        if intent == "prove" and not is_sure:
            return focus, ()  # "the records behind the alarm"
        if not ranked or (focus and found.focus_at is not None and ranked[0].strength < AS_FOCUS):
            return focus, ()
        slots = self._resolved(ranked[0])
        category = ranked[0].category
        if intent not in OF_THE_CATALOGUE and any(self._category_of.get(each) == category for each in context.items):
            slots = slots if ranked[0].shown else {"category": category}  # "the pasta thing" is one on screen
        return slots, () if slots else ranked[0].readings or context.items[:MOST_CHOICES]

    def _pair(self, intent: str, found: Mentions, context: Context) -> tuple[dict[str, Any], tuple[str, ...]]:
        """Return two items that are compared: those mentioned, what "this" means, else neighbours in the list."""
        of_each = [(each, self._of_pair(each, context)) for each in found.found]
        named = [(each.start, several) for each, several in of_each if each.strength > WEAK or len(several) == 1]
        items = [(start, several[0]) for start, several in named if len(several) == 1]
        unclear = next((several for _, several in named if len(several) > 1), ())
        is_all_found = len(named) == len(found.found) and all(several for _, several in named) and not found.unknown
        is_bare = len(items) == 1 and not self._half.search(found.masked())
        is_focus = context.focus is not None and not unclear and (found.focus_at is not None or is_bare)
        if len(items) < 2 and is_focus:
            start = found.focus_at if found.focus_at is not None else len(found.text)
            items = sorted([*items, (start, str(context.focus))])
        several = list(dict.fromkeys(item for _, item in items))[:2]
        if len(several) < 2 and unclear:
            return dict(zip(("item_id", "other_id"), several, strict=False)), unclear
        if intent == "why_above" and self._below.search(found.text):
            several.reverse()
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
        focus = _meant(found, context)
        if intent == "resume" and context.focus not in context.hidden:
            focus = {}  # "undo that" means the last change
        ranked = _strongest(found, used=self._generic.search(found.text))
        if found.is_event_alone and found.events[0] != "purchase":
            ranked = [each for each in ranked if not each.is_like]  # "my clicks, I was bored"
        mention = ranked[0] if ranked and ranked[0].strength > WEAK else None
        if mention is None:
            return self._bare_target(intent, found, focus, ranked)
        is_one = intent in {"stop", "less"} and len(mention.shown) == 1  # "no more pears" means those on screen
        is_category = not mention.shown or not (mention.is_definite or mention.is_whole or is_one)
        is_category |= self._generic.search(found.text) is not None
        is_category |= intent == "resume" and mention.category in context.groups_off
        shared = {self._category_of.get(item, "") for item in mention.shown}
        if len(mention.shown) > 1 and len(shared) == 1 and "" not in shared:
            return {"category": shared.pop()}, ()
        if mention.category is not None and is_category:
            return {"category": mention.category}, ()
        slots = self._resolved(mention)
        return slots, () if slots else mention.readings

    def _bare_target(
        self, intent: str, found: Mentions, focus: dict[str, Any], ranked: list[Mention]
    ) -> tuple[dict[str, Any], tuple[str, ...]]:
        """Return the target of a message without a sure name: what "this" means, everything, events or a claim kind."""
        is_all = found.is_all and intent != "more"  # "anything like that"
        if focus and found.focus_at is not None and not is_all:
            return focus, ()
        if ranked and ranked[0].category is not None and intent != "more":
            return {"category": ranked[0].category}, ()  # "I never looked at wine, leave it out"
        is_kind = bool(found.kinds) and found.events[:1] == ["purchase"]  # "my store brand purchases"
        is_else = bool(ranked or found.unknown) and found.events[:1] == ["purchase"]
        is_event = found.is_event_alone and not (is_else or is_kind)  # "my soda purchases" are not all purchases
        if is_event and intent != "more" and not (is_all and found.events[0] == "purchase"):
            return {"event": found.events[0]}, ()
        if is_all:
            return {"all": True}, ()
        if found.kinds and intent != "more":
            return {"kind": found.kinds[0]}, ()
        if ranked:
            slots = self._resolved(ranked[0])
            return slots, () if slots else ranked[0].readings
        return focus, ()

    def _completed(self, asked: Mapping[str, Any], found: Mentions, context: Context) -> Reading:
        """Return the question that was asked back, with the slot that the message names."""
        slots, choices = self._one(str(asked["intent"]), found, context) if found.found else ({}, ())
        if not slots and not choices:
            return Reading("unknown")
        merged = dict(asked["slots"])
        if "item_id" in slots:
            merged[asked["slot"]] = slots["item_id"]
        else:
            merged |= slots
        return Reading(asked["intent"], merged, choices)


def _meant(found: Mentions, context: Context) -> dict[str, Any]:
    """Return what "this" means; nothing if the message has a word that may name something else instead."""
    is_other = found.focus_at is None and bool(found.unknown or found.found)
    return {} if context.focus is None or is_other else {"item_id": context.focus}


def _strongest(found: Mentions, *, prefers_hidden: bool = False, used: re.Match[str] | None = None) -> list[Mention]:
    """Return the mentions, the surest name first; items that are not on screen before it if they are asked about.

    Of two as sure ones, the one nearer to the words of use is meant: "we have a baby, use my diaper purchases".
    """

    def key(mention: Mention) -> tuple[bool, float, int]:
        is_hidden = prefers_hidden and not mention.shown and mention.strength > WEAK
        distance = 0 if used is None else max(used.start() - mention.end, mention.start - used.end(), 0)
        return is_hidden, mention.strength, -distance

    return sorted(found.found, key=key, reverse=True)


def _neighbour(item: str, shown: tuple[str, ...]) -> dict[str, str]:
    """Return the item below another one in the list; the one above it if it is the last."""
    if item not in shown or len(shown) < 2:
        return {}
    place = shown.index(item)
    return {"other_id": shown[place + 1 if place + 1 < len(shown) else place - 1]}
