"""Plays that were skipped: a play counts if its columns say that enough of it was played."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import pandas as pd

from llm_explain.importers.flat.columns import TAKEN_BACK, answers
from llm_explain.importers.flat.values import each_value, numbers
from llm_explain.importers.flat.vocabulary import kind_of_word, normal

if TYPE_CHECKING:
    from llm_explain.importers.flat.columns import Recognised

SKIP: Final = "skip"
"""Kind of a play that was skipped; no locale has words for it."""

PLAYS: Final = ("play", "watch", "read")
COLUMNS: Final = ("skipped", "played_share", "played_time", "completed")
LEAST_SHARE: Final = 0.5
LEAST_SECONDS: Final = 30
"""Streaming services count a stream from 30 seconds on."""

SECONDS: Final = (
    (r"\b(?:ms|msec|millis|milliseconds?)\b", 0.001),
    (r"\b(?:s|sec|secs|seconds?|segundos|sekunden)\b|秒", 1.0),
    (r"\b(?:m|min|mins|minutes?|minutos|minuten)\b|分", 60.0),
    (r"\b(?:h|hrs?|hours?|horas|stunden)\b|小时", 3600.0),
)


def kind_of_plays(read: Recognised) -> str | None:
    """Return the kind of event that the headers of plays tell: "watch ratio" tells ``watch``."""
    found = [header for name in (*COLUMNS, "value") for header in read.headers_of(name)]
    tokens = [token for header in found for token in normal(header).split()]
    kinds = (kind_of_word(token, "event_kinds") for token in tokens)
    told = next((kind for kind in kinds if kind in PLAYS), None)
    return told or ("play" if read.headers_of("played_time") or read.headers_of("skipped") else None)


def tells_plays(header: str) -> bool:
    """Return whether a header tells that something was played, watched or read: "date read"."""
    return any(kind_of_word(token, "event_kinds") in PLAYS for token in normal(header).split())


def deal_of_headers(read: Recognised) -> str | None:
    """Return the kind of event that the headers of times, orders and users tell: "hire start" tells ``rent``.

    Only the time tells what takes back: a number of returns stands beside purchases too.
    """
    headers = (header for name in ("timestamp", "order_id", "user_id", "status") for header in read.headers_of(name))
    tokens = (token for header in headers for token in normal(header).split())
    found = [kind_of_word(token, "file_kinds") or kind_of_word(token, "event_kinds") for token in tokens]
    times = (kind_of_word(token, "event_kinds") for h in read.headers_of("timestamp") for token in normal(h).split())
    told = next((kind for kind in times if kind in TAKEN_BACK), None)
    return told or next((kind for kind in found if kind is not None and kind not in TAKEN_BACK), None)


def with_skips(read: Recognised, frame: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """Give plays that were skipped the kind ``skip``.

    The first column that a table has decides: one that says "skipped"; a share below a half; a time below half of the
    item's length, or less than 30 seconds, or 0 where the unit is unknown; one that says "completed", where it says no.

    Args:
        read: The table with a decision for each column.
        frame: Its rows with ``kind``.

    Returns:
        The rows, and a line for the report; empty if no play was skipped.
    """
    is_skip = pd.Series(False, index=frame.index)
    reasons = []
    rules = {
        "skipped": (_said, "say that they were skipped"),
        "played_share": (_is_small, "are below a half"),
        "played_time": (_is_short, f"are below {LEAST_SECONDS} seconds"),
        "completed": (lambda header, column: ~_said(header, column), "say that they were not completed"),
    }
    measured = False
    for name, (rule, what) in rules.items():
        if name == "completed" and measured:
            continue
        for header in read.headers_of(name)[:1]:
            column = read.source.frame[header]
            own = rule(header, column) & column.notna()
            if name == "played_time" and (whole := _length(read)) is not None:
                own = _seconds(header, column) < LEAST_SHARE * whole
                what = "are below a half of the item's length"
            elif name == "played_time" and _unit(header) is None:
                what = "are 0"
            measured |= name != "skipped"
            is_skip |= own
            reasons += [f"{header!r} {what}"] if own.any() else []
    is_skip &= frame["kind"].isin(PLAYS)
    if not is_skip.any():
        return frame, ""
    told = (
        f"{read.source.name}: {int(is_skip.sum()):,} of {len(frame):,} rows count as skipped and are told in no text: "
    )
    return frame.assign(kind=frame["kind"].mask(is_skip, SKIP)), told + " or ".join(reasons)


def _said(_: str, column: pd.Series) -> pd.Series:
    return each_value(column, lambda text: answers().get(text.strip().casefold().removesuffix(".0"))).eq(True)


def _is_small(header: str, column: pd.Series) -> pd.Series:
    share = numbers(column.str.removesuffix("%"))
    is_percent = "%" in header or bool((share.median() > 2) and "ratio" not in normal(header))
    return share < LEAST_SHARE * (100 if is_percent else 1)


def _is_short(header: str, column: pd.Series) -> pd.Series:
    return numbers(column) <= 0 if _unit(header) is None else _seconds(header, column) < LEAST_SECONDS


def _length(read: Recognised) -> pd.Series | None:
    """Return the length of each row's item in seconds, if it and the time played have units or neither has one."""
    headers = read.headers_of("length")[:1]
    units = [_unit(header) is None for header in (*headers, *read.headers_of("played_time")[:1])]
    return _seconds(headers[0], read.source.frame[headers[0]]) if headers and len(set(units)) == 1 else None


def _unit(header: str) -> float | None:
    return next((seconds for pattern, seconds in SECONDS if re.search(pattern, normal(header))), None)


def _seconds(header: str, column: pd.Series) -> pd.Series:
    return numbers(column) * (_unit(header) or 1.0)
