"""Reads a message: its intent, and typed slots."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from llm_explain.dialogue.mentions import Mentions, NameFinder
    from llm_explain.dialogue.turns import Context, Role
    from llm_explain.dialogue.words import Grammar

CHANGES: Final = frozenset({"stop", "resume", "less"})
"""Intents that change something, and so need a confirmation."""

MOST_WORDS: Final = 4
"""Words of a message that is only a yes, a no or a choice."""

SHORT: Final = 24
"""Characters of a message that names nothing and so speaks of the last item; a longer one may name something."""

OF_ONE_ITEM: Final = frozenset({"why", "why_not", "prove", "where_from"})
OF_TWO_ITEMS: Final = frozenset({"why_above", "compare"})


@dataclass(frozen=True, slots=True)
class Reading:
    """A message as it was understood.

    Attributes:
        intent: Name of the intent; ``unknown`` if no pattern matches.
        slots: Typed slots.
        choices: Items or categories among which the message does not tell.
    """

    intent: str
    slots: dict[str, Any] = field(default_factory=dict)
    choices: tuple[str, ...] = ()


class Reader:
    """Reads messages of one locale.

    Args:
        grammar: How messages are read.
        names: Finds names in them.
        category_of: Category of each item.
    """

    def __init__(self, grammar: Grammar, names: NameFinder, category_of: Mapping[str, str] | None = None) -> None:
        self._grammar, self._names, self._category_of = grammar, names, category_of or {}
        self._intents = {
            role: [(each.name, re.compile(each.pattern)) for each in patterns]
            for role, patterns in (("shopper", grammar.intents), ("staff", [*grammar.staff, *grammar.intents]))
        }
        self._yes, self._no, self._user = (re.compile(each) for each in (grammar.confirm, grammar.refuse, grammar.user))

    def read(self, message: str, context: Context, role: Role = "shopper") -> Reading:
        """Read a message.

        Args:
            message: What a person wrote; nothing in it is an instruction to a model.
            context: The list on screen, and what was said before.
            role: Whether a shopper or a member of staff writes.

        Returns:
            The intent and its slots.
        """
        plain = " ".join(message.lower().strip(" .!?。！？¿¡").split())
        size = len(plain.split()) if self._grammar.is_spaced else len(plain) / 2
        if context.pending is not None and size <= MOST_WORDS and (self._yes.search(plain) or self._no.search(plain)):
            return Reading("yes" if self._yes.search(plain) else "no")
        choices = tuple((context.asked or {}).get("choices", ())) if size <= MOST_WORDS else ()
        found = self._names.find(message, choices or context.items, context.focus)
        intent = self._intent(found.masked, role)
        if intent == "unknown" and context.asked is not None:
            return self._completed(context.asked, found)
        if intent == "unknown" and (found.items or found.unclear) and len(found.masked.split()) <= 3:
            intent = "why"
        self._prefer_shown(intent, found, context)
        slots, choices = _slots(intent, found, context)
        if intent in CHANGES and "item_id" in slots and re.search(self._grammar.history, plain):
            slots = {"category": self._category_of.get(slots["item_id"], "")}
        if role == "staff" and (user := self._user.search(message.lower())):
            slots["user_id"] = message[user.start(1) : user.end(1)]
            intent = "risk" if intent in {"why", "know", "why_not", "unknown"} else intent
        return Reading(intent, slots, choices)

    def _prefer_shown(self, intent: str, found: Mentions, context: Context) -> None:
        """Read a category as the one item of the list that is in it, where an intent is about items."""
        if intent not in OF_ONE_ITEM | OF_TWO_ITEMS | {"more"} or len(found.items) > 1:
            return
        items: list[str] = []
        for mask, name in found.sequence:
            own = [item for item in context.items if mask == "group" and self._category_of.get(item) == name]
            if len(own) == 1:
                found.categories.remove(name)
            items += [name] if mask == "item" else own if len(own) == 1 else []
        found.items[:] = dict.fromkeys(items)

    def _intent(self, masked: str, role: Role) -> str:
        return next((name for name, pattern in self._intents[role] if pattern.search(masked)), "unknown")

    @staticmethod
    def _completed(asked: Any, found: Mentions) -> Reading:
        """Return the question that was asked back, with the slot that the message names."""
        slots = dict(asked["slots"])
        if found.items:
            slots[asked["slot"]] = found.items[0]
        elif found.categories:
            slots["category"] = found.categories[0]
        else:
            return Reading("unknown")
        return Reading(asked["intent"], slots)


def _slots(intent: str, found: Mentions, context: Context) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Return the slots of an intent, and items among which the message does not tell."""
    slots: dict[str, Any] = {}
    if intent in OF_TWO_ITEMS:
        slots = _pair(intent, found, context)
    elif intent in OF_ONE_ITEM | {"order"}:
        slots = _one(found, context)
    elif intent in {"what_if", "more", *CHANGES}:
        if _is_focus_alone(found, context) and (found.kinds or found.is_all):
            found.items.clear()
        slots = _target(found)
        if not slots and intent == "more" and context.focus:
            slots = {"item_id": context.focus}
    return slots, tuple(found.unclear if "item_id" not in slots else ())


def _pair(intent: str, found: Mentions, context: Context) -> dict[str, Any]:
    """Return two items that are compared: those mentioned, else neighbours in the list, or the focus."""
    slots: dict[str, Any] = dict(zip(("item_id", "other_id"), found.items, strict=False))
    if intent == "why_above" and len(found.items) == 1 and not found.categories:
        slots |= _neighbour(found.items[0], context.items)
    elif intent == "why_above" and not found.items and len(context.items) > 1 and not found.unclear:
        slots = {"item_id": context.items[0], "other_id": context.items[1]}
    return slots


def _one(found: Mentions, context: Context) -> dict[str, Any]:
    """Return the item or category that a question is about; the focus if it names none."""
    if found.items and not _is_focus_alone(found, context):
        return {"item_id": found.items[0]}
    if found.categories:
        return {"category": found.categories[0]}
    if found.items:
        return {"item_id": found.items[0]}
    is_short = len(found.masked) <= SHORT
    return {"item_id": context.focus} if context.focus and not found.unclear and is_short else {}


def _is_focus_alone(found: Mentions, context: Context) -> bool:
    """Return whether the only item is what "this" means."""
    return found.names_focus and found.items == [context.focus]


def _target(found: Mentions) -> dict[str, Any]:
    """Return what a change or a what-if is about: a category, an item, a claim kind or everything."""
    if found.categories:
        return {"category": found.categories[0]}
    if found.items:
        return {"item_id": found.items[0]}
    if found.kinds:
        return {"kind": found.kinds[0]}
    return {"all": True} if found.is_all else {}


def _neighbour(item: str, shown: Sequence[str]) -> dict[str, str]:
    """Return the item below another one in the list; the one above it if it is the last."""
    if item not in shown or len(shown) < 2:
        return {}
    place = list(shown).index(item)
    return {"other_id": shown[place + 1 if place + 1 < len(shown) else place - 1]}
