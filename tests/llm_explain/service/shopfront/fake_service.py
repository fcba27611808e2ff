"""A service that says what a test wants it to say, answered inside the browser; it notes what it was asked."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Page, Route

    Answer = Callable[[Any], Any]

USER = "h1"
REASON = {
    "kind": "repeat_item",
    "player": "group:cheese",
    "part": "times_bought",
    "phi": 1.5,
    "share": 0.667,
    "facts": {"count": 12, "last": "2017-11-29"},
}
CROWD = {
    "kind": "popular",
    "player": "context:popularity",
    "part": "popularity",
    "phi": 0.75,
    "share": 0.333,
    "facts": {"users_band": 1000, "window_days": 30, "until": "2017-12-01T00:00:00"},
}
PREFERENCES = {"personalised": True, "groups_off": [], "kinds_off": []}


def item(item_id: str, title: str = "", category: str = "cheese", brand: str | None = None) -> dict[str, Any]:
    """Return what the catalogue says of an item."""
    name = title or f"Cheese {item_id}"
    return {"item_id": item_id, "status": "ok", "title": name, "category": category, "brand": brand, "price": 2.5}


def record(item_id: str, text: str | None = "You bought this 12 times.", **changes: Any) -> dict[str, Any]:
    """Return an explanation record that adds up: −4 + 1.5 + 0.75 = −1.75."""
    attributions = [
        {"player": "group:cheese", "phi": 1.5, "parts": {"times_bought": 1.5}},
        {"player": "context:popularity", "phi": 0.75, "parts": {"popularity": 0.75}},
    ]
    base = {
        "id": f"{int(item_id.encode().hex(), 16):024x}"[-24:],
        "user_id": USER,
        "item_id": item_id,
        "rank": 1,
        "score": -1.75,
        "probability": 0.148,
        "base_value": -4.0,
        "attributions": attributions,
        "text": text,
        "reason_code": "" if text else "nothing_to_say",
        "locale": "en",
        "tone": "friendly",
        "source": "template" if text else None,
        "reasons": [REASON, CROWD] if text else [],
        "statements": [],
        "verdict": {"ok": True, "faults": []},
        "ai_generated": False,
        "provenance": {"data": "sha256:" + "a" * 64, "scorer": "sha256:" + "b" * 64, "skeleton": "You bought {times}."},
        "as_of": "2017-12-01T00:00:00",
    }
    return {**base, **changes}


class FakeService:
    """Answers ``/v1`` of one page.

    Args:
        items: What the shop has.
        records: Explanation of each item, by id; an ordinary one where none is given.

    Attributes:
        failing: Status of the requests whose path contains a key.
        n_busy: How many requests are refused with 503 and ``Retry-After`` from now on.
    """

    def __init__(self, items: list[dict[str, Any]], records: dict[str, dict[str, Any]] | None = None) -> None:
        self.items = {row["item_id"]: row for row in items}
        self.records = records or {}
        self.preferences = dict(PREFERENCES)
        self.asked: list[tuple[str, str, Any]] = []
        self.failing: dict[str, int] = {}
        self.n_busy = 0
        self.replies: list[dict[str, Any]] = []
        self.stored: dict[str, dict[str, Any]] = {}
        self._queries: list[tuple[str, dict[str, list[str]]]] = []

    def attach(self, page: Page) -> FakeService:
        """Answer this page's requests."""
        page.route("**/v1/**", self._answer)
        return self

    def bodies(self, path: str, method: str = "POST") -> list[Any]:
        """Return what was sent to a path."""
        return [body for verb, where, body in self.asked if verb == method and where.endswith(path)]

    def queries(self, path: str) -> list[dict[str, list[str]]]:
        """Return the query strings that were sent to a path."""
        return [query for where, query in self._queries if where.endswith(path)]

    def explained(self, item_id: str) -> dict[str, Any]:
        """Return an item with its explanation, as a list has it."""
        if item_id not in self.items:
            return {"item_id": item_id, "status": "unknown_item"}
        told = self.records.get(item_id) or record(item_id)
        return {**self.items[item_id], "rank": 1, "score": told["score"], "probability": 0.1, "explanation": told}

    def _is_wanted(self, item_id: str, body: Any) -> bool:
        row = self.items[item_id]
        is_cheap = row["price"] <= body.get("max_price", row["price"])
        return is_cheap and row["category"] in body.get("categories", [row["category"]])

    def _placed(self, item_id: str, rank: int, total: int) -> dict[str, Any]:
        section, title = ("again", "Buy again") if rank <= total // 2 else ("new", "New for you")
        return {**self.explained(item_id), "rank": rank, "section": section, "section_title": title}

    def _answer(self, route: Route) -> None:
        request = route.request
        url = urlsplit(request.url)
        body = json.loads(request.post_data) if request.post_data else None
        self.asked.append((request.method, url.path, body))
        self._queries.append((url.path, parse_qs(url.query)))
        if self.n_busy:
            self.n_busy -= 1
            route.fulfill(status=503, headers={"Retry-After": "1"}, json={"detail": "busy", "status": 503})
            return
        status = next((status for part, status in self.failing.items() if part in url.path), 0)
        if status:
            route.fulfill(status=status, json={"detail": "refused", "status": status})
            return
        explanation_id = url.path.partition("/explanations/")[2]
        if explanation_id and explanation_id not in self.stored:
            route.fulfill(status=404, json={"detail": "not kept", "status": 404})
            return
        answer = self._said(request.method, url.path, body, parse_qs(url.query))
        headers = {"ETag": f'"{len(self.asked)}"'} if url.path.endswith("/preferences") else {}
        route.fulfill(json={"request_id": "r", **answer}, headers=headers)

    def _said(self, method: str, path: str, body: Any, query: dict[str, list[str]]) -> dict[str, Any]:
        head = {"user_id": USER, "as_of": "2017-12-01T00:00:00", "personalised": self.preferences["personalised"]}
        ids = list(self.items)
        if path.endswith("/explanations"):
            return {**head, "items": [self.explained(item_id) for item_id in body["item_ids"]]}
        if path.endswith("/recommendations"):
            wanted = [item_id for item_id in ids if self._is_wanted(item_id, body)]
            rows = [self._placed(item_id, rank, len(wanted)) for rank, item_id in enumerate(wanted, 1)]
            return {**head, "items": rows}
        if path.endswith("/preferences"):
            self.preferences = {**self.preferences, **body} if method == "PATCH" else self.preferences
            groups = list(dict.fromkeys(f"group:{row['category']}" for row in self.items.values()))
            return {"user_id": USER, "preferences": self.preferences, "groups": groups, "kinds": [], "suppressed": []}
        if path.endswith("/what-if"):
            rows = [
                {**self.items[item_id], "rank": place + 1, "rank_without": len(ids) - place, "score": 0.0}
                for place, item_id in enumerate(ids)
            ]
            return {**head, "items": rows}
        if path.endswith("/contrast"):
            differences = {"group:cheese": 1.0, "context:popularity": -0.25}
            told = {"differences": differences, "names": {"group:cheese": "“Cheese”"}}
            return {**head, "base_difference": 0.5, **told, "score_difference": 1.25}
        if path.endswith("/feedback"):
            return {"feedback_id": "f", "repeated": False, "suppressed": []}
        if path.endswith("/chat"):
            return self.replies.pop(0)
        if path.endswith("/items"):
            return {"currency": "USD", "items": [self.items[item_id] for item_id in query["id"]]}
        return {"record": self.stored.get(path.rpartition("/")[2], {}), "reproduced": True}
