"""Past items and categories speak in lists only if a person would see their link with the item."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from llm_explain.claims.visible_links import VisibleLinks, name_of, says_more
from llm_explain.policy.policy import Policy
from scoring.data.catalogue import Catalogue
from scoring.features.item_pairs import ItemPairs
from tests.llm_explain.claims.scene import (
    CATALOGUE,
    CATEGORY,
    INDEX,
    ITEMS,
    attribution,
    bought,
    derive,
    evidence,
    snapshot,
)
from tests.llm_explain.claims.test_similar_item import past

if TYPE_CHECKING:
    from llm_explain.records import Claim
    from scoring.features.snapshot import Snapshot

HISTORY = (bought("milk", 40, 30, 20, 10), bought("salsa", 30, 10))


def pairs(**users: int) -> ItemPairs:
    """Return pairs of past items with tortilla chips."""
    first = np.array([INDEX[item] for item in users], dtype=np.int64)
    second = np.full(len(first), INDEX["tortilla"])
    return ItemPairs.of_rows(first, second, np.array([*users.values()], dtype=np.int64), len(ITEMS))


def counted(later: ItemPairs, together: ItemPairs, *, buyers: int = 200) -> Snapshot:
    """Return the statistics of a shop in which each item has so many users."""
    return snapshot(buyers=np.full(len(ITEMS), buyers), followers=later, companions=together)


NO_LINKS = counted(pairs(), pairs(hummus=20))
SALSA_LINKED = counted(pairs(salsa=60, milk=80), pairs(salsa=20, milk=19))
SINGLE_LINKED = counted(pairs(salsa=60, milk=40), pairs())
"""The same where each occasion has one item."""


def reasons(statistics: Snapshot, *, in_list: bool = True) -> list[Claim]:
    """Return the reasons of tortilla chips; milk, which everybody buys, has the largest attribution."""
    seen = evidence("tortilla", *HISTORY, statistics=statistics)
    given = attribution(
        {"group:milk": {"links": 0.6}, "group:dips": {"links": 0.3}, "context:popularity": {"popularity": 0.1}}
    )
    given = replace(given, items=(past(milk=0.6), past(salsa=0.3), ()))
    return [
        claim
        for claim in derive(seen, given, needs_visible_links=in_list)
        if claim.kind in {"similar_item", "related_category"}
    ]


def named(claims: list[Claim], kind: str) -> list[object]:
    facts = [claim.facts for claim in claims if claim.kind == kind]
    return [own.get("other_item_id", own.get("category")) for own in facts]


def test_a_popular_item_without_a_visible_link_does_not_speak() -> None:
    assert named(reasons(SALSA_LINKED, in_list=False), "similar_item") == ["milk", "salsa"]
    assert named(reasons(SINGLE_LINKED), "similar_item") == ["salsa"]
    assert reasons(NO_LINKS) == []


def test_counts_of_orders_give_no_bare_reason_for_another_category() -> None:
    assert reasons(SALSA_LINKED) == []  # "because you bought salsa": that others bought both is said by its own claim
    links = VisibleLinks(CATALOGUE, SALSA_LINKED, Policy())
    salsa, item = np.array([INDEX["salsa"]]), np.array([INDEX["tortilla"]])
    assert (links.of_items(salsa, item).tolist(), links.of_reasons(salsa, item).tolist()) == ([True], [False])
    assert not links.of_category(CATEGORY["dips"], salsa, INDEX["tortilla"])


def test_another_category_speaks_by_an_item_that_the_counts_link() -> None:
    assert named(reasons(SALSA_LINKED, in_list=False), "related_category") == ["milk", "dips"]
    assert named(reasons(SINGLE_LINKED), "related_category") == ["dips"]


def test_within_a_player_the_largest_visible_item_speaks() -> None:
    seen = evidence("tortilla", *HISTORY, statistics=SINGLE_LINKED)
    given = attribution({"rest": {"links": 1.0}}, rest=["milk", "dips"])
    given = replace(given, items=(past(milk=0.6, salsa=0.3),))
    (claim,) = [each for each in derive(seen, given, needs_visible_links=True) if each.kind == "similar_item"]
    assert (claim.part, claim.phi) == ("links:salsa", 0.3)


@pytest.mark.parametrize(
    ("later", "together", "is_seen"),
    [
        (10, 20, True),
        (10, 19, False),  # fewer than a tenth of 200 users in one occasion
        (0, 150, False),  # no more than chance in a year
        (150, 0, False),
    ],
)
def test_both_counts_have_to_show_the_link(later: int, together: int, *, is_seen: bool) -> None:
    kept = {"salsa": later} if later else {}
    shown = {"salsa": together} if together else {"hummus": 20}
    links = VisibleLinks(CATALOGUE, counted(pairs(**kept), pairs(**shown)), Policy())
    other = np.array([INDEX["salsa"]])
    assert links.of_items(other, np.array([INDEX["tortilla"]])).tolist() == [is_seen]


@pytest.mark.parametrize(
    ("purchases", "is_seen"), [(["salsa", "hummus"], True), (["salsa", "hummus", "hummus"], False)]
)
def test_the_counts_link_half_of_the_purchases_of_a_category(purchases: list[str], *, is_seen: bool) -> None:
    links = VisibleLinks(CATALOGUE, SINGLE_LINKED, Policy())
    bought = np.array([INDEX[item] for item in purchases])
    assert links.of_category(CATEGORY["dips"], bought, INDEX["tortilla"]) == is_seen


@pytest.mark.parametrize(("later", "is_seen"), [(50, True), (49, False)])
def test_without_companions_a_quarter_comes_back_for_the_item(later: int, *, is_seen: bool) -> None:
    links = VisibleLinks(CATALOGUE, counted(pairs(salsa=later), pairs()), Policy())
    assert links.of_items(np.array([INDEX["salsa"]]), np.array([INDEX["tortilla"]])).tolist() == [is_seen]


def test_an_item_of_the_same_category_speaks() -> None:
    links = VisibleLinks(CATALOGUE, NO_LINKS, Policy())
    other = np.array([INDEX["kettle"], INDEX["milk"]])
    assert links.of_items(other, np.full(2, INDEX["tortilla"])).tolist() == [True, False]
    unnamed = Catalogue(ITEMS.assign(category=ITEMS["category"].where(~ITEMS["category"].isin(["chips", "dips"]))))
    links = VisibleLinks(unnamed, NO_LINKS, Policy())
    assert links.of_items(np.array([INDEX["salsa"]]), np.array([INDEX["tortilla"]])).tolist() == [False]


def test_a_word_speaks_if_few_titles_and_categories_have_it() -> None:
    titles = {"salsa": "Tortilla dip mini", "milk": "Milk mini"}
    items = ITEMS.assign(title=ITEMS["item_id"].map(titles).fillna(ITEMS["title"]))
    items.loc[items["item_id"] == "tortilla", "title"] = "Tortilla chips mini"
    links = VisibleLinks(Catalogue(items), NO_LINKS, Policy())
    other = np.array([INDEX["salsa"], INDEX["milk"]])
    assert links.of_items(other, np.full(2, INDEX["tortilla"])).tolist() == [True, False]  # "tortilla", not "mini"
    many = pd.DataFrame({"item_id": [f"x{n}" for n in range(300)], "title": [f"Thing{n}" for n in range(300)]})
    spread = pd.concat([items, many.assign(category="things", brand=None)], ignore_index=True)
    links = VisibleLinks(Catalogue(spread), NO_LINKS, Policy())
    assert links.of_items(other, np.full(2, INDEX["tortilla"])).tolist() == [True, True]  # 3 of 300 titles
    spread.loc[spread["item_id"] == "lager", "title"] = "Lager mini"
    links = VisibleLinks(Catalogue(spread), NO_LINKS, Policy())
    assert links.of_items(other, np.full(2, INDEX["tortilla"])).tolist() == [True, False]  # four categories
    for title, is_seen in (("Frozen milk bread", False), ("Frozen bread milk", True)):
        items.loc[items["item_id"] == "tortilla", "title"] = title  # milk is not what milk bread is
        found = VisibleLinks(
            Catalogue(items.assign(title=items["title"].replace("Milk mini", "Whole milk"))), NO_LINKS, Policy()
        )
        assert found.of_items(other[1:], np.array([INDEX["tortilla"]])).tolist() == [is_seen]


@pytest.mark.parametrize(
    ("other", "is_seen"),
    [
        ("Red spot jug, 1 l", True),  # the words of a collection
        ("Blue star lunch bag", True),  # the words of a thing
        ("Red star jug", False),  # one word
        ("Set of 3 spot cake jars", False),  # two words that most names have
    ],
)
def test_words_that_tell_only_together_link_two_names(other: str, *, is_seen: bool) -> None:
    collections, things = ("Red spot", "Blue star", "Green leaf"), ("lunch bag", "cake tin", "jug", "set of 3 jars")
    titles = [f"{each} {thing}" for each in collections for thing in things] * 40
    titles[:0] = ["Red spot lunch bag", other]
    titles += [f"Set of 3 cake things {n:b}" for n in range(40)]
    items = pd.DataFrame({"item_id": [f"x{n}" for n in range(len(titles))], "title": titles, "category": ""})
    statistics = snapshot(buyers=np.full(len(titles), 200), followers=ItemPairs.none(len(titles)))
    links = VisibleLinks(Catalogue(items), statistics, Policy())
    assert links.of_items(np.array([1]), np.array([0])).tolist() == [is_seen]
    assert links.of_titles(np.array([1]), 0).tolist() == [is_seen]


def test_a_size_or_mark_is_no_part_of_a_name() -> None:
    assert {name_of(title) for title in ("Soft drink", "Soft drink (store brand)", "Soft drink, 2 l")} == {"soft drink"}


def test_a_category_speaks_by_a_word_of_its_name() -> None:
    items = ITEMS.assign(title=ITEMS["title"].where(ITEMS["item_id"] != "kettle", "Kettle chips with dips"))
    links = VisibleLinks(Catalogue(items), NO_LINKS, Policy())
    none = np.array([], dtype=np.int64)
    assert links.of_category(CATEGORY["dips"], none, INDEX["kettle"])
    assert not links.of_category(CATEGORY["dips"], none, INDEX["tortilla"])


def test_a_shop_that_cannot_tell_lets_the_learned_link_speak() -> None:
    links = VisibleLinks(CATALOGUE, counted(pairs(), pairs(), buyers=49), Policy())
    assert not links.can_tell
    milk, tortilla, kettle = (np.array([INDEX[name]]) for name in ("milk", "tortilla", "kettle"))
    assert links.of_items(milk, tortilla).tolist() == [True]
    assert links.of_reasons(milk, tortilla).tolist() == [False]  # but not as a reason, where categories tell
    assert links.of_reasons(kettle, tortilla).tolist() == [True]
    unnamed = VisibleLinks(Catalogue(ITEMS.assign(category="")), counted(pairs(), pairs(), buyers=49), Policy())
    assert unnamed.of_reasons(milk, tortilla).tolist() == [True]
    assert not links.of_category(CATEGORY["milk"], np.array([INDEX["milk"]]), INDEX["tortilla"])


def test_counts_tell_in_a_shop_without_categories() -> None:
    unnamed = VisibleLinks(Catalogue(ITEMS.assign(category="")), NO_LINKS, Policy())
    assert unnamed.can_tell
    assert unnamed.of_items(np.array([INDEX["milk"]]), np.array([INDEX["tortilla"]])).tolist() == [False]


@pytest.mark.parametrize(
    ("title", "category", "says"),
    [
        ("Onions", "onions", False),
        ("Bananas", "bananas and tropical fruit", False),
        ("Beef, 1 lb (store brand)", "beef", False),
        ("Lean beef, 1 lb", "beef", True),
        ("Celery", "fresh vegetables", True),
        ("牛奶", "乳品", True),
    ],
)
def test_a_title_says_more_than_its_category(title: str, category: str, says: bool) -> None:
    assert says_more(title, category) is says


def test_names_end_alike_or_items_are_of_one_category() -> None:
    rows = [("1", "Copy paper", "office"), ("2", "Hand soap", "office"), ("3", "Gift papers (3)", "")]
    catalogue = Catalogue(pd.DataFrame(rows, columns=["item_id", "title", "category"]))
    links = VisibleLinks(catalogue, NO_LINKS, Policy())
    assert [links.end_alike(other, 0) for other in (1, 2)] == [False, True]
    assert [links.are_of_one_sort(other, 1) for other in (0, 2)] == [True, False]


def test_names_of_one_design_are_seen_where_the_rest_says_the_category() -> None:
    kinds = {"Mug": "Mugs", "Apron": "Aprons", "Tea towel": "Tea towels", "Doorstop": "Doorstops", "Candle": "Candles"}
    rows = [
        (f"{design} {kind}", category) for design in ("Retro circus", "Blue heron") for kind, category in kinds.items()
    ]
    rows += [("Retro circus parade", "Films"), ("The last mug", "Mugs"), ("The last apron", "Aprons")]
    rows += [(f"Multi-pack of {kind.lower()}", kind) for kind in ("Mugs", "Aprons", "Plates", "Bowls", "Trays")]
    catalogue = Catalogue(
        pd.DataFrame([(title, title, kind) for title, kind in rows], columns=["item_id", "title", "category"])
    )
    links, index = VisibleLinks(catalogue, NO_LINKS, Policy()), catalogue.index_of
    other = index(["Retro circus Apron", "Blue heron Mug", "Blue heron Apron", "Retro circus parade"])
    assert links.of_titles(other, int(index(["Retro circus Mug"])[0])).tolist() == [True, True, False, False]
    assert not links.of_titles(index(["Multi-pack of aprons"]), int(index(["Multi-pack of mugs"])[0]))[0]
