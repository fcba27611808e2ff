"""Training on logs that leave little to learn."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from shop import SMALL

from scoring.data.catalogue import Catalogue
from scoring.data.history import EventLog
from scoring.data.log import Log, to_day
from scoring.data.shop import Shop
from scoring.data.tables import Tables
from scoring.training.comparison import compare
from scoring.training.training import Protocol, protocol_of, train

if TYPE_CHECKING:
    from pathlib import Path

RNG = np.random.default_rng(0)
FEW = [(f"u{user}", f"i{RNG.integers(8)}", float(RNG.uniform(0, 60))) for user in range(4) for _ in range(8)]
ALIKE = [(f"u{user}", f"i{item}", 3.0 * item) for user in range(20) for item in range(8)]
REPEATED = [
    (f"u{user}", f"i{item}", item + 20.0 * time) for user in range(20) for item in range(8) for time in range(9)
]
ONCE = [(f"u{user}", f"i{user % 3}", float(user)) for user in range(12)]


@pytest.mark.parametrize("protocol", ["time", "last"])
@pytest.mark.parametrize("rows", [FEW, ALIKE, REPEATED, ONCE], ids=["few", "alike", "repeated", "once"])
def test_scores_are_finite_and_of_the_size_of_log_odds(
    rows: list[tuple[str, str, float]], protocol: Protocol, tmp_path: Path
) -> None:
    events = pd.DataFrame(rows, columns=["user_id", "item_id", "day"])
    events["timestamp"] = pd.Timestamp("2024-01-01") + pd.to_timedelta(events.pop("day"), unit="D")
    ids = [f"i{item}" for item in range(8)]
    tables = Tables(events, pd.DataFrame({"item_id": ids, "title": ids, "category": "all"}))
    cutoff = events["timestamp"].max() + pd.Timedelta(seconds=1)
    scorer = train(tables, SMALL, tmp_path, cutoff=cutoff, protocol=protocol).scorer
    history = EventLog(tables.events, scorer.catalogue).history("u1", cutoff)
    scores = scorer.score(scorer.read(history))
    assert np.isfinite(scores).all()
    assert np.abs(scores).max() < 100.0
    assert ((scorer.probability(scores) >= 0) & (scorer.probability(scores) <= 1)).all()


ONE_SITTING = [(f"u{user}", f"i{(user + n) % 8}", 3.0 * user + 0.01 * n) for user in range(20) for n in range(5)]
LATER = [(f"u{user}", f"i{(user + n) % 8}", user + 12.0 * n) for user in range(20) for n in range(5)]


@pytest.mark.parametrize(
    ("rows", "has_times", "expected"),
    [
        (REPEATED, True, "time"),
        (REPEATED, False, "time"),
        (LATER, True, "time"),
        (LATER, False, "last"),
        (ONE_SITTING, True, "last"),
    ],
    ids=["repeats", "repeats without times", "users come back", "order alone", "one sitting"],
)
def test_the_log_decides_what_the_scorer_is_for(
    rows: list[tuple[str, str, float]], has_times: bool, expected: str
) -> None:
    events = pd.DataFrame(rows, columns=["user_id", "item_id", "day"])
    events["timestamp"] = pd.Timestamp("2024-01-01") + pd.to_timedelta(events.pop("day"), unit="D")
    ids = [f"i{item}" for item in range(8)]
    log = Log.from_events(
        events, Catalogue(pd.DataFrame({"item_id": ids, "title": ids, "category": "all"})), shop=Shop()
    )
    end = to_day(events["timestamp"].max() + pd.Timedelta(seconds=1))
    assert protocol_of(log, end, has_times=has_times) == expected


def clicks(n_users: int) -> pd.DataFrame:
    """Users buy one of three favourites now and then; the last cart before tells which one, and later carts nothing."""
    rng, rows = np.random.default_rng(5), []
    for user in range(n_users):
        favourites = rng.integers(60, size=3)
        for day in np.sort(rng.uniform(0, 24, 8)):
            item = int(rng.choice(favourites)) if rng.random() < 0.8 else int(rng.integers(60))
            left_behind = [(int(rng.integers(60)), "cart", day + 0.1 + 0.01 * n) for n in range(3)]
            rows += [
                (f"u{user:03d}", f"i{place:02d}", kind, moment)
                for place, kind, moment in ((item, "cart", day - 0.001), (item, "purchase", day), *left_behind)
            ]
    events = pd.DataFrame(rows, columns=["user_id", "item_id", "kind", "day"])
    return events.assign(timestamp=pd.Timestamp("2024-01-01") + pd.to_timedelta(events.pop("day"), unit="D"))


def test_a_month_of_clicks_is_asked_what_follows_a_moment_and_not_a_cart() -> None:
    ids = [f"i{item:02d}" for item in range(60)]
    tables = Tables(clicks(150), pd.DataFrame({"item_id": ids, "title": ids, "category": "all"}))
    found = compare(tables, SMALL, protocol="time", cutoff=pd.Timestamp("2024-01-19"), progress=lambda *_: None)
    frequency = found["baselines"]["personal frequency"]["ndcg@10"]
    assert frequency > 0.3
    assert found["ours"]["ndcg@10"] > frequency - 0.02
