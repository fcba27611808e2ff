"""Every refusal is an RFC 9457 document that says where and which rule, and nothing of the input."""

from __future__ import annotations

import json
import sys
from collections import Counter
from typing import TYPE_CHECKING
from unittest.mock import patch

import pytest
from fastapi.exceptions import RequestValidationError
from starlette.requests import Request
from starlette.testclient import TestClient

from llm_explain.service.api import error_handlers
from llm_explain.service.handlers.explanation_handler import ExplanationHandler
from llm_explain.service.schemas.responses import ProblemDocument
from llm_explain.user_reader import UserReader

if TYPE_CHECKING:
    from llm_explain.explainer import Explainer

MARK = "kumquat-7731"

BODIES = [
    {},
    {"user_id": MARK, "history": []},
    {"user_id": MARK, "k": 0},
    {"user_id": MARK, "k": MARK},
    {"user_id": MARK, MARK: 1},
    {"user_id": f"{MARK}\n"},
    {"user_id": MARK * 20},
    {"user_id": MARK, "tone": MARK},
    {"user_id": MARK, "locale": MARK},
    {"user_id": MARK, "locale": "xx"},
    {"user_id": MARK, "as_of": MARK},
    {"user_id": MARK, "as_of": "0001-01-01T00:00:00+23:59"},
    {"user_id": MARK, "as_of": "9999-12-31T23:59:59-23:59"},
    {"history": [{"item_id": "00", "timestamp": "2017-11-01", "price": -1}]},
    {"history": [{"item_id": "00", "timestamp": "2017-11-01", "kind": MARK.upper()}]},
    [MARK],
    MARK,
]


def _is_problem(reply: object, request: str) -> ProblemDocument:
    assert reply.headers["content-type"] == "application/problem+json", request
    problem = ProblemDocument.model_validate(reply.json())
    assert problem.status == reply.status_code
    assert problem.type.startswith("urn:llm-explain:problem:")
    assert problem.request_id == reply.headers["x-request-id"]
    assert MARK not in reply.text.casefold(), request
    return problem


@pytest.mark.parametrize("body", BODIES, ids=range(len(BODIES)))
def test_a_bad_body_is_refused_without_an_echo(client: TestClient, body: object) -> None:
    reply = client.post("/v1/recommendations", json=body)
    assert 400 <= reply.status_code < 500, reply.text
    _is_problem(reply, json.dumps(body))


@pytest.mark.parametrize(
    "body",
    [
        b'{"user_id": "\\ud800"}', b'{"user_id": "u", "k": 1e400}', b'{"user_id": "u", "k": NaN}', b"{", b"\xff\xfe",
        b"[" * 10_000, b'{"a":' * 10_000, b"null", b'"' + MARK.encode(),
    ],
)  # fmt: skip
def test_bytes_that_are_no_request_are_refused(client: TestClient, body: bytes) -> None:
    reply = client.post("/v1/recommendations", content=body, headers={"Content-Type": "application/json"})
    assert 400 <= reply.status_code < 500
    _is_problem(reply, repr(body[:20]))


def test_neither_a_key_of_the_body_nor_a_type_is_repeated(client: TestClient) -> None:
    body = {"items": [{"item_id": "1"}], "plans": [{"item_id": "1", "promotions": {MARK: "x"}}]}
    reply = client.post("/v1/demand", json=body)
    assert [each["pointer"] for each in reply.json()["errors"]] == ["#/plans/0/promotions"]
    reply = client.post("/v1/campaigns", json={"recipients": [], "coupons": [{MARK: [1]}]})
    assert reply.status_code == 422
    assert not any(each in reply.text for each in (MARK, "0x", "function"))


def test_a_deadline_that_no_float_holds_is_refused(client: TestClient) -> None:
    reply = client.post("/v1/recommendations", json={"user_id": "u00", "deadline_ms": 10**400})
    assert reply.status_code == 422


@pytest.mark.parametrize(
    ("path", "status"),
    [
        (f"/v1/{MARK}", 404), (f"/v1/explanations/{MARK}", 422), ("/v1/users/a%00b/shelves", 422),
        (f"/v1/users/u/shelves?k={MARK}", 422), ("/v1/recommendations", 405), (f"/v1/items?x={MARK}", 422),
        (f"/v1/main-parameters?locale={MARK}", 422),
    ],
)  # fmt: skip
def test_a_bad_path_is_refused_without_an_echo(client: TestClient, path: str, status: int) -> None:
    reply = client.get(path)
    assert reply.status_code == status
    _is_problem(reply, path)


@pytest.mark.parametrize(
    ("route", "body", "pointer", "rule", "detail"),
    [
        ("explanations", {"user_id": "u", "item_ids": []}, "#/item_ids", "too_short", "at least 1 item"),
        ("recommendations", {"user_id": "u", "k": 101}, "#/k", "less_than_equal", "less than or equal to 100"),
        ("recommendations", {"user": "u"}, "#/", "unknown_field", "The fields are as_of, brands, buries, candidates,"),
        ("users/u/merge", {"guest": "g"}, "#/", "unknown_field", "The fields are from."),
        ("recommendations", {"k": 3}, "#/", "value_error", "Exactly one of user_id, history"),
        ("recommendations", {"user_id": "u", "surface": "x"}, "#/surface", "value_error", "One of card, detail, email"),
        ("recommendations", {"user_id": "u", "min_price": 9, "max_price": 2}, "#/", "value_error", "at most max_price"),
        ("recommendations", {"user_id": "u", "brands": [MARK]}, "#/brands/0", "unknown_name", "No item has this name."),
    ],
)  # fmt: skip
def test_an_error_says_where_and_which_rule(
    client: TestClient, route: str, body: object, pointer: str, rule: str, detail: str
) -> None:
    (error,) = client.post(f"/v1/{route}", json=body).json()["errors"]
    assert (error["pointer"], error["in"], error["rule"]) == (pointer, "body", rule)
    assert detail in error["detail"]


def test_a_category_of_no_item_is_named_by_its_place(client: TestClient, explainer: Explainer) -> None:
    known = explainer.shop.catalogue.category_names[0]
    reply = client.post("/v1/recommendations", json={"users": ["u00"], "categories": [known, MARK]})
    assert [error["pointer"] for error in reply.json()["errors"]] == ["#/categories/1"]


def test_a_list_whose_row_is_refused_is_not_called_too_short(client: TestClient) -> None:
    reply = client.put("/v1/items", json={"items": [{"item_id": "n", "price": -1}]})
    assert [error["pointer"] for error in reply.json()["errors"]] == ["#/items/0/price"]


def test_a_body_of_bad_rows_is_refused_in_time_that_grows_with_its_rows(client: TestClient) -> None:
    """10,000 bad events took 16 seconds of processor time, and a user token could send them."""
    rows = [{"loc": ("body", "items", n, "item_id"), "type": "too_short", "msg": "m"} for n in range(1000)]
    request = Request({"type": "http", "state": {}, "headers": []})
    calls = Counter[str]()
    sys.setprofile(lambda _, event, __: calls.update([event]))
    try:
        error_handlers._answer(request, RequestValidationError(rows))
    finally:
        sys.setprofile(None)
    assert calls["call"] < 10 * len(rows)
    for bad in ({"item_id": "", "timestamp": "x"}, {"other": 1}):
        reply = client.post("/v1/recommendations", json={"history": [bad] * 10})
        assert {error["pointer"][:11] for error in reply.json()["errors"]} == {"#/history/0"}


def test_a_misspelt_channel_is_named_by_its_place(client: TestClient) -> None:
    for path, body in (
        ("recommendations", {"user_id": "u00"}),
        ("explanations", {"user_id": "u00", "item_ids": ["00"]}),
    ):
        with patch.object(UserReader, "known_channels", ["app", "web"]):
            reply = client.post(f"/v1/{path}", json={**body, "channel": MARK})
            assert client.post(f"/v1/{path}", json={**body, "channel": "app"}).status_code == 200
        (error,) = reply.json()["errors"]
        assert (error["pointer"], error["detail"]) == ("#/channel", "One of app, web is needed.")
        assert client.post(f"/v1/{path}", json={**body, "channel": MARK}).status_code == 200  # its log has none


def test_an_unknown_locale_names_those_with_words(client: TestClient) -> None:
    reply = client.post("/v1/recommendations", json={"user_id": "u00", "locale": "fr"})
    assert reply.json()["detail"] == "There are no words for this locale. Use one of en, es, zh."


def test_an_unknown_player_or_item_is_named_by_its_kind_alone(client: TestClient) -> None:
    reply = client.post("/v1/what-if", json={"user_id": "u00", "without": [f"group:{MARK}"]})
    assert _is_problem(reply, "what-if").type == "urn:llm-explain:problem:unknown-player"
    reply = client.post("/v1/contrast", json={"user_id": "u00", "item_id": MARK, "other_id": "00"})
    assert _is_problem(reply, "contrast").type == "urn:llm-explain:problem:unknown-item"


def test_what_was_not_foreseen_is_a_problem_too(client: TestClient, caplog: pytest.LogCaptureFixture) -> None:
    with patch.object(ExplanationHandler, "recommend", side_effect=ZeroDivisionError(MARK)):
        reply = client.post("/v1/recommendations", json={"user_id": "u00"})
    assert reply.status_code == 500
    assert ProblemDocument.model_validate(reply.json()).type == "urn:llm-explain:problem:internal-error"
    assert MARK not in reply.text
    assert "ZeroDivisionError" in caplog.text
