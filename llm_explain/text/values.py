"""Slot values: sandboxed Jinja expressions over a claim's facts, with filters that write in the locale's manner.

An expression such as ``last | date`` is compiled once. Facts are its variables; a fact that is missing gives no value.
"""

from __future__ import annotations

import datetime as dt
import math
import re
from functools import lru_cache, wraps
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar, cast

from babel import Locale
from babel.dates import format_date, format_skeleton
from babel.numbers import format_currency, format_decimal, format_percent
from jinja2 import TemplateError, Undefined, pass_context

from llm_explain.claims.kind import EVENT_KIND
from llm_explain.errors import PromptError
from llm_explain.text.expressions import Expressions
from llm_explain.text.referring_expressions import ReferringExpressions

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from jinja2.runtime import Context

    from llm_explain.records import Fact
    from llm_explain.text.lexicon import Lexicon

Written = TypeVar("Written", bound="Callable[..., Any]")

_MAX_VALUES = 65_536
_DAYS_IN_WEEK = 7
_DAYS_IN_MONTH = 365.25 / 12
_FEW_DAYS = 12
"""Longest time between occasions that is counted in days, unless it is whole weeks."""

_MANY_DAYS = 29
"""Shortest time that is told in months rather than in weeks."""

_MOST_WEEKS = 8
"""Longest time that is told in weeks."""

_NEAR = 1 / 8
"""How far a time in weeks or months may be from the exact one, as a share of it."""

_LATE_DAYS = 60
"""Days within which a text gives the day of a purchase; before them, the month says as much."""

_ALL = 0.995
"""A share that would be written as 100 %, which "usually" says better."""


_SIGN_AT_NUMBER = re.compile(r"(?<=[^\W\d_])(?=\d)")


def spaced(amount: str) -> str:
    """Return an amount of money with a space between a currency that ends in a letter and its number: "SEK 89.00".

    Source: ``currencySpacing`` of Unicode Technical Standard 35, which Babel does not apply.

    Args:
        amount: An amount as Babel writes it.

    Returns:
        The amount.
    """
    return _SIGN_AT_NUMBER.sub("\u00a0", amount)


class Facts(NamedTuple):
    """What an expression reads besides the claim's facts.

    Attributes:
        found: Facts of the claim.
        as_of: The day that the sentence speaks of.
        titles: Titles of other items, by ``item_id``.
        title: Title of the recommended item; empty for one that is not named.
    """

    found: Mapping[str, Fact]
    as_of: dt.date
    titles: Mapping[str, str]
    title: str = ""


class ValueWriter:
    """Writes the slot values of claims.

    The constructor raises ``PromptError`` if an expression of a claim kind is invalid.

    Args:
        lexicon: The locale's words.
        more: Expressions of kinds that are no claim kinds, by kind and slot.
    """

    def __init__(self, lexicon: Lexicon, *, more: Mapping[str, Mapping[str, str]] | None = None) -> None:
        self._filters = _Filters(lexicon)
        self._names = ReferringExpressions(lexicon)
        environment = Expressions(filters=self._filters.by_name())
        self._expressions: dict[tuple[str, str], Callable[..., Any]] = {}
        self._reads: dict[str, dict[str, tuple[str, ...]]] = {}  # facts that each value reads, by kind and slot
        self._compared: set[tuple[str, str]] = set()  # whose values read the recommended item's title
        self._required = {kind: words.slots.required for kind, words in lexicon.words.items()}
        sources = {kind: words.values for kind, words in lexicon.words.items()}
        for kind, values in {**sources, **(more or {})}.items():
            for slot, source in values.items():
                self._expressions[kind, slot] = _compiled(environment, source, f"{kind}.yaml: value of {slot}")
                read = {*environment.compiled(source).names} - {"as_of", "titles", "title"}
                self._reads.setdefault(kind, {})[slot] = tuple(sorted(read))
                if "title" in environment.compiled(source).names:
                    self._compared.add((kind, slot))
        self._value = lru_cache(_MAX_VALUES, typed=True)(self._written)  # typed: 1 is written "1", 1.0 is not

    def slots_beyond(self, kind: str, fact: str) -> frozenset[str]:
        """Return the slots of a claim kind whose values read another fact than one."""
        return frozenset(slot for slot, facts in self._reads.get(kind, {}).items() if {*facts} - {fact})

    def names_category(self, kind: str, facts: Mapping[str, Fact]) -> bool:
        """Return whether each required slot of a claim kind that tells a category alone has a value for some facts."""
        required = ((slot, self._reads[kind].get(slot, ())) for slot in self._required.get(kind, ()))
        return all(
            self._value(kind, slot, dt.date.min, (), "", *map(facts.get, reads))
            for slot, reads in required
            if "category" in reads and not {*reads} - {"category", EVENT_KIND}
        )

    def write(self, kind: str, facts: Facts) -> dict[str, str]:
        """Return the slot values of a claim.

        The call raises ``TypeError`` if a fact has another type than its filter needs. The call raises ``ValueError``
        if a fact cannot be read, for example a date.

        Args:
            kind: Name of the claim kind.
            facts: What its rule found.

        Returns:
            Values by slot; a slot whose value cannot be said is left out.
        """
        titles, found = tuple(facts.titles.items()), facts.found
        own = {(kind, slot): facts.title for slot in self._reads[kind] if (kind, slot) in self._compared}
        values = {
            slot: self._value(kind, slot, facts.as_of, titles, own.get((kind, slot), ""), *map(found.get, names))
            for slot, names in self._reads[kind].items()
        }
        return {slot: value for slot, value in values.items() if value}

    def _written(
        self, kind: str, slot: str, as_of: dt.date, titles: tuple[tuple[str, str], ...], title: str, *facts: Fact | None
    ) -> str:
        """Return the value of a slot; kept, since many claims share a fact."""
        found = zip(self._reads[kind][slot], facts, strict=True)
        known = {"as_of": as_of, "titles": dict(titles), "title": title}
        names = {**{name: fact for name, fact in found if fact is not None}, **known}
        return str(self._expressions[kind, slot](names) or "")

    def name(self, name: str) -> str:
        """Return a category in the locale's words, cleaned and limited in length."""
        return self._names.name(name)

    def names(self, facts: Mapping[str, Fact], titles: Mapping[str, str]) -> dict[str, str]:
        """Return the other item and the category among some facts as texts say them, by fact."""
        said = {
            "other_item_id": self._names.another(titles.get(str(facts.get("other_item_id")), "")),
            "category": self._filters.name(str(facts.get("category", ""))),
        }
        return {fact: name for fact, name in said.items() if name}


def value_expressions(lexicon: Lexicon, sources: Mapping[str, str], *, where: str) -> dict[str, Callable[..., Any]]:
    """Return compiled expressions over facts, with the filters of slot values.

    The call raises ``PromptError`` if an expression is invalid.

    Args:
        lexicon: The locale's words.
        sources: Expressions by slot.
        where: Where they stand, for messages.

    Returns:
        Functions of a mapping of facts, by slot.
    """
    environment = Expressions(filters=_Filters(lexicon).by_name())
    return {slot: _compiled(environment, source, f"{where}: value of {slot}") for slot, source in sources.items()}


def _compiled(environment: Expressions, source: str, where: str) -> Callable[..., Any]:
    try:
        return environment.compile_expression(source)
    except TemplateError as error:
        raise PromptError(f"{where} is {source!r} but a Jinja expression is needed ({error}). Correct it.") from error


def _of_known(write: Written) -> Written:
    """Return a filter that gives ``None`` for a value that is missing."""

    @wraps(write)
    def known(self: object, first: Any, *rest: Any) -> Any:
        if any(isinstance(each, Undefined) or each is None for each in (first, *rest[:1])):
            return None
        return write(self, first, *rest)

    return cast("Written", known)


def _reading(fact: str, write: Callable[..., Any]) -> Callable[..., Any]:
    """Return a filter that also reads what every expression knows, for example the day of the sentence."""

    @pass_context
    def written(context: Context, value: Any) -> Any:
        return write(value, context[fact])

    return written


class _Filters:
    """The filters of slot values, in one locale's manner."""

    def __init__(self, lexicon: Lexicon) -> None:
        self._lexicon = lexicon
        self._names = ReferringExpressions(lexicon)
        self._locale = Locale.parse(lexicon.babel_locale)

    def by_name(self) -> dict[str, Callable[..., Any]]:
        """Return every filter by the name that expressions use."""

        own = (
            "number", "measure", "interval", "whole", "round_down", "day", "last_day", "month", "price", "percent",
            "name", "either", "brand", "in_words", "promotion", "bare",
        )  # fmt: skip
        reading = {
            "date": "as_of", "past_month": "as_of", "coming": "as_of", "other_item": "titles", "plain_item": "titles"
        }  # fmt: skip
        return {name: getattr(self, name) for name in own} | {
            name: _reading(fact, getattr(self, name)) for name, fact in reading.items()
        }

    @_of_known
    def number(self, value: float) -> str:
        """Return a number in figures, with its decimals."""
        return format_decimal(value, "#,##0.##########", self._locale)

    @_of_known
    def measure(self, number: float, name: str) -> str | None:
        """Return a number with its unit, by the lexicon's ``measures``; nothing for zero."""
        if not number:
            return None
        forms, words = self._lexicon.measures[name], self._lexicon.numbers_in_words
        form = forms.get(f"={number}") or forms.get(self._locale.plural_form(number)) or forms["other"]
        is_in_words = isinstance(number, int) and 0 < number <= len(words)
        figures = format_decimal(number, format=None if isinstance(number, int) else "0.0", locale=self._locale)
        return form.format(n=figures, word=words[int(number) - 1] if is_in_words else figures)

    @_of_known
    def interval(self, days: float) -> str | None:
        """Return a time between occasions, in months or weeks within an eighth of it or between two, else in days."""
        units: list[tuple[float, str, int]] = [(_DAYS_IN_WEEK, "every_weeks", _MOST_WEEKS)]
        units.insert(days < _MANY_DAYS, (_DAYS_IN_MONTH, "every_months", len(self._lexicon.numbers_in_words)))
        for length, name, most in units:
            number = self.whole(days / length)
            off = abs(number * length - days) / days
            if 0 < number <= most and off <= (_NEAR if days > _FEW_DAYS else 0):
                return self.measure(number, name)
        for length, name, _ in units if days > _FEW_DAYS else ():
            between = math.floor(days / length) + 0.5  # "two or three weeks"
            if f"={between}" in self._lexicon.measures[name]:
                return self.measure(between, name)
        return self.measure(self.whole(days), "every_days")

    @_of_known
    def whole(self, value: float) -> int:
        """Return the nearest whole number, halves upwards."""
        return math.floor(float(value) + 0.5)

    @_of_known
    def round_down(self, value: float, digits: int) -> float:
        """Return a number that never overstates."""
        return math.floor(float(value) * 10.0**digits) / 10.0**digits

    @_of_known
    def day(self, moment: str) -> dt.date:
        """Return the day of a moment in ISO 8601."""
        return dt.date.fromisoformat(str(moment)[:10])

    @_of_known
    def last_day(self, end: str) -> dt.date:
        """Return the last day of something that ends at a moment."""
        return (dt.datetime.fromisoformat(end) - dt.timedelta(microseconds=1)).date()

    @_of_known
    def coming(self, day: str | dt.date, as_of: dt.date) -> dt.date | None:
        """Return a day unless it lies in the past."""
        when = day if isinstance(day, dt.date) else self.day(day)
        return when if when >= as_of else None

    @_of_known
    def date(self, day: str | dt.date, as_of: dt.date) -> str:
        """Return a date, with its year if that is not the year of the sentence."""
        when = day if isinstance(day, dt.date) else self.day(day)
        formats, is_this_year = self._lexicon.formats, when.year == as_of.year
        if self._lexicon.region and is_this_year:
            return format_skeleton("MMMMd", when, locale=self._locale)
        if self._lexicon.region:
            return format_date(when, "long", locale=self._locale)
        return format_date(when, formats.date if is_this_year else formats.date_with_year, locale=self._locale)

    @_of_known
    def past_month(self, day: str, as_of: dt.date) -> str | None:
        """Return the month of a day, with its year if that is not the year of the sentence; nothing for a late day."""
        when = self.day(day)
        if (as_of - when).days < _LATE_DAYS:
            return None
        if when.year == as_of.year:
            return self.month(when.month)
        return format_skeleton("yMMMM", when, locale=self._locale)

    @_of_known
    def month(self, month: int | str) -> str:
        """Return the name of a month that is given by its number or as ``2017-11``."""
        number = int(str(month).rpartition("-")[2])
        return format_date(dt.date(2000, number, 1), self._lexicon.formats.month, locale=self._locale)

    @_of_known
    def price(self, amount: float, digits: int = 0) -> str:
        """Return an amount in the shop's currency, without a sign if the shop does not state one.

        A price of an ounce has more ``digits`` than the currency.
        """
        currency, decimals = self._lexicon.formats.currency, "0." + "0" * (digits or 2)
        if currency is None:
            return format_decimal(float(amount), format="#,##" + decimals, locale=self._locale)
        pattern = self._locale.currency_formats["standard"].pattern.replace("0.00", decimals)
        return spaced(format_currency(float(amount), currency, pattern, self._locale, currency_digits=not digits))

    @_of_known
    def percent(self, share: float) -> str | None:
        """Return a share in percent, as the region writes it if there is one; nothing for all."""
        rounded = self.whole(float(share) * 100) / 100
        pattern = None if self._lexicon.region else self._lexicon.formats.percent
        return format_percent(rounded, pattern, locale=self._locale) if share < _ALL else None

    @_of_known
    def name(self, name: str) -> str | None:
        """Return a category in the locale's words; nothing for one too long to stand whole in a sentence."""
        return self._whole(self._names.category(str(name)))

    def _whole(self, said: str) -> str | None:
        return None if self._lexicon.formats.ellipsis in said[-2:] else said  # a quotation mark may follow

    @_of_known
    def either(self, name: str) -> str | None:
        """Return a category of which a user bought something: "milk or creamers", where not both have to be true."""
        return self._whole(self._names.either(str(name)))

    @_of_known
    def brand(self, brand: str) -> str | None:
        """Return a brand; nothing for one that stands for no name."""
        store_brand = self._lexicon.store_brand
        if brand.casefold() in store_brand.names:
            return store_brand.text
        return None if "#" in brand or not any(c.isalpha() for c in brand) else self._whole(self._names.name(brand))

    @_of_known
    def other_item(self, item_id: str, titles: Mapping[str, str]) -> str:
        """Return another item than the recommended one."""
        return self._names.another(titles.get(str(item_id), ""))

    @_of_known
    def plain_item(self, item_id: str, titles: Mapping[str, str]) -> str:
        """Return another item without size, mark and article."""
        return self._names.bare(titles.get(str(item_id), ""))

    @_of_known
    def bare(self, title: str) -> str:
        """Return the recommended item without size, mark and article."""
        return self._names.bare(title)

    @_of_known
    def in_words(self, size: str) -> str:
        """Return a size in the locale's words."""
        return self._names.in_words(str(size))

    def promotion(self, label: str, store_id: str | None = None) -> str | None:
        """Return what a promotion is; nothing for one that is not spoken of."""
        phrases, plain = self._lexicon.promotions, str(label).strip().casefold()
        if plain in phrases.never or isinstance(label, Undefined):
            return None
        is_at_store = bool(store_id)
        return {**phrases.by_label, **(phrases.at_usual_store if is_at_store else {})}.get(plain, phrases.other)
