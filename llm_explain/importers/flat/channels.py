"""The channel of an event: web, app, mini program or shop, from an export's word or from a user agent.

Events of one user share one history, whatever their channel. The channel is a fact of the event.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from llm_explain.importers.flat.values import each_value
from llm_explain.importers.flat.vocabulary import kind_of_word

if TYPE_CHECKING:
    import pandas as pd

WEB: Final = "web"
APP: Final = "app"
MINI_PROGRAM: Final = "mini_program"
CHANNELS: Final = (WEB, APP, MINI_PROGRAM, "shop")

MOST_NAMED: Final = 8
"""Unknown channels that the report names."""

USER_AGENTS: Final = (
    (MINI_PROGRAM, re.compile(r"miniprogram|mini program|miniapp", re.IGNORECASE)),
    (APP, re.compile(r"native mobile app|okhttp|cfnetwork|dalvik|; wv\)|alamofire|dart:io", re.IGNORECASE)),
    (WEB, re.compile(r"^(?:mozilla|opera)\b", re.IGNORECASE)),
)
"""Channels by what their user agents contain; the first that fits counts. An in-app browser (``; wv)``) is the app."""


def channels(column: pd.Series) -> pd.Series:
    """Return the channels that an export's words mean; other words stay as they are.

    Args:
        column: Words such as "Online Store" or "POS".

    Returns:
        Channels such as ``web`` or ``shop``.
    """
    return each_value(column, _channel).astype("str")


def unknown_channels(events: pd.DataFrame) -> list[str]:
    """Return a line for the report if no text names some channels.

    Args:
        events: Events, perhaps with ``channel``.

    Returns:
        At most one line.
    """
    if "channel" not in events:
        return []
    counts = events["channel"].value_counts()
    others = counts[~counts.index.isin(list(CHANNELS))]
    if others.empty:
        return []
    named = ", ".join(f"{channel} ({number:,})" for channel, number in others.head(MOST_NAMED).items())
    more = f" and {len(others) - MOST_NAMED:,} more" if len(others) > MOST_NAMED else ""
    return [
        f"{named}{more} are none of the channels {', '.join(CHANNELS)}: each is a channel of its own that no text "
        "names. Write the channel in the export, or leave a column of devices out with --map FILE.COLUMN="
    ]


def channels_of_user_agents(column: pd.Series) -> pd.Series:
    """Return the channels that user agents tell.

    Args:
        column: User agents of HTTP requests.

    Returns:
        ``web``, ``app`` or ``mini_program``; missing where the user agent is that of a robot or of no known program.
    """
    return each_value(column, _of_user_agent).astype("str")


def _channel(text: str) -> str:
    return kind_of_word(text.casefold(), "channels") or text.strip()  # "iOS" is one word


def _of_user_agent(text: str) -> str | None:
    if re.search(r"\bbot\b|bot/|crawler|spider", text, re.IGNORECASE):
        return None
    return next((channel for channel, pattern in USER_AGENTS if pattern.search(text)), None)
