"""The items of completejourney: which products are products, and how a shopper knows them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import pandas as pd

from llm_explain.importers.summary import LeftOut
from llm_explain.importers.titles import clean_size, title
from scoring.data.tables import BRAND, CATEGORY, FIRST_SEEN, ITEM_ID, LABEL, START, TIMESTAMP, TITLE

if TYPE_CHECKING:
    from pathlib import Path

    from llm_explain.importers.names import Names

NO_PRODUCT: Final = (
    "COUPON",
    "COUPON/MISC ITEMS",
    "COUPONS/STORE & MFG",
    "FUEL",
    "MISC. TRANS.",
    "NO COMMODITY DESCRIPTION",
)
"""Categories whose rows are no product. Products without a category are left out too."""

STORE_BRAND: Final = "store brand"
PRODUCE: Final = "PRODUCE"
CASE_SIZE: Final = re.compile(r"(?:\d+-)?([\d.]+) (lb|count)(?:,.*)?")
CASE_POUNDS: Final = {"National": 8, "Private": 15}
CASE_COUNT: Final = 4
"""Largest size of fresh produce that one shopper buys; a larger one is that of the case it was shipped in."""


def read_products(folder: Path) -> tuple[pd.DataFrame, list[LeftOut]]:
    """Read the products that are products.

    Args:
        folder: The source's files.

    Returns:
        Products in the order of their numbers, and what was left out.
    """
    products = pd.read_parquet(folder / "products.parquet").sort_values("product_id", ignore_index=True)
    reason = reason_left_out(products)
    left_out = [LeftOut("items", str(why), int(rows)) for why, rows in reason.value_counts().sort_index().items()]
    return products[reason.isna()].reset_index(drop=True), left_out


def reason_left_out(products: pd.DataFrame) -> pd.Series:
    """Return why each product is left out; missing where it is kept."""
    category = products["product_category"]
    reason = ("category " + category).where(category.isin(NO_PRODUCT))
    return reason.mask(category.isna(), "no category")


def first_seen(events: pd.DataFrame, promotions: pd.DataFrame) -> pd.Series:
    """Return when the source first shows each item: a sale, a mailer or a display. A coupon is no sighting.

    Args:
        events: The events table.
        promotions: The promotions table.

    Returns:
        Moments by item id.
    """
    weeks = promotions[promotions[LABEL] != "coupon"]
    promoted = weeks.groupby(ITEM_ID, observed=True)[START].min()
    sold = events.groupby(ITEM_ID)[TIMESTAMP].min()
    promoted.index = promoted.index.astype("str")
    earliest: pd.Series = pd.concat([sold, promoted]).groupby(level=0).min()
    return earliest


def items_table(products: pd.DataFrame, names: Names, *, first_seen: pd.Series) -> pd.DataFrame:
    """Write the items table.

    Args:
        products: What ``read_products`` kept.
        names: The dictionaries.
        first_seen: Moments by item id.

    Returns:
        The items table in the order of the products.
    """
    item_id = products["product_id"].astype("str")
    is_private = (products["brand"] == "Private").to_numpy()
    sources = zip(
        products["product_type"].to_numpy(dtype=object),
        products["product_category"].to_numpy(dtype=object),
        sizes(products).to_numpy(dtype=object),
        is_private,
        strict=True,
    )
    titles = [
        title(
            names.product(kind if isinstance(kind, str) else None, category),
            size if isinstance(size, str) else None,
            is_private=bool(private),
        )
        for kind, category, size, private in sources
    ]
    return pd.DataFrame(
        {
            ITEM_ID: item_id,
            TITLE: pd.Series(titles, dtype="str"),
            CATEGORY: products["product_category"].map(names.category).astype("str"),
            BRAND: ("brand #" + products["manufacturer_id"].astype("str")).mask(is_private, STORE_BRAND),
            FIRST_SEEN: first_seen.reindex(item_id).to_numpy(dtype="datetime64[ns]"),
        }
    )


def sizes(products: pd.DataFrame) -> pd.Series:
    """Return the sizes that a shopper knows the products by.

    Args:
        products: What ``read_products`` kept.

    Returns:
        Readable sizes; missing where the source's text names none.
    """
    columns = (products[column].to_numpy(dtype=object) for column in ("package_size", "department", "brand"))
    shown = [_size(*row) if isinstance(row[0], str) else None for row in zip(*columns, strict=True)]
    return pd.Series(shown, index=products.index, dtype="str")


def _size(raw: str, department: str, brand: str) -> str | None:
    size = clean_size(raw)
    case = CASE_SIZE.fullmatch(size) if size and department == PRODUCE else None
    if case is None:
        return size
    limit = CASE_COUNT if case[2] == "count" else CASE_POUNDS[brand]
    return size if float(case[1]) <= limit else None
