"""Options of a list: its sections, filters, diversity, pages and merchandising."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Literal, TypedDict, get_args

import numpy as np

from llm_explain.errors import SettingError
from scoring.data.catalogue import near_matches

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from llm_explain.claims import ShopEvidence
    from llm_explain.claims.occasions import Flags
    from scoring.data.catalogue import IndexArray

SectionOption = Literal["again", "new", "mixed"]


class SelectionOptions(TypedDict, total=False):
    """Keyword arguments of ``Explainer.recommend`` and ``Explainer.rank`` that choose the items of a list.

    Attributes:
        section: ``new``, ``again``, or ``mixed`` for both; ``None`` ranks by score alone and composes nothing.
        exclude: Items that are left out.
        candidates: Items that may be shown; all that the scorer ranks if not given.
        categories: Categories that may be shown.
        brands: Brands that may be shown.
        min_price: Lowest price in the shop's currency. Items without a known price are left out.
        max_price: Highest price.
        diversity: From 0 (by score) to 1: how much a category that the section already shows counts against an item.
        offset: Places to skip, for the next page.
        pins: Items that the merchant puts first, in this order.
        buries: Items that the merchant puts last.
    """

    section: SectionOption | None
    exclude: Collection[str]
    candidates: Collection[str] | None
    categories: Collection[str]
    brands: Collection[str]
    min_price: float | None
    max_price: float | None
    diversity: float
    offset: int
    pins: Sequence[str]
    buries: Collection[str]


@dataclass(frozen=True)
class Selection:
    """Checked ``SelectionOptions``.

    The attributes are those of ``SelectionOptions``. The constructor raises ``SettingError`` for a value out of range.
    """

    section: SectionOption | None = "mixed"
    exclude: Collection[str] = ()
    candidates: Collection[str] | None = None
    categories: Collection[str] = ()
    brands: Collection[str] = ()
    min_price: float | None = None
    max_price: float | None = None
    diversity: float = 0.0
    offset: int = 0
    pins: Sequence[str] = ()
    buries: Collection[str] = ()

    def __post_init__(self) -> None:
        """Check the values."""
        sections = get_args(SectionOption)
        if self.section is not None and self.section not in sections:
            raise SettingError(f"section is {self.section!r} but one of {', '.join(sections)} is needed. Choose one.")
        if not 0 <= self.diversity <= 1:
            raise SettingError(f"diversity is {self.diversity!r} but a number from 0 to 1 is needed. Change it.")
        if self.offset != int(self.offset) or self.offset < 0:
            raise SettingError(f"offset is {self.offset!r} but a whole number of at least 0 is needed. Change it.")
        low, high = self.min_price, self.max_price
        for name, price in (("min_price", low), ("max_price", high)):
            if price is not None and not (math.isfinite(price) and price >= 0):
                raise SettingError(f"{name} is {price!r} but an amount of at least 0 is needed. Change it.")
        if low is not None and high is not None and low > high:
            raise SettingError(f"min_price is {low} but max_price is {high}. Give a range that is not empty.")
        for field in fields(self):
            if isinstance(value := getattr(self, field.name), str) and field.name != "section":
                raise SettingError(f"{field.name} is the text {value!r} but a list is needed. Write [{value!r}].")

    def allows(self, items: IndexArray, shop: ShopEvidence) -> Flags:
        """Return which items the policy, the catalogue and the filters allow.

        The call raises ``UnknownItemError`` if the selection names an item that the catalogue does not have.

        Args:
            items: Row numbers in the catalogue, shape ``(n,)``.
            shop: The shop, with its catalogue, prices and policy.

        Returns:
            Flags, shape ``(n,)``.
        """
        catalogue = shop.catalogue
        allowed = shop.may_recommend[items]
        if self.exclude:
            allowed &= ~np.isin(items, catalogue.index_of(list(self.exclude)))
        if self.candidates is not None:
            allowed &= np.isin(items, catalogue.index_of(list(self.candidates)))
        if self.categories:
            names = catalogue.category_names
            below = {name: rows for name in self.categories if (rows := catalogue.below(name)) is not None}
            codes = _codes("category", [name for name in self.categories if name in names or name not in below], names)
            is_below = np.isin(items, np.concatenate([np.zeros(0, np.int64), *below.values()]))
            allowed &= np.isin(catalogue.category_index[items], codes) | is_below
        if self.brands:
            allowed &= np.isin(catalogue.brand_index[items], _codes("brand", self.brands, catalogue.brand_names))
        price = shop.snapshot.price[items]
        if self.min_price is not None:
            allowed &= price >= self.min_price  # an unknown price is NaN, which compares as false
        if self.max_price is not None:
            allowed &= price <= self.max_price
        return allowed


def _codes(what: str, names: Collection[str], known: Sequence[str]) -> list[int]:
    """Return the numbers of names."""
    number = {name: code for code, name in enumerate(known)}
    if unknown := [name for name in names if name not in number]:
        near = near_matches(unknown[0], [name for name in known if name])
        hint = f"Did you mean {', '.join(near)}?" if near else "Choose one that the items table has."
        raise SettingError(f"{what} {unknown[0]!r} is not in the catalogue but a known one is needed. {hint}")
    return [number[name] for name in names]
