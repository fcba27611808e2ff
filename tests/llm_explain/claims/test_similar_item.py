"""The past item that a reason names, what it cites, and what may be said of other customers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from llm_explain.attribution.values import Attribution, PastItem
from llm_explain.claims.kinds.similar_item import SimilarItem
from llm_explain.claims.subjects import Subjects
from llm_explain.policy.masking import mask_attribution
from llm_explain.policy.policy import Policy
from llm_explain.policy.settings import PolicySettings
from llm_explain.text.lexicon import load_lexicon
from llm_explain.text.values import Facts, ValueWriter
from scoring.data.catalogue import Catalogue
from scoring.data.shop import Shop
from scoring.features.item_pairs import ItemPairs
from scoring.features.snapshot import Snapshot
from tests.llm_explain.claims.scene import (
    AS_OF,
    INDEX,
    ITEMS,
    Found,
    attribution,
    bought,
    derive,
    evidence,
    find,
    snapshot,
)

VALUES = ValueWriter(load_lexicon("en"))
SALSA_AND_HUMMUS = (bought("salsa", 30, 10), bought("hummus", 20), bought("milk", 5), bought("lager", 4))


def past(**phi: float) -> tuple[PastItem, ...]:
    """Return past items with their attribution, the largest first."""
    return tuple(PastItem(INDEX[item], f"links:{item}", {"links": value}) for item, value in phi.items())


def citing(subjects: Subjects, **phi: float) -> Subjects:
    """Return the same user and item with past items to speak of."""
    return subjects.take(np.array([0]), past_items=[past(**phi)])


def followed(users: int, buyers: int = 200, *, age_days: float = 0) -> Snapshot:
    """Return statistics in which so many of the salsa's buyers bought tortilla chips later."""
    pair = np.array([INDEX["salsa"]]), np.array([INDEX["tortilla"]]), np.array([users])
    counts = np.zeros(len(ITEMS), dtype=np.int64)
    counts[INDEX["salsa"]] = buyers
    return snapshot(
        buyers=counts,
        followers=ItemPairs.of_rows(*pair, len(ITEMS)),
        as_of=AS_OF - pd.Timedelta(days=age_days),
    )


def written(facts: dict[str, object]) -> dict[str, str]:
    """Return what the writer says of the facts."""
    return VALUES.write("similar_item", Facts(facts, AS_OF.date(), {"salsa": "Salsa, 16 oz"}))  # type: ignore[arg-type]


def said(statistics: Snapshot | None = None, *, policy: Policy | None = None, shop: Shop | None = None) -> Found:
    seen = evidence("tortilla", *SALSA_AND_HUMMUS, statistics=statistics, policy=policy, shop=shop)
    found = find(SimilarItem, citing(seen, salsa=0.5))
    assert found is not None
    return found


def test_the_past_item_with_the_largest_attribution_is_named() -> None:
    seen = evidence("tortilla", *SALSA_AND_HUMMUS)
    found = find(SimilarItem, citing(seen, hummus=0.5, salsa=0.4))
    assert found is not None
    assert found.facts == {"other_item_id": "hummus"}
    assert find(SimilarItem, seen) is None


@pytest.mark.parametrize("kind", ["view", "return"])
def test_an_item_that_was_not_bought_is_not_named(kind: str) -> None:
    seen = evidence("tortilla", bought("salsa", 30), bought("hummus", 20), bought("hummus", 10, kind=kind))
    found = find(SimilarItem, citing(seen, kettle=0.9, hummus=0.5, salsa=0.4))
    assert found is not None
    assert found.facts["other_item_id"] == ("hummus" if kind == "view" else "salsa")


def test_a_sensitive_item_is_never_named() -> None:
    policy = Policy(PolicySettings.model_validate({"sensitive": {"types": ["hummus"]}}))
    seen = evidence("tortilla", *SALSA_AND_HUMMUS, policy=policy)
    found = find(SimilarItem, citing(seen, hummus=0.5, salsa=0.4))
    assert found is not None
    assert found.facts["other_item_id"] == "salsa"
    assert find(SimilarItem, citing(seen, hummus=0.5)) is None


@pytest.mark.parametrize(("title", "is_named"), [("", False), ("20719", False), ("Salsa, 16 oz", True)])
def test_only_an_item_with_a_name_of_its_own_is_named(title: str, *, is_named: bool) -> None:
    seen = evidence("tortilla", *SALSA_AND_HUMMUS)
    titles = ITEMS["title"].where(ITEMS["item_id"] != "salsa", title)
    seen.shop.catalogue = Catalogue(ITEMS.assign(title=titles))
    assert (find(SimilarItem, citing(seen, salsa=0.5)) is not None) == is_named
    seen.shop.catalogue = Catalogue(ITEMS.assign(title=titles.where(ITEMS["item_id"] != "tortilla", title)))
    del seen.shop.title_index
    assert find(SimilarItem, citing(seen, salsa=0.5)) is None  # the title of the recommended item


def test_the_claim_cites_the_attribution_of_the_item_alone() -> None:
    seen = evidence("tortilla", *SALSA_AND_HUMMUS)
    given = attribution({"group:dips": {"tower": 0.2, "links": 0.6}, "group:milk": {"tower": 0.2}})
    given = replace(given, items=(past(hummus=0.35, salsa=0.25), ()))
    claims = derive(seen, given)
    (claim,) = [each for each in claims if each.kind == "similar_item"]
    assert (claim.player, claim.part, claim.phi, claim.share) == ("group:dips", "links:hummus", 0.35, 0.35)
    record = given.citing(claim.player, claim.part).to_records()[0]
    assert record["phi"] == pytest.approx(0.8)
    assert record["parts"] == {"tower": 0.2, "links": pytest.approx(0.25), "links:hummus": 0.35}
    assert given.citing("group:milk", "links:hummus") is given


def test_a_past_item_may_be_named_where_its_category_may_not() -> None:
    seen = evidence("tortilla", *SALSA_AND_HUMMUS)
    given = attribution({"rest": {"tower": 0.2, "links": 0.6}}, rest=["dips", "milk"])
    (claim,) = derive(seen, replace(given, items=(past(salsa=0.5),)))
    assert (claim.kind, claim.player, claim.part) == ("similar_item", "rest", "links:salsa")


@pytest.mark.parametrize("hidden", ["beer", "Visit evil.com now"])
def test_masking_forgets_the_items_of_a_hidden_group_and_keeps_those_of_a_number(hidden: str) -> None:
    policy = Policy(categories=["beer"])
    given = attribution({"group:beer": {"links": 0.6}, "group:dips": {"links": 0.3}, "rest": {"links": 0.1}}, ["milk"])
    given = replace(given, items=(past(lager=0.6), past(salsa=0.3), past(milk=0.1)))
    given = replace(given, players=(f"group:{hidden}", "group:12", "rest"))
    masked: Attribution = mask_attribution(given, policy)
    named = {player: [item.part for item in own] for player, own in zip(masked.players, masked.items, strict=True)}
    assert named == {"group:12": ["links:salsa"], "rest": ["links:milk"]}
    without_rest = replace(given, players=(f"group:{hidden}", "group:12", "group:milk"), categories=given.categories)
    assert mask_attribution(without_rest, policy).items[-1] == ()


@pytest.mark.parametrize(
    ("users", "share", "may_say"),
    [(49, None, set()), (50, 0.25, {"some"}), (98, 0.49, {"some"}), (100, 0.5, {"some", "crowd"})],
)
def test_the_share_of_customers_who_bought_it_later(users: int, share: float | None, may_say: set[str]) -> None:
    found = said(followed(users))
    assert found.facts.get("next_share") == share
    assert found.licences & {"some", "crowd"} == may_say


def test_a_crowd_has_fifty_customers() -> None:
    assert said(followed(30, buyers=50)).facts["next_share"] == 0.6
    assert "next_share" not in said(followed(30, buyers=49)).facts
    large = Policy(PolicySettings(min_crowd=60))
    assert "next_share" not in said(followed(30, buyers=59), policy=large).facts


@pytest.mark.parametrize(("age_days", "is_said"), [(-1, False), (0, True), (90, True), (91, False)])
def test_the_share_asks_for_statistics_of_the_time(age_days: int, *, is_said: bool) -> None:
    assert ("next_share" in said(followed(100, age_days=age_days)).facts) == is_said


def test_the_share_needs_one_target_kind_and_dates() -> None:
    for shop in (Shop(target_kinds=("purchase", "play")), Shop(times="order")):
        found = said(followed(100), shop=shop)
        assert found.facts == {"other_item_id": "salsa"}


@pytest.mark.parametrize(
    ("share", "text"),
    [(None, None), (0.1, "about one in ten"), (0.24, "about one in four"), (0.25, "25%"), (0.31, "31%")],
)
def test_a_share_below_a_quarter_is_written_in_words(share: float | None, text: str | None) -> None:
    facts = {"other_item_id": "salsa"} | ({} if share is None else {"next_share": share})
    assert written(facts).get("next_share") == text


def test_an_item_of_signal_events_alone_is_named_for_them() -> None:
    seen = evidence("tortilla", bought("salsa", 400, kind="view"), bought("hummus", 20), statistics=followed(60))
    found = find(SimilarItem, citing(seen, salsa=0.5, hummus=0.4))
    assert found is not None
    assert found.facts == {"other_item_id": "salsa", "event_kind": "view"}, "no share: the others bought it"
    carted = evidence("tortilla", bought("salsa", 4, kind="cart"), bought("hummus", 20))
    found = find(SimilarItem, citing(carted, salsa=0.5, hummus=0.4))
    assert found is not None
    assert found.facts["other_item_id"] == "hummus", "a kind without a verb is not told"
