"""Requests that no honest client sends: valid ones, spoilt by chance with a fixed seed.

Each carries ``CANARY`` wherever it carries text of its own, so that an answer that repeats any of it gives itself away.
"""

from __future__ import annotations

import copy
import json
import random
from typing import TYPE_CHECKING, Any

from wire import request

if TYPE_CHECKING:
    from collections.abc import Iterator

CANARY = "zq7canary"

_DEEP = "[" * 10_000
TEXTS: tuple[Any, ...] = (
    CANARY,
    CANARY + "\x00",
    CANARY + "\u202e\u2066",
    CANARY + "'; DROP TABLE event; --",
    f"<script>{CANARY}</script>",
    f"{{{{ {CANARY} }}}}",
    f"%s%n{CANARY}",
    f"../../{CANARY}",
    CANARY * 40,
    CANARY + "𝕬👩‍👩‍👧‍👧",
    "",
    " ",
    "2017-13-45T99:99:99",
    "9999-12-31T23:59:59Z",
    "0001-01-01T00:00:00",
    "2017-12-01T00:00:00+26:00",
)
NUMBERS: tuple[Any, ...] = (
    0, -1, 1.5, 1e308, -1e308, 5e-324, 2**31, 2**63, -(2**63) - 1, 10**30, True, float("nan"), float("inf"), -0.0,
)  # fmt: skip
SHAPES: tuple[Any, ...] = (None, [], {}, [None], [[]], {"": None}, {CANARY: CANARY}, [CANARY] * 200)
RAW_VALUES = (
    "1e400", "-1e400", "NaN", "-Infinity", '"\\ud800"', f'"{CANARY}\\udfff"', "1" * 5000, "0x10", "01", "+1", "'a'",
    _DEEP, _DEEP + "]" * 10_000, '{"a":' * 5000, '"\t"', "/*c*/1", "undefined", "1,", "\x00",
)  # fmt: skip
"""JSON, or nearly, that Python's writer does not write."""

_MARK = "RAW_VALUE_GOES_HERE"


def bodies(users: list[str], items: list[str]) -> list[tuple[str, str, Any]]:
    """Return a valid request of each kind: method, path, body."""
    user, item, other = users[0], items[0], items[1]
    event = {"item_id": item, "timestamp": "2017-11-03T10:00:00", "quantity": 1, "price": 2.5, "kind": "purchase"}
    wording = {"tone": "formal", "locale": "en", "deadline_ms": 500}
    return [
        ("POST", "/v1/recommendations", {"user_id": user, "k": 3, "explain": True, "as_of": "2017-12-01", **wording}),
        ("POST", "/v1/recommendations", {"history": [event, event], "k": 3, **wording}),
        ("POST", "/v1/explanations", {"user_id": user, "item_ids": [item, other], **wording}),
        ("POST", "/v1/what-if", {"user_id": user, "without": ["group:cheese"], "k": 3}),
        ("POST", "/v1/contrast", {"user_id": user, "item_id": item, "other_id": other}),
        ("POST", "/v1/events", {"events": [{"user_id": f"{CANARY}9", **event}]}),
        ("POST", "/v1/feedback", {"explanation_id": "0" * 24, "verdict": "helpful"}),
        (
            "PATCH",
            f"/v1/users/{user}/preferences",
            {"personalised": True, "groups_off": ["group:beer"], "kinds_off": []},
        ),
        ("GET", f"/v1/users/{user}/shelves?k=3&locale=en", None),
        ("GET", f"/v1/users/{CANARY}/export", None),
        ("GET", f"/v1/explanations/{CANARY}", None),
        ("GET", "/v1/main-parameters?locale=en", None),
    ]


def spoilt(users: list[str], items: list[str], n: int, seed: int = 0) -> Iterator[bytes]:
    """Return well-formed HTTP requests with spoilt contents.

    Args:
        users: Users.
        items: Items.
        n: How many.
        seed: Seed.

    Returns:
        Requests.
    """
    chance = random.Random(seed)
    valid = bodies(users, items)
    for _ in range(n):
        method, path, body = copy.deepcopy(chance.choice(valid))
        headers = {"idempotency-key": f"{CANARY}{chance.random()}"}
        if chance.random() < 0.15:
            headers |= _odd_headers(chance)
        if chance.random() < (0.9 if body is None else 0.1):
            path = _odd_path(path, chance)
        if chance.random() < 0.03:
            method = chance.choice(["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD", "TRACE", "BREW"])
        yield request(method, path, None if body is None else _spoil(body, chance), headers)


def _spoil(body: Any, chance: random.Random) -> bytes:
    raw = None
    for _ in range(chance.choice([0, 1, 1, 1, 2, 3])):
        places = list(_places(body))
        if not places:
            break
        holder, key = chance.choice(places)
        act = chance.random()
        if act < 0.1 and isinstance(holder, dict):
            del holder[key]
        elif act < 0.2 and isinstance(holder, dict):
            holder[chance.choice([CANARY, "", "\u0000", "__proto__", "user_id", "history"])] = chance.choice(TEXTS)
        elif act < 0.3:
            raw = chance.choice(RAW_VALUES)
            holder[key] = _MARK
        else:
            holder[key] = copy.deepcopy(chance.choice([*TEXTS, *NUMBERS, *SHAPES]))  # it may be spoilt in turn
    text = json.dumps(body, ensure_ascii=chance.random() < 0.5)
    if raw is not None:
        text = text.replace(f'"{_MARK}"', raw)
    if chance.random() < 0.05 and text.startswith("{") and len(text) > 2:
        text = text[:-1] + "," + text[1:]  # every name twice
    sent = text.encode()
    if chance.random() < 0.1:
        place = chance.randrange(len(sent) + 1)
        sent = (
            sent[:place]
            + chance.choice([b"", b"\xff", b"\xed\xa0\x80", b"\x00", b"}", b'"', b"\xef\xbb\xbf"])
            + sent[place:]
        )
    return sent[: chance.randrange(len(sent) + 1)] if chance.random() < 0.05 else sent


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Return where something may be put: every container with each of its keys."""
    keys = value.keys() if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    for key in keys:
        yield value, key
        yield from _places(value[key])


def _odd_path(path: str, chance: random.Random) -> str:
    stem, _, _ = path.partition("?")
    return chance.choice([
        f"{stem}?k={chance.choice([0, -1, 51, 'NaN', CANARY, '1e400', 9**30])}",
        f"{stem}?locale={chance.choice(['zz', CANARY, '../..', '%00', 'en%0d%0aX-A:b'])}",
        f"{stem}?as_of={chance.choice(['1e400', CANARY, '2017-12-01', '99999-01-01', '%ff'])}",
        f"{stem}/{CANARY}",
        f"/v1/{CANARY}",
        f"/{CANARY}",
        f"/v1/users/{chance.choice(['%00', '%ff%fe', '%ed%a0%80', '..%2f..', CANARY * 30, '%20', '%F0%9F'])}/shelves",
        f"{stem}?{'&'.join(f'{CANARY}{n}=1' for n in range(200))}",
        path,
    ])  # fmt: skip


def _odd_headers(chance: random.Random) -> dict[str, str]:
    return chance.choice([
        {"content-type": chance.choice(["text/plain", "application/x-www-form-urlencoded", CANARY, ""])},
        {"authorization": chance.choice([f"Bearer {CANARY}", "Basic ======", CANARY, "Bearer"])},
        {"x-request-id": chance.choice([CANARY, "0" * 32, "a" * 5000])},
        {"idempotency-key": chance.choice(["", CANARY * 60, "\x7f", "é"])},
        {"traceparent": chance.choice([CANARY, "00-" + "0" * 32 + "-" + "0" * 16 + "-01"])},
        {"accept": CANARY, "accept-encoding": CANARY, "cookie": CANARY * 100},
        {"transfer-encoding": "gzip"},
    ])  # fmt: skip


def broken(users: list[str], items: list[str], n: int, seed: int = 0) -> Iterator[bytes]:
    """Return bytes that are HTTP no more, or hardly.

    Args:
        users: Users.
        items: Items.
        n: How many.
        seed: Seed.

    Returns:
        Bytes to send over a connection of their own.
    """
    chance = random.Random(seed)
    valid = [request(method, path, body) for method, path, body in bodies(users, items)]
    for _ in range(n):
        sent = bytearray(chance.choice(valid))
        for _ in range(chance.randint(1, 6)):
            place = chance.randrange(len(sent) + 1)
            act = chance.randrange(6)
            if act == 0:
                sent[place : place + chance.randint(1, 20)] = b""
            elif act == 1:
                sent[place:place] = bytes(chance.randrange(256) for _ in range(chance.randint(1, 20)))
            elif act == 2 and place < len(sent):
                sent[place] ^= 1 << chance.randrange(8)
            elif act == 3:
                sent[place:place] = sent[: chance.randrange(len(sent) + 1)]
            elif act == 4:
                sent[place:place] = chance.choice(_FRAGMENTS)
            else:
                del sent[place:]
        yield bytes(sent)


_FRAGMENTS = (
    b"\r\n\r\n", b"\r\n", b"\n", b"\x00", b"\xff\xfe", b"Content-Length: -1\r\n",
    b"content-length: 99999999999999999999\r\n",
    b"Transfer-Encoding: chunked\r\n", b"transfer-encoding: chunked\r\ncontent-length: 3\r\n", b"ffffffffffffffff\r\n",
    b"HTTP/9.9", b"Upgrade: websocket\r\nConnection: Upgrade\r\n", b"Expect: 100-continue\r\n", b"A" * 40_000,
    b"X: " + CANARY.encode() * 5000 + b"\r\n", b"CONNECT zq7canary:443 HTTP/1.1\r\n\r\n",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
)  # fmt: skip
