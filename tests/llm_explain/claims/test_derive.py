from __future__ import annotations

import importlib
import inspect
import json
import pkgutil

import numpy as np
import pandas as pd
import pytest

import llm_explain.claims
from llm_explain.claims import ClaimKind, ClaimKinds
from llm_explain.claims import derive as derive_all
from llm_explain.claims import neutral as neutral_of
from llm_explain.policy.policy import Policy
from llm_explain.policy.settings import PolicySettings
from tests.llm_explain.claims.scene import (
    AS_OF,
    CATEGORY,
    DEGREES,
    about,
    attribution,
    bought,
    derive,
    evidence,
    neutral,
)
from tests.llm_explain.claims.test_context import crowd

KINDS = ClaimKinds.installed()

OWN_PARTS = ("tower", "times_bought", "own_rhythm", "category_share", "own_brand", "own_price")
CHIPS = bought("tortilla", 55, 41, 29, 13, price=3.0)


def test_the_kinds_are_those_of_the_contract() -> None:
    assert set(KINDS) == {
        "repeat_item", "due", "category_affinity", "related_category", "usual_brand", "usual_price", "promotion",
        "popular", "season", "new_arrival", "similar_item", "lower_price", "buyers", "first_in_category",
        "back_after_break", "companion", "frequent_item", "bought_together", "best_seller",
        "latest_orders", "most_bought", "kept_since", "related_title",
    }  # fmt: skip
    assert all(name == kind.name for name, kind in KINDS.items())


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_every_kind_writes_its_rule_down(kind: ClaimKind) -> None:
    assert "Rule: " in (type(kind).__doc__ or "")


def test_no_rule_reads_the_users_table() -> None:
    for module in pkgutil.walk_packages(llm_explain.claims.__path__, "llm_explain.claims."):
        source = inspect.getsource(importlib.import_module(module.name))
        assert ".users" not in source.replace(".users_", "")


def test_a_claim_cites_its_part_and_its_share() -> None:
    seen = evidence("tortilla", CHIPS)
    given = attribution(
        {"group:chips": {"tower": 0.5, "times_bought": 0.25, "own_rhythm": -0.05}, "context:season": {"season": -1.0}}
    )
    claims = derive(seen, given)
    # All positive attribution is 0.7, the chips'; the season's is negative and does not count.
    assert [(claim.kind, claim.part, claim.phi, pytest.approx(claim.share)) for claim in claims] == [
        ("category_affinity", "tower", 0.5, 0.5 / 0.7),
        ("repeat_item", "times_bought", 0.25, 0.25 / 0.7),
    ]
    assert all(claim.player == "group:chips" for claim in claims)


def test_category_affinity_cites_the_larger_of_its_parts() -> None:
    seen = evidence("tortilla", CHIPS)
    (claim,) = derive(seen, attribution({"group:chips": {"tower": 0.2, "category_share": 0.3}}))
    assert (claim.kind, claim.part, claim.phi) == ("category_affinity", "category_share", 0.3)


def test_a_player_that_lowered_the_score_has_no_claims() -> None:
    given = attribution({"group:chips": {"tower": 0.5, "times_bought": -0.6}})
    assert derive(evidence("tortilla", CHIPS), given) == []


def test_rest_has_no_claims() -> None:
    given = attribution({"rest": dict.fromkeys(OWN_PARTS, 1.0)}, rest=["chips"])
    assert derive(evidence("tortilla", CHIPS), given) == []


def test_each_group_speaks_for_itself() -> None:
    seen = evidence("tortilla", CHIPS, bought("milk", 30, 20), bought("salsa", 30, 20))
    given = attribution({"group:chips": {"tower": 0.1}, "group:dips": {"tower": 0.4}, "group:milk": {"tower": 0.2}})
    told = [(claim.kind, claim.player, claim.facts["category"]) for claim in derive(seen, given)]
    assert told == [
        ("related_category", "group:dips", "dips"),
        ("related_category", "group:milk", "milk"),
        ("category_affinity", "group:chips", "chips"),
    ]


def test_claims_of_equal_attribution_come_in_the_order_of_a_sentence() -> None:
    given = attribution({"group:chips": dict.fromkeys(OWN_PARTS, 0.1), "context:popularity": {"popularity": 0.1}})
    claims = derive(evidence("tortilla", CHIPS, statistics=crowd(300)), given)
    assert [claim.kind for claim in claims] == ["repeat_item", "due", "category_affinity", "usual_brand", "popular"]


def test_chosen_claims_have_their_words_of_degree_and_come_as_chosen() -> None:
    seen = evidence("tortilla", CHIPS, bought("salsa", 80, 70))
    given = attribution({"group:chips": {"times_bought": 0.5}, "group:dips": {"tower": 0.2}})
    repeat, related = derive(seen, given)
    assert "often" in repeat.licences
    assert "often" not in related.licences
    assert derive(seen, given, choose=lambda claims, row: claims[::-1]) == [related, repeat]
    assert derive(seen, given, choose=lambda claims, row: claims[1:]) == [related]
    assert derive(seen, given, choose=lambda claims, row: []) == []


def test_a_choice_of_claims_knows_its_subject() -> None:
    both = evidence("tortilla", CHIPS, bought("milk", 30, 20)).take(np.array([0, 0]))
    of = [attribution({f"group:{name}": {"tower": 0.5}}) for name in ("milk", "chips")]
    rows: list[tuple[int, object]] = []
    derive_all(
        both,
        of,
        kinds=KINDS,
        degrees=DEGREES,
        choose=lambda claims, row: rows.append((row, claims[0].facts["category"])) or [],
    )
    assert rows == [(0, "milk"), (1, "chips")]


@pytest.mark.parametrize(
    ("least", "kinds"),
    [
        (0.0, ["category_affinity", "repeat_item"]),
        (0.3, ["category_affinity", "repeat_item"]),
        (0.31, ["category_affinity"]),
    ],
)
def test_claims_of_a_small_share_are_left_out(least: float, kinds: list[str]) -> None:
    given = attribution({"group:chips": {"tower": 0.7, "times_bought": 0.3}})
    assert [claim.kind for claim in derive(evidence("tortilla", CHIPS), given, least_share=least)] == kinds


def test_facts_are_json_scalars() -> None:
    given = attribution({"group:chips": dict.fromkeys(OWN_PARTS, 0.1), "context:popularity": {"popularity": 0.1}})
    for claim in derive(evidence("tortilla", CHIPS, statistics=crowd(300)), given):
        assert {type(value) for value in claim.facts.values()} <= {str, int, float}
        assert json.loads(json.dumps(claim.to_dict()))["facts"] == claim.facts


def test_events_at_as_of_or_later_change_nothing() -> None:
    given = attribution({"group:chips": dict.fromkeys(OWN_PARTS, 0.1)})
    later = bought("tortilla", -0.5, -1, -30, price=9.0)
    assert derive(evidence("tortilla", CHIPS, later), given) == derive(evidence("tortilla", CHIPS), given)


def test_an_empty_history_has_context_claims_only() -> None:
    given = attribution({"context:popularity": {"popularity": 0.1}})
    early = AS_OF - pd.Timedelta(days=100)
    assert derive(evidence("tortilla", CHIPS, as_of=early), given) == []
    assert [claim.kind for claim in derive(evidence("tortilla", statistics=crowd(300)), given)] == ["popular"]


def test_neutral_says_something_of_the_item_that_is_no_reason() -> None:
    claim = neutral(evidence("tortilla", statistics=crowd(300)))
    assert claim is not None
    assert (claim.kind, claim.player, claim.part) == ("popular", "context:popularity", "popularity")
    assert (claim.phi, claim.share) == (0.0, 0.0)
    assert claim.facts["users_band"] == 250


def test_neutral_is_nothing_where_nothing_holds() -> None:
    assert neutral(evidence("tortilla", CHIPS)) is None
    vetoed = Policy(PolicySettings(vetoed_kinds=("popular", "buyers")))
    assert neutral(evidence("tortilla", statistics=crowd(300), policy=vetoed)) is None


@pytest.mark.parametrize("n", [3, 30], ids=["few", "many"])
def test_cards_that_ask_for_a_kind_share_its_findings(n: int, monkeypatch: pytest.MonkeyPatch) -> None:
    one = evidence("tortilla", statistics=crowd(300))
    several = one.take(np.zeros(n, dtype=np.int64))
    asked: list[int] = []
    found = type(KINDS["popular"]).find
    monkeypatch.setattr(
        type(KINDS["popular"]), "find", lambda kind, subjects: asked.append(len(subjects)) or found(kind, subjects)
    )

    def told(*rows: int) -> list[int]:
        claims = neutral_of(several, kinds=KINDS, degrees=DEGREES, may_tell=lambda *_: True, rows=rows)
        return [row for row, claim in enumerate(claims) if claim is not None]

    assert told(0, n - 1) == [0, n - 1]
    assert told(0, n - 1) == [0, n - 1]
    assert told(*range(n)) == [*range(n)]
    assert told(1) == [1]
    assert asked == ([n] if n == 3 else [2, n])  # few are asked for at once, many only if half of them are


def test_neutral_kinds_are_about_the_item_alone() -> None:
    assert {kind.scope for kind in KINDS.neutral()} == {"context"}


def test_the_group_asked_about_is_the_items_own_at_first() -> None:
    seen = evidence("tortilla", CHIPS)
    assert seen.group.tolist() == seen.category.tolist() == [CATEGORY["chips"]]
    assert about(seen, "milk").category.tolist() == [CATEGORY["chips"]]
