"""No sensitive reason in any text, record or log; what is left out still adds up."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from llm_explain import Explainer
from llm_explain.policy.masking import masked, masked_differences, sensitive_players
from llm_explain.policy.policy import Policy
from llm_explain.policy.settings import PolicySettings, Sensitive
from llm_explain.service.app import create_app
from llm_explain.service.settings import ServiceSettings
from llm_explain.writing.writer import Writer

SECRETS = ("cheese", "tortilla chips", "beer")
POLICY = Policy(PolicySettings(sensitive=Sensitive(categories=SECRETS)))
HIDDEN = frozenset(f"group:{name}" for name in SECRETS)


@pytest.fixture(scope="module")
def discreet(shop_artifacts: Path) -> Explainer:
    explainer = Explainer.load(shop_artifacts, language_model=None)
    explainer.shop.policy = POLICY
    explainer.writer = Writer(policy=POLICY, catalogue=explainer.shop.catalogue)
    return explainer


def test_sensitive_groups_become_part_of_the_rest(discreet: Explainer) -> None:
    for user in ("u00", "u04", "u13"):
        for row in discreet.recommend(user, k=10):
            record = masked(row, HIDDEN)
            players = record.attribution.players
            assert not {f"group:{name}" for name in SECRETS} & set(players)
            assert len(set(players)) == len(players)
            before = row.attribution.base_value + sum(row.attribution.values)
            after = record.attribution.base_value + sum(record.attribution.values)
            assert after == pytest.approx(before, abs=1e-9)  # and Attribution itself refuses parts that do not add up


def test_an_attribution_without_sensitive_groups_stays_as_it_is(discreet: Explainer) -> None:
    (row,) = discreet.recommend("nobody", k=1)
    assert masked(row, HIDDEN) is row


def test_sensitive_players_are_the_groups_of_sensitive_categories(discreet: Explainer) -> None:
    assert sensitive_players(discreet.shop.catalogue, POLICY) == HIDDEN


def test_differences_keep_their_sum() -> None:
    differences = {"group:cheese": 1.0, "rest": 0.5, "group:soup": -2.0, "context:price": 0.25}
    assert masked_differences(differences, HIDDEN) == {"rest": 1.5, "group:soup": -2.0, "context:price": 0.25}


def test_no_answer_about_anybody_says_a_sensitive_reason(
    discreet: Explainer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    settings = ServiceSettings(auth=False, database_url=f"sqlite:///{tmp_path / 'state.db'}", rate_per_second=0)
    with TestClient(create_app(discreet, settings)) as client:
        for user in discreet.events.user_ids[::4]:
            items = client.post("/v1/recommendations", json={"user_id": user, "k": 10}).json()["items"]
            for item in items:
                record = item["explanation"]
                said = repr([record["text"], record["reasons"], record["statements"], record["attributions"]])
                assert not any(name in said for name in SECRETS), (user, said)
            for path in ("shelves", "preferences"):
                reply = client.get(f"/v1/users/{user}/{path}").json()
                said = repr([[shelf["title"], shelf["player"]] for shelf in reply.get("shelves", ())])
                assert not any(name in said + repr(reply.get("groups")) for name in SECRETS)
            kept = client.get(f"/v1/users/{user}/export").json()["explanations"]
            assert not any(f"group:{name}" in repr(kept) for name in SECRETS)
    # What an item is called is no reason; texts refused by the verifier are logged at DEBUG, and reasons with them.
    said = "\n".join(record.getMessage() for record in caplog.records if record.name.startswith("llm_explain"))
    assert not any(f"you buy {name}" in said or f"group:{name}" in said for name in SECRETS)
    assert "u00" not in said
