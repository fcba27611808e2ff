"""What the columns of an export are."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Final

from llm_explain.importers.flat.times import is_time_like, seconds_of_day
from llm_explain.importers.flat.values import numbers
from llm_explain.importers.flat.vocabulary import Format, headers, kind_of_word, normal
from llm_explain.text.import_words import words

if TYPE_CHECKING:
    import pandas as pd

    from llm_explain.importers.flat.files import Source
    from llm_explain.importers.flat.times import Order
    from llm_explain.importers.flat.values import Unit

MOST_KINDS: Final = 100
MOST_STATES: Final = 20
MOST_FAILED: Final = 0.5
"""A column of reasons why something failed has a value in less than this share of the rows."""

TAKEN_BACK: Final = frozenset({"return", "refund", "cancel"})
"""Kinds whose words are those of an order's status too, and so do not tell events."""

RENEW: Final = "renew"
"""Kind of an invoice that a subscription writes by itself; no locale has words for it."""

NUMBERS: Final = frozenset(
    {"quantity", "price", "amount", "refunded_amount", "value", "refunded_quantity", "stock"}
    | {"played_share", "played_time", "length"}
)
ANSWERS: Final = frozenset({"skipped", "completed", "is_test"})
IDS: Final = frozenset({"user_id", "item_id", "order_id"})
NAMES: Final = frozenset({"title", "brand", "category", "description", "label"})
NAME: Final = r"[^\W\d_].*[^\W\d_]\s+[^\W\d_].*|[A-Z][a-z]+[^\d_]*|\D*[^\x00-\x7f]\D*"
"""Names have two words, a capital before lower case, or letters of another script; few ids look like that."""


@dataclass(frozen=True, slots=True)
class ReadColumn:
    """What one column of a file is.

    Attributes:
        header: Its header, or its number where the file has no header.
        name: What it is read as; empty if it is left out.
        why: Where the name comes from.
        order: What comes first in its dates, where the shop says it.
        unit: Unit of its amounts, where the shop says it.
        rank: Place among the columns of the same name, the best one first.
    """

    header: str
    name: str
    why: str
    order: Order | None = None
    unit: Unit | None = None
    rank: int = 0


@dataclass(frozen=True, slots=True)
class Recognised:
    """One table of an export and what its columns are.

    Attributes:
        source: The table.
        columns: Its columns, in its order.
        format: The format that it has, if it is known.
        kind: Event kind of its rows, if the format, the shop or the file's name says it.
    """

    source: Source
    columns: tuple[ReadColumn, ...]
    format: Format | None
    kind: str | None

    def headers_of(self, name: str) -> list[str]:
        """Return the headers of the columns that are read as ``name``, best first."""
        ranked = sorted(self.columns, key=lambda column: column.rank)
        found = [column.header for column in ranked if column.name == name]
        listed = list(self.format.names) if self.format and len(found) > 1 else []
        return sorted(found, key=lambda header: listed.index(normal(header)) if normal(header) in listed else -1)

    def has(self, *names: str) -> bool:
        """Return whether every name has a column."""
        return all(self.headers_of(name) for name in names)


def holds_event_words(column: pd.Series) -> bool:
    """Return whether a column holds words for events such as ``view`` and ``add_to_cart``."""
    values = column.dropna().head(20_000).unique()
    if not 0 < len(values) <= MOST_KINDS:
        return False
    known = [kind for value in values if (kind := kind_of_word(str(value), "event_kinds")) is not None]
    return not TAKEN_BACK.issuperset(known) and len(known) >= max(1, 0.5 * min(len(values), 4))


def holds_states(column: pd.Series) -> bool:
    """Return whether a column holds states of orders: few words, of which one takes an order back."""
    values = column.dropna().head(20_000).unique()
    return 1 < len(values) <= MOST_STATES and any(kind_of_word(str(value), "statuses") for value in values)


def kinds_in(column: pd.Series) -> set[str]:
    """Return the kinds of events that a column has words for."""
    known = (kind_of_word(str(value), "event_kinds") for value in column.dropna().head(20_000).unique())
    return {kind for kind in known if kind is not None}


def are_names(texts: pd.Series) -> bool:
    """Return whether most texts are names such as "Flat white" or "Croissant" rather than ids such as "mug-blue"."""
    return bool(texts.str.fullmatch(NAME).mean() > 0.5)


def fits(column: pd.Series, target: str, header: str) -> bool:  # noqa: C901  one rule for each kind of name
    """Return whether a column's values are of the kind that a name needs.

    Args:
        column: The first rows of the column.
        target: The name.
        header: The column's header in normal form.

    Returns:
        Whether they are; a column without a value never fits.
    """
    present = column.dropna()
    if present.empty:
        return False
    if target == "timestamp":
        is_position = (
            header in {"day", "week", "ts", "timestamp", "time stamp"} and present.str.fullmatch(r"\d{1,5}").all()
        )
        return is_time_like(present) or bool(is_position)
    if target in {"start", "end"}:
        return is_time_like(present)
    if target in {"cancelled_at", "first_seen"}:
        return is_time_like(present) or (target == "first_seen" and "year" in header)
    if target in NUMBERS:
        found = numbers(present)
        is_empty = target == "value" and len(found) > 1 and bool((found == 0).all())
        return bool(found.notna().mean() > 0.9) and not is_empty
    if target == "time_of_day":
        return bool(seconds_of_day(present).notna().mean() > 0.9)
    if target == "failure":
        return len(present) < MOST_FAILED * len(column)
    if target == "renewal":
        return any(kind_of_word(text, "event_kinds") == RENEW for text in present.unique()[:MOST_KINDS])
    if target in {"kind", "status"}:
        return present.nunique() <= MOST_KINDS and not bool(numbers(present).notna().mean() > 0.9)
    if target in NAMES:
        has_letters = present.str.contains(r"[^\W\d_]", regex=True).mean()
        return bool(has_letters > 0.3) and not is_time_like(present)
    if target == "item_id" and headers()["title"].rank(header) is not None and are_names(present):
        return False
    if target in IDS:
        return not (is_time_like(present) and not present.str.fullmatch(r"\d+(?:\.0)?").all())
    if target in ANSWERS and present.nunique() > 2:
        return False
    if target == "available" or target in ANSWERS:  # years of publication, for example, say neither yes nor no
        return any(text.strip().casefold() in answers() for text in present.unique())
    return True


@cache
def answers() -> dict[str, bool]:
    """Return whether each word of an export, in lower case, means yes or no."""
    known = words()
    return {
        word.casefold(): is_yes
        for listed, is_yes in ((known.unavailable, False), (known.available, True))
        for word in listed
    }
