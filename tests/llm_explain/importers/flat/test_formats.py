"""Exports of shop systems become tables without corrections. Expected rows are read off ``exports.py`` by hand."""
# ruff: noqa: E501  rows are as long as the systems write them

from io import StringIO

import pandas as pd
import pytest

from llm_explain.errors import SettingError
from llm_explain.importers.flat.assemble import event_kind
from llm_explain.importers.flat.categories import with_flags_as_list
from llm_explain.importers.flat.files import read_sources
from llm_explain.importers.flat.report import FlatImport
from llm_explain.importers.flat.run import import_flat
from llm_explain.importers.flat.vocabulary import is_known_header
from llm_explain.policy.policy import Policy
from llm_explain.text.category_names import category_in
from llm_explain.text.lexicon import load_lexicon
from llm_explain.text.referring_expressions import ReferringExpressions
from tests.llm_explain.importers.flat import exports


@pytest.fixture
def imported(tmp_path):
    def run(maps=(), kinds=(), **files) -> FlatImport:
        paths = []
        for name, content in files.items():
            base, _, ending = name.rpartition("_")
            paths.append(tmp_path / f"{base}.{ending}")
            paths[-1].write_text(content, encoding="utf-8")
        return import_flat(paths, out=tmp_path / "data", maps=maps, kinds=kinds)

    return run


def events_of(done: FlatImport, *columns: str) -> list[tuple]:
    frame = done.tables.events[list(columns)].astype(object)
    return [tuple(row) for row in frame.where(frame.notna(), None).itertuples(index=False)]


def items_of(done: FlatImport, *columns: str) -> dict[str, tuple]:
    frame = done.tables.items.set_index("item_id")[list(columns)].astype(object)
    return {key: tuple(row) for key, row in zip(frame.index, frame.where(frame.notna(), None).to_numpy(), strict=True)}


def test_shopify_orders_and_products(imported):
    done = imported(orders_csv=exports.SHOPIFY_ORDERS, products_csv=exports.SHOPIFY_PRODUCTS)
    assert events_of(done, "user_id", "item_id", "kind", "quantity", "order_id") == [
        ("ann@shop.test", "MUG-B", "purchase", 1, "#1001"),
        ("ann@shop.test", "TEA-G", "purchase", 2, "#1001"),
        ("bob@shop.test", "TEA-G", "purchase", 1, "#1002"),
        ("bob@shop.test", "TEA-G", "refund", 1, "#1002"),
    ]
    assert done.tables.events["timestamp"].iloc[0] == pd.Timestamp("2025-05-01 15:00")  # 10:00 at UTC-5
    assert done.tables.events["timestamp"].iloc[3] == pd.Timestamp("2025-05-03 14:00")
    items = items_of(done, "title", "category", "brand", "price", "available", "parent_id")
    assert items["MUG-B"] == ("Stoneware mug", "mugs", "Alba", 5.0, True, "stoneware-mug")
    assert items["MUG-R"] == ("Stoneware mug", "mugs", "Alba", 5.5, True, "stoneware-mug")
    assert items["TEA-G"] == ("Green tea", "teas", "Boreal", 4.0, False, "green-tea")
    assert done.rejects[["file", "row", "reason"]].to_numpy().tolist() == [["orders.csv", 4, "no user"]]


def test_tables_of_a_database_name_each_others_ids(imported):
    days = [f"2025-01-{n + 1:02d} 10:00:00" for n in range(12)]
    songs = "".join(f"{n},Song {'abcdef'[n]},{n % 2 + 1},{n % 3 + 1}\n" for n in range(6))
    done = imported(
        orders_csv="id,user_id,created_at\n" + "".join(f"{n},{n % 3 + 1},{day}\n" for n, day in enumerate(days)),
        order_items_csv="id,order_id,track_id,stock_unit_id\n" + "".join(f"{n},{n},{n % 6},{n + 70}\n" for n in range(12)),
        tracks_csv="id,name,category_id,artist_id\n" + songs,
        categories_csv="id,name\n1,Jazz\n2,Folk\n",
        artists_csv="artist_id,name\n1,Ann\n2,Bob\n3,Cat\n",
        stock_units_csv="id,track_id,created_at\n" + "".join(f"{n + 70},{n % 6},{day}\n" for n, day in enumerate(days)),
        visits_csv="id,user_id,created_at,page\n" + "".join(f"{n},{n % 3 + 1},{day},/home\n" for n, day in enumerate(days)),
    )  # fmt: skip
    assert items_of(done, "title", "category") == {
        str(n): (f"Song {'abcdef'[n]}", ["Jazz", "Folk"][n % 2]) for n in range(6)
    }
    assert events_of(done, "user_id", "item_id", "kind")[0] == ("1", "0", "purchase")
    assert len(done.tables.events) == 12
    assert "artists.csv is not read: its artist_id are no items" in done.lines
    assert "visits.csv: 12 rows have users and times but no item, and are not read" in done.lines


LOG = "who,ref,when,price\n" + "".join(f"u{n % 3},X{n % 4},2025-01-{n + 1:02d},2\n" for n in range(12))
SHELF = "ref,title,genre,published\n" + "".join(f"X{n},Book {'abcd'[n]},Crime,{1990 + n}\n" for n in range(4))


def test_a_key_of_both_files_is_the_item(imported):
    done = imported(log_csv=LOG.replace("who", "member"), shelf_csv=SHELF)
    assert {c.column: c.name for c in done.columns}["ref"] == "item_id"
    assert done.tables.events["item_id"].nunique() == 4
    assert items_of(done, "title")["X1"] == ("Book b",)
    assert "available" not in done.tables.items  # years of publication tell nothing about stock


def test_a_log_without_an_item_is_refused_if_a_catalogue_is_there(imported):
    other = SHELF.replace("ref", "shelfmark").replace("X", "Y")
    with pytest.raises(SettingError, match=r"a column for item_id is not recognised .* --map log.csv.ref=item_id"):
        imported(log_csv=LOG.replace("who", "member"), shelf_csv=other)
    done = imported(maps=["log.csv.ref=item_id"], log_csv=LOG.replace("who", "member"), shelf_csv=other)
    assert done.tables.events["item_id"].nunique() == 4


@pytest.mark.parametrize(
    ("word", "kind"),
    [("article_view", "view"), ("songPlayed", "play"), ("Viewed Product", "view"), ("view cart", "view cart")],
)
def test_words_of_events_may_name_what_they_happen_to(word, kind):
    assert event_kind(word) == kind


@pytest.mark.parametrize("column", ["Image Src", "Body (HTML)", "Vendor", "Type", "Product Category", "Variant Price"])
def test_a_column_of_products_may_be_empty(imported, column):
    products = pd.read_csv(StringIO(exports.SHOPIFY_PRODUCTS), dtype="str").assign(**{column: None})
    done = imported(orders_csv=exports.SHOPIFY_ORDERS, products_csv=products.to_csv(index=False))
    assert items_of(done, "title")["TEA-G"] == ("Green tea",)
    assert done.tables.shop.currency == "EUR"


def test_woocommerce_orders_and_products(imported):
    done = imported(orders_csv=exports.WOOCOMMERCE_ORDERS, products_csv=exports.WOOCOMMERCE_PRODUCTS)
    assert events_of(done, "user_id", "item_id", "kind", "quantity", "price") == [
        ("7", "MUG-B", "purchase", 2, 8.0),
        ("7", "12", "purchase", 1, 6.0),  # without a SKU, found by its name
        ("7", "MUG-B", "purchase", 1, 8.0),  # a guest order of a known address
        ("bob@shop.test", "MUG-B", "purchase", 1, 8.0),
        ("bob@shop.test", "MUG-B", "cancel", 1, 8.0),
    ]
    items = items_of(done, "title", "category", "price", "available")
    assert items == {"MUG-B": ("Stoneware mug", "Mugs", 7.5, True), "12": ("Gift box", None, 6.0, False)}


def test_a_quantity_without_its_refunds_is_a_quantity(imported):
    """Advanced Order Export subtracts refunds; a line that came back whole has the quantity 0."""
    done = imported(
        orders_csv="Order Number,Order Status,Order Date,Email (Billing),SKU,Item #,Item Name,Quantity (- Refund),Item Cost\n"
        "1,Completed,2025-01-21 14:56,ann@shop.test,A,1,Mug,3,8\n"
        "2,Completed,2025-01-22 14:56,ann@shop.test,A,1,Mug,0,8\n"
    )
    assert events_of(done, "item_id", "kind", "quantity") == [("A", "purchase", 3)]
    assert done.set_aside == {"orders.csv: quantity 0": 1}


def test_magento_order_items_and_products(imported):
    done = imported(sales_csv=exports.MAGENTO_ORDER_ITEMS, catalog_csv=exports.MAGENTO_PRODUCTS)
    assert events_of(done, "user_id", "item_id", "kind", "quantity", "order_id") == [
        ("5", "24-MB01", "purchase", 2, "000000101"),
        ("5", "24-WG01", "purchase", 1, "000000101"),
        ("5", "24-MB01", "purchase", 1, "000000101/returned1"),
        ("5", "24-MB01", "refund", 1, "000000101/returned1"),
        ("bob@shop.test", "24-WG01", "purchase", 1, "000000102"),
        ("bob@shop.test", "24-WG01", "cancel", 1, "000000102"),
    ]
    returned = done.tables.events[done.tables.events["kind"] != "purchase"]
    assert returned["quantity"].tolist() == [1, 1]
    items = items_of(done, "title", "category", "price", "available")
    assert items["24-MB01"] == ("Joust Duffle Bag", "Bags", 34.0, True)
    assert items["24-WG01"] == ("Yoga Strap 6'", "Fitness Equipment", 14.0, False)


def test_ga4_events_in_json_lines(imported):
    done = imported(events_jsonl=exports.GA4_LINES)
    assert events_of(done, "user_id", "item_id", "kind", "quantity", "order_id") == [
        ("u9", "S1", "view", None, None),  # the visitor 11.22 logged in later
        ("u9", "S1", "purchase", 2, "T1"),
        ("u9", "S2", "purchase", 1, "T1"),
    ]
    assert done.tables.events["timestamp"].iloc[0] == pd.Timestamp("2025-01-01 00:01:00.123456")
    assert items_of(done, "title", "category", "brand") == {"S1": ("Mug", "Mugs", "Alba"), "S2": ("Tea", None, None)}


def test_retailrocket(imported):
    done = imported(events_csv=exports.RETAILROCKET_EVENTS, item_properties_part1_csv=exports.RETAILROCKET_PROPERTIES)
    assert events_of(done, "user_id", "item_id", "kind", "order_id") == [
        ("257597", "355908", "view", None),
        ("992329", "248676", "cart", None),
        ("992329", "248676", "purchase", "4000"),
    ]
    assert done.tables.events["timestamp"].iloc[0] == pd.Timestamp("2015-06-02 05:02:12.117")
    assert items_of(done, "title", "category", "available")["355908"] == (None, None, True)


def test_amazon_personalize(imported):
    done = imported(interactions_csv=exports.PERSONALIZE_INTERACTIONS, items_csv=exports.PERSONALIZE_ITEMS)
    assert events_of(done, "user_id", "item_id", "kind", "value") == [
        ("1", "i1", "watch", None),
        ("2", "i2", "view", 0.5),
    ]
    items = done.tables.items.set_index("item_id")
    assert items.loc["i1", "first_seen"] == pd.Timestamp("2018-10-20 01:46:40")
    assert items.loc["i1", "categories"] == "Action|Drama"
    assert items.loc["i2", "category"] == "Comedies"


def test_a_description_in_personalize_is_no_title(imported):
    items = "ITEM_ID,CATEGORY_L1,CATEGORY_L2,PRODUCT_DESCRIPTION\ni1,accessories,bags,A fine piece\ni2,decor,lamps,A fine piece\n"
    done = imported(interactions_csv=exports.PERSONALIZE_INTERACTIONS, items_csv=items)
    assert items_of(done, "title", "category", "description")["i1"] == (None, "bags", "A fine piece")


def test_instacart_has_an_order_of_times_only(imported):
    done = imported(
        orders_csv=exports.INSTACART_ORDERS, order_products__prior_csv=exports.INSTACART_LINES,
        products_csv=exports.INSTACART_PRODUCTS, aisles_csv=exports.INSTACART_AISLES,
        departments_csv=exports.INSTACART_DEPARTMENTS,
    )  # fmt: skip
    assert events_of(done, "user_id", "item_id", "kind", "order_id") == [
        ("1", "196", "purchase", "21"),
        ("1", "196", "purchase", "22"),
        ("1", "14084", "purchase", "22"),
        ("2", "196", "purchase", "31"),
    ]
    moments = done.tables.events["timestamp"]
    assert moments[1] - moments[0] == pd.Timedelta(days=15, hours=-1)
    assert done.tables.shop.times == "order"
    assert items_of(done, "title", "category", "categories")["196"] == (
        "Soda",
        "soft drinks",
        "beverages > soft drinks",
    )


def test_movielens_with_and_without_headers(imported):
    done = imported(ratings_dat=exports.MOVIELENS_DAT, movies_dat=exports.MOVIELENS_MOVIES_DAT)
    assert events_of(done, "user_id", "item_id", "kind", "value")[:2] == [
        ("1", "1193", "like", 5),
        ("1", "661", "dislike", 3),
    ]
    assert done.tables.events["timestamp"].iloc[0] == pd.Timestamp("2000-12-31 22:12:40")
    assert items_of(done, "title")["1193"] == ('One Flew Over the "Nest" (1975)',)
    headed = "userId,movieId,rating,timestamp\n" + exports.MOVIELENS_DAT.replace("::", ",")
    assert events_of(imported(ratings_csv=headed), "user_id", "item_id", "value")[2] == ("2", "1193", 4)
    assert done.tables.shop.target_kinds == ("like",)


def test_order_lines_of_a_wholesaler(imported):
    done = imported(retail_csv=exports.RETAIL)
    rows = events_of(done, "user_id", "item_id", "kind", "quantity", "order_id")
    assert [row for row in rows if row[0] == "17850"] == [
        ("17850", "85123A", "purchase", 6, "536365"),
        ("17850", "22492", "purchase", 2, "536365"),
        ("17850", "85123A", "return", 6, "536365"),  # the whole purchase came back
    ]
    assert ("13748", "22492", "purchase", 3, "536371") in rows  # one of four came back
    part = next(row for row in rows if row[2] == "return" and row[1] == "22492")
    assert part[4].startswith("536371/returned")
    assert ("13748", "21777", "return", 1, "C536381") in rows  # its purchase is not in the file
    titles = {item: title for item, (title,) in items_of(done, "title").items()}
    assert titles["85123A"] == "White hanging heart t-light holder"
    assert titles["22492"] == "Set of 10 Love London candles"
    assert titles["21777"] == "Union Jack LED clock"
    proposals = done.tables.shop.proposals.left_out_items
    assert {key: each.reason for key, each in proposals.items()} == {"POST": "postage", "M": "manual"}
    assert done.tables.events["timestamp"].min() == pd.Timestamp("2010-12-01 08:26")


def test_categories_come_from_titles_where_an_export_has_none(imported):
    things = ["lunch bag", "jumbo bag", "tea towel", "cake stand"]
    titles = [f"{colour} {thing}".upper() for colour in ("red", "blue", "green", "pink") for thing in things]
    lines = "".join(f"{n},u{n % 3},S{n},{title},1,2024-01-0{n % 9 + 1},2.5\n" for n, title in enumerate(titles))
    done = imported(sales_csv="InvoiceNo,CustomerID,StockCode,Description,Quantity,InvoiceDate,UnitPrice\n" + lines)
    assert set(done.tables.items["category"]) == {f"{thing}s" for thing in things}
    assert done.notes["categories derived from titles"] == 4


OTHERS = {
    "behaviour without a header": (
        {"behaviour_csv": "1,2268318,2520377,pv,1511544070\n1,2333346,2520771,buy,1511561733\n2,2576651,149192,cart,1511572885\n"},
        [("1", "2268318", "view"), ("1", "2333346", "purchase"), ("2", "2576651", "cart")],
    ),
    "behaviour with a play time and no time": (
        {"steam_csv": '15,"The Scrolls V",purchase,1.0,0\n15,"The Scrolls V",play,273.0,0\n16,"Fallout 4",purchase,1.0,0\n'},
        [("15", "The Scrolls V", "purchase"), ("15", "The Scrolls V", "play"), ("16", "Fallout 4", "purchase")],
    ),
    "sessions with nested events": (
        {"train_jsonl": '{"session":12,"events":[{"aid":5,"ts":1661724000278,"type":"clicks"},{"aid":6,"ts":1661724000279,"type":"orders"}]}\n'},
        [("12", "5", "view"), ("12", "6", "purchase")],
    ),
    "orders, lines and customers of a marketplace": (
        {
            "orders_csv": "order_id,customer_id,order_status,order_purchase_timestamp\no1,c1,delivered,2017-10-02 10:56:33\no2,c2,canceled,2018-07-24 20:41:37\n",
            "order_items_csv": "order_id,order_item_id,product_id,shipping_limit_date,price\no1,1,p1,2017-10-06 11:07:15,29.99\no2,1,p2,2018-07-30 00:00:00,118.70\n",
            "customers_csv": "customer_id,customer_unique_id,customer_city\nc1,u1,franca\nc2,u2,rio\n",
        },
        [("u1", "p1", "purchase"), ("u2", "p2", "purchase"), ("u2", "p2", "cancel")],
    ),
    "accents and degree signs": (
        {"ventes_csv": "N° commande;Date de commande;Code client;Réf. produit;Désignation;Quantité\nF1;13/01/2024;C1;A1;Théière;1\n"},
        [("C1", "A1", "purchase")],
    ),
    "reviews of variants, and a catalogue of their parents": (
        {
            "reviews_jsonl": '{"rating": 5.0, "title": "Lovely scent", "text": "Nice.", "asin": "B9", "parent_asin": "B1", "user_id": "AG", "timestamp": 1588615855070, "helpful_vote": 0}\n',
            "meta_jsonl": '{"main_category": "Beauty", "title": "Face cream", "store": "CeraVe", "parent_asin": "B1", "price": 9.99}\n',
        },
        [("AG", "B1", "rate")],
    ),
    "reviews of places": (
        {
            "review_json": '{"review_id": "r1", "user_id": "u1", "business_id": "b1", "stars": 4.0, "text": "Fine", "date": "2018-07-07 22:09:11"}\n',
            "business_json": '{"business_id": "b1", "name": "Corner Café", "categories": "Food, Cafes"}\n',
        },
        [("u1", "b1", "rate")],
    ),
    "reviews": (
        {"reviews_json": '{"reviewerID": "A1", "asin": "78", "overall": 1.0, "unixReviewTime": 1391040000, "reviewTime": "01 30, 2014"}\n'},
        [("A1", "78", "rate")],
    ),
}  # fmt: skip


def test_a_title_of_a_review_is_not_the_title_of_the_item(imported):
    files, _ = OTHERS["reviews of variants, and a catalogue of their parents"]
    assert items_of(imported(**files), "title", "brand", "category") == {"B1": ("Face cream", "CeraVe", "Beauty")}


def test_a_log_without_a_header_takes_the_names_of_its_items(imported):
    plays = [("u1", "m1", "Sigur Rós", "Glósóli"), ("u1", "m2", "Björk", "Jóga"), ("u2", "m1", "Sigur Rós", "Glósóli")]
    rows = [*plays, ("u2", "m1", "Sigur Rós", "Ára bátur")]
    lines = [f"{u}\t2009-05-04T23:0{n}:57Z\t{m}\t{artist}\t{track}" for n, (u, m, artist, track) in enumerate(rows)]
    done = imported(plays_tsv="\n".join(lines) + "\n")
    assert items_of(done, "title") == {"m1": ("Sigur Rós",), "m2": ("Björk",)}


def test_numbers_of_categories_group_items_and_are_never_named(imported):
    rows = [
        f"u{user},{item},{item % 2 + 2500},buy,{1511658000 + user * 60 + item}"
        for user in range(3)
        for item in range(4)
    ]
    done = imported(UserBehavior_csv="\n".join(rows) + "\n")
    assert items_of(done, "category") == {str(item): (str(item % 2 + 2500),) for item in range(4)}
    assert not Policy().may_name_category("2500")
    assert Policy().may_name_category("2500 series")
    mixed = "item_id,title,category\n0,Cup,17\n1,Mug,17\n2,Pot,pots\n"
    done = imported(orders_csv="user_id,item_id,timestamp\nu,0,2020-01-02\n", items_csv=mixed)
    assert items_of(done, "category") == {"0": (None,), "1": (None,), "2": ("pots",)}  # a name is there: 17 is none


def test_counts_of_plays_without_a_header_or_times(imported):
    rows = [("a1", "m1", "Björk", 20), ("a1", "m2", "Abba", 7), ("a2", "m1", "Björk", 990), ("a2", "m3", "Air", 3)]
    done = imported(plays_tsv="".join("\t".join(map(str, row)) + "\n" for row in rows))
    assert events_of(done, "user_id", "item_id", "kind")[0] == ("a1", "m1", "play")
    assert items_of(done, "title") == {"m1": ("Björk",), "m2": ("Abba",), "m3": ("Air",)}


def test_an_id_of_a_catalogue_is_that_of_the_log(imported):
    done = imported(
        plays_csv="userID,artistID,weight\n2,51,13883\n2,52,11690\n3,51,4\n",
        artists_csv="id,name\n51,Duran Duran\n52,Morcheeba\n",
    )
    assert items_of(done, "title") == {"51": ("Duran Duran",), "52": ("Morcheeba",)}


def test_times_with_the_year_at_the_end(imported):
    line = '{"user_id": "u", "book_id": "b", "rating": 4, "date_added": "Wed Mar 22 11:37:04 -0700 2017"}\n'
    done = imported(reads_json=line)
    assert events_of(done, "timestamp") == [(pd.Timestamp("2017-03-22 18:37:04"),)]


def test_names_in_another_language_take_the_place_of_a_categorys_name(imported):
    done = imported(
        orders_csv="order_id,user_id,product_id,timestamp\no1,u1,p1,2018-01-02\no2,u1,p2,2018-01-03\no3,u1,p3,2018-01-04\n",
        products_csv="product_id,product_category_name\np1,beleza_saude\np2,brinquedos\np3,artes\n",
        names_csv="product_category_name,product_category_name_english\nbeleza_saude,health_beauty\nbrinquedos,toys\n",
    )
    assert items_of(done, "category") == {"p1": ("health beauty",), "p2": ("toys",), "p3": ("artes",)}


def test_a_log_without_purchases_has_no_returns_to_take_back(imported):
    done = imported(ratings_csv="user_id,item_id,rating,timestamp\nu1,a,4,2020-01-02\nu2,a,2,2020-01-03\n")
    assert done.tables.shop.target_kinds == ("like",)
    assert done.tables.shop.return_kinds == ()


def test_the_last_name_of_a_path_stands_alone_unless_it_does_not_say_what_the_items_are(imported):
    things = {
        "Sheet music > Piano": [
            "Nocturnes for piano",
            "Leila Fletcher: Piano, book 1",
        ],  # a topic, for which titles are
        "Instruments > Keyboards": ["Yamaha digital piano 88 keys"],
        "Parts > Outer tyres": ["Tyre Marathon Plus 28 inch", "Gravelking"],  # the noun comes first
        "Parts > Locks": ["Granit", "Victory"],  # no title tells
        "Doors > Oak": ["Internal door, oak", "Oak door"],
        "Women > Dresses": ["Linen dress with belt", "Maxi dress, black"],
        "Women > XL": ["Coat XL", "Red summer dress XL"],
        "Strings > Guitar strings": ["D'Addario EXL 009"],  # repeats a word of the name above
    }
    rows = [
        f'i{n},"{title}",{path}\n' for n, (path, title) in enumerate((p, t) for p, ts in things.items() for t in ts)
    ]
    done = imported(
        orders_csv="user_id,item_id,timestamp\nu1,i0,2020-01-02\n", items_csv="item_id,title,category\n" + "".join(rows)
    )
    told = dict(done.tables.items[["categories", "category"]].to_numpy().tolist())
    assert told == {
        "Sheet music > Piano": "Sheet music › Piano",
        "Instruments > Keyboards": "Keyboards",
        "Parts > Outer tyres": "Outer tyres",
        "Parts > Locks": "Locks",
        "Doors > Oak": "Doors › Oak",
        "Women > Dresses": "Dresses",
        "Women > XL": "Women › XL",
        "Strings > Guitar strings": "Guitar strings",
    }
    assert category_in("Sheet music > Piano", [*told.values()]) == "Sheet music › Piano"
    assert ReferringExpressions(load_lexicon("en")).category("Sheet music › Piano") == "“Sheet music › Piano”"


def test_categories_of_places_are_divided_at_commas_and_names_with_commas_are_not(imported):
    head, events = "item_id,title,categories\n", "user_id,item_id,timestamp\nu1,a,2020-01-02\n"
    places = ["Restaurants, Pizza", "Restaurants, Mexican", "Restaurants", "Bars, Pizza"]
    rows = "".join(f'{name},T {name},"{place}"\n' for name, place in zip("abcd", places, strict=True))
    assert items_of(imported(events_csv=events, items_csv=head + rows), "categories")["a"] == ("Restaurants|Pizza",)
    names = ["Bath, Body & Home", "Sun, Sea & Sand", "Bath, Body & Home", "Salt, Pepper & Spice"]
    rows = "".join(f'{key},T {key},"{name}"\n' for key, name in zip("abcd", names, strict=True))
    done = imported(events_csv=events, items_csv=head + rows)
    assert items_of(done, "category")["a"] == ("Bath, Body & Home",)


def test_headers_of_a_chinese_shop(imported):
    done = imported(
        orders_csv="订单编号,会员编号,商品编码,购买数量,支付时间\nD1,U1,S1,2,2024/01/03 10:20\n",
        goods_csv="商品编码,商品标题,商品类目,商品品牌,商品价格\nS1,云南白药牙膏,个护>牙膏,云南白药,29.9\nS2,感冒药,医药>感冒药,同仁堂,15\n",
    )
    assert events_of(done, "user_id", "item_id", "quantity", "order_id") == [("U1", "S1", 2.0, "D1")]
    assert items_of(done, "title", "category", "brand", "price")["S1"] == ("云南白药牙膏", "牙膏", "云南白药", 29.9)
    assert set(done.tables.shop.proposals.sensitive_categories) == {"感冒药"}
    assert not done.tables.shop.proposals.sensitive_items


@pytest.mark.parametrize("case", OTHERS)
def test_other_logs(case, imported):
    files, expected = OTHERS[case]
    assert events_of(imported(**files), "user_id", "item_id", "kind") == expected


def test_columns_of_flags_are_categories_of_items(tmp_path):
    genres = ["Action", "Comedy", "Drama", "Film-Noir", "War"]
    rows = [f"{n},Film {n},{','.join('1' if n % 5 in (k, 4) else '0' for k in range(5))}" for n in range(1, 41)]
    (tmp_path / "films.csv").write_text("\n".join([f"film_id,film_title,{','.join(genres)}", *rows]))
    (source,) = read_sources(tmp_path / "films.csv", is_known_header)
    items = with_flags_as_list(source.frame)
    assert items["category"].head(4).tolist() == ["Comedy", "Drama", "Film-Noir", "|".join(genres)]
    assert list(items) == ["film_id", "film_title", "category"]
    rare = source.frame.assign(**dict.fromkeys(genres[1:], "0"))
    assert with_flags_as_list(rare) is rare
