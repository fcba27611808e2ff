"""Items of the catalogue as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from scoring.data.changes import is_on_sale

if TYPE_CHECKING:
    from collections.abc import Container, Iterable

    from llm_explain.explainer import Explainer

Json = dict[str, Any]


class CatalogueItems:
    """Finds items of the latest version of the catalogue by their ids.

    Args:
        explainer: Holds the catalogue, the prices and the policy.
    """

    def __init__(self, explainer: Explainer) -> None:
        self._explainer = explainer

    @property
    def known(self) -> Container[str]:
        """The ids of the catalogue."""
        return self._explainer.shop.catalogue.index_by_id

    def brief(self, item_id: str) -> Json:
        """Return the id, title and category of an item; of an unknown one, its status."""
        catalogue = self._explainer.shop.catalogue
        if item_id not in catalogue.index_by_id:
            return {"item_id": item_id, "status": "unknown_item"}
        place = int(catalogue.index_of([item_id])[0])
        category = catalogue.category_names[int(catalogue.category_index[place])]
        return {"item_id": item_id, "status": "ok", "title": str(catalogue.titles[place]), "category": category}

    def full(self, item_ids: Iterable[str]) -> list[Json]:
        """Return items with brand, price and availability in the order asked for; unknown ones with their status."""
        shop, found = self._explainer.shop, []
        for item_id in dict.fromkeys(item_ids):
            row = self.brief(item_id)
            if row["status"] == "ok":
                place = int(shop.catalogue.index_of([item_id])[0])
                brand_index, price = int(shop.catalogue.brand_index[place]), float(shop.snapshot.price[place])
                brand = shop.catalogue.brand_names[brand_index] if brand_index >= 0 else None
                row["brand"] = brand if brand and shop.policy.may_name_brand(brand) else None
                row["price"] = price if np.isfinite(price) else None
                row["available"] = bool(is_on_sale(shop.catalogue.items.iloc[[place]])[0])
            found.append(row)
        return found
