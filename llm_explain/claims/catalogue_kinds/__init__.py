"""Claim kinds that changes of the catalogue, prices, ratings, variants or own brands prove, where the shop has them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llm_explain.claims.catalogue_kinds.back_in_stock import BackInStock
from llm_explain.claims.catalogue_kinds.lowest_price import LowestPrice
from llm_explain.claims.catalogue_kinds.own_brand import OwnBrand
from llm_explain.claims.catalogue_kinds.rated_item import RatedItem
from llm_explain.claims.catalogue_kinds.variant import Variant
from scoring.data.tables import PARENT_ID, PRICE

if TYPE_CHECKING:
    from llm_explain.claims.kind import ClaimKind
    from scoring.data.catalogue import Catalogue
    from scoring.data.shop import Shop


def catalogue_kinds(catalogue: Catalogue, shop: Shop) -> tuple[type[ClaimKind], ...]:
    """Return the kinds that a shop's catalogue and settings permit.

    Args:
        catalogue: The shop's items.
        shop: The shop's settings.

    Returns:
        Classes for ``ClaimKinds.extended``.
    """
    permitted: dict[type[ClaimKind], bool] = {
        BackInStock: True,
        LowestPrice: PRICE in catalogue.items,
        OwnBrand: bool(shop.own_brands),
        RatedItem: shop.ratings is not None and shop.ratings.highest is not None,
        Variant: PARENT_ID in catalogue.items,
    }
    return tuple(kind for kind, is_permitted in permitted.items() if is_permitted)
