"""Whom a campaign may write to: users who consented, are not suppressed and are below the frequency cap."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol, TypeAlias

import pandas as pd

from llm_explain.errors import TableError
from scoring.data.reading import read_table

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence
    from pathlib import Path

    from llm_explain.campaigns.settings import CampaignSettings

Source: TypeAlias = "Path | pd.DataFrame"
"""A table, or the file that it is in."""

YES: Final = frozenset({"1", "true", "yes", "y"})
NO: Final = frozenset({"0", "false", "no", "n"})
EVERY_CHANNEL: Final = "all"

NO_CONSENT: Final = "no consent"
SUPPRESSED: Final = "suppressed"
AT_CAP: Final = "frequency cap"
NO_UPLIFT: Final = "no proven uplift"


class Recipient(Protocol):
    """A row of ``Audience.of``."""

    @property
    def user_id(self) -> str:
        """The shop's id."""

    @property
    def consent(self) -> bool:
        """Whether the user agreed to messages."""

    @property
    def sent_at(self) -> Sequence[dt.datetime]:
        """When earlier messages were sent."""

    @property
    def uplift_low(self) -> float | None:
        """Lower bound of the measured effect."""


@dataclass(frozen=True, slots=True)
class Audience:
    """Tables that say whom a campaign may write to, each a data frame or a file (CSV or Parquet).

    Attributes:
        consent: ``user_id, channel, consent``. A user without a row has not consented.
        suppressed: ``user_id`` of users who get no message.
        sent: ``user_id, sent_at`` of earlier messages; a time without a zone is UTC.
        uplift: ``user_id, uplift_low``, the lower bound of the measured effect of a message. Users whose bound is not
            above zero get none.
    """

    consent: Source
    suppressed: Source | None = None
    sent: Source | None = None
    uplift: Source | None = None

    @classmethod
    def of(cls, recipients: Sequence[Recipient], *, suppressed: Sequence[str] = ()) -> Audience:
        """Return the audience of rows that state a user's consent, earlier messages and measured effect.

        Args:
            recipients: The rows.
            suppressed: Users who get no message.

        Returns:
            The tables.
        """
        consent = [(row.user_id, EVERY_CHANNEL, "yes" if row.consent else "no") for row in recipients]
        sent = [(row.user_id, moment.isoformat()) for row in recipients for moment in row.sent_at]
        uplift = [(row.user_id, row.uplift_low) for row in recipients if row.uplift_low is not None]
        return cls(
            pd.DataFrame(consent, columns=["user_id", "channel", "consent"]),
            pd.DataFrame({"user_id": pd.Series(suppressed, dtype=object)}),
            pd.DataFrame(sent, columns=["user_id", "sent_at"]),
            pd.DataFrame(uplift, columns=["user_id", "uplift_low"]) if uplift else None,
        )


@dataclass(frozen=True, slots=True)
class Eligible:
    """Users whom a campaign may write to.

    Attributes:
        user_ids: Their ids, sorted.
        uplift_low: Lower bound of the effect by user; ``None`` if none was measured.
        left_out: Users left out, by reason; a user with several reasons counts under the first.
    """

    user_ids: tuple[str, ...]
    uplift_low: dict[str, float] | None
    left_out: Counter[str]


def eligible(
    user_ids: Sequence[str], audience: Audience, settings: CampaignSettings, *, as_of: pd.Timestamp
) -> Eligible:
    """Return the users whom a campaign may write to.

    Args:
        user_ids: Users of the shop.
        audience: Files of consent, suppressions, earlier messages and measured effects. A wrong file raises
            ``TableError``.
        settings: Channel and frequency cap.
        as_of: The time of the campaign, UTC without a zone.

    Returns:
        Users and the numbers of those left out.
    """
    agreed = _agreed(audience.consent, settings.channel)
    suppressed = set() if audience.suppressed is None else set(read_columns(audience.suppressed, "user_id")["user_id"])
    counts = _recent(audience.sent, settings, as_of)
    uplift = None if audience.uplift is None else _uplift(audience.uplift)
    left_out: Counter[str] = Counter()
    kept = []
    for user_id in sorted(set(user_ids)):
        if user_id not in agreed:
            left_out[NO_CONSENT] += 1
        elif user_id in suppressed:
            left_out[SUPPRESSED] += 1
        elif counts.get(user_id, 0) >= settings.max_sent:
            left_out[AT_CAP] += 1
        elif uplift is not None and uplift.get(user_id, 0.0) <= 0.0:
            left_out[NO_UPLIFT] += 1
        else:
            kept.append(user_id)
    return Eligible(tuple(kept), uplift, left_out)


def read_columns(source: Source, *names: str) -> pd.DataFrame:
    """Read some columns of a table as text; a row with an empty field is left out.

    Args:
        source: A data frame, or a file.
        *names: Names of the columns.

    Returns:
        The columns; the index numbers the rows from 1.

    Raises:
        TableError: If a column is missing.
    """
    frame = opened(source)
    missing = [name for name in names if name not in frame]
    if missing:
        raise TableError(
            f"{name_of(source)} has the columns {', '.join(map(str, frame.columns))} but {', '.join(names)} are "
            "needed. Add or rename the columns."
        )
    return frame[list(names)].dropna().astype("str")


def opened(source: Source) -> pd.DataFrame:
    """Return a table; the index of one from a file numbers its rows from 1."""
    return source if isinstance(source, pd.DataFrame) else read_table(source).frame


def name_of(source: Source) -> str:
    """Return what a message calls a table."""
    return "the table" if isinstance(source, pd.DataFrame) else source.name


def _refuse(source: Source, values: pd.Series, is_wrong: pd.Series, what: str) -> None:
    """Raise ``TableError`` for the first wrong value of a column."""
    if is_wrong.any():
        first = int(is_wrong.to_numpy().argmax())
        raise TableError(
            f"{name_of(source)}: column {values.name!r} holds {values.iloc[first]!r} in row {values.index[first]} "
            f"but {what}"
        )


def _agreed(path: Source, channel: str) -> set[str]:
    """Return the users whose last row for the channel says yes; a row for all channels counts as one for each."""
    frame = read_columns(path, "user_id", "channel", "consent")
    answer = frame["consent"].str.strip().str.lower()
    _refuse(path, frame["consent"], ~answer.isin(YES | NO), "yes or no is needed. Correct the row.")
    own = frame["channel"].str.strip().str.lower().isin({channel, EVERY_CHANNEL})
    last = frame[own].assign(is_yes=answer.isin(YES)).drop_duplicates("user_id", keep="last")
    return set(last.loc[last["is_yes"], "user_id"])


def _recent(path: Source | None, settings: CampaignSettings, as_of: pd.Timestamp) -> dict[str, int]:
    """Return how many messages each user got within the days of the cap."""
    if path is None:
        return {}
    frame = read_columns(path, "user_id", "sent_at")
    moments = pd.to_datetime(frame["sent_at"], utc=True, errors="coerce", format="ISO8601").dt.tz_localize(None)
    needed = "a date and time is needed. Write ISO 8601, for example 2017-12-01T09:30."
    _refuse(path, frame["sent_at"], moments.isna(), needed)
    is_recent = (moments > as_of - pd.Timedelta(days=settings.cap_days)) & (moments <= as_of)
    return {str(user): int(n) for user, n in frame.loc[is_recent, "user_id"].value_counts().items()}


def _uplift(path: Source) -> dict[str, float]:
    frame = read_columns(path, "user_id", "uplift_low")
    bounds = pd.to_numeric(frame["uplift_low"], errors="coerce")
    _refuse(path, frame["uplift_low"], bounds.isna(), "a number is needed. Correct the row.")
    return dict(zip(frame["user_id"], bounds.astype(float).tolist(), strict=True))
