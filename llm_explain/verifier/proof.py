"""Proof of values: each is read back by a pattern and compared with the claim's facts.

The writer formats facts; this module parses text. The two share data (names of months, number words, the dictionary of
names) and no code, so that a mistake of the writer is a fault here. A value without a rule is not proven.
"""

from __future__ import annotations

import datetime as dt
import math
import re
import unicodedata
from functools import lru_cache
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Protocol

from babel import Locale
from babel.dates import get_month_names
from babel.numbers import NumberFormatError, get_currency_precision, get_currency_symbol, parse_decimal
from jinja2 import TemplateError, pass_context

from llm_explain.errors import PromptError
from llm_explain.policy.contacts import without_contacts
from llm_explain.text.expressions import Expressions
from llm_explain.text.name_dictionary import load_name_dictionary
from llm_explain.text.skeleton import ITEM, ITEM_LABEL

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from jinja2.runtime import Context

    from llm_explain.records import Fact
    from llm_explain.text.lexicon import Lexicon
    from llm_explain.text.sentence_spec import SentenceSpec
    from llm_explain.verifier.rules import Role

_LINK_OR_ENTITY = re.compile(r"(?:https?|ftp)\S*|www\.\S+|&#?\w+;|【[^】]*】", re.IGNORECASE)
_TITLE_HEAD = re.compile(r"(?=[,(])|$")
"""Where the name in a title may end: "Rice cakes, 4.5 oz (store brand)" may be called "Rice cakes"."""

_SIZE_AND_MARK = re.compile(r"[,\s]*(.*?)\s*(?:\(([^()]*)\))?\s*$", re.DOTALL)

_ROUNDING = 1e-6
_MAX_PROOFS = 16_384


class SlotRoles(Protocol):
    """Roles of slots, and the claim kind that each slot belongs to."""

    @property
    def roles(self) -> Mapping[str, Role]:
        """Role by slot."""
        ...

    @property
    def kind_of_slot(self) -> Mapping[str, str]:
        """Claim kind by slot."""
        ...


class ValueProof:
    """Proves the values of a sentence.

    The constructor raises ``PromptError`` if a pattern or an expression of a role is invalid.

    Args:
        lexicon: The locale's words.
        rules: The claim kinds' rules.
    """

    def __init__(self, lexicon: Lexicon, rules: SlotRoles) -> None:
        self._kind_of_slot = rules.kind_of_slot
        environment = proof_environment(lexicon)
        self._patterns = {slot: _readings(lexicon, slot, role) for slot, role in rules.roles.items()}
        self._expressions = {
            slot: {
                value: _compiled(environment, slot, text) for value, text in (role.means or {"": role.holds}).items()
            }
            for slot, role in rules.roles.items()
            if role.holds or role.means
        }
        self._reads = {
            slot: _names_read(environment, slot, [*role.means.values()] or [role.holds])
            for slot, role in rules.roles.items()
        }
        self._proven = lru_cache(_MAX_PROOFS, typed=True)(self._prove)
        self._has_meanings = {slot: bool(role.means) for slot, role in rules.roles.items()}

    def holds(self, slot: str, spec: SentenceSpec) -> bool:
        """Return whether the value of a slot says what the facts say.

        Args:
            slot: A slot that has a value.
            spec: Values, claims, item and day of the sentence.

        Returns:
            Whether the value could be read and its expression is true.
        """
        role = ITEM if slot == ITEM_LABEL else slot
        kind = self._kind_of_slot.get(role)
        facts = next((claim.facts for claim in spec.claims if claim.kind == kind), {})
        names, read = self._reads.get(role, (frozenset(), ()))
        title = spec.title if "title" in names else ""
        titles = tuple(spec.titles.items()) if "titles" in names else ()
        found = (facts.get(name) for name in read)
        return self._proven(role, spec.values[slot], spec.as_of, title, titles, *found)

    def _prove(
        self,
        role: str,
        value: str,
        as_of: dt.date,
        title: str,
        titles: tuple[tuple[str, str], ...],
        *found: Fact | None,
    ) -> bool:
        """Return whether a value says what the facts say; kept, since many sentences share a fact."""
        expressions = self._expressions.get(role, {})
        expression = expressions.get(value if self._has_meanings.get(role) else "")
        matches = (pattern.fullmatch(value) for pattern in self._patterns.get(role, ()))
        match = next(filter(None, matches), None)
        if expression is None or match is None:
            return False
        facts = zip(self._reads[role][1], found, strict=True)
        names = {
            **match.groupdict(),
            "value": value,
            "facts": SimpleNamespace(**{name: fact for name, fact in facts if fact is not None}),
            "as_of": as_of,
            "title": title,
            "titles": dict(titles),
        }
        try:
            return bool(expression(names))
        except (TemplateError, TypeError, ValueError, ArithmeticError, LookupError, AttributeError):
            return False  # what cannot be read is not proven


def proof_environment(lexicon: Lexicon) -> Expressions:
    """Return an environment whose expressions can read numbers, dates, amounts and names in a locale's manner.

    Args:
        lexicon: The locale's words.

    Returns:
        The environment; its expressions prove values.
    """
    return Expressions(functions=_Readings(lexicon).by_name())


def _names_read(environment: Expressions, slot: str, sources: Sequence[str]) -> tuple[frozenset[str], tuple[str, ...]]:
    """Return the names that the expressions of a slot read, and the facts among them."""
    expressions = [environment.compiled(source) for source in sources if source]
    names = [name for each in expressions for name in each.names]
    read = [attribute for each in expressions for name, attribute in each.attributes if name == "facts"]
    if len(read) < names.count("facts"):
        raise PromptError(f"{slot} reads facts as a whole but the name of a fact is needed. Write facts.name.")
    return frozenset(names), tuple(sorted({*read}))


def _readings(lexicon: Lexicon, slot: str, role: Role) -> list[re.Pattern[str]]:
    sources = lexicon.readings.get(role.reads, role.reads) or ".*"
    try:
        return [re.compile(source, re.DOTALL) for source in ((sources,) if isinstance(sources, str) else sources)]
    except re.error as error:
        raise PromptError(
            f"{slot} reads {sources!r} but regular expressions are needed ({error}). Correct it."
        ) from error


def _compiled(environment: Expressions, slot: str, source: str) -> Callable[..., Any]:
    try:
        return environment.compile_expression(source)
    except TemplateError as error:
        raise PromptError(f"{slot} holds {source!r} but a Jinja expression is needed ({error}). Correct it.") from error


class _Readings:
    """What the expressions of roles can call: they read texts and facts, and compare names."""

    def __init__(self, lexicon: Lexicon) -> None:
        self._lexicon = lexicon
        self._locale = Locale.parse(lexicon.babel_locale)
        self._dictionary = load_name_dictionary(lexicon.locale, lexicon.region).names
        self._months = {
            name.casefold(): number
            for context in ("format", "stand-alone")
            for width in ("wide", "abbreviated")
            for number, name in get_month_names(width, context, self._locale).items()
        }

    def by_name(self) -> Mapping[str, Callable[..., Any]]:
        """Return every function by its name."""
        names = (
            "number",
            "whole",
            "is_rounded",
            "is_interval",
            "is_amount",
            "month",
            "month_of",
            "day_of",
            "last_day",
            "same_name",
            "same_either",
            "same_brand",
            "same_item",
            "same_label",
            "spoken",
        )

        @pass_context
        def date(context: Context, day: str, month: str, year: str | None) -> dt.date:
            return dt.date(int(year) if year else context["as_of"].year, self.month(month), int(day))

        return {**{name: getattr(self, name) for name in names}, "date": date}

    def number(self, text: str | None) -> float:
        """Return a number that is written in figures or in words."""
        word = (text or "").strip().casefold()
        if word in self._lexicon.number_words:
            return float(self._lexicon.number_words[word])
        return float(parse_decimal(word, self._locale, strict=True))

    def whole(self, value: float) -> int:
        """Return the nearest whole number, halves upwards."""
        return math.floor(float(value) + 0.5)

    def is_rounded(self, said: float, value: float, step: float) -> bool:
        """Return whether a number is another one rounded to a step."""
        return abs(said - value) <= step / 2 + _ROUNDING

    def is_interval(self, days: str | None, weeks: str | None, months: str | None, value: float) -> bool:
        """Return whether a time between occasions is one in whole days, or near it in weeks or months.

        Near is within an eighth, and "two or three weeks" is any time between the two.
        """
        if days is not None:
            return self.number(days) == self.whole(value)
        said, length = (self.number(weeks), 7.0) if weeks is not None else (self.number(months), 30.4375)
        if said % 1:
            return abs(said - value / length) <= 1 / 2
        return said == self.whole(value / length) and abs(said * length - value) <= value / 8

    def is_amount(self, text: str, amount: float, digits: int = 0) -> bool:
        """Return whether a text is an amount of money in the shop's currency, with its decimals or ``digits``."""
        currency = self._lexicon.formats.currency
        precision = digits or 2
        if currency:
            precision = digits or get_currency_precision(currency)
            marks = sorted({currency, get_currency_symbol(currency, self._locale)}, key=len, reverse=True)
            mark = next((mark for mark in marks if mark in text), None)
            if mark is None:
                return False
            text = re.sub(f"{re.escape(mark)}\u00a0?", "", text, count=1)  # "-USD 0.81"
        try:
            said = float(parse_decimal(text.strip(), self._locale, strict=True))
        except NumberFormatError:
            return False
        return self.is_rounded(said, float(amount), 10.0**-precision)

    def month(self, text: str) -> int:
        """Return the number of a month."""
        return int(self._months[text.casefold()])

    def month_of(self, fact: int | str) -> int:
        """Return the number of a month of the facts: 11 or ``2017-11``."""
        return int(str(fact).rpartition("-")[2])

    def day_of(self, fact: str | None) -> dt.date | None:
        """Return the day of a moment of the facts."""
        return dt.date.fromisoformat(str(fact)[:10]) if isinstance(fact, str) else None

    def last_day(self, end: str) -> dt.date:
        """Return the last day of something that ends at a moment of the facts."""
        moment = dt.datetime.fromisoformat(end)
        return moment.date() if moment.time() > dt.time.min else moment.date() - dt.timedelta(days=1)

    def same_name(self, value: str, fact: str) -> bool:
        """Return whether a text is a name of the facts, cleaned and perhaps cut short, or its translation."""
        said, name = _plain(value), _plain(_without_links(str(fact)))
        if not said:
            return False
        if self._lexicon.formats.ellipsis in value[-2:]:  # a quotation mark may follow
            return name.startswith(said)
        return said in (name, self._translated(str(fact)), *self._for_audience(str(fact)))

    def _for_audience(self, path: str) -> list[str]:
        """Return what a path of things and those for whom they are may be called: "women's jackets"."""
        names, words = path.split(" › "), self._lexicon.spoken_names.audiences
        if len(names) != 2:
            return []
        owners = {_key(name): words.get(_key(name)) for name in names}
        return [_plain(f"{owners[_key(a)]} {b}") for a, b in (names, names[::-1]) if owners[_key(a)]]

    def same_either(self, value: str, fact: str) -> bool:
        """Return whether a text is a category of the facts, perhaps with other words between the names in it."""
        if self.same_name(value, fact):
            return True
        joins = self._lexicon.spoken_names.either
        names = (str(fact), self._dictionary.get(_key(str(fact)), ""))
        return any(_plain(value) == _plain(_joined(name, joins)) for name in names if name)

    def same_brand(self, value: str, fact: str) -> bool:
        """Return whether a text is a brand of the facts, or what stands for the shop's own."""
        store_brand = self._lexicon.store_brand
        is_own = str(fact).casefold() in store_brand.names
        return value == store_brand.text if is_own else self.same_name(value, fact)

    def same_item(self, name: str, label: str | None, title: str) -> bool:
        """Return whether a name, perhaps with a size, is that of a title."""
        bare = _without_links(title)
        for end in _TITLE_HEAD.finditer(bare):
            head, rest = bare[: end.start()], bare[end.start() :]
            if not (self.same_name(name, head) and _plain(name)):
                continue
            if label is None or _plain(label) == _plain(self._in_words(rest)):
                return True
        return False

    def spoken(self, title: str) -> str:
        """Return the name in a title, or its translation, in small letters."""
        name = _TITLE_HEAD.split(_without_links(title), maxsplit=1)[0]
        return self._dictionary.get(_key(name)) or _key(name)

    def same_label(self, value: str, size: str) -> bool:
        """Return whether a text is a size of the facts, perhaps in the locale's words."""
        return bool(_plain(value)) and _plain(value) == _plain(self._in_words(size))

    def _in_words(self, rest: str) -> str:
        """Return what follows the name in a title, in the locale's words."""
        size, mark = _SIZE_AND_MARK.match(rest).groups(default="")  # type: ignore[union-attr]  # matches every text
        for pattern, words in self._lexicon.spoken_names.label_words.items():
            size, mark = re.sub(pattern, words, size), re.sub(pattern, words, mark)
        return f"{size} {mark}"

    def _translated(self, name: str) -> str | None:
        found = self._dictionary.get(_key(name))
        return _plain(found) if found else None


def _without_links(name: str) -> str:
    return without_contacts(_LINK_OR_ENTITY.sub(" ", unicodedata.normalize("NFKC", name)))


def _key(name: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", name).split()).lower()


def _joined(name: str, joins: Mapping[str, str]) -> str:
    """Return a category of which one thing was bought: other words join the things in it."""
    for join, other in joins.items():
        name = re.sub(join, other, name)
    return name


def _plain(text: str) -> str:
    """Return the letters and digits of a text, in small letters."""
    return "".join(c for c in unicodedata.normalize("NFKC", text).casefold() if c.isalnum())
