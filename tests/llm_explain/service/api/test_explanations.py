"""Recommendations, explanations, shelves, what-if and contrast over HTTP are what the explainer says."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from starlette.testclient import TestClient

from llm_explain import Explainer
from llm_explain.service.schemas.responses import Contrast, Items, ItemsOfUsers, Shelves, WhatIf
from llm_explain.service.settings import ServiceSettings

DETAILED = {"recommendations", "explanations"}


def _post(client: TestClient, path: str, **body: object) -> dict[str, object]:
    reply = client.post(f"/v1/{path}", json={"detail": "full", **body} if path in DETAILED else body)
    assert reply.status_code == 200, reply.text
    assert reply.headers["x-request-id"] == reply.json()["request_id"]
    answer: dict[str, object] = reply.json()
    return answer


def test_recommendations_are_the_explainers(client: TestClient, explainer: Explainer) -> None:
    answer = _post(client, "recommendations", user_id="u00", k=4)
    Items.model_validate(answer)
    expected = explainer.recommend("u00", k=4)
    assert [item["explanation"] for item in answer["items"]] == [
        json.loads(json.dumps(row.to_dict())) for row in expected
    ]
    assert [(item["rank"], item["item_id"]) for item in answer["items"]] == [
        (row.rank, row.item_id) for row in expected
    ]
    assert answer["recorded"] is answer["personalised"] is True
    assert answer["provenance"] == explainer.provenance
    for item in answer["items"]:
        record = item["explanation"]
        total = record["base_value"] + sum(player["phi"] for player in record["attributions"])
        assert total == pytest.approx(record["score"], abs=1e-4)
        assert record["verdict"] == {"ok": True, "faults": []}
        assert record["ai_generated"] is (record["source"] == "phrasebook")


def test_a_request_chooses_where_sentences_come_from(client: TestClient) -> None:
    answer = _post(client, "recommendations", user_id="u00", k=4, sources=["template"])
    assert {item["explanation"]["source"] for item in answer["items"]} <= {"template", None}
    assert answer["items"][0]["explanation"]["source"] == "template"
    reply = client.post("/v1/recommendations", json={"user_id": "u00", "sources": ["template", "phrasebook"]})
    assert reply.status_code == 422
    assert reply.json()["errors"][0]["pointer"] == "#/sources"


@pytest.mark.parametrize("asked", [{"section": "score"}, {"explain": False}, {"explain": False, "section": "score"}])
def test_lists_of_several_users_are_those_of_each(client: TestClient, asked: dict[str, object]) -> None:
    users = ["u00", "u05", "a stranger", "u09", "u00"]
    off = {"groups_off": ["group:cheese"]}
    assert client.patch("/v1/users/u05/preferences", json=off, headers={"If-Match": "*"}).status_code == 200
    asked = {
        "k": 5,
        "channel": "app",
        "detail": "reasons",
        **asked,
    }  # scores that are read together differ in the last digit
    answer = _post(client, "recommendations", users=users, **asked)
    ItemsOfUsers.model_validate(answer)
    for user, found in zip(users, answer["results"], strict=True):
        alone = _post(client, "recommendations", user_id=user, **asked)
        assert found == {name: value for name, value in alone.items() if name != "request_id"}


def test_ranks_alone_carry_no_record(client: TestClient, explainer: Explainer) -> None:
    answer = _post(client, "recommendations", user_id="u00", k=4, explain=False)
    Items.model_validate(answer)
    assert [item["item_id"] for item in answer["items"]] == [
        row.item_id for row in explainer.rank("u00", k=4, section="mixed")
    ]
    assert not answer["recorded"]
    assert all("explanation" not in item for item in answer["items"])


def test_a_history_in_the_body_is_answered_and_nothing_is_stored(client: TestClient, explainer: Explainer) -> None:
    history = [{"item_id": "31", "timestamp": f"2017-11-{day:02d}T10:00:00Z"} for day in (3, 10, 17, 24)]
    answer = _post(client, "recommendations", history=history, k=3)
    assert answer["user_id"] is None
    assert answer["recorded"] is False
    players = [player["player"] for player in answer["items"][0]["explanation"]["attributions"]]
    assert [player for player in players if player.startswith("group:")] == ["group:cheese"]
    record_id = answer["items"][0]["explanation"]["id"]
    assert client.get(f"/v1/explanations/{record_id}").status_code == 404
    late = [{"item_id": "31", "timestamp": "2018-02-03T10:00:00"}]
    assert _post(client, "recommendations", history=late, k=1)["as_of"] == "2018-02-03T10:00:00.001000+00:00"
    assert _post(client, "recommendations", history=[], k=1)["as_of"] == "2017-12-01T00:00:00+00:00"


def test_only_events_before_as_of_count(client: TestClient, explainer: Explainer) -> None:
    answer = _post(client, "recommendations", user_id="u00", k=3, as_of="2017-06-01T02:00:00+02:00")
    assert answer["as_of"] == "2017-06-01T00:00:00+00:00"


def test_explanations_come_in_the_order_asked_for(client: TestClient) -> None:
    answer = _post(client, "explanations", user_id="u01", item_ids=["31", "00"], tone="formal")
    Items.model_validate(answer)
    assert [item["item_id"] for item in answer["items"]] == ["31", "00"]
    assert {item["explanation"]["tone"] for item in answer["items"]} == {"formal"}


def test_a_list_of_another_ranking_keeps_its_order_and_is_composed(client: TestClient) -> None:
    """It has sections, names a past item once, and says what a list in the order of scores says."""
    found = _post(client, "recommendations", user_id="u01", k=12)["items"]
    ids = [item["item_id"] for item in found][::-1]
    answer = _post(client, "explanations", user_id="u01", item_ids=["no such item", *ids], section="mixed")
    Items.model_validate(answer)
    unknown, *items = answer["items"]
    assert unknown["status"] == "unknown_item"
    assert [(item["item_id"], item["position"]) for item in items] == list(zip(ids, range(1, 13), strict=True))
    section_of = {item["item_id"]: (item["section"], item["section_title"]) for item in found}
    assert {item["item_id"]: (item["section"], item["section_title"]) for item in items} == section_of
    assert {section for section, _ in section_of.values()} == {"again", "new"}
    records = [item["explanation"] for item in items if item["section"] == "new"]
    named = [claim["facts"].get("other_item_id") for record in records for claim in record["reasons"]]
    assert len({*named} - {None}) == len([each for each in named if each])
    same = _post(client, "explanations", user_id="u01", item_ids=ids[::-1], section="mixed")["items"]
    said = [(item["rank"], item["explanation"]["text"], item["explanation"]["badges"]) for item in found]
    assert [(item["rank"], item["explanation"]["text"], item["explanation"]["badges"]) for item in same] == said
    stored = client.get(f"/v1/explanations/{items[0]['explanation']['id']}").json()
    assert stored["reproduced"] is True


def test_a_surface_and_a_length_bound_the_text(client: TestClient) -> None:
    answer = _post(client, "recommendations", user_id="u02", k=5, surface="push", max_length=60)
    texts = [item["explanation"]["text"] for item in answer["items"]]
    assert any(texts)
    assert all(text is None or len(text) <= 60 for text in texts)
    record_id = answer["items"][0]["explanation"]["id"]
    assert client.get(f"/v1/explanations/{record_id}").json()["reproduced"] is True
    reply = client.post("/v1/recommendations", json={"user_id": "u02", "surface": "billboard"})
    assert reply.json()["errors"][0]["pointer"] == "#/surface"


@pytest.mark.parametrize("detail", ["text", "reasons", "full"])
def test_an_email_has_its_subject_line_in_every_detail(client: TestClient, detail: str) -> None:
    answer = _post(client, "recommendations", user_id="u02", k=5, surface="email", detail=detail)
    lines = [item["explanation"].get("subject_line") for item in answer["items"]]
    assert any(lines)
    card = _post(client, "recommendations", user_id="u02", k=5, detail=detail)
    assert not any(item["explanation"].get("subject_line") for item in card["items"])


def test_shelves_say_what_each_group_recommends(client: TestClient, explainer: Explainer) -> None:
    reply = client.get("/v1/users/u07/shelves", params={"k": 4})
    answer = reply.json()
    Shelves.model_validate(answer)
    expected = explainer.shelves("u07", k=4)
    assert [shelf["title"] for shelf in answer["shelves"]] == [shelf.title for shelf in expected]
    assert all(len(shelf["items"]) <= 4 for shelf in answer["shelves"])


def test_what_if_is_exact(client: TestClient, explainer: Explainer) -> None:
    player = next(p for p in explainer.recommend("u05", k=1)[0].attribution.players if p.startswith("group:"))
    answer = _post(client, "what-if", user_id="u05", without=[player], item_ids=["00", "31"])
    WhatIf.model_validate(answer)
    expected = explainer.what_if("u05", without=[player], item_ids=["00", "31"])
    assert [row["score_without"] for row in answer["items"]] == [row.score_without for row in expected]
    assert [row["rank_without"] for row in answer["items"]] == [row.rank_without for row in expected]


def test_contrast_adds_up(client: TestClient) -> None:
    answer = _post(client, "contrast", user_id="u06", item_id="00", other_id="31")
    Contrast.model_validate(answer)
    total = answer["base_difference"] + sum(answer["differences"].values())
    assert total == pytest.approx(answer["score_difference"], abs=2e-4)


def test_every_moment_carries_its_zone(client: TestClient) -> None:
    answers = [
        _post(client, "recommendations", user_id="u05", k=1),
        _post(client, "explanations", user_id="u05", item_ids=["31"]),
        _post(client, "what-if", user_id="u05", without=["group:cheese"], k=1),
        _post(client, "contrast", user_id="u05", item_id="00", other_id="31"),
        client.get("/v1/users/u05/shelves").json(),
        client.get("/v1/main-parameters").json(),
    ]
    moments = [answer["as_of"] for answer in answers] + [answers[0]["items"][0]["explanation"]["as_of"]]
    assert moments == ["2017-12-01T00:00:00+00:00"] * 7


PASSING = {"promotion", "popular", "season", "new_arrival", "next_share"}
"""Claim kinds that speak of the days around the snapshot, and what a claim says of other customers."""


def _kinds_and_moment(client: TestClient, **body: object) -> tuple[set[str], str]:
    kinds: set[str] = set()
    for user_id in ("u00", "u01", "u02", "u03", "u04", "nobody"):
        answer = _post(client, "recommendations", user_id=user_id, k=20, **body)
        for item in answer["items"]:
            record = item["explanation"]
            claims = (*record["reasons"], *record["statements"])
            kinds |= {name for claim in claims for name in (claim["kind"], *claim["facts"])}
    return kinds, str(answer["as_of"])


def test_the_service_speaks_of_its_present(serve: Callable[..., TestClient]) -> None:
    """The shop's log ends in 2017: a promotion of then is told as of then, and never as of today."""
    kinds, moment = _kinds_and_moment(serve(as_of="snapshot"))
    assert "promotion" in kinds
    assert moment.startswith("2017-12-01")
    assert ServiceSettings.model_fields["as_of"].default == "now"
    client = serve(as_of="now")
    kinds, moment = _kinds_and_moment(client)
    assert kinds
    assert not kinds & PASSING
    assert moment.startswith(datetime.now(UTC).strftime("%Y-%m-"))
    kinds, moment = _kinds_and_moment(client, as_of="2017-12-01")
    assert "promotion" in kinds
    assert moment.startswith("2017-12-01")
