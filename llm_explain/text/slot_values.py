"""Facts of a claim become words and figures in the locale's manner."""

from __future__ import annotations

import datetime as dt
import math
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from babel import Locale
from babel.dates import format_date
from babel.numbers import format_currency, format_decimal, format_percent

from llm_explain.text.referring_expressions import ReferringExpressions

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from llm_explain.records import Fact
    from llm_explain.text.lexicon import Lexicon

_DAYS_IN_WEEK = 7
_ALL = 0.995
"""A share that would be written as 100 %, which "usually" says better."""


class Facts(NamedTuple):
    """What a rule found, and the day that a sentence speaks of."""

    found: Mapping[str, Any]
    as_of: dt.date


class ValueWriter:
    """Writes the slot values of one claim; a value that cannot be said is ``None``.

    Args:
        lexicon: The locale's words.

    Attributes:
        lexicon: The locale's words.
    """

    def __init__(self, lexicon: Lexicon) -> None:
        self.lexicon = lexicon
        self._spoken = ReferringExpressions(lexicon)
        self._locale = Locale.parse(lexicon.babel_locale)
        self._date = lru_cache(maxsize=4096)(self._format_date)
        self._price = lru_cache(maxsize=4096)(self._format_price)
        self._measure = lru_cache(maxsize=4096)(self._format_measure)
        self._writers: dict[str, Callable[[Facts], dict[str, str | None]]] = {
            "repeat_item": self.repeat_item,
            "due": self.due,
            "category_affinity": self.category_affinity,
            "related_category": self.related_category,
            "usual_brand": self.usual_brand,
            "usual_price": self.usual_price,
            "promotion": self.promotion,
            "popular": self.popular,
            "season": self.season,
            "new_arrival": self.new_arrival,
        }

    def write(self, kind: str, facts: Facts) -> dict[str, str]:
        """Return the slot values of a claim.

        Args:
            kind: Name of the claim kind.
            facts: What its rule found.

        Returns:
            Values by slot; a slot whose value cannot be said is left out.
        """
        return {slot: value for slot, value in self._writers[kind](facts).items() if value}

    def name(self, name: str) -> str:
        """Return a category or brand in the locale's words, cleaned and limited in length."""
        return self._spoken.name(name)

    def repeat_item(self, facts: Facts) -> dict[str, str | None]:
        """Return ``times`` and ``last_date``."""
        return {
            "times": self._measure("times", int(facts.found["count"])),
            "last_date": self._date(_day(facts.found["last"]), facts.as_of) if facts.found.get("last") else None,
        }

    def due(self, facts: Facts) -> dict[str, str | None]:
        """Return ``interval`` and ``days_since``."""
        interval, since = _whole(facts.found["interval_days"]), _whole(facts.found["days_since"])
        weeks, rest = divmod(interval, _DAYS_IN_WEEK)
        in_words = weeks <= len(self.lexicon.numbers_in_words)
        every = self._measure("every_days", interval) if rest or not in_words else self._measure("every_weeks", weeks)
        return {"interval": every if interval else None, "days_since": self._measure("days", since) if since else None}

    def category_affinity(self, facts: Facts) -> dict[str, str | None]:
        """Return ``category`` with its count and window."""
        return self._counted("category", "category_times", "category_window", facts)

    def related_category(self, facts: Facts) -> dict[str, str | None]:
        """Return ``related_category`` with its count and window."""
        return self._counted("related_category", "related_times", "related_window", facts)

    def _counted(self, name: str, times: str, window: str, facts: Facts) -> dict[str, str | None]:
        count = int(facts.found.get("count", 0))
        has_count = count > 0 and "window_days" in facts.found
        return {
            name: self.name(str(facts.found["category"])),
            times: self._measure("times", count) if has_count else None,
            window: self._measure("days", int(facts.found["window_days"])) if has_count else None,
        }

    def usual_brand(self, facts: Facts) -> dict[str, str | None]:
        """Return ``brand_category``, and ``brand`` and ``brand_share`` where the brand has a name."""
        name = str(facts.found.get("brand", ""))
        store_brand = self.lexicon.store_brand
        if name.casefold() in store_brand.names:
            brand = store_brand.text
        else:
            brand = "" if "#" in name or not any(c.isalpha() for c in name) else self.name(name)
        share = float(facts.found["share"]) if "share" in facts.found else None
        return {
            "brand_category": self.name(str(facts.found["category"])),
            "brand": brand or None,
            "brand_share": self._percent(share) if share is not None and share < _ALL else None,
        }

    def usual_price(self, facts: Facts) -> dict[str, str | None]:
        """Return ``price_category``, ``price`` and ``price_range``."""
        low, high = float(facts.found["low"]), float(facts.found["high"])
        low_text, high_text = self._price(low), self._price(high)
        template = self.lexicon.measures["price_range"]["other"]
        return {
            "price_category": self.name(str(facts.found["category"])),
            "price": self._price(float(facts.found["price"])),
            "price_range": template.format(low=low_text, high=high_text) if low_text != high_text else None,
        }

    def promotion(self, facts: Facts) -> dict[str, str | None]:
        """Return ``promotion`` and ``promotion_end``, its last day."""
        phrases = self.lexicon.promotions
        label = str(facts.found["label"]).strip().casefold()
        if label in phrases.never:
            return {}
        by_label = {**phrases.by_label, **(phrases.at_usual_store if facts.found.get("store_id") else {})}
        end = _last_day(str(facts.found["end"])) if facts.found.get("end") else None
        return {
            "promotion": by_label.get(label, phrases.other),
            "promotion_end": self._date(end, facts.as_of) if end and end >= facts.as_of else None,
        }

    def popular(self, facts: Facts) -> dict[str, str | None]:
        """Return ``users_band``, and ``popular_window`` where the window ends on the day of the sentence."""
        ends_now = "until" not in facts.found or _day(facts.found["until"]) == facts.as_of
        number = format_decimal(int(facts.found["users_band"]), locale=self._locale)
        return {
            "users_band": self.lexicon.measures["more_than"]["other"].format(n=number),
            "popular_window": self._measure("days", int(facts.found["window_days"])) if ends_now else None,
        }

    def season(self, facts: Facts) -> dict[str, str | None]:
        """Return ``month`` and ``lift``."""
        month = facts.found["month"]
        number = month if isinstance(month, int) else int(str(month).split("-")[1]) if "-" in str(month) else 0
        lift = format_decimal(math.floor(float(facts.found["lift"]) * 10) / 10, format="0.0", locale=self._locale)
        return {
            "month": self._month(number) if number else str(month),
            "lift": self.lexicon.measures["factor"]["other"].format(n=lift),
        }

    def new_arrival(self, facts: Facts) -> dict[str, str | None]:
        """Return ``first_seen`` and ``new_days``."""
        days = int(facts.found["days"])
        return {
            "first_seen": self._date(_day(facts.found["first_seen"]), facts.as_of),
            "new_days": self._measure("days", days) if days else None,
        }

    def _format_date(self, day: dt.date, as_of: dt.date) -> str:
        formats = self.lexicon.formats
        pattern = formats.date if day.year == as_of.year else formats.date_with_year
        return format_date(day, pattern, locale=self._locale)

    def _format_price(self, amount: float) -> str:
        return format_currency(amount, self.lexicon.formats.currency, locale=self._locale)

    def _month(self, number: int) -> str:
        return format_date(dt.date(2000, number, 1), self.lexicon.formats.month, locale=self._locale)

    def _percent(self, share: float) -> str:
        return format_percent(math.floor(share * 100 + 0.5) / 100, self.lexicon.formats.percent, locale=self._locale)

    def _format_measure(self, name: str, number: int) -> str:
        forms = self.lexicon.measures[name]
        words = self.lexicon.numbers_in_words
        form = forms.get(f"={number}") or forms.get(self._locale.plural_form(number)) or forms["other"]
        in_words = words[number - 1] if 0 < number <= len(words) else str(number)
        return form.format(n=format_decimal(number, locale=self._locale), word=in_words)


def _day(value: Fact) -> dt.date:
    return dt.date.fromisoformat(str(value)[:10])


def _last_day(end: str) -> dt.date:
    """Return the last day of something that is over at ``end``."""
    moment = dt.datetime.fromisoformat(end)
    return (moment - dt.timedelta(microseconds=1)).date()


def _whole(value: float) -> int:
    return math.floor(float(value) + 0.5)
