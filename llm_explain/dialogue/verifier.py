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

STATES: Final = {
    "place_in_list": "place", "rank": "rank", "held": "held", "not_candidate": "not_candidate",
    "lower_group": "lower", "lower_term": "lower", "silent": "silent", "know": "know", "know_bare": "know",
    "know_undated": "know", "know_none": "know_none", "source_group": "source", "source_item": "source",
    "source_term": "source_term", "prove": "prove", "share_group": "share", "share_term": "share",
    "like_item": "like", "like_group": "like", "not_bought": "not_bought", "not_bought_item": "not_bought",
    "bought_last": "bought_last", "bought_last_item": "bought_last",
    **{f"did_{name}": f"did_{name.split('_')[0]}" for name in ("last", "last_item", "times", "times_item")},
    "did_times_undated": "did_times", "did_times_item_undated": "did_times",
    "entry_last": "entry_last", "entry_last_item": "entry_last",
    "bought_times": "bought_times", "bought_times_item": "bought_times",
    "bought_times_undated": "bought_times", "bought_times_item_undated": "bought_times",
    "entry_times": "entry_times", "entry_times_item": "entry_times",
    "entry_times_undated": "entry_times", "entry_times_item_undated": "entry_times",
    "paid": "paid", "paid_range": "paid_range", "no_price_paid": "no_price_paid",
    "no_spending": "no_price_paid", "spent": "spent_group", "spent_item": "spent", "spent_all": "spent",
    "most_often": "most_often", "most_often_undated": "most_often",
    "visits": "visits", "made_of": "made_of", "cheapest": "cheapest", "cheapest_group": "cheapest_group",
    "no_cheapest_group": "no_cheapest_group", "rhythm": "rhythm",
    "price": "price", "no_price": "no_price",
    "available": "available", "unavailable": "unavailable", "stock_unknown": "stock_unknown",
    "stock_group": "stock_group", "stock_group_none": "stock_group_none", "stock_group_unknown": "stock_group_unknown",
    "offer": "offer", "offer_open": "offer", "no_offer": "no_offer", "offers": "offers", "no_offers": "no_offers",
    "offers_group": "offers_group", "no_offers_group": "no_offers_group", "list_without": "list_without",
    "left_out": "left_out", "left_out_group": "left_out", "left_out_kind": "left_out", "left_out_all": "left_out",
    "nothing_off": "nothing_off", "of_user": "of_user", "events_whole": "events_whole", "no_events": "no_events",
    "as_told": "as_told", "as_told_undated": "as_told", "visit_rhythm": "visit_rhythm",
    "share_of_list": "share_of_list", "data_until": "data_until", "basket": "basket", "per_purchase": "per_purchase",
    "dated_risk": "dated_risk", "dated_order": "dated_order",
    "signals": "signals", "signals_item": "signals", "no_events_item": "no_events", "details_item": "details",
    "you_can_ask_item": "you_can_ask",
    "not_scored": "not_scored", "unknown_user": "unknown_user",
    "no_forecast": "no_forecast", "no_stock": "no_stock", "no_orders": "no_orders",
    "delete_data_staff": "delete_route", "export_data_staff": "export_route",
}  # fmt: skip
"""What the pattern of each frame has to state; frames of talk state nothing."""


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
        self._joiner = re.compile(rules.joiner)

    def accepts(self, text: str, statement: Statement) -> bool:
        """Return whether a text states exactly a statement.

        Args:
            text: The finished sentence or sentences of one frame.
            statement: What it may state.

        Returns:
            False if no pattern matches the whole text, or a value differs.
        """
        wanted = predicate(statement.frame)
        for states, pattern in self._sentences:
            match = pattern.fullmatch(text)
            if match is not None and states == wanted:
                values = {name: value for name, value in match.groupdict().items() if value}
                return set(values) == self._expected(statement) and all(
                    self._holds(name, value, statement) for name, value in values.items()
                )
        return False

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


def predicate(frame: str) -> str:
    """Return what the pattern of a frame has to state.

    Args:
        frame: Name of the frame in ``dialogue.yaml``.

    Returns:
        The predicate; ``talk`` for a frame that states nothing of user or shop.
    """
    if frame.startswith(("ask_", "done_")):
        return re.sub(r"_(?:group|item|kind|all)$", "", frame)
    return STATES.get(frame, "talk")


def _same(said: str, name: str) -> bool:
    """Return whether a name is said, apart from the capital at the beginning of a sentence."""
    return said == name or (said[:1].lower() == name[:1].lower() and said[1:] == name[1:])
