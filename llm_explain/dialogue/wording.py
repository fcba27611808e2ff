"""Words an answer: fills the frames of ``dialogue.yaml``."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from babel import Locale
from babel.dates import format_date
from babel.numbers import format_currency, format_decimal

from llm_explain.text.lexicon import load_lexicon
from llm_explain.text.referring_expressions import ReferringExpressions
from llm_explain.text.values import spaced

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from llm_explain.dialogue.facts import Statement
    from llm_explain.dialogue.words import DialogueWriter


class Names:
    """Says items and categories in one locale.

    Args:
        locale: A folder under ``prompts/``.
        titles: Title of each item.

    Attributes:
        titles: Title of each item, as the catalogue has it now.
    """

    def __init__(self, locale: str, titles: Mapping[str, str]) -> None:
        self._names, self.titles = ReferringExpressions(load_lexicon(locale)), titles

    def item(self, item_id: str) -> str:
        """Return an item with its label, as it stands before a colon; empty if it has no readable title."""
        return self.label(self.titles[item_id])

    def label(self, title: str) -> str:
        """Return what ``item`` says of an item with a title."""
        return self._names.label(title)

    def category(self, category: str) -> str:
        """Return a category as it stands within a sentence."""
        return self._names.category(category)


class Wording:
    """Words statements in one locale.

    Args:
        words: The writer's section of ``dialogue.yaml``.
        locale: A folder under ``prompts/``.
        names: Says items and categories.
        currency: ISO 4217 code of the shop's amounts; ``None`` for amounts without a sign.
    """

    def __init__(self, words: DialogueWriter, locale: str, names: Names, currency: str | None = None) -> None:
        self._words, self._names, self._currency = words, names, currency
        self._locale = Locale.parse(load_lexicon(locale).babel_locale)

    def say(self, statement: Statement, *, is_staff: bool = False) -> str:
        """Return the sentence of a statement, of the customer if staff ask; empty if a name in it is not readable."""
        names, words = self._names, self._words

        def told(text: str) -> str:
            for pattern, other in words.staff.items() if is_staff else ():
                text = re.sub(pattern, other, text)
            return text

        slots = {
            "item": names.item(statement.item) if statement.item else None,
            "other": names.item(statement.other) if statement.other else None,
            "items": self._list([names.item(item) for item in statement.items]) if statement.items else None,
            "category": names.category(statement.category) if statement.category else None,
            "categories": self._list([*map(names.category, statement.categories)]) if statement.categories else None,
            "term": words.terms.get(statement.term) if statement.term else None,
            "kind": words.kinds.get(statement.kind) if statement.kind else None,
            "event": words.events.get(statement.event) if statement.event else None,
            "user": statement.user,
            "deed": told(words.deeds.get(statement.deed, "")) if statement.deed else None,
            **{slot: self._money(amount) for slot, amount in statement.amounts.items()},
            **{slot: str(format_decimal(number, locale=self._locale)) for slot, number in statement.numbers.items()},
            **{slot: format_date(day, words.dates["format"], self._locale) for slot, day in statement.dates.items()},
        }
        filled = {slot: text for slot, text in slots.items() if text}
        filled |= {slot.capitalize(): text[:1].upper() + text[1:] for slot, text in filled.items()}
        try:
            return told(words.frames[statement.frame]).format(**filled)
        except KeyError:
            return ""

    def spoken(self, statement: Statement) -> Statement:
        """Return a statement that this language can say: of entries, where a kind of event has no verb."""
        if statement.deed is None or statement.deed in self._words.deeds:
            return statement
        return replace(statement, frame=f"entry{statement.frame.removeprefix('did')}", deed=None)

    def meaning(self, intent: str, *, is_staff: bool = False) -> str:
        """Return what an intent asks for, of a customer if staff ask; empty for one that is not offered as a choice."""
        meanings = self._words.meanings
        return meanings.get(f"{intent}_staff" if is_staff else intent) or meanings.get(intent, "")

    def _money(self, amount: float) -> str:
        if self._currency is None:
            return str(format_decimal(amount, "#,##0.00", locale=self._locale))
        return spaced(format_currency(amount, self._currency, locale=self._locale))

    def _list(self, names: Sequence[str]) -> str:
        joins = self._words.list
        return joins["last"].join(filter(None, (joins["between"].join(names[:-1]), *names[-1:])))
