"""What answers state: a predicate and its values, each of a known type."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import datetime as dt


@dataclass(frozen=True, slots=True)
class Statement:
    """One sentence of an answer before it has words.

    Attributes:
        frame: Name of the frame in ``dialogue.yaml``.
        item: The shop's id of an item.
        other: The shop's id of a past item.
        items: Ids of items.
        category: Name of a category.
        categories: Names of categories.
        term: Context term.
        kind: Claim kind.
        event: Event kind.
        deed: Event kind whose verb tells what the user did; a purchase, or none, if not given.
        intents: Intents among which a message does not tell.
        user: The shop's id of a customer.
        numbers: Whole numbers by slot.
        dates: Local dates by slot.
        amounts: Amounts of money by slot.
    """

    frame: str
    item: str | None = None
    other: str | None = None
    items: tuple[str, ...] = ()
    category: str | None = None
    categories: tuple[str, ...] = ()
    term: str | None = None
    kind: str | None = None
    event: str | None = None
    deed: str | None = None
    intents: tuple[str, ...] = ()
    user: str | None = None
    numbers: dict[str, int] = field(default_factory=dict)
    dates: dict[str, dt.date] = field(default_factory=dict)
    amounts: dict[str, float] = field(default_factory=dict)
