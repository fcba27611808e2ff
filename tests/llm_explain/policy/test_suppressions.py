"""What a user does not want to be told is not said, and the score stays as it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from llm_explain import Explainer
from llm_explain.policy.suppressions import NO_SUPPRESSIONS, Suppressions
from llm_explain.records import Claim

CLAIM = Claim("due", "group:cheese", "due", 1.0, 0.5, {})


@pytest.mark.parametrize(
    ("suppressions", "is_allowed"),
    [
        (NO_SUPPRESSIONS, True),
        (Suppressions(kinds=frozenset({"due"})), False),
        (Suppressions(kinds=frozenset({"popular"})), True),
        (Suppressions(reasons=frozenset({("due", "group:cheese", None)})), False),
        (Suppressions(reasons=frozenset({("due", "group:cheese", "31")})), False),
        (Suppressions(reasons=frozenset({("due", "group:cheese", "32")})), True),
        (Suppressions(reasons=frozenset({("due", "context:times_bought", "31")})), False),
        (Suppressions(reasons=frozenset({("due", "group:soup", None)})), True),
        (Suppressions(reasons=frozenset({("", "group:cheese", "31")})), False),
        (Suppressions(reasons=frozenset({("", "group:soup", "31"), ("", "group:cheese", "32")})), True),
    ],
)
def test_a_claim_is_allowed_unless_its_kind_or_it_is_switched_off(suppressions: Suppressions, is_allowed: bool) -> None:
    assert suppressions.allow(CLAIM, "31") is is_allowed


def test_a_list_with_wishes_has_the_same_scores_and_other_words(shop_artifacts: Path) -> None:
    explainer = Explainer.load(shop_artifacts, language_model=None)
    plain = explainer.recommend("u00", k=10)
    said = frozenset(claim.kind for row in plain for claim in (*row.reasons, *row.statements))
    assert said
    silent = explainer.recommend("u00", k=10, suppressions=Suppressions(kinds=said))
    assert [row.attribution.score for row in silent] == [row.attribution.score for row in plain]
    assert not any(claim.kind in said for row in silent for claim in (*row.reasons, *row.statements))
