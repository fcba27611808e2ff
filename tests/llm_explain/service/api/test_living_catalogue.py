"""Items, prices, stock and promotions change over HTTP: at once, in every process, and never what was said before."""

from __future__ import annotations

import json
import re
import shutil
import time
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from shop import CUTOFF, SMALL
from starlette.testclient import TestClient
from typer.testing import CliRunner

from llm_explain import Explainer
from llm_explain.cli import app as cli
from llm_explain.cli.training_feedback import learn
from llm_explain.service import app as application
from llm_explain.service.schemas.catalogue import Changed, RelatedItems, ShopFilters, ShopItems, ShopPromotions
from llm_explain.service.settings import ServiceSettings
from llm_explain.state import State
from llm_explain.text.prompt_files import prompts_root
from scoring.data.shop import Shop
from scoring.data.tables import Tables
from scoring.training.training import train

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

Json = dict[str, Any]
NEW = {"title": "Smoked cheddar", "category": "cheese", "brand": "Quickes", "price": 5.3}


def _changed(client: TestClient, method: str, path: str, body: Json | None = None, status: int = 200) -> Json:
    reply = client.request(method, f"/v1/{path}", json=body)
    assert reply.status_code == status, reply.text
    answer: Json = reply.json()
    if status == 200:
        Changed.model_validate(answer)
    return answer


def test_a_row_that_breaks_a_rule_of_the_tables_is_named(changeable: TestClient) -> None:
    bad = {"item_id": "n2", "title": "cheese\u202eegap", "category": "cheese"}
    body: Json = {"items": [{"item_id": "n1", **NEW}, bad, {"item_id": "n3", **NEW}]}
    told = _changed(changeable, "PUT", "items", body, status=422)
    assert [(each["pointer"], each["detail"]) for each in told["errors"]] == [
        ("#/items/1", "title holds control characters but printable text is needed.")
    ]
    assert _changed(changeable, "PUT", "items/n2", {name: bad[name] for name in ("title", "category")}, status=422)[
        "errors"
    ]
    assert changeable.get("/v1/items/n1").status_code == 404  # all rows or none


def _statuses(answer: Json) -> list[tuple[str, str]]:
    return [(row["item_id"], row["status"]) for row in answer["items"]]


def _list(client: TestClient, **body: object) -> list[Json]:
    reply = client.post("/v1/recommendations", json={"user_id": "u00", "k": 60, "detail": "full", **body})
    items: list[Json] = reply.json()["items"]
    return items


def _facts(client: TestClient, item_id: str, kind: str) -> Json | None:
    body = {"user_id": "stranger", "item_ids": [item_id], "detail": "full"}
    record = client.post("/v1/explanations", json=body).json()["items"][0]["explanation"]
    found = {claim["kind"]: claim["facts"] for claim in (*record["reasons"], *record["statements"], *record["badges"])}
    return found.get(kind)


def test_a_product_that_arrived_today_is_recommended_at_once_and_counts_events(changeable: TestClient) -> None:
    before = _list(changeable)[0]["explanation"]
    assert _statuses(_changed(changeable, "PUT", "items/gid:%2F%2Fshop%2F1", NEW)) == [("gid://shop/1", "ok")]
    fresh = next(item for item in _list(changeable) if item["item_id"] == "gid://shop/1")
    assert fresh["title"] == "Smoked cheddar"
    assert fresh["explanation"]["cold"] is True
    event = {"events": [{"user_id": "newcomer", "item_id": "gid://shop/1"}]}
    assert changeable.post("/v1/events", json=event, headers={"Idempotency-Key": "k"}).json()["stored"] == 1
    assert changeable.get("/v1/users/newcomer/preferences").json()["groups"] == ["group:cheese"]
    again = changeable.get(f"/v1/explanations/{before['id']}").json()
    assert (again["record"], again["reproduced"]) == (before, True)


def test_a_product_that_arrived_today_is_found_and_said_to_be_new(shop_artifacts: Path, tmp_path: Path) -> None:
    policy = prompts_root() / "policy.yaml"
    stated = policy.read_text(encoding="utf-8").replace("first_seen_stated: false", "first_seen_stated: true")
    (tmp_path / "policy.yaml").write_text(stated, encoding="utf-8")
    explainer = Explainer.load(shop_artifacts, language_model=None, policy_file=tmp_path / "policy.yaml")
    settings = ServiceSettings(auth=False, as_of="snapshot", database_url=f"sqlite:///{tmp_path / 's.db'}")
    with TestClient(application.create_app(explainer, settings)) as client:
        first_seen = (CUTOFF - pd.Timedelta(days=1)).isoformat()
        _changed(client, "PUT", "items", {"items": [{"item_id": "n1", "first_seen": first_seen, **NEW}]})
        of_category = _list(client, k=5, categories=["cheese"], section="new")
        assert "n1" in [item["item_id"] for item in of_category]
        (fresh,) = _list(client, candidates=["n1"], section="new")
        told = fresh["explanation"]
        claims = {claim["kind"]: claim["facts"] for claim in (*told["statements"], *told["badges"])}
        assert claims["new_arrival"] == {"first_seen": first_seen[:10], "days": 1}
        assert told["verdict"] == {"ok": True, "faults": []}, told["text"]
        (popularity,) = [each["phi"] for each in told["attributions"] if each["player"] == "context:popularity"]
        assert popularity == 0


def test_a_product_that_arrived_over_http_is_still_recommended_after_the_next_training(
    changeable: TestClient, shop_tables: Tables, tmp_path: Path
) -> None:
    _changed(changeable, "PUT", "items/n1", NEW)
    before = shop_tables.events[shop_tables.events["timestamp"] < CUTOFF]
    state = State(f"sqlite:///{tmp_path / 'service.db'}")
    tables = learn(replace(shop_tables, events=before), state).tables
    train(tables, SMALL, tmp_path / "trained", cutoff=CUTOFF + pd.Timedelta(days=1))
    explainer = Explainer.load(tmp_path / "trained", language_model=None)
    (place,) = explainer.shop.catalogue.index_of(["n1"])
    assert explainer.shop.snapshot.n_events[place] == 0
    assert "n1" not in [row.item_id for row in explainer.rank("u00", k=60)]
    settings = ServiceSettings(auth=False, as_of="snapshot", deadline_seconds=60)
    with TestClient(application.create_app(explainer, settings, state=state)) as client:
        fresh = next(item for item in _list(client) if item["item_id"] == "n1")
        assert fresh["explanation"]["cold"] is True
        _changed(client, "DELETE", "items/n1")
        assert "n1" not in [item["item_id"] for item in _list(client)]


def test_a_path_of_categories_is_read_as_the_category_that_the_shop_has(changeable: TestClient) -> None:
    _changed(changeable, "PUT", "items/n1", {**NEW, "category": "Food > Dairy > Cheese"})
    assert changeable.get("/v1/items/n1").json()["items"][0]["category"] == "cheese"
    assert "n1" in [item["item_id"] for item in _list(changeable, categories=["cheese"])]
    for level in ("Food", "Dairy", "Food > Dairy", "Food›Dairy›Cheese"):
        assert [item["item_id"] for item in _list(changeable, categories=[level])] == ["n1"], level
    assert "n1" in [item["item_id"] for item in _list(changeable, categories=["Food", "soup"], k=40)]
    _changed(changeable, "PUT", "items/n2", {**NEW, "category": "Food > Fruit"})
    paths = ShopFilters.model_validate(changeable.get("/v1/filters").json()).paths
    counts = [("Food", 2), ("Food > Dairy", 1), ("Food > Dairy > Cheese", 1), ("Food > Fruit", 1)]
    assert [(each.name, each.items) for each in paths] == counts
    assert (
        changeable.post("/v1/recommendations", json={"history": [], "categories": ["Food", "Fod"]}).status_code == 422
    )


def test_promotions_can_be_read_until_they_end(changeable: TestClient) -> None:
    rows = [
        {"item_id": "31", "start": "2017-11-30", "end": "2017-12-24", "label": "mailer"},
        {"item_id": "31", "start": "2017-12-05T00:00:00.123Z", "label": "display", "store_id": "s1"},
        {"item_id": "31", "start": "2017-12-06"},
    ]
    age = changeable.app.state.metrics.registry.get_sample_value  # type: ignore[attr-defined]
    before = age("llm_explain_model_data_age_seconds")
    _changed(changeable, "PUT", "promotions", {"promotions": rows})
    assert age("llm_explain_model_data_age_seconds") >= before, "a change of the catalogue is no training"
    answer = changeable.get("/v1/promotions?id=31&id=nothing")
    found = ShopPromotions.model_validate(answer.json())
    assert found.unknown_items == ["nothing"]
    mine = [row for row in answer.json()["promotions"] if row["label"] in {"mailer", "display", "promotion"}]
    assert {
        "item_id": "31", "start": "2017-11-30T00:00:00+00:00", "end": "2017-12-24T00:00:00+00:00", "label": "mailer",
        "store_id": None,
    } in mine  # fmt: skip
    assert any(row["end"] is None and row["store_id"] == "s1" for row in mine)
    assert any(row["label"] == "promotion" and row["start"] == "2017-12-06T00:00:00+00:00" for row in mine)
    again = changeable.get("/v1/promotions?id=31&id=nothing", headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304
    _changed(changeable, "DELETE", "promotions?id=31&label=mailer")
    left = changeable.get("/v1/promotions?id=31").json()["promotions"]
    assert all(row["label"] != "mailer" for row in left)


@pytest.mark.parametrize("times", ["utc", "local"])
@pytest.mark.parametrize("zone", ["Europe/Madrid", "America/New_York"])
def test_a_stated_instant_is_kept_whatever_the_shops_zone_and_the_other_rows(
    shop_artifacts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, zone: str, times: str
) -> None:
    own = Shop.of({**Shop.read(shop_artifacts / "tables").model_dump(), "time_zone": zone, "times": times})
    monkeypatch.setattr(Shop, "read", classmethod(lambda *_: own))
    explainer = Explainer.load(shop_artifacts, language_model=None)
    settings = ServiceSettings(auth=False, as_of="snapshot", database_url=f"sqlite:///{tmp_path / 's.db'}")
    starts = ["2017-12-01T00:00:00Z", "2017-12-02T00:00:00+01:00", "2017-12-03T06:30:15-05:00", "2017-12-04T00:00:00"]
    with TestClient(application.create_app(explainer, settings)) as client:

        def stored(label: str) -> list[tuple[str, str | None]]:
            found = client.get("/v1/promotions?id=31").json()["promotions"]
            return sorted((row["start"], row["end"]) for row in found if row["label"] == label)

        def row(start: str, label: str, end: str = "2017-12-25T00:00:00+01:00") -> Json:
            return {"item_id": "31", "start": start, "end": end, "label": label}

        due = [pd.Timestamp(start).isoformat() for start in starts[:-1]] + [starts[-1] + "+00:00"]
        utc = [pd.Timestamp(start).tz_convert("UTC").isoformat() for start in due]
        for number, companions in enumerate([starts[:1], starts[1:2], starts[3:], starts]):
            _changed(client, "PUT", "promotions", {"promotions": [row(start, f"a{number}") for start in companions]})
            wanted = [utc[starts.index(start)] for start in companions]
            assert stored(f"a{number}") == [(start, "2017-12-24T23:00:00+00:00") for start in wanted]
        end = "2017-12-31T00:00:00+01:00"
        _changed(client, "PATCH", "promotions", {"promotions": [{"item_id": "31", "label": "a0", "end": end}]})
        assert stored("a0") == [(utc[0], "2017-12-30T23:00:00+00:00")]  # the old row is replaced
        _changed(client, "PUT", "promotions", {"promotions": [row("2017-12-05", "day", "2017-12-06")]})
        days = [pd.Timestamp(day, tz=zone).tz_convert("UTC").isoformat() for day in ("2017-12-05", "2017-12-06")]
        assert stored("day") == [tuple(days)]  # a day without a time is one of the shop
        _changed(client, "PUT", "items", {"items": [{"item_id": "n1", "first_seen": "2017-11-30T00:00:00Z", **NEW}]})
        _changed(client, "PUT", "items/n2", {"first_seen": "2017-11-30", **NEW})
        first_seen = explainer.catalogue.items.set_index("item_id")["first_seen"]
        assert first_seen["n1"] == pd.Timestamp("2017-11-30")
        assert first_seen["n2"].tz_localize("UTC") == pd.Timestamp("2017-11-30", tz=zone)


def test_changes_over_http_are_pulled_for_commands_and_count_once(
    changeable: TestClient, shop_artifacts: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(shop_artifacts, folder)
    _changed(changeable, "PUT", "items/n1", NEW)
    _changed(changeable, "PATCH", "items/n1", {"price": 4.9})
    url = f"sqlite:///{tmp_path / 'service.db'}"
    for n_new in (2, 0):
        result = CliRunner().invoke(cli, ["catalogue", "pull", "--artifacts", str(folder), "--state", url, "--json"])
        assert json.loads(result.output) == {"operation": "pull", "changes": n_new}
    explainer = Explainer.load(folder, language_model=None)
    assert explainer.titles["n1"] == NEW["title"]
    served = changeable.app.state.explanation_handler.explainer  # type: ignore[attr-defined]
    assert explainer.provenance["catalogue"] == served.provenance["catalogue"]
    state = State(url)
    explainer.catalogue.keep_in(state.changes)
    state.close()
    assert explainer.version.number == 2


def test_the_same_change_twice_is_one_change(changeable: TestClient) -> None:
    catalogue = changeable.app.state.explanation_handler.explainer.catalogue  # type: ignore[attr-defined]
    promotion = {"promotions": [{"item_id": "31", "start": "2017-11-30", "end": "2017-12-24", "label": "mailer"}]}
    changes: list[tuple[str, str, Json | None]] = [
        ("PUT", "items/n1", NEW),
        ("PATCH", "items/31", {"price": 9.5}),
        ("PUT", "promotions", promotion),
        ("PATCH", "promotions", {"promotions": [{"item_id": "31", "label": "mailer", "end": "2017-12-31"}]}),
        ("DELETE", "promotions?id=31&label=mailer", None),
        ("DELETE", "items/31", None),
    ]
    for method, path, body in changes:
        first = _changed(changeable, method, path, body)
        n = len(catalogue.changes)
        second = _changed(changeable, method, path, body)
        assert [status for _, status in _statuses(first)] == ["ok"], path
        assert [status for _, status in _statuses(second)] == ["unchanged"], path
        assert (second["as_of"], len(catalogue.changes)) == (None, n)
        assert first["as_of"].endswith("+00:00")


def test_bulk_changes_report_each_row(changeable: TestClient) -> None:
    rows = {"items": [{"item_id": "31", "price": 4.2}, {"item_id": "gone", "price": 1.0}, {"item_id": 0, "price": 2}]}
    assert _statuses(_changed(changeable, "PATCH", "items", rows)) == [
        ("31", "ok"), ("gone", "unknown_item"), ("0", "unknown_item"),
    ]  # fmt: skip
    rows = {"items": [{"item_id": "n1", **NEW}, {"item_id": "n2", "title": "Kimchi"}]}
    assert _statuses(_changed(changeable, "PUT", "items", rows)) == [("n1", "ok"), ("n2", "ok")]
    assert _statuses(_changed(changeable, "DELETE", "items?id=n1&id=gone")) == [("n1", "ok"), ("gone", "unknown_item")]
    shown = changeable.get("/v1/items", params={"id": ["31", "n1", "n2"]}).json()
    ShopItems.model_validate(shown)
    assert [(item["title"], item["price"], item["available"]) for item in shown["items"]] == [
        ("cheese B", 4.2, True), ("Smoked cheddar", 5.3, False), ("Kimchi", None, True),
    ]  # fmt: skip
    for method in ("PATCH", "DELETE"):
        body = {"price": 1.0} if method == "PATCH" else None
        assert _changed(changeable, method, "items/gone", body, status=404)["type"].endswith("unknown-item")
    assert changeable.get("/v1/items/gone").status_code == 404


def test_what_is_discontinued_is_not_recommended_until_it_is_back(changeable: TestClient) -> None:
    best = _list(changeable)[0]["item_id"]
    _changed(changeable, "DELETE", f"items/{best}")
    assert best not in {item["item_id"] for item in _list(changeable)}
    _changed(changeable, "PATCH", f"items/{best}", {"available": True})
    assert best in {item["item_id"] for item in _list(changeable)}


def test_a_promotion_and_its_end_are_spoken_at_once(changeable: TestClient) -> None:
    assert _facts(changeable, "33", "promotion") is None
    row = {"item_id": "33", "start": "2017-11-30T00:00:00Z", "end": "2017-12-24T00:00:00Z", "label": "mailer"}
    _changed(changeable, "PUT", "promotions", {"promotions": [row]})
    spoken = _facts(changeable, "33", "promotion")
    assert spoken is not None
    _changed(changeable, "PATCH", "promotions", {"promotions": [{"item_id": "33", "end": "2017-12-27T00:00:00Z"}]})
    later = _facts(changeable, "33", "promotion")
    assert later is not None
    assert {**later, "until": ""} == {**spoken, "until": ""}
    assert str(later["until"]) > str(spoken["until"])
    _changed(changeable, "DELETE", "promotions?id=33")
    assert _facts(changeable, "33", "promotion") is None


def test_a_changed_price_filters_at_once(changeable: TestClient) -> None:
    _changed(changeable, "PATCH", "items/31", {"price": 99.0})
    assert [item["item_id"] for item in _list(changeable, min_price=90)] == ["31"]


@pytest.mark.parametrize("field", [{"price": 1e-320}, {"first_seen": "2199-12-31"}])
def test_a_price_near_zero_and_an_arrival_of_a_later_year_are_refused(changeable: TestClient, field: Json) -> None:
    told = _changed(changeable, "PUT", "items/n1", {**NEW, **field}, status=422)
    assert [each["pointer"] for each in told["errors"]] == ["#/" + next(iter(field))]


@pytest.mark.parametrize(
    "body",
    [
        {"promotions": [{"item_id": "31", "start": "2017-12-02", "end": "2017-12-01", "label": "x"}]},
        {"promotions": [{"item_id": "31", "start": "2017-12-02", "label": "a\u202eb"}]},
        {"promotions": []},
    ],
)
def test_a_row_that_breaks_a_rule_is_refused_and_not_repeated(changeable: TestClient, body: Json) -> None:
    reply = changeable.put("/v1/promotions", json=body)
    assert reply.status_code == 422
    assert "\u202e" not in reply.text


def test_a_change_that_would_not_count_yet_is_refused(changeable: TestClient) -> None:
    """It was answered with ok, and counted when the clock had reached the last event of the log."""
    handler = changeable.app.state.catalogue_handler  # type: ignore[attr-defined]
    handler._clock = lambda: datetime(2017, 1, 1)
    refused = _changed(changeable, "PATCH", "items/31", {"available": False}, status=409)
    assert refused["type"] == "urn:llm-explain:problem:artifacts-ahead"


def test_a_sensitive_category_that_arrives_is_named_nowhere(changeable: TestClient) -> None:
    _changed(
        changeable, "PATCH", "items", {"items": [{"item_id": each, "category": "HIV care"} for each in ("31", "32")]}
    )
    events = [{"user_id": "u00", "item_id": "31", "timestamp": f"2017-11-2{day}T09:00:00Z"} for day in (3, 6)]
    changeable.post("/v1/events", json={"events": events}, headers={"Idempotency-Key": "two"})
    told = changeable.post("/v1/recommendations", json={"user_id": "u00", "k": 30, "detail": "full"}).text
    texts = [told]
    texts += [changeable.get(f"/v1/users/u00/{each}").text for each in ("shelves", "preferences")]
    contrast = {"user_id": "u00", "item_id": "31", "other_id": "00"}
    texts.append(changeable.post("/v1/contrast", json=contrast).text)
    assert [text for text in texts if "HIV" in text.replace('"category":"HIV care"', "")] == []
    assert "31" in told


@pytest.mark.parametrize("locale", ["en", "es", "zh"])
def test_no_supplier_speaks_in_a_letter(changeable: TestClient, locale: str) -> None:
    _changed(changeable, "PATCH", "items/31", {"title": "call or visit evil.dating"})
    events = [{"user_id": "u00", "item_id": "31", "timestamp": f"2017-11-2{day}T09:00:00Z"} for day in (3, 6)]
    changeable.post("/v1/events", json={"events": events}, headers={"Idempotency-Key": "two"})
    asked = {"user_id": "u00", "item_ids": ["31"], "surface": "email", "locale": locale}
    told = changeable.post("/v1/explanations", json=asked).json()["items"][0]["explanation"]
    assert re.search(r"[“«「][Cc]all or visit(?: evil\. dating|…)[”»」]", told["text"]), told["text"]
    assert "subject_line" not in told  # not even in quotation marks


def test_catalogue_reads_can_be_kept(changeable: TestClient) -> None:
    first = changeable.get("/v1/items/31")
    assert first.headers["cache-control"] == "private, no-cache"
    kept = {"If-None-Match": first.headers["etag"]}
    assert changeable.get("/v1/items/31", headers=kept).status_code == 304
    told = {"price": 7.7, "parent_id": "p1", "image": "31.png", "first_seen": "2017-11-30T08:00:00Z"}
    _changed(changeable, "PATCH", "items/31", told)
    read = changeable.get("/v1/items/31", headers=kept).json()
    assert ShopItems.model_validate(read).items[0].first_seen == pd.Timestamp(told.pop("first_seen"))
    assert told.items() <= read["items"][0].items()


@pytest.fixture
def other(shop_artifacts: Path, changeable: TestClient, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    """Another process of the service over the same state, started before any change."""
    monkeypatch.setattr(application, "_WATCH_SECONDS", 0.05)
    settings = changeable.app.state.settings  # type: ignore[attr-defined]
    given = ServiceSettings(**{**settings.model_dump(), "database_url": settings.database_url})
    with TestClient(application.create_app(Explainer.load(shop_artifacts, language_model=None), given)) as client:
        yield client


def test_other_processes_and_later_ones_read_the_same_changes(
    changeable: TestClient, other: TestClient, shop_artifacts: Path
) -> None:
    _changed(changeable, "PUT", "items/n1", NEW)
    _changed(changeable, "DELETE", "items/31")
    wanted = [item["explanation"] for item in _list(changeable)]
    explainer = other.app.state.explanation_handler.explainer  # type: ignore[attr-defined]
    for _ in range(200):
        if len(explainer.catalogue.changes) == explainer.version.number == 2:
            break
        time.sleep(0.05)
    assert [item["explanation"] for item in _list(other)] == wanted
    assert _statuses(_changed(other, "PUT", "items/n1", NEW)) == [("n1", "unchanged")]
    assert _statuses(_changed(other, "PUT", "items/n3", NEW)) == [("n3", "ok")]


def test_similar_items_and_a_completed_basket_are_the_explainers(tmp_path: Path) -> None:
    """Sixty users buy apples with bars, and others buy other things."""
    rows = [(f"u{user}", item, "2017-06-01") for user in range(60) for item in ("a", "b")]
    rows += [(f"v{user}", item, f"2017-06-0{day}") for user in range(140) for day, item in enumerate("ef", 2)]
    events = pd.DataFrame(rows, columns=["user_id", "item_id", "timestamp"]).astype({"timestamp": "datetime64[ns]"})
    items = pd.DataFrame({"item_id": [*"abef"], "title": ["Apples", "Oat bars", "Bagels", "Tea"], "category": "food"})
    tables = Tables(events.assign(kind="purchase"), items)
    explainer = Explainer.over(
        lambda histories, ids: np.zeros((len(histories), len(ids))), tables, as_of=pd.Timestamp("2017-07-01")
    )
    url = f"sqlite:///{tmp_path / 'state.db'}"
    with TestClient(application.create_app(explainer, ServiceSettings(auth=False, database_url=url))) as client:
        reply = client.post("/v1/similar", json={"item_id": "a", "k": 4}).json()
        RelatedItems.model_validate(reply)
        text = "Bought together with apples by 60 customers."
        shown = [(item["item_id"], item["title"], item["text"]) for item in reply["items"]]
        assert shown == [("b", "Oat bars", text), ("e", "Bagels", None), ("f", "Tea", None)]
        reply = client.post("/v1/complete", json={"basket": ["a", "gone"], "locale": "en"}).json()
        assert [(item["item_id"], item["text"]) for item in reply["items"]] == [("b", text)]
        assert reply["unknown_items"] == ["gone"]
        assert client.post("/v1/complete", json={"basket": ["gone"]}).json()["items"] == []
        assert client.post("/v1/similar", json={"item_id": "gone"}).json()["unknown_items"] == ["gone"]
        assert client.put("/v1/items/n1", json={"title": "Tea"}).status_code == 422
