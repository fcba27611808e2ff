"""Proves an answer: reads each sentence back by patterns of its own, and compares every value with the facts.

A sentence that matches no pattern, and a value that is not the statement's, are faults: the verifier fails closed. It
parses numbers and dates with Babel, and never sees the writer's frames.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from babel import Locale
from babel.dates import format_date
from babel.numbers import NumberFormatError, get_currency_symbol, parse_decimal

from llm_explain.text.lexicon import load_lexicon

if TYPE_CHECKING:
    from llm_explain.dialogue.facts import Statement
    from llm_explain.dialogue.wording import Names
    from llm_explain.dialogue.words import DialogueRules

TALKED: Final = "talk"
"""What a frame states that says nothing of a user or of the shop."""


class AnswerVerifier:
    """Verifies sentences of answers in one locale.

    Args:
        rules: The verifier's section of ``dialogue.yaml``.
        locale: A folder under ``prompts/``.
        names: Says items and categories.
        currency: ISO 4217 code of the shop's amounts; ``None`` for amounts without a sign.
    """

    def __init__(self, rules: DialogueRules, locale: str, names: Names, currency: str | None = None) -> None:
        self._rules, self._names, self._currency = rules, names, currency
        self._locale = Locale.parse(load_lexicon(locale).babel_locale)
        self._sentences = [(each.states, re.compile(each.pattern)) for each in rules.sentences]
        self._of_customer = [(each.states, re.compile(self._of_staff(each.pattern))) for each in rules.sentences]
        self._stated = {states for states, _ in self._sentences}
        self._joiner = re.compile(rules.joiner)

    def _of_staff(self, pattern: str) -> str:
        """Return the pattern of a sentence that speaks of a customer, from that of one that speaks to the customer."""
        for said, other in self._rules.staff.items():
            pattern = re.sub(said, other, pattern)
        return pattern

    def accepts(self, text: str, statement: Statement, *, is_staff: bool = False) -> bool:
        """Return whether a text states exactly a statement, about a customer if staff read it."""
        wanted, sentences = self.states(statement.frame), self._of_customer if is_staff else self._sentences
        found = (pattern.fullmatch(text) for states, pattern in sentences if states == wanted)
        return any(self._is_exact(match.groupdict(), statement) for match in found if match is not None)

    def states(self, frame: str) -> str:
        """Return what the pattern of a frame has to state."""
        while frame and frame not in self._stated:
            frame = frame.rpartition("_")[0]
        return frame or TALKED

    def _is_exact(self, said: dict[str, str | None], statement: Statement) -> bool:
        """Return whether the values of a text are those of a statement, and no others."""
        values = {name: value for name, value in said.items() if value}
        return set(values) == self._expected(statement) and all(
            self._holds(name, value, statement) for name, value in values.items()
        )

    @staticmethod
    def _expected(statement: Statement) -> set[str]:
        """Return the names of the values that the text has to state."""
        named = {"item", "category", "term", "kind", "event", "user", "deed", "items", "categories"}
        expected = {name for name in named if getattr(statement, name)} | {
            *statement.numbers,
            *statement.dates,
            *statement.amounts,
        }
        if statement.frame.startswith("source_") and statement.term is None:
            expected = (expected - {"category"}) | {"named"}
        return expected | ({"all"} if statement.frame.endswith("_all") else set())

    def _holds(self, name: str, value: str, statement: Statement) -> bool:
        """Return whether one value of the text is the statement's."""
        checks: dict[str, Any] = {
            "item": lambda: self._is_item(value, statement.item),
            "category": lambda: self._is_category(value, statement.category),
            "named": lambda: (
                self._is_item(value, statement.other)
                if statement.other
                else self._is_category(value, statement.category)
            ),
            "items": lambda: self._are(value, [self._names.item(item) for item in statement.items]),
            "categories": lambda: self._are(value, [self._names.category(each) for each in statement.categories]),
            "term": lambda: self._rules.terms.get(value) == statement.term,
            "kind": lambda: self._rules.kinds.get(value) == statement.kind,
            "event": lambda: self._rules.events.get(value[:1].lower() + value[1:]) == statement.event,
            "user": lambda: value == statement.user,
            "deed": lambda: self._rules.deeds.get(value) == statement.deed,
            "all": lambda: True,
        }
        if name in checks:
            return bool(checks[name]())
        if name in statement.numbers:
            try:
                return int(parse_decimal(value, locale=self._locale, strict=True)) == statement.numbers[name]
            except NumberFormatError:
                return False
        if name in statement.amounts:
            return self._is_amount(value, statement.amounts[name])
        return value == format_date(statement.dates[name], self._rules.dates["format"], self._locale)

    def _is_amount(self, value: str, amount: float) -> bool:
        """Return whether a text is an amount of money in the shop's currency."""
        if self._currency is not None:
            mark = get_currency_symbol(self._currency, self._locale)
            if value.count(mark) != 1:
                return False
            value = value.replace(mark, "")
        try:
            said = parse_decimal(value.strip("\u00a0\u202f "), locale=self._locale, strict=True)
        except NumberFormatError:
            return False
        return round(float(said), 2) == round(amount, 2)

    def _is_item(self, value: str, item_id: str | None) -> bool:
        return item_id is not None and _same(value, self._names.item(item_id))

    def _is_category(self, value: str, category: str | None) -> bool:
        return category is not None and _same(value, self._names.category(category))

    def _are(self, value: str, names: list[str]) -> bool:
        """Return whether a text lists exactly some names; a name may hold what stands between names."""
        for name in names:
            if not value.startswith(name):
                return False
            value = value[len(name) :]
            joint = self._joiner.match(value)
            value = value[joint.end() :] if joint else value
        return not value


def _same(said: str, name: str) -> bool:
    """Return whether a name is said, apart from the capital at the beginning of a sentence."""
    return said == name or (said[:1].lower() == name[:1].lower() and said[1:] == name[1:])
