"""Handles requests about the catalogue: reads and changes items and promotions, and finds related items."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from threading import Lock
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from llm_explain.errors import TableError
from llm_explain.service.handlers.answer import Answer
from llm_explain.service.handlers.user_context_reader import SKEW
from llm_explain.service.schemas.catalogue import PromotionRow
from llm_explain.service.schemas.problems import AHEAD, INVALID_ROW, ServiceProblem
from scoring.data.changes import is_on_sale
from scoring.data.tables import DESCRIPTION, END, FIRST_SEEN, IMAGE, ITEM_ID, LABEL, PARENT_ID, START, STORE_ID
from scoring.data.violations import REASON

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable, Sequence

    from llm_explain.answers import RelatedItem
    from llm_explain.catalogue import LiveCatalogue
    from llm_explain.explainer import Explainer
    from llm_explain.service.handlers.answer import Json
    from llm_explain.service.handlers.user_context_reader import Clock
    from llm_explain.service.schemas.catalogue import CompleteRequest, ItemRow, PromotionEnd, SimilarRequest
    from scoring.data.catalogue import IndexArray
    from scoring.data.changes import Change


_READ_BACK: Final = [DESCRIPTION, FIRST_SEEN, IMAGE, PARENT_ID]
"""Fields of an item that are returned as the tables have them."""


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
        """Return items with brand, stated price and availability in the order given; unknown ones with their status."""
        shop, found = self._explainer.shop, []
        for item_id in dict.fromkeys(item_ids):
            row = self.brief(item_id)
            if row["status"] == "ok":
                place = int(shop.catalogue.index_of([item_id])[0])
                brand_index, price = int(shop.catalogue.brand_index[place]), float(shop.stated_price[place])
                brand = shop.catalogue.brand_names[brand_index] if brand_index >= 0 else None
                row["brand"] = brand if brand and shop.policy.may_name_brand(brand) else None
                row["price"] = price if np.isfinite(price) else None
                stated = shop.catalogue.items.iloc[[place]]
                row["available"] = bool(is_on_sale(stated)[0])
                told = stated.reindex(columns=_READ_BACK).iloc[0].dropna()
                row |= {str(name): _stated(value) for name, value in told.items()}
            found.append(row)
        return found


class CatalogueHandler:
    """Reads and changes the living catalogue; safe to share between threads.

    Args:
        explainer: Holds the catalogue.
        items: Items of the catalogue.
        clock: The present time; if not given, a change counts right after the latest known moment.
    """

    def __init__(self, explainer: Explainer, items: CatalogueItems, clock: Clock | None) -> None:
        self._explainer = explainer
        self._items = items
        self._clock = clock
        self._turn = Lock()

    def items(self, item_ids: Sequence[str]) -> Answer:
        """Return items in the order asked for."""
        return Answer({"currency": self._explainer.shop.policy.currency, "items": self._items.full(item_ids)})

    def filters(self) -> Answer:
        """Return the categories and brands of the items on sale, the largest first, and the levels of paths, sorted."""
        shop = self._explainer.shop
        catalogue, is_shown = shop.catalogue, is_on_sale(shop.catalogue.items)

        def counted(index: IndexArray, names: Sequence[str], may_show: Callable[[str], bool]) -> list[Json]:
            counts = np.bincount(index[is_shown & (index >= 0)], minlength=len(names))
            largest = np.argsort(-counts, kind="stable")[: np.count_nonzero(counts)].tolist()
            return [{"name": names[at], "items": int(counts[at])} for at in largest if may_show(names[at])]

        brands = counted(catalogue.brand_index, catalogue.brand_names, shop.policy.may_name_brand)
        categories = counted(catalogue.category_index, catalogue.category_names, bool)
        counts = {path: int(is_shown[rows].sum()) for path, rows in catalogue.paths.items()}
        paths = [{"name": path, "items": count} for path, count in counts.items() if count]
        return Answer({"categories": categories, "paths": paths, "brands": brands})

    def put(self, rows: Sequence[ItemRow]) -> Answer:
        """Add items, and change those that are there; of two rows of one item the last counts."""
        return self._change(rows, self._live.put, is_new=True)

    def patch(self, rows: Sequence[ItemRow]) -> Answer:
        """Change fields of items; unknown items are reported."""
        return self._change(rows, self._live.patch)

    def discontinue(self, rows: Sequence[ItemRow]) -> Answer:
        """Recommend items no more; unknown items are reported."""
        return self._change(rows, lambda table, **at: self._live.discontinue(table[ITEM_ID].tolist(), **at))

    def promote(self, rows: Sequence[PromotionRow]) -> Answer:
        """Add promotions; those of unknown items are reported."""
        whole = partial(pd.DataFrame.reindex, columns=[*PromotionRow.model_fields])
        return self._change(rows, lambda table, **at: self._live.promote(whole(table), **at))

    def promotions(self, item_ids: Sequence[str]) -> Answer:
        """Return promotions of items that run or will run, item by item; unknown items are reported."""
        known = [item_id for item_id in dict.fromkeys(item_ids) if item_id in self._items.known]
        rows = self._live.promotions_of(known, moment=self._moment())
        for name in (START, END):
            rows[name] = rows[name].dt.tz_localize("UTC").map(pd.Timestamp.isoformat, na_action="ignore")
        promotions = rows.astype(object).where(rows.notna(), None).to_dict("records")
        return Answer({"promotions": promotions, "unknown_items": sorted({*item_ids} - {*known})})

    def end_promotions(self, rows: Sequence[ItemRow], label: str | None) -> Answer:
        """End promotions before their time; unknown items are reported."""
        end = partial(self._live.end_promotions, label=label)
        return self._change(rows, lambda table, **at: end(table[ITEM_ID].tolist(), **at))

    def extend(self, rows: Sequence[PromotionEnd]) -> Answer:
        """Change the ends of promotions that run or will run; unknown items are reported."""

        def promote(table: pd.DataFrame, *, moment: pd.Timestamp | None) -> Change:
            promotions = self._live.promotions_of(table[ITEM_ID].tolist())
            for name in (START, END):
                promotions[name] = promotions[name].dt.tz_localize("UTC")
            for each in rows:
                is_of = promotions[ITEM_ID] == each.item_id
                is_of &= promotions[LABEL] == each.label if each.label else True
                promotions.loc[is_of, END] = self._zoned(each.end)
            return self._live.promote(promotions, moment=moment)

        return self._change(rows, promote)

    def similar(self, request: SimilarRequest) -> Answer:
        """Return items for the page of an item; an unknown item is reported."""
        is_known = request.item_id in self._items.known
        rows = self._explainer.similar(request.item_id, k=request.k, locale=request.locale) if is_known else []
        return self._related(rows, () if is_known else (request.item_id,))

    def complete(self, request: CompleteRequest) -> Answer:
        """Return items that go with a basket; unknown items are reported."""
        known = [item_id for item_id in request.basket if item_id in self._items.known]
        rows = self._explainer.complete(known, k=request.k, locale=request.locale) if known else []
        return self._related(rows, sorted({*request.basket} - {*known}))

    def _related(self, rows: Sequence[RelatedItem], unknown: Sequence[str]) -> Answer:
        items = [{**self._items.brief(row.item_id), **row.to_dict()} for row in rows]
        return Answer({"unknown_items": unknown, "items": items})

    def _zoned(self, value: object) -> Any:
        """Return a value of a row; a moment with its zone, which for a day without a time is the shop's."""
        if not isinstance(value, datetime):
            return value
        moment = pd.Timestamp(value)
        return moment if moment.tzinfo else self._explainer.shop.shop.clock.utc(moment).tz_localize("UTC")

    def _moment(self) -> pd.Timestamp | None:
        return None if self._clock is None else max(pd.Timestamp(self._clock()), self._explainer.as_of)

    @property
    def _live(self) -> LiveCatalogue:
        return self._explainer.catalogue

    def _change(
        self,
        rows: Sequence[ItemRow] | Sequence[PromotionRow] | Sequence[PromotionEnd],
        make: Callable[..., Change],
        *,
        is_new: bool = False,
    ) -> Answer:
        """Make a change of known items, or of any, at the present moment and say what became of each row."""
        with self._turn:
            self._live.refresh()
            if self._clock is not None and self._explainer.as_of > self._clock() + SKEW:
                raise ServiceProblem(AHEAD)
            known = self._items.known
            given = [
                {name: self._zoned(value) for name, value in row.model_dump(exclude_none=True).items()}
                for row in rows
                if is_new or row.item_id in known
            ]
            try:
                change = make(_table(given), moment=self._moment()) if given else None
            except TableError as error:
                kind = "promotions" if isinstance(rows[0], PromotionRow) else "items"
                raise ServiceProblem(INVALID_ROW, _faults([row.item_id for row in rows], kind, error)) from error
        parts = () if change is None else (*change.items, *change.promotions, *change.ended)
        status = dict.fromkeys((row["item_id"] for row in given), "unchanged")
        status |= {str(row[ITEM_ID]): "ok" for row in parts}
        items = [{"item_id": row.item_id, "status": status.get(row.item_id, "unknown_item")} for row in rows]
        since = change.since.tz_localize("UTC").isoformat() if change and parts else None
        return Answer({"as_of": since, "items": items})


def _stated(value: object) -> str:
    return value.tz_localize("UTC").isoformat() if isinstance(value, pd.Timestamp) else str(value)


def _faults(item_ids: Sequence[str], kind: str, error: TableError) -> list[Json]:
    """Return which rows break a rule of the tables; a reason names columns and repeats no value."""
    why = {} if error.rejects is None else dict(zip(error.rejects[ITEM_ID], error.rejects[REASON], strict=True))
    return [
        {"pointer": f"#/{kind}/{place}", "in": "body", "rule": "invalid_row", "detail": f"{why[item_id]}."}
        for place, item_id in enumerate(item_ids)
        if item_id in why
    ][:10]


def _table(rows: Sequence[Json]) -> pd.DataFrame:
    """Return rows as a table; of two rows of one item, or of one promotion, the last one counts."""
    keys = [name for name in (ITEM_ID, START, LABEL, STORE_ID) if name in rows[0] or name == ITEM_ID]
    return pd.DataFrame(list(rows)).drop_duplicates(keys, keep="last", ignore_index=True)
