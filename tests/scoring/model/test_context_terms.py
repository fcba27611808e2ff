"""Terms at many moments are those of a scorer that is asked for the first time."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from scoring.features.context import context_features
from scoring.features.snapshot import Snapshot
from scoring.model import context_terms
from scoring.model.context_terms import MAX_MOMENTS, MAX_PERIODS, ContextTerms
from scoring.scorer.scorer import GlassBoxScorer

MOMENTS = [
    pd.Timestamp("2017-12-01"),
    pd.Timestamp("2017-12-01T00:00:00.001"),
    pd.Timestamp("2017-12-03T10:00"),
    pd.Timestamp("2017-12-04"),  # the flyer changes and a display ends
    pd.Timestamp("2017-12-20"),
    pd.Timestamp("2018-06-01"),
    pd.Timestamp("2017-06-05T12:00"),
]


def _terms(scorer: GlassBoxScorer, snapshot: Snapshot | None = None) -> ContextTerms:
    return ContextTerms(scorer.model.context, snapshot or scorer.snapshot, scorer.promotions, scorer.catalogue)


def test_terms_at_many_moments_are_those_of_each_alone(shop_scorer: GlassBoxScorer) -> None:
    terms = _terms(shop_scorer)
    for as_of in (*MOMENTS, *reversed(MOMENTS)):
        assert np.array_equal(terms.at(as_of), _terms(shop_scorer).at(as_of))


def test_terms_of_few_items_are_rows_of_those_of_all(
    shop_scorer: GlassBoxScorer, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = shop_scorer.snapshot.first_seen.copy()
    seen[:3] = np.array(["2017-11-20", "2017-12-02", "2018-05-01"], dtype="datetime64[s]")
    snapshot = replace(shop_scorer.snapshot, first_seen=seen)
    monkeypatch.setattr(context_terms, "BLOCK", 7)
    monkeypatch.setattr(context_terms, "FEW", 0.5)
    some, items = _terms(shop_scorer, snapshot), np.array([2, 1, 30, 0])
    for as_of in (*MOMENTS, *reversed(MOMENTS)):
        assert np.array_equal(some.of(as_of, items), _terms(shop_scorer, snapshot).at(as_of)[items])
    assert not some._moments


def test_only_the_age_of_new_items_differs_within_a_period(shop_scorer: GlassBoxScorer) -> None:
    calendar = shop_scorer.promotions
    first, second = MOMENTS[0], MOMENTS[2]
    assert calendar.period(first) == calendar.period(second) != calendar.period(MOMENTS[3])
    x, later = (
        context_features(shop_scorer.snapshot, calendar, shop_scorer.catalogue, as_of) for as_of in (first, second)
    )
    differs = ~((x == later) | (np.isnan(x) & np.isnan(later))).all(axis=0)
    assert set(np.flatnonzero(differs)) <= {len(calendar.labels) + 4}  # users in three windows and the season before it


def test_moments_share_a_period_only_if_the_same_promotions_run(shop_scorer: GlassBoxScorer) -> None:
    calendar, latest = shop_scorer.promotions, shop_scorer.snapshot.as_of
    before = [pd.Timestamp(moment) for moment in ("2016-12-01", "2016-12-31", "2017-01-02", "2017-01-08T23:59")]
    moments = [*before, latest, latest + pd.Timedelta(minutes=1)]
    periods = [calendar.period(moment) for moment in moments]
    levels = {period: calendar.level(moment) for period, moment in zip(periods, moments, strict=True)}
    for period, moment in zip(periods, moments, strict=True):
        np.testing.assert_array_equal(calendar.level(moment), levels[period])
    assert periods[1] != periods[2]  # a promotion begins on 1 January
    assert periods[-2] == periods[-1]


def test_what_is_remembered_is_bounded(shop_scorer: GlassBoxScorer) -> None:
    terms = _terms(shop_scorer)
    for day in range(40):
        terms.at(pd.Timestamp("2017-10-01") + pd.Timedelta(days=day))
    assert len(terms._moments) == MAX_MOMENTS
    assert len(terms._periods) == MAX_PERIODS


def test_threads_that_ask_of_different_moments_get_their_own(shop_scorer: GlassBoxScorer) -> None:
    terms = _terms(shop_scorer)
    asked = MOMENTS * 20
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(terms.at, asked))
    for as_of, answer in zip(asked, answers, strict=True):
        assert np.array_equal(answer, _terms(shop_scorer).at(as_of))
