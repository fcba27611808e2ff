"""Sensitive history groups appear in no record and no difference; everything still adds up."""

from __future__ import annotations

from pathlib import Path

import pytest

from llm_explain import Explainer
from llm_explain.policy.masking import mask_attribution, mask_differences
from llm_explain.policy.policy import Policy
from llm_explain.policy.settings import PolicySettings, Sensitive
from llm_explain.writing.writer import Writer

SECRETS = ("cheese", "tortilla chips", "beer")
POLICY = Policy(PolicySettings(sensitive=Sensitive(categories=SECRETS)))
HIDDEN = {f"group:{name}" for name in SECRETS}


@pytest.fixture(scope="module")
def plain(shop_artifacts: Path) -> Explainer:
    return Explainer.load(shop_artifacts, language_model=None)


@pytest.fixture(scope="module")
def masking(shop_artifacts: Path) -> Explainer:
    explainer = Explainer.load(shop_artifacts, language_model=None)
    explainer.shop.policy = POLICY
    explainer.writer = Writer(policy=POLICY, catalogue=explainer.shop.catalogue)
    return explainer


@pytest.mark.parametrize("user", ["u00", "u04", "u13"])
def test_records_fold_sensitive_groups_into_the_rest(plain: Explainer, masking: Explainer, user: str) -> None:
    by_score = (explainer.recommend(user, k=10, section=None) for explainer in (plain, masking))  # the same items
    for before, after in zip(*by_score, strict=True):
        given, shown = before.attribution, after.attribution
        assert HIDDEN.isdisjoint(shown.players)
        assert len(set(shown.players)) == len(shown.players)
        folded = sum(v for p, v in zip(given.players, given.values, strict=True) if p == "rest" or p in HIDDEN)
        assert dict(zip(shown.players, shown.values, strict=True)).get("rest", 0.0) == pytest.approx(folded, abs=1e-9)
        assert sorted(c for cs in shown.categories for c in cs) == sorted(c for cs in given.categories for c in cs)


def test_at_least_one_tested_user_has_a_sensitive_group(plain: Explainer) -> None:
    rows = [row for user in ("u00", "u04", "u13") for row in plain.recommend(user, k=10)]
    assert any(not HIDDEN.isdisjoint(row.attribution.players) for row in rows)


def test_an_attribution_without_sensitive_groups_is_returned_as_it_is(plain: Explainer) -> None:
    (row,) = plain.recommend("nobody", k=1)
    assert mask_attribution(row.attribution, POLICY) is row.attribution


def test_a_contrast_shows_no_sensitive_group(plain: Explainer, masking: Explainer) -> None:
    best, second = (row.item_id for row in plain.rank("u00", k=2))
    given, shown = (each.contrast("u00", best, second).differences for each in (plain, masking))
    assert not HIDDEN.isdisjoint(given)
    assert HIDDEN.isdisjoint(shown)
    assert sum(shown.values()) == pytest.approx(sum(given.values()), abs=1e-9)


def test_differences_keep_their_sum() -> None:
    differences = {"group:cheese": 1.0, "rest": 0.25, "group:soup": -2.0, "context:price": 0.25}
    differences |= {"group:Visit evil.com now": 0.125, "group:12": 0.125}
    assert mask_differences(differences, POLICY) == {"rest": 1.5, "group:soup": -2.0, "context:price": 0.25}
