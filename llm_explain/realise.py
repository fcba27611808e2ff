"""Claims become slot values in the locale's manner, and a skeleton with values becomes a sentence."""

from __future__ import annotations

import datetime
import math
import re
import unicodedata
from dataclasses import dataclass, field
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from babel import Locale
from babel.dates import format_date, get_month_names
from babel.numbers import format_currency, format_decimal, format_percent

from llm_explain.errors import ClaimError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from llm_explain.lexicon import Lexicon
    from llm_explain.records import Claim, Fact
    from llm_explain.skeletons import Skeleton

_LINK = re.compile(r"(?:https?|ftp)\S*|www\.\S+", re.IGNORECASE)
_MARKUP = re.compile(r"[<>{}\[\]|`\\^~_=@$*#\"“”„«»]|&(?:#?\w+);")
_SPACE = re.compile(r"\s+")
_DAYS_IN_WEEK = 7
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


@dataclass(frozen=True)
class Scene:
    """What a sentence is about besides its claims.

    Attributes:
        title: Title of the recommended item.
        as_of: The day that the sentence speaks of.
        titles: Titles of other items that claims name, by ``item_id``.
        event_kind: Kind of event that the history holds.
    """

    title: str
    as_of: datetime.date
    titles: Mapping[str, str] = field(default_factory=dict)
    event_kind: str = "purchase"


@lru_cache(maxsize=65_536)
def clean_name(name: str, max_length: int = 60, ellipsis: str = "…") -> str:
    """Return a shop's name as it may stand in a sentence.

    NFKC, no control, bidirectional or markup characters, no links, single spaces, at most ``max_length`` characters.

    Args:
        name: Title, brand or category as the catalogue has it.
        max_length: Longest name; a longer one ends at a word with ``ellipsis``.
        ellipsis: What stands for the rest.

    Returns:
        The name; empty if nothing readable is left.
    """
    text = _LINK.sub(" ", unicodedata.normalize("NFKC", name))
    text = "".join(" " if unicodedata.category(c) in _INVISIBLE else c for c in text)
    text = _SPACE.sub(" ", _MARKUP.sub(" ", text))
    text = text if text.count("(") == text.count(")") else text.replace("(", "").replace(")", "")
    text = text.strip(" ,;:.!?-–—/&+'’")
    if len(text) <= max_length:
        return text
    cut = text[: max_length - len(ellipsis)]
    head = cut.rsplit(" ", 1)[0] if " " in cut else cut
    return head.rstrip(" ,;:.-–—/&+(") + ellipsis


class Realiser:
    """Writes values in one locale's manner.

    Attributes:
        lexicon: The locale's words.
    """

    def __init__(self, lexicon: Lexicon) -> None:
        self.lexicon = lexicon
        self._locale = Locale.parse(lexicon.babel_locale)
        self._cached: Callable[..., dict[str, str]] = lru_cache(maxsize=16_384)(self._claim_values)
        self._date = lru_cache(maxsize=4096)(self._format_date)
        self._price = lru_cache(maxsize=4096)(self._format_price)
        self._measure = lru_cache(maxsize=4096)(self._format_measure)

    def values(self, claims: Iterable[Claim], scene: Scene) -> dict[str, str]:
        """Return the rendered value of every slot that the claims offer.

        Args:
            claims: Claims of the sentence, at most one of a kind.
            scene: Item and day.

        Returns:
            Values by slot; a slot whose value cannot be said is left out.

        Raises:
            ClaimError: If a claim lacks a fact or carries one of the wrong type.
        """
        values: dict[str, str] = {}
        if title := self.name(scene.title):
            values["item"] = title
        for claim in claims:
            if claim.kind == "similar_item":
                other = self.name(scene.titles.get(str(claim.facts.get("other_item_id")), ""))
                values.update({"other_item": other} if other else {})
                continue
            try:
                values.update(self._cached(claim.kind, tuple(claim.facts.items()), scene.as_of))
            except (KeyError, ValueError, TypeError) as error:
                raise ClaimError(
                    f"claim {claim.kind} has facts {dict(claim.facts)} but they cannot be written ({error!r}). "
                    "Derive the claim by its rule."
                ) from error
        return values

    def fill(self, skeleton: Skeleton, values: Mapping[str, str], *, event_kind: str = "purchase") -> str:
        """Return the sentence: slots filled, articles agreeing, sentences capitalised.

        Args:
            skeleton: A skeleton whose slots all have values.
            values: Rendered values by slot.
            event_kind: Kind of event that the history holds; verbs follow it.

        Returns:
            The text.
        """
        pieces = skeleton.pieces
        verbs = self.lexicon.verbs.get(event_kind)
        parts: list[str] = []
        for literal, slot in zip(pieces[::2], (*pieces[1::2], ""), strict=True):
            parts.append(_exchange(literal, verbs) if verbs else literal)
            if slot:
                value = values[slot]
                parts[-1] = _agree_article(parts[-1], value)
                starts = not "".join(parts).strip() or parts[-1].rstrip()[-1:] in {".", "?", "!"}
                parts.append(_capitalise(value) if starts else value)
        return "".join(parts)

    def name(self, name: str) -> str:
        """Return a name of the catalogue, cleaned and limited in length."""
        formats = self.lexicon.formats
        return clean_name(name, formats.max_name_length, formats.ellipsis)

    def _claim_values(self, kind: str, facts: tuple[tuple[str, Fact], ...], as_of: datetime.date) -> dict[str, str]:
        """Return slot values of one claim; cached by its facts."""
        found: dict[str, Any] = dict(facts)
        rendered: dict[str, str | None] = _RENDERERS[kind](self, found, as_of)
        return {slot: value for slot, value in rendered.items() if value}

    def repeat_item(self, facts: dict[str, Any], as_of: datetime.date) -> dict[str, str | None]:
        """Return ``times`` and ``last_date``."""
        return {
            "times": self._measure("times", int(facts["count"])),
            "last_date": self._date(_day(facts["last"]), as_of) if facts.get("last") else None,
        }

    def due(self, facts: dict[str, Any], as_of: datetime.date) -> dict[str, str | None]:
        """Return ``interval`` and ``days_since``."""
        interval, since = _whole(facts["interval_days"]), _whole(facts["days_since"])
        weeks, rest = divmod(interval, _DAYS_IN_WEEK)
        in_words = weeks <= len(self.lexicon.numbers_in_words)
        every = (
            self._measure("every_days", interval) if rest or not in_words else self._measure("every_weeks", weeks)
        )
        return {"interval": every if interval else None, "days_since": self._measure("days", since) if since else None}

    def category_affinity(self, facts: dict[str, Any], as_of: datetime.date) -> dict[str, str | None]:
        """Return ``category`` with its count and window."""
        return self._counted("category", "category_times", "category_window", facts)

    def related_category(self, facts: dict[str, Any], as_of: datetime.date) -> dict[str, str | None]:
        """Return ``related_category`` with its count and window."""
        return self._counted("related_category", "related_times", "related_window", facts)

    def _counted(self, name: str, times: str, window: str, facts: dict[str, Any]) -> dict[str, str | None]:
        count = int(facts.get("count", 0))
        has_count = count > 0 and "window_days" in facts
        return {
            name: self.name(str(facts["category"])),
            times: self._measure("times", count) if has_count else None,
            window: self._measure("days", int(facts["window_days"])) if has_count else None,
        }

    def usual_brand(self, facts: dict[str, Any], as_of: datetime.date) -> dict[str, str | None]:
        """Return ``brand_category``, and ``brand`` and ``brand_share`` where the brand has a name."""
        name = str(facts.get("brand", ""))
        store_brand = self.lexicon.store_brand
        if name.casefold() in store_brand.names:
            brand = store_brand.text
        else:
            brand = "" if "#" in name or not any(c.isalpha() for c in name) else self.name(name)
        share = float(facts["share"]) if "share" in facts else None
        return {
            "brand_category": self.name(str(facts["category"])),
            "brand": brand or None,
            "brand_share": None if share is None else self._percent(share),
        }

    def usual_price(self, facts: dict[str, Any], as_of: datetime.date) -> dict[str, str | None]:
        """Return ``price_category``, ``price`` and ``price_range``."""
        low, high = float(facts["low"]), float(facts["high"])
        low_text, high_text = self._price(low), self._price(high)
        template = self.lexicon.measures["price_range"]["other"]
        return {
            "price_category": self.name(str(facts["category"])),
            "price": self._price(float(facts["price"])),
            "price_range": template.format(low=low_text, high=high_text) if low_text != high_text else None,
        }

    def promotion(self, facts: dict[str, Any], as_of: datetime.date) -> dict[str, str | None]:
        """Return ``promotion`` and ``promotion_end``, its last day."""
        phrases = self.lexicon.promotions
        label = str(facts["label"]).strip().casefold()
        if label in phrases.never:
            return {}
        by_label = {**phrases.by_label, **(phrases.at_usual_store if facts.get("store_id") else {})}
        end = _last_day(str(facts["end"])) if facts.get("end") else None
        return {
            "promotion": by_label.get(label, phrases.other),
            "promotion_end": self._date(end, as_of) if end and end >= as_of else None,
        }

    def popular(self, facts: dict[str, Any], as_of: datetime.date) -> dict[str, str | None]:
        """Return ``users_band``, and ``popular_window`` where the window ends on the day of the sentence."""
        ends_now = "until" not in facts or _day(facts["until"]) == as_of
        number = format_decimal(int(facts["users_band"]), locale=self._locale)
        return {
            "users_band": self.lexicon.measures["more_than"]["other"].format(n=number),
            "popular_window": self._measure("days", int(facts["window_days"])) if ends_now else None,
        }

    def season(self, facts: dict[str, Any], as_of: datetime.date) -> dict[str, str | None]:
        """Return ``month`` and ``lift``."""
        month = facts["month"]
        number = month if isinstance(month, int) else int(str(month).split("-")[1]) if "-" in str(month) else 0
        lift = format_decimal(math.floor(float(facts["lift"]) * 10) / 10, format="0.0", locale=self._locale)
        return {
            "month": get_month_names("wide", locale=self._locale)[number] if number else str(month),
            "lift": self.lexicon.measures["factor"]["other"].format(n=lift),
        }

    def new_arrival(self, facts: dict[str, Any], as_of: datetime.date) -> dict[str, str | None]:
        """Return ``first_seen`` and ``new_days``."""
        days = int(facts["days"])
        return {
            "first_seen": self._date(_day(facts["first_seen"]), as_of),
            "new_days": self._measure("days", days) if days else None,
        }

    def _format_date(self, day: datetime.date, as_of: datetime.date) -> str:
        formats = self.lexicon.formats
        pattern = formats.date if day.year == as_of.year else formats.date_with_year
        return format_date(day, pattern, locale=self._locale)

    def _format_price(self, amount: float) -> str:
        return format_currency(amount, self.lexicon.formats.currency, locale=self._locale)

    def _percent(self, share: float) -> str:
        return format_percent(math.floor(share * 100 + 0.5) / 100, self.lexicon.formats.percent, locale=self._locale)

    def _format_measure(self, name: str, number: int) -> str:
        forms = self.lexicon.measures[name]
        words = self.lexicon.numbers_in_words
        form = forms.get(f"={number}") or forms.get(self._locale.plural_form(number)) or forms["other"]
        in_words = words[number - 1] if 0 < number <= len(words) else str(number)
        return form.format(n=format_decimal(number, locale=self._locale), word=in_words)


_RENDERERS: Mapping[str, Callable[..., dict[str, str | None]]] = MappingProxyType(
    {
        "repeat_item": Realiser.repeat_item,
        "due": Realiser.due,
        "category_affinity": Realiser.category_affinity,
        "related_category": Realiser.related_category,
        "usual_brand": Realiser.usual_brand,
        "usual_price": Realiser.usual_price,
        "promotion": Realiser.promotion,
        "popular": Realiser.popular,
        "season": Realiser.season,
        "new_arrival": Realiser.new_arrival,
    }
)


def _day(value: Fact) -> datetime.date:
    return datetime.date.fromisoformat(str(value)[:10])


def _last_day(end: str) -> datetime.date:
    """Return the last day of something that is over at ``end``."""
    moment = datetime.datetime.fromisoformat(end)
    return (moment - datetime.timedelta(microseconds=1)).date()


def _whole(value: float) -> int:
    return math.floor(float(value) + 0.5)


def _capitalise(value: str) -> str:
    return value[:1].upper() + value[1:]


def _exchange(literal: str, verbs: Mapping[str, str]) -> str:
    """Exchange verb forms for those of another kind of event, keeping a capital first letter."""
    pattern = _verb_pattern(tuple(verbs))

    def other_form(match: re.Match[str]) -> str:
        form = verbs[match.group(0).lower()]
        return _capitalise(form) if match.group(0)[0].isupper() else form

    return pattern.sub(other_form, literal)


@lru_cache(maxsize=32)
def _verb_pattern(forms: tuple[str, ...]) -> re.Pattern[str]:
    longest_first = sorted(forms, key=len, reverse=True)
    return re.compile(rf"\b(?:{'|'.join(map(re.escape, longest_first))})\b", re.IGNORECASE)


def _agree_article(literal: str, value: str) -> str:
    """Return the text before a slot with ``a`` or ``an`` as the value needs it."""
    match = re.search(r"(^|\s)([Aa]n?) $", literal)
    if match is None:
        return literal
    import inflect  # noqa: PLC0415  slow to import, seldom needed

    article = str(inflect.engine().a(value)).split(" ", 1)[0]
    kept = article.capitalize() if match.group(2)[0] == "A" else article
    return f"{literal[: match.start(2)]}{kept} "
