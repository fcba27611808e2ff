"""The claim kinds of a line: most of the latest orders, first of a category, kept since a month, another size."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from llm_explain.claims import ClaimKind, Evidence, ShopEvidence, Subjects
from llm_explain.claims.kinds.kept_since import KeptSince
from llm_explain.claims.kinds.latest_orders import LatestOrders
from llm_explain.claims.kinds.most_bought import MostBought
from llm_explain.claims.kinds.related_title import RelatedTitle
from llm_explain.claims.sizes import other_size, sized
from llm_explain.claims.title_parts import TitleParts, same_series
from llm_explain.evaluation.audit import Audit
from llm_explain.policy.policy import Policy
from scoring.data.catalogue import Catalogue
from scoring.data.history import History
from scoring.data.shop import Shop
from scoring.data.tables import Tables
from scoring.features.promotions import PromotionCalendar
from scoring.features.snapshot import Snapshot
from tests.llm_explain.claims.scene import AS_OF, ITEMS, bought, evidence, find, snapshot

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

ORDER = Shop(times="order")


def facts(kind: type[ClaimKind], subjects: Subjects) -> dict[str, object] | None:
    found = find(kind, subjects)
    return None if found is None else dict(found.facts)


def test_most_of_the_latest_orders_had_the_item() -> None:
    others = bought("milk", 1, 2, 3, 4, 5, 6, 7)
    assert facts(LatestOrders, evidence("salsa", others, bought("salsa", 1, 3, 5))) == {"having": 3, "orders": 5}
    assert facts(LatestOrders, evidence("salsa", others, bought("salsa", 1, 3, 6, 7))) is None  # two of the latest five
    assert facts(LatestOrders, evidence("milk", others)) == {"having": 5, "orders": 5}
    assert facts(LatestOrders, evidence("milk", bought("milk", 1, 2, 3, 4))) is None  # four orders
    assert facts(LatestOrders, evidence("milk", bought("milk", *range(5), kind="play"))) is None
    many = bought("milk", *range(1, 12))
    assert facts(LatestOrders, evidence("salsa", many, bought("salsa", 1, 6, 8, 10))) == {"having": 4, "orders": 10}
    assert facts(LatestOrders, evidence("salsa", many, bought("salsa", 1, 6, 8, 11))) is None  # three of the latest ten


@pytest.mark.parametrize(
    ("tortilla", "others", "days_covered", "is_first"),
    [
        ((5, 6, 7), {"kettle": (1, 2), "ridged": (3,)}, 365, True),
        ((5, 6, 7), {"kettle": (1, 2), "ridged": (3,)}, 90, True),
        ((5, 6, 7), {"kettle": (1, 2), "ridged": (3,)}, 89, False),  # too little is known
        ((5, 6), {"kettle": (1,), "ridged": (3,)}, 365, False),  # two orders
        ((5, 6, 400), {"kettle": (1,), "ridged": (3,)}, 365, False),  # two in the year
        ((5, 6, 7), {"kettle": (1, 2, 8), "ridged": (3,)}, 365, False),  # as many
        ((5, 6, 7), {"kettle": (1, 2)}, 365, False),  # two titles
    ],
)
def test_a_first_of_a_category_has_more_orders_than_each_other_title(
    tortilla: tuple[int, ...], others: dict[str, tuple[int, ...]], days_covered: float, *, is_first: bool
) -> None:
    rows = [bought(item, *days) for item, days in {"tortilla": tortilla, **others}.items()]
    statistics = snapshot(days_covered=days_covered)
    expected = {"category": "chips", "window_days": days_covered} if is_first else None
    assert facts(MostBought, evidence("tortilla", *rows, statistics=statistics)) == expected
    assert facts(MostBought, evidence("tortilla", *rows, statistics=statistics, shop=ORDER)) is None


@pytest.mark.parametrize(
    ("days", "since"),
    [
        ((10, 40, 70, 100), "2017-08-23"),
        ((10, 40, 70), None),  # 70 days are no 90
        ((10, 12, 40, 95), "2017-08-28"),
        ((91, 121, 151), None),  # given up
        ((62, 95, 125), "2017-07-29"),  # within three rounds of about 30 days
        ((31, 33, 35, 120), None),  # 31 days are more than three rounds of two days, and more than 30
        ((1, 2, 3, 100), None),  # three months are needed
        ((10, 40, 70, 170), None),  # a pause of 100 days
        ((5, 10, 15, 50, 55, 100), None),  # 45 days are more than three rounds of five days
    ],
)
def test_an_item_is_kept_since_its_first_day(days: tuple[int, ...], since: str | None) -> None:
    expected = None if since is None else {"since": since}
    assert facts(KeptSince, evidence("salsa", bought("salsa", *days))) == expected
    assert facts(KeptSince, evidence("salsa", bought("salsa", *days), shop=ORDER)) is None


@pytest.mark.parametrize(("days_covered", "is_known"), [(190.0, True), (189.0, False)])
def test_a_habit_may_be_older_than_the_log(days_covered: float, *, is_known: bool) -> None:
    subjects = evidence("salsa", bought("salsa", 10, 40, 70, 100), statistics=snapshot(days_covered=days_covered))
    assert (facts(KeptSince, subjects) is not None) == is_known


@pytest.mark.parametrize(
    ("title", "other", "sizes"),
    [
        ("Large eggs, 18 count (store brand)", "Large eggs, 1 dozen (store brand)", ("18 count", "1 dozen")),
        ("Large eggs, 12 count", "Large eggs, 1 dozen", None),  # the same amount
        ("Large eggs, 18 count (store brand)", "Large eggs, 1 dozen", None),  # of another brand, perhaps
        ("Copy paper A4, 2,500 sheets", "Copy paper A4, 500 sheets", ("2,500 sheets", "500 sheets")),
        ("Gloves, box of 200", "Gloves, box of 100", ("box of 200", "box of 100")),
        ("Cable ties 300 mm, bag of 100", "Cable ties 200 mm, bag of 100", ("300 mm", "200 mm")),
        ("Cable ties 300 mm, bag of 50", "Cable ties 200 mm, bag of 100", None),  # two differ
        ("Storage tin, large", "Storage tin, small", ("large", "small")),
        ("Corn, 15.25 oz", "Corn, 15 oz", None),  # less than 30 % more
        ("Corn, 19.5 oz", "Corn, 15 oz", ("19.5 oz", "15 oz")),
        ("Milk, 1 gallon", "Milk, 2 qt", None),  # units that the rule does not compare
        ("Naruto, Vol. 2", "Naruto, Vol. 1", None),
        ("Rocky (2006)", "Rocky (1976)", None),
        ("Linen shirt, white", "Linen shirt, blue", None),
    ],
)
def test_titles_differ_by_one_size(title: str, other: str, sizes: tuple[str, str] | None) -> None:
    assert other_size(title, other) == sizes


def test_a_product_is_what_its_title_says_without_size_and_mark() -> None:
    assert sized("White milk, 1 gallon (store brand)").product == sized("White milk").product == "white milk"
    assert sized("Rocky (2006)").product != sized("Rocky (1976)").product
    assert sized("Naruto, Vol. 2").product != sized("Naruto, Vol. 1").product


EGGS = pd.DataFrame(
    [
        ("dozen", "Large eggs, 1 dozen", "eggs", "Hen"),
        ("18", "Large eggs, 18 count", "eggs", "Hen"),
        ("6", "Large eggs, 6 count", "eggs", "Hen"),
        ("other", "Large eggs, 18 count", "eggs", "Cock"),
        ("toys", "Large eggs, 18 count", "toys", "Hen"),
    ],
    columns=["item_id", "title", "category", "brand"],
)


def eggs(item: str, *events: pd.DataFrame) -> Subjects:
    return scene(item, *events, items=EGGS)


def scene(item: str, *events: pd.DataFrame, items: pd.DataFrame, shop: Shop | None = None) -> Subjects:
    catalogue, tables = Catalogue(items), Tables(pd.concat(events).assign(user_id="u"), items)
    of_shop = ShopEvidence(
        catalogue,
        snapshot=Snapshot.build(tables, catalogue, AS_OF),
        promotions=PromotionCalendar(tables.promotions, catalogue),
        policy=Policy(),
        shop=shop,
    )
    own = History.from_events(pd.concat(events), catalogue, as_of=AS_OF, user_id="u", shop=shop)
    place = items["item_id"].tolist().index(item)
    return Subjects.of(Evidence(of_shop, [own]), np.array([0]), np.array([place]))


def test_another_size_is_of_one_brand_and_category() -> None:
    known = {"other_item_id": "dozen", "size": "18 count", "other_size": "1 dozen"}
    assert facts(RelatedTitle, eggs("18", bought("dozen", 5))) == known
    assert facts(RelatedTitle, eggs("18", bought("dozen", 5), bought("6", 9))) == known  # the one bought last
    assert facts(RelatedTitle, eggs("18", bought("dozen", 5), bought("other", 9))) is None  # its title was bought
    assert facts(RelatedTitle, eggs("other", bought("dozen", 5))) is None
    assert facts(RelatedTitle, eggs("toys", bought("dozen", 5))) is None
    assert facts(RelatedTitle, eggs("18", bought("dozen", 5, kind="view"))) is None


def faults(
    folder: Path,
    events: pd.DataFrame,
    items: pd.DataFrame,
    kind: str,
    item: str,
    *,
    shop: Shop | None = None,
    **facts: object,
) -> list[str]:
    """Return what the audit finds in a record that states a claim."""
    Tables(events.assign(user_id="u"), items, shop=shop or Shop()).write(folder)
    statement = {"kind": kind, "player": "context:popularity", "part": "popularity", "phi": 0.0, "share": 0.0}
    record = {
        "user_id": "u",
        "item_id": item,
        "as_of": AS_OF.isoformat(),
        "score": 0.0,
        "base_value": 0.0,
        "attributions": [],
        "reasons": [],
        "statements": [{**statement, "facts": facts, "licences": []}],
    }
    return Audit(folder, AS_OF).faults([record])


@pytest.mark.parametrize(
    ("item", "kind", "settings", "is_found"),
    [
        ("shirt", "purchase", {}, True),
        ("shoe", "purchase", {}, False),  # of another category
        ("shoe", "purchase", {"brands_are": "creators"}, True),
        ("shoe", "play", {"target_kinds": ("play",)}, True),
        ("shirt", "purchase", {"own_brands": ("Acme",)}, False),
        ("other", "purchase", {}, False),
    ],
)
def test_a_brand_relates_items_of_a_category_and_a_creator_all_works(
    tmp_path: Path, item: str, kind: str, settings: dict[str, Any], *, is_found: bool
) -> None:
    named = [("known", "Blouse", "wear", "Acme"), ("shirt", "Parka", "wear", "Acme"), ("shoe", "Boot", "feet", "Acme")]
    rest = [("other", "Kilt", "wear", "Bolt")] + [(f"rest {n}", f"Sock {n}", "feet", "Bolt") for n in range(26)]
    items = pd.DataFrame([*named, *rest], columns=["item_id", "title", "category", "brand"])
    events, shop = bought("known", 5, kind=kind), Shop.of({"target_kinds": ("purchase",), **settings})
    found = facts(RelatedTitle, scene(item, events, items=items, shop=shop)) or {}
    assert ("brand" in found) is is_found
    stated = {"other_item_id": "known", "brand": "Acme"} | ({} if kind == "purchase" else {"event_kind": kind})
    assert (faults(tmp_path, events, items, "related_title", item, shop=shop, **stated) == []) is is_found


def test_tracks_of_two_artists_are_no_series_and_versions_are_none_either(tmp_path: Path) -> None:
    tracks = pd.DataFrame(
        [("a", "Slow", "jazz", "Ann"), ("b", "Slow - Acoustic", "jazz", "Bob"), ("c", "Slow - Live", "jazz", "Ann")]
        + [(f"other {n}", f"Tune {n}", "folk", f"Band {n}") for n in range(17)],
        columns=["item_id", "title", "category", "brand"],
    )
    plays = Shop(target_kinds=("play",), brands_are="creators")
    events = bought("a", 5, kind="play")
    for item, told in (("b", {"category": "jazz"}), ("c", {"brand": "Ann"})):
        expected = {"other_item_id": "a", **told, "event_kind": "play"}
        assert facts(RelatedTitle, scene(item, events, items=tracks, shop=plays)) == expected
        assert faults(tmp_path, events, tracks, "related_title", item, shop=plays, **expected) == []
        assert faults(tmp_path, events, tracks, "related_title", item, shop=plays, **{**expected, "series": "Slow"})


def test_sql_repeats_the_rule_of_another_size(tmp_path: Path) -> None:
    def found(item: str, other_item_id: str, size: str, other_size: str) -> list[str]:
        facts = {"other_item_id": other_item_id, "size": size, "other_size": other_size}
        return faults(tmp_path, pd.concat([bought("dozen", 5), bought("6", 9)]), EGGS, "related_title", item, **facts)

    assert found("18", "dozen", "18 count", "1 dozen") == []
    assert found("18", "dozen", "19 count", "1 dozen")
    assert found("18", "6", "18 count", "6 count")  # not the one bought last
    assert found("other", "dozen", "18 count", "1 dozen")
    assert found("dozen", "6", "1 dozen", "6 count")  # bought itself


@pytest.mark.parametrize(
    ("kettle", "oldest", "window_days", "is_true"),
    [((1, 2), 366, 365, True), ((1, 2, 8), 366, 365, False), ((1, 2), 360, 360, True), ((1, 2), 60, 60, False)],
)
def test_sql_repeats_the_rule_of_a_first_of_a_category(
    tmp_path: Path, kettle: tuple[int, ...], oldest: int, window_days: int, *, is_true: bool
) -> None:
    rows = [bought("tortilla", 5, 6, 7), bought("kettle", *kettle), bought("ridged", 3), bought("milk", oldest)]
    found = faults(
        tmp_path, pd.concat(rows), ITEMS, "most_bought", "tortilla", category="chips", window_days=window_days
    )
    assert (found == []) is is_true


def test_a_shop_of_plays_alone_counts_plays_for_the_first_of_a_category(tmp_path: Path) -> None:
    rows = [bought("tortilla", 5, 6, 7), bought("kettle", 1, 2), bought("ridged", 3), bought("milk", 366)]
    events, plays = pd.concat(rows).assign(kind="play"), Shop(target_kinds=("play",))
    told = {"category": "chips", "window_days": 365, "event_kind": "play"}
    assert facts(MostBought, evidence("tortilla", events, statistics=snapshot(), shop=plays)) == told
    assert faults(tmp_path, events, ITEMS, "most_bought", "tortilla", shop=plays, **told) == []


GIFTS = pd.DataFrame(
    [
        (f"{design} {thing}", f"{design} {thing}")
        for design in ("Blue Heron", "Fox and Fern", "Cornflower", "Peanut Butter")
        for thing in ("Tea Towel", "Tea Cosy", "Egg Cup")
    ]
    + [
        ("spread", "Smooth Peanut Butter"),
        ("towel", "Beach Towel"),
        ("dark", "Dark Water: Tides"),
        ("water", "Dark Water"),
    ],
    columns=["item_id", "title"],
)


@pytest.mark.parametrize(
    ("item", "known", "found"),
    [
        ("Blue Heron Tea Towel", "Blue Heron Tea Cosy", ("Blue Heron", "Tea Towel", "Tea Cosy")),
        ("Fox and Fern Egg Cup", "Fox and Fern Tea Cosy", ("Fox and Fern", "Egg Cup", "Tea Cosy")),
        ("Cornflower Egg Cup", "Cornflower Tea Cosy", None),  # one word may be a colour
        ("Peanut Butter Egg Cup", "Peanut Butter Tea Cosy", None),  # a thing of the shop
        ("Cornflower Egg Cup", "Blue Heron Egg Cup", ("Egg Cup", "Cornflower", "Blue Heron")),
        ("Cornflower Tea Towel", "towel", None),  # "tea towel" is one thing
    ],
)
def test_titles_share_a_range_or_a_thing_that_sql_finds_too(
    tmp_path: Path, item: str, known: str, found: tuple[str, str, str] | None
) -> None:
    titles = GIFTS.set_index("item_id")["title"]
    catalogue = Catalogue(GIFTS.assign(category="", brand=""))
    tables = Tables(bought(known, 5).assign(user_id="u"), GIFTS)
    shop = ShopEvidence(
        catalogue,
        snapshot=Snapshot.build(tables, catalogue, AS_OF),
        promotions=PromotionCalendar(tables.promotions, catalogue),
        policy=Policy(),
    )
    parts = TitleParts(shop)
    shared = parts.same_range(titles[item], titles[known], (0, 0)) or parts.same_thing(titles[item], titles[known], 0)
    assert shared == found
    names = ("range_name", "own_thing", "known_thing") if item.split()[0] == known.split()[0] else (
        "thing", "design", "known_design"
    )  # fmt: skip
    facts = {"other_item_id": known, **dict(zip(names, found or ("x", "y", "z"), strict=True))}
    assert (faults(tmp_path, bought(known, 5), GIFTS, "related_title", item, **facts) == []) is (found is not None)
    of_two_brands = GIFTS.assign(brand=np.where(GIFTS["item_id"] == item, "Own", "Other"))
    assert faults(tmp_path, bought(known, 5), of_two_brands, "related_title", item, **facts)
    if "design" in facts:  # a title that names its brand: "this time in Heron"
        assert faults(tmp_path, bought(known, 5), GIFTS.assign(brand="Heron"), "related_title", item, **facts)


def test_titles_of_one_series_share_what_stands_before_a_colon_or_a_part() -> None:
    assert same_series("Dark Water: Tides", "Dark Water") == "Dark Water"
    assert same_series("Dark Water, Part 2", "Dark Water, Part 1") == "Dark Water"
    assert same_series("Naruto (Vol. 2)", "Naruto") == "Naruto"
    assert same_series("Rocky (2006)", "Rocky (1976)") is None
    assert same_series("The Silver Letter", "The Silver Promise") is None
