"""Items of the catalogue as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

    from llm_explain.explainer import Explainer

Json = dict[str, Any]


class CatalogueItems:
    """Finds items by their ids.

    Args:
        explainer: Holds the catalogue, the prices and the policy.
    """

    def __init__(self, explainer: Explainer) -> None:
        self._shop = explainer.shop
        self._place = {str(item_id): place for place, item_id in enumerate(explainer.shop.catalogue.item_ids)}

    def brief(self, item_id: str) -> Json:
        """Return the id, title and category of an item of the catalogue."""
        catalogue, place = self._shop.catalogue, self._place[item_id]
        category = catalogue.category_names[int(catalogue.category_index[place])]
        return {"item_id": item_id, "title": str(catalogue.titles[place]), "category": category}

    def full(self, item_ids: Iterable[str]) -> list[Json]:
        """Return items with brand and price in the order asked for; unknown ids are left out."""
        return [
            {**self.brief(item_id), "brand": self._brand(item_id), "price": self._price(item_id)}
            for item_id in dict.fromkeys(item_ids)
            if item_id in self._place
        ]

    def _brand(self, item_id: str) -> str | None:
        brand_index = int(self._shop.catalogue.brand_index[self._place[item_id]])
        if brand_index < 0:
            return None
        brand = self._shop.catalogue.brand_names[brand_index]
        return brand if self._shop.policy.may_name_brand(brand) else None

    def _price(self, item_id: str) -> float | None:
        price = float(self._shop.snapshot.price[self._place[item_id]])
        return price if np.isfinite(price) else None
