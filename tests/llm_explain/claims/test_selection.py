from __future__ import annotations

import pytest

from llm_explain.claims import ClaimKinds, select
from llm_explain.policy.policy import Policy
from llm_explain.policy.settings import PolicySettings
from llm_explain.records import Claim
from tests.llm_explain.claims.scene import CATALOGUE, INDEX, attribution, bought, derive, evidence

KINDS = ClaimKinds.installed()


def claim(
    kind: str, phi: float, *, player: str = "", part: str = "", share: float | None = None, **facts: str | int
) -> Claim:
    part = part or KINDS[kind].parts[0]
    if kind in {"repeat_item", "due"}:
        facts.setdefault("count", 5)
    player = player or (f"context:{part}" if KINDS[kind].scope == "context" else "group:chips")
    return Claim(kind, player, part, phi, phi if share is None else share, facts)


def chosen(*claims: Claim, item: str = "tortilla", policy: Policy | None = None) -> list[str]:
    policy = policy or Policy()
    return [each.kind for each in select(claims, INDEX[item], shop=evidence(item, policy=policy).shop, kinds=KINDS)]


def test_at_most_two_reasons_largest_first() -> None:
    four = [claim("popular", 0.2), claim("season", 0.5), claim("promotion", 0.3), claim("new_arrival", 0.4)]
    assert chosen(*four) == ["season", "new_arrival"]
    assert chosen(*four, policy=Policy(PolicySettings(max_reasons=1))) == ["season"]


def test_a_reason_has_a_tenth_of_the_attribution() -> None:
    assert chosen(claim("popular", 2.0, share=0.1), claim("season", 5.0, share=0.0999)) == ["popular"]


def test_one_reason_of_a_kind_and_one_for_a_part() -> None:
    milk = claim("related_category", 0.4, player="group:milk", category="milk")
    dips = claim("related_category", 0.3, player="group:dips", category="dips")
    salsa = claim("similar_item", 0.3, player="group:dips", other_item_id="salsa")
    assert chosen(milk, dips) == ["related_category"]
    assert chosen(salsa, dips) == ["similar_item"]


def test_reasons_of_a_sentence_belong_together() -> None:
    milk = claim("related_category", 0.4, player="group:milk", category="milk")
    salsa = claim("similar_item", 0.3, player="group:dips", other_item_id="salsa")
    assert chosen(milk, salsa) == ["related_category"]
    assert chosen(milk, claim("repeat_item", 0.3), claim("promotion", 0.2)) == ["related_category", "promotion"]
    assert chosen(claim("repeat_item", 0.3), claim("promotion", 0.2)) == ["repeat_item", "promotion"]
    assert chosen(claim("usual_price", 0.3), claim("promotion", 0.2)) == ["usual_price"]


def test_the_item_itself_says_more_than_its_category() -> None:
    own = claim("category_affinity", 0.6, category="chips")
    assert chosen(own, claim("repeat_item", 0.2)) == ["repeat_item"]
    assert chosen(own, claim("repeat_item", 0.2, share=0.05)) == ["category_affinity"]
    assert chosen(own, claim("due", 0.2), claim("repeat_item", 0.3)) == ["repeat_item", "due"]
    other = claim("similar_item", 0.5, player="group:dips", other_item_id="salsa")
    assert chosen(own, claim("repeat_item", 0.2), other) == ["repeat_item"]  # it takes the place of its category
    assert chosen(own, claim("repeat_item", 0.2), claim("season", 0.3)) == ["season", "repeat_item"]
    strong = claim("similar_item", 0.7, player="group:dips", other_item_id="salsa")
    assert chosen(own, claim("repeat_item", 0.2), strong) == ["similar_item"]


def test_a_past_item_says_more_than_its_category() -> None:
    dips = claim("related_category", 0.6, player="group:dips", category="dips")
    salsa = claim("similar_item", 0.2, player="group:dips", part="links:salsa", other_item_id="salsa")
    assert chosen(dips, salsa) == ["similar_item"]
    little = claim("similar_item", 0.09, player="group:dips", part="links:salsa", other_item_id="salsa")
    assert chosen(dips, little) == ["related_category"]
    other = claim("related_category", 0.6, player="group:milk", category="milk")
    assert chosen(other, salsa) == ["related_category"]


def test_one_past_item_needs_a_smaller_share() -> None:
    assert chosen(claim("similar_item", 0.03, other_item_id="salsa")) == ["similar_item"]
    assert chosen(claim("similar_item", 0.029, other_item_id="salsa")) == []


def test_one_purchase_of_the_item_does_not_replace_many_of_its_category() -> None:
    own = claim("category_affinity", 0.6, category="chips")
    assert chosen(own, claim("repeat_item", 0.2, count=1)) == ["category_affinity"]


def test_different_facts_about_a_category_go_together() -> None:
    own = claim("category_affinity", 0.6, category="chips")
    brand = claim("usual_brand", 0.3, brand="store brand", category="chips")
    assert chosen(own, brand) == ["category_affinity", "usual_brand"]
    assert chosen(brand, claim("usual_price", 0.2, category="chips")) == ["usual_brand", "usual_price"]


def test_a_sentence_has_one_verb() -> None:
    brand = claim("usual_brand", 0.6, brand="store brand", category="chips", event_kind="view")
    bought_by_many, seen_by_many = claim("popular", 0.4), claim("popular", 0.2, event_kind="view")
    assert chosen(brand, claim("usual_price", 0.3, category="chips"), seen_by_many) == ["usual_brand", "popular"]
    assert chosen(brand, bought_by_many, claim("promotion", 0.3)) == ["usual_brand", "promotion"]


def test_vetoed_kinds_are_replaced_by_the_next() -> None:
    policy = Policy(PolicySettings(vetoed_kinds=("season",)))
    assert chosen(claim("season", 0.6), claim("popular", 0.2), policy=policy) == ["popular"]


def test_a_claim_is_blocked_for_a_category() -> None:
    category = CATALOGUE.category_names[int(CATALOGUE.category_index[INDEX["tortilla"]])]
    policy = Policy(PolicySettings(blocked_claims={"popular": (category.upper(),), "related_category": ("milk",)}))
    related = claim("related_category", 0.5, player="group:milk", category="milk")
    assert chosen(claim("season", 0.6), claim("popular", 0.4), related, policy=policy) == ["season"]
    assert chosen(claim("popular", 0.4), item="kit", policy=policy) == ["popular"]


@pytest.mark.parametrize(
    "sensitive", [{"categories": ["  DRUGSTORE "]}, {"types": ["pregnancy test"]}, {"brands": ["Store Brand"]}]
)
def test_a_sensitive_item_gets_no_personal_reason(sensitive: dict[str, list[str]]) -> None:
    policy = Policy(PolicySettings.model_validate({"sensitive": sensitive}))
    assert policy.is_sensitive_item(CATALOGUE, INDEX["kit"])
    assert not policy.is_sensitive_item(CATALOGUE, INDEX["milk"])
    claims = [claim(name, 0.5 - place / 100) for place, name in enumerate(KINDS)]
    assert chosen(*claims, item="kit", policy=policy) == ["promotion", "popular"]
    other = [claim("new_arrival", 0.5), claim("season", 0.4)]
    assert chosen(*other, item="kit", policy=policy) == ["new_arrival"]


def test_a_sensitive_category_is_never_a_reason() -> None:
    policy = Policy(categories=["beer"])
    seen = evidence("tortilla", bought("lager", 30, 20, 10), bought("milk", 30, 20), policy=policy)
    claims = derive(seen, attribution({"group:beer": {"tower": 0.9}, "group:milk": {"tower": 0.2}}))
    assert [each.facts["category"] for each in select(claims, INDEX["tortilla"], shop=seen.shop, kinds=KINDS)] == [
        "milk"
    ]
