"""No sensitive reason in any text, record or log; what is left out still adds up."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from llm_explain import Explainer
from llm_explain.policy.policy import Policy
from llm_explain.policy.settings import PolicySettings, Sensitive
from llm_explain.service.app import create_app
from llm_explain.service.settings import ServiceSettings
from llm_explain.writing.writer import Writer

SECRETS = ("cheese", "tortilla chips", "beer")
POLICY = Policy(PolicySettings(sensitive=Sensitive(categories=SECRETS)))


@pytest.fixture(scope="module")
def discreet(shop_artifacts: Path) -> Explainer:
    explainer = Explainer.load(shop_artifacts, language_model=None)
    explainer.shop.policy = POLICY
    explainer.writer = Writer(policy=POLICY, catalogue=explainer.shop.catalogue)
    return explainer


def test_no_answer_about_anybody_says_a_sensitive_reason(
    discreet: Explainer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    url = f"sqlite:///{tmp_path / 'state.db'}"
    settings = ServiceSettings(auth=False, database_url=url, rate_per_second=0, as_of="snapshot")
    with TestClient(create_app(discreet, settings)) as client:
        for user in discreet.events.user_ids[::4]:
            items = client.post("/v1/recommendations", json={"user_id": user, "k": 10, "detail": "full"}).json()[
                "items"
            ]
            for item in items:
                record = item["explanation"]
                said = repr([record["text"], record["reasons"], record["statements"], record["attributions"]])
                assert not any(name in said for name in SECRETS), (user, said)
            for path in ("shelves", "preferences"):
                reply = client.get(f"/v1/users/{user}/{path}").json()
                said = repr([[shelf["title"], shelf["player"]] for shelf in reply.get("shelves", ())])
                assert not any(name in said + repr(reply.get("groups")) for name in SECRETS)
            for name in (*SECRETS, "no category"):  # whether the user has the group is not told either
                reply = client.post("/v1/what-if", json={"user_id": user, "without": [f"group:{name}"]})
                assert (reply.status_code, reply.json()["type"]) == (422, "urn:llm-explain:problem:unknown-player")
            kept = client.get(f"/v1/users/{user}/export").json()["explanations"]
            assert not any(f"group:{name}" in repr(kept) for name in SECRETS)
    # What an item is called is no reason; texts refused by the verifier are logged at DEBUG, and reasons with them.
    said = "\n".join(record.getMessage() for record in caplog.records if record.name.startswith("llm_explain"))
    assert not any(f"you buy {name}" in said or f"group:{name}" in said for name in SECRETS)
    assert "u00" not in said
