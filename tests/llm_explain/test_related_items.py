"""Items for pages without a user: their order, what their texts say, and what the policy leaves out."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from llm_explain.answers import RelatedItem
from llm_explain.errors import SettingError
from llm_explain.explainer import Explainer
from llm_explain.policy.policy import Policy
from llm_explain.policy.settings import PolicySettings
from llm_explain.related_items import PairTexts, RelatedItems
from scoring.data.shop import Shop
from scoring.data.tables import Tables
from scoring.features.link_tables import Table
from scoring.model.links import Decay, Links, LinkTable

TITLES = {
    "a": "Gala apples", "b": "Oat bars", "c": "Rye bread", "d": "Sparkling water", "e": "Plain bagels", "f": "Tea",
    "x": "Rye bread",
}  # fmt: skip
START = pd.Timestamp("2017-06-01")


def shop_tables(*, kind: str = "purchase", category: str | None = None) -> Tables:
    """Return a shop in which 60 users buy apples with bars, 20 of them bread later, and 140 others buy other things."""
    rows: list[tuple[str, str, float]] = []
    for user in range(60):
        rows += [(f"u{user}", "a", 0.0), (f"u{user}", "b", 0.0)]
        rows += [(f"u{user}", "c", 48.0)] if user < 20 else []
        rows += [(f"u{user}", "d", 72.0)] if user < 9 else []
    rows += [(f"v{user}", item, 5.0 * place) for user in range(140) for place, item in enumerate("ef")]
    rows += [("w", "x", 1.0)]
    events = pd.DataFrame(rows, columns=["user_id", "item_id", "hours"])
    events["timestamp"] = START + pd.to_timedelta(events.pop("hours"), unit="h")
    items = pd.DataFrame({"item_id": [*TITLES], "title": [*TITLES.values()], "category": category})
    return Tables(events.assign(kind=kind), items, shop=Shop(target_kinds=(kind,)))


def explainer_of(tables: Tables) -> Explainer:
    return Explainer.over(
        lambda histories, ids: np.zeros((len(histories), len(ids))), tables, as_of=START + pd.Timedelta(days=30)
    )


@pytest.fixture(scope="module")
def explainer() -> Explainer:
    return explainer_of(shop_tables())


def said(found: list[RelatedItem]) -> list[tuple[str, str | None]]:
    return [(each.item_id, each.text.text if each.text else None) for each in found]


def test_similar_items_state_their_counts(explainer: Explainer) -> None:
    # Bars share 60 occasions; 20 of the 60 who bought apples bought bread later; nine with water are too few.
    assert said(explainer.similar("a")) == [
        ("b", "Bought together with Gala apples by 60 customers."),
        ("c", "33% of the customers who bought Gala apples later bought this."),
    ]
    assert said(explainer.similar("a", k=1)) == said(explainer.similar("a"))[:1]
    assert said(explainer.similar("a", locale="zh"))[0][1] == "有60位顾客同时购买过嘎啦苹果和这款。"


def test_products_of_the_category_come_after_what_is_linked() -> None:
    food = shop_tables(category="food")
    assert said(explainer_of(food).similar("a"))[:2] == said(explainer_of(shop_tables()).similar("a"))
    # No count links crackers: "Rye bread" shares a word, and the others come by their buyers.
    rye = pd.DataFrame({"item_id": ["g", "h"], "title": ["Rye crackers", "Rye crackers, large"], "category": "food"})
    items = pd.concat([food.items, rye.assign(parent_id="rye")], ignore_index=True)
    explainer = explainer_of(Tables(food.events, items, shop=food.shop))
    assert [each.item_id for each in explainer.similar("g")] == ["c", "e", "f", "a", "b", "d"]  # "h" is its variant
    assert [text for _, text in said(explainer.similar("g"))] == [None] * 6
    assert explainer.complete(["g"]) == []


def test_a_basket_is_completed_by_what_was_bought_with_it(explainer: Explainer) -> None:
    assert said(explainer.complete(["a"])) == [("b", "Bought together with Gala apples by 60 customers.")]
    assert explainer.complete(["a", "b"]) == []
    with pytest.raises(SettingError, match="basket is empty but at least one item is needed"):
        explainer.complete([])


def test_texts_follow_the_kind_of_event() -> None:
    watched = explainer_of(shop_tables(kind="watch"))
    assert said(watched.similar("a"))[1][1] == "33% of the customers who watched Gala apples later watched this."
    unknown = explainer_of(shop_tables(kind="sneeze"))
    assert said(unknown.similar("a")) == [("b", None), ("c", None)]


def related(explainer: Explainer, policy: Policy | None = None, links: Links | None = None) -> RelatedItems:
    shop = explainer.shop
    shop.policy, shop._sensitive = policy or Policy(), {}
    return RelatedItems(shop, np.arange(len(TITLES)), links)


def test_sensitive_items_are_neither_asked_nor_shown() -> None:
    explainer = explainer_of(shop_tables())
    apples = Policy(PolicySettings.model_validate({"sensitive": {"types": ["gala apples"]}}))
    bars = Policy(PolicySettings.model_validate({"sensitive": {"types": ["oat bars"]}}))
    texts = PairTexts()
    assert related(explainer, apples).similar(0, 5, texts) == []
    assert related(explainer, apples).complete([0], 5, texts) == []
    assert [each.item_id for each in related(explainer, bars).similar(0, 5, texts)] == ["c"]


def test_items_that_the_policy_keeps_out_of_lists_are_not_shown() -> None:
    bars = Policy(PolicySettings.model_validate({"never_recommend": {"item_ids": ["b"]}}))
    explainer, texts = explainer_of(shop_tables()), PairTexts()
    assert [each.item_id for each in related(explainer, bars).similar(0, 5, texts)] == ["c"]
    assert related(explainer, bars).complete([0], 5, texts) == []


def test_a_larger_crowd_is_asked_for() -> None:
    texts, explainer = PairTexts(), explainer_of(shop_tables())
    found = related(explainer, Policy(PolicySettings(min_crowd=61))).similar(0, 5, texts)
    assert said(found) == [("b", None), ("c", None)]


def test_links_give_the_order() -> None:
    explainer, texts = explainer_of(shop_tables()), PairTexts()
    table: Table = sparse.coo_array(([0.9, 0.5], ([0, 0], [4, 2])), shape=(7, 7)).tocsr()
    links = Links(7, (LinkTable("transitions", table, Decay(30.0, 2.0)),))
    found = related(explainer, links=links).similar(0, 5, texts)
    assert said(found) == [
        ("e", None),
        ("c", "33% of the customers who bought Gala apples later bought this."),
        ("b", "Bought together with Gala apples by 60 customers."),
    ]


def test_items_of_one_title_are_shown_once() -> None:
    explainer, texts = explainer_of(shop_tables()), PairTexts()
    table: Table = sparse.coo_array(([0.9, 0.5], ([0, 0], [6, 2])), shape=(7, 7)).tocsr()
    links = Links(7, (LinkTable("transitions", table, Decay(30.0, 2.0)),))
    assert [each.item_id for each in related(explainer, links=links).similar(0, 2, texts)] == ["x", "b"]
    assert [each.item_id for each in related(explainer, links=links).similar(2, 2, texts)] == []


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Bought together with Gala apples by 61 customers.", "unproven_value"),
        ("Bought together with Oat bars by 60 customers.", "unproven_value"),
        ("Watched together with Gala apples by 60 customers.", "unproven_value"),
        ("Bought together with Gala apples by 60 happy customers.", "unread"),
        ("Bought together with Gala apples by 60 customers. Hurry!", "unread"),
        ("Some of the customers who bought Gala apples later bought this.", "unread"),
    ],
)
def test_the_verifier_reads_the_whole_text(text: str, code: str) -> None:
    facts = {"item_id": "b", "other_item_id": "a", "event_kind": "purchase", "users": 60}
    titles = {"a": "Gala apples", "b": "Oat bars"}
    assert PairTexts().verify("Bought together with Gala apples by 60 customers.", "companion", facts, titles).ok
    assert [fault.code for fault in PairTexts().verify(text, "companion", facts, titles).faults] == [code]


@pytest.mark.parametrize(("share", "begin", "wrong"), [(0.25, "25% of", "26% of"), (0.24, "Some of", "24% of")])
def test_a_share_below_a_quarter_is_some(share: float, begin: str, wrong: str) -> None:
    facts = {"item_id": "b", "other_item_id": "a", "event_kind": "purchase", "share": share}
    titles = {"a": "tea", "b": "Oat bars"}
    written = PairTexts().write("follower", facts, titles)
    assert written is not None
    assert written.text == f"{begin} the customers who bought tea later bought this."
    assert not PairTexts().verify(written.text.replace(begin, wrong), "follower", facts, titles).ok
