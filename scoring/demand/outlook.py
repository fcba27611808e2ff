"""The forecast tables: what each series is expected to sell, why, and what other plans would change."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from scoring.demand.forecaster import intermittent_at
from scoring.demand.panel import ITEM, LEAST_TOLD, PRICE, QUARTER, STORE, UNITS, WEEK, YEAR, medians
from scoring.demand.ranges import LEVELS
from scoring.errors import SettingError

if TYPE_CHECKING:
    import numpy.typing as npt

    from scoring.demand.forecaster import Forecaster, Inputs, Prediction
    from scoring.demand.panel import Flags, Floats, Rows, SalesPanel

EIGHT: Final = 8
USUAL_WEEKS: Final = 26
"""Weeks whose median price is the usual one."""

_LEAST_CHANGE: Final = 0.02
"""Share of the usual price by which another price must differ."""

LEAST_RUN: Final = 0.5
"""Share of a week, or of the stores, from which a promotion is said to run."""

_ENDS: Final = [f"{side}_{level}" for level in LEVELS for side in ("low", "high")]

LEAST_COMMON: Final = 7
"""Weeks of a quarter that must be known, to compare it with another one or to tell its best week."""

LEAST_PROMOTED: Final = 2
"""Weeks of the last year in which a promotion must have run, so that its demand can be told."""


@dataclass(frozen=True, eq=False)
class Outlook:
    """Forecasts of the coming weeks.

    Attributes:
        weekly: One row a series and week: ``units`` with ``low_50`` … ``high_95``, the plan of the week, and the units
            ``without_<promotion>`` (at ``ordinary_price``, that of a week without it), ``at_usual_price`` and
            ``without_holidays``, missing where no such promotion, price or event is planned. ``unknown_plan`` is empty
            if a plan is given for the week. If not, the week counts as an ordinary one: ``no_promotion``,
            ``usual_promotions``, ``no_holiday`` if the sales have days of a calendar alone, or ``price`` if they have
            neither. ``year_ago`` is what the week of a year before sold, ``year_ago_promoted`` if a promotion ran then.
        together: One row a series and number of coming weeks ``weeks``: these weeks together, in units.
        promoted: The same if the ``promotion`` that the item has most often runs in the coming week, of series without
            a plan of that week; with its ``price`` then.
        series: One row a series: what it sold lately and a year ago, and how long it has sold nothing.
        players: One row a series and week: log units that each player adds, ``base_value`` and their sum ``score``.
        holidays: One row a named event and week of the calendar: ``week``, ``event``, ``week_number`` from 0.
    """

    weekly: pd.DataFrame
    together: pd.DataFrame
    promoted: pd.DataFrame
    series: pd.DataFrame
    players: pd.DataFrame
    holidays: pd.DataFrame

    @property
    def player_names(self) -> list[str]:
        """Names of the players, in the order of their columns."""
        others = {ITEM, STORE, WEEK, "weeks_ahead", "base_value", "score"}
        return [str(name) for name in self.players if name not in others]


def outlook(forecaster: Forecaster, panel: SalesPanel, n_weeks: int, *, rows: Rows | None = None) -> Outlook:
    """Forecast the coming weeks of every series that has history.

    Args:
        forecaster: A fitted forecaster.
        panel: Weekly sales, with plans of future weeks where they are known.
        n_weeks: Number of weeks.
        rows: Row numbers of the series to forecast; all of them if not given. The others still count as competitors.

    Returns:
        The forecasts.

    Raises:
        SettingError: If the model was fitted for fewer weeks.
    """
    most = forecaster.model.config.weeks
    if not 1 <= n_weeks <= most:
        raise SettingError(f"--weeks is {n_weeks} but 1 to {most} are possible. Train again with more --weeks.")
    panel = panel.extended(n_weeks)
    planned, ordinary = panel.planned, panel.without_plans().planned
    inputs = forecaster.inputs(panel)
    features = inputs.middle
    series = np.flatnonzero(np.isfinite(features.level[:, panel.n_known - 1]))
    series = series if rows is None else np.intersect1d(series, rows)
    usual = np.nanmedian(
        np.where(np.isfinite(planned.price), planned.price, 0.0)[:, : panel.n_known][:, -USUAL_WEEKS:], axis=1
    )
    others = {name: (plan, forecaster.inputs(plan, panel)) for name, plan in _other_plans(panel, usual).items()}
    holidays = _holidays(forecaster, panel)
    quiet = forecaster.without_holidays(panel.weeks[panel.n_known :])
    plain = quiet.inputs(panel) if (holidays["week_number"] >= panel.n_known).any() else None
    is_intermittent = intermittent_at(panel, panel.n_known - 1)
    assumed = _assumed(panel)
    weekly, players = [], []
    for ahead in range(1, n_weeks + 1):
        week = panel.n_known + ahead - 1
        asked = (series, np.full(len(series), week), np.full(len(series), ahead))
        frame = panel.series.iloc[series].reset_index(drop=True)
        frame[WEEK], frame["weeks_ahead"] = panel.weeks[week], ahead
        frame = frame.assign(**_columns(forecaster.predict(panel, inputs, *asked)))
        if panel.has_planned_price and np.isfinite(planned.price).any():
            frame[PRICE], frame["usual_price"] = planned.price[series, week], usual[series]
            frame["ordinary_price"] = ordinary.price[series, week]
        for name, values in planned.promotions.items():
            frame[name] = values[series, week]
        for name, other in others.items():
            changed = forecaster.predict(*other, *asked).units
            frame[name] = np.where(_differs(name, panel, usual, week)[series], changed, np.nan)
        if plain is not None:
            has_event = (holidays["week_number"] == week).any()
            frame["without_holidays"] = quiet.predict(panel, plain, *asked).units if has_event else np.nan
        frame["is_intermittent"] = is_intermittent[series]
        frame["year_ago"], frame["year_ago_promoted"] = _year_ago(panel, week, series)
        frame["unknown_plan"] = np.where(panel.is_planned(series, asked[1]), "", assumed[series])
        weekly.append(frame)
        names, phi, base = forecaster.model.attribution(features, *asked)
        own = frame[[ITEM, STORE, WEEK, "weeks_ahead"]].assign(**dict(zip(names, phi.T, strict=True)))
        players.append(own.assign(base_value=base, score=base + phi.sum(axis=1)))
    return Outlook(
        pd.concat(weekly, ignore_index=True),
        _together(forecaster, panel, inputs, n_weeks, series),
        _promoted(forecaster, panel, n_weeks, series),
        _past(panel).iloc[series].reset_index(drop=True),
        pd.concat(players, ignore_index=True),
        holidays,
    )


def _holidays(forecaster: Forecaster, panel: SalesPanel) -> pd.DataFrame:
    """Return the named events of the panel's weeks, in the order of the weeks."""
    place = {week: number for number, week in enumerate(panel.weeks)}
    rows = [
        (week, event, place[week])
        for event, weeks in forecaster.model.holidays.items()
        for week, is_on in weeks.items()
        if week in place and is_on
    ]
    frame = pd.DataFrame(rows, columns=[WEEK, "event", "week_number"])
    return frame.sort_values(["week_number", "event"], ignore_index=True)


def _columns(found: Prediction) -> dict[str, Floats]:
    columns = {UNITS: found.units}
    for level in LEVELS:
        columns |= {f"low_{level}": found.low[level], f"high_{level}": found.high[level]}
    return columns


def _together(forecaster: Forecaster, panel: SalesPanel, inputs: Inputs, n_weeks: int, series: Rows) -> pd.DataFrame:
    """Return the next 1, 2, … weeks together."""
    keys = panel.series[[ITEM, STORE]]
    frames = [
        keys.iloc[series].assign(weeks=n, **_columns(forecaster.predict_together(panel, inputs, n, series)))
        for n in range(1, n_weeks + 1)
    ]
    return pd.concat(frames, ignore_index=True)


def _assumed(panel: SalesPanel) -> npt.NDArray[np.object_]:
    """Return what is assumed of a week of each series without a plan, shape ``(n,)``."""
    if not panel.shop_promotions:
        return np.full(len(panel), "no_holiday" if panel.promotions else PRICE, dtype=object)
    shares = np.array([panel.ordinary_share(name) for name in panel.shop_promotions])
    return np.where((shares < LEAST_TOLD).all(axis=0), "no_promotion", "usual_promotions").astype(object)


def _promoted(forecaster: Forecaster, panel: SalesPanel, n_weeks: int, series: Rows) -> pd.DataFrame:
    """Return the next 1, 2, … weeks together with a promotion in the first one, where no plan is given for it.

    The promotion is the one that the item had in most weeks of the last year, in at least two and one of the last
    quarter, and that an ordinary week has not. Its share and its price are the medians of these weeks.
    """
    first, past = panel.n_known, slice(max(0, panel.n_known - YEAR), panel.n_known)
    is_known = np.isfinite(panel.units[:, past])
    most, promotion = np.full(len(panel), LEAST_PROMOTED - 1), np.full(len(panel), "", dtype=object)
    price, plans = panel.price.copy(), {name: values.copy() for name, values in panel.promotions.items()}
    for name, values in panel.shop_promotions.items():
        runs = (np.nan_to_num(values[:, past]) >= LEAST_RUN) & is_known
        is_usual = (panel.ordinary_share(name) < LEAST_RUN) & runs[:, -QUARTER:].any(axis=1)
        times = np.where(is_usual, runs.sum(axis=1), 0)
        better = np.flatnonzero(times > most)
        for kept, given in panel.promotions.items():
            plans[kept][better, first] = given[better, first]
        most[better], promotion[better] = times[better], name
        plans[name][better, first] = medians(values[better, past], runs[better])
        price[better, first] = medians(panel.price[better, past], runs[better])
    asked = series[(promotion[series] != "") & ~panel.is_planned(series, np.full(len(series), first))]
    if not panel.has_planned_price:
        price = panel.price
    if not len(asked):
        return pd.DataFrame(columns=[ITEM, STORE, "promotion", PRICE, "weeks", UNITS, *_ENDS]).astype({"weeks": int})
    other = replace(panel, price=price, promotions=plans)
    found = _together(forecaster, other, forecaster.inputs(other, panel), n_weeks, asked)
    own = np.tile(asked, n_weeks)
    return found.assign(promotion=promotion[own], price=price[own, first])


def _past(panel: SalesPanel) -> pd.DataFrame:
    """Return what each series sold in the last week and quarter, and for how many known weeks it has sold nothing.

    Totals of the last quarter (``quarter_units``), of the same one a year ago and of the one after it
    (``next_year_ago``) are missing unless each week is known. ``quarter_mean`` and ``quarter_most`` are those of the
    ``quarter_known`` weeks of the last quarter that are known. ``ordinary_most`` is that of the last 13 known weeks,
    within a year, with the promotions that a week without a plan counts with: ``ordinary_known`` weeks. If these are
    fewer than seven, or are the last 13 weeks, ``ordinary_known`` is 0 and ``quarter_most`` counts. ``change`` is the
    ratio of the sales of the last quarter to those of a year before, over the weeks known in both: missing for fewer
    than seven. ``before_silence`` is the mean of the eight weeks up to the last sale. ``year_units`` is the total of
    the last year's.
    """
    known = panel.units[:, : panel.n_known]
    sold = np.nan_to_num(known) > 0
    last = np.where(sold.any(axis=1), known.shape[1] - 1 - sold[:, ::-1].argmax(axis=1), -1)
    after = np.arange(known.shape[1]) > last[:, None]
    lately = known[:, -QUARTER:]
    is_ordinary = (panel.ordinary_weeks & np.isfinite(known))[:, -YEAR:]
    is_ordinary &= is_ordinary[:, ::-1].cumsum(axis=1)[:, ::-1] <= QUARTER
    n_ordinary = is_ordinary.sum(axis=1)
    n_ordinary[(n_ordinary < LEAST_COMMON) | is_ordinary[:, -QUARTER:].all(axis=1)] = 0
    ordinary_most = pd.DataFrame(np.where(is_ordinary, known[:, -YEAR:], np.nan)).max(axis=1)
    quarter_most = pd.DataFrame(lately).max(axis=1)
    frame = panel.series.assign(as_of=panel.as_of, last_week_units=known[:, -1])
    return frame.assign(
        last_sale_week=[panel.weeks[week] if week >= 0 else "" for week in last],
        weeks_without_sale=(np.isfinite(known) & after).sum(axis=1),
        quarter_units=lately.sum(axis=1),
        quarter_year_ago=_total(known, YEAR + QUARTER),
        next_year_ago=_total(known, YEAR),
        quarter_known=np.isfinite(lately).sum(axis=1),
        quarter_mean=pd.DataFrame(lately).mean(axis=1),
        quarter_most=quarter_most,
        ordinary_known=n_ordinary,
        ordinary_most=np.where(n_ordinary > 0, ordinary_most, quarter_most),
        change=_change(known),
        before_silence=pd.DataFrame(
            np.where(~after & (np.arange(known.shape[1]) > last[:, None] - EIGHT), known, np.nan)
        ).mean(axis=1),
        year_units=np.nansum(known[:, -YEAR:], axis=1),
    )


def _year_ago(panel: SalesPanel, week: int, series: Rows) -> tuple[Floats, Flags]:
    """Return what the same week a year before sold, NaN if unknown, and whether a promotion ran, shape ``(n,)``."""
    if (before := week - YEAR) < 0:
        return np.full(len(series), np.nan), np.zeros(len(series), dtype=bool)
    ran = [np.nan_to_num(share[series, before]) >= LEAST_RUN for share in panel.shop_promotions.values()]
    return panel.units[series, before], np.any([np.zeros(len(series), dtype=bool), *ran], axis=0)


def _total(known: Floats, weeks_ago: int) -> Floats:
    """Return the units of the quarter that began some weeks ago, NaN unless each week is known, shape ``(n,)``."""
    first = known.shape[1] - weeks_ago
    own: Floats = known[:, max(first, 0) : first + QUARTER]
    return own.sum(axis=1) if first >= 0 else np.full(len(known), np.nan)


def _change(known: Floats) -> Floats:
    """Return the ratio of the last quarter to the one a year before, over the weeks known in both, shape ``(n,)``."""
    n_weeks = known.shape[1]
    before = known[:, max(n_weeks - YEAR - QUARTER, 0) : max(n_weeks - YEAR, 0)]
    after = known[:, n_weeks - before.shape[1] :]
    both = np.isfinite(before) & np.isfinite(after)
    now, then = (np.where(both, own, 0.0).sum(axis=1) for own in (after, before))
    is_known = (both.sum(axis=1) >= LEAST_COMMON) & (then > 0)
    return np.where(is_known, now, np.nan) / np.where(is_known, then, 1.0)


def _other_plans(panel: SalesPanel, usual: Floats) -> dict[str, SalesPanel]:
    """Return the panels of other plans: without each promotion that is planned, and at the usual price."""
    future = slice(panel.n_known, None)
    found: dict[str, SalesPanel] = {}
    for name, values in panel.promotions.items():
        if _differs(f"without_{name}", panel, usual, future).any():
            none = values.copy()
            none[:, future] = np.where(np.isfinite(values[:, future]), 0.0, np.nan)  # the usual share of others stays
            price = panel.price.copy()  # a promotion and its price go together
            price[:, future] = np.where(values[:, future] >= LEAST_RUN, np.nan, price[:, future])
            found[f"without_{name}"] = replace(panel, price=price, promotions={**panel.promotions, name: none})
    if PRICE in panel.plan_names and _differs("at_usual_price", panel, usual, future).any():
        other = panel.with_plan({PRICE: 0.0})
        other.price[:, future] = usual[:, None]
        found["at_usual_price"] = other
    return found


def _differs(name: str, panel: SalesPanel, usual: Floats, week: int | slice) -> Flags:
    """Return for which series, in a week or in weeks, a plan is given and differs from what a column stands for."""
    if name == "at_usual_price":
        base = usual if isinstance(week, int) else usual[:, None]
        differs: Flags = np.abs(panel.price[:, week] - base) > _LEAST_CHANGE * base
        return differs
    runs: Flags = panel.promotions[name.removeprefix("without_")][:, week] >= LEAST_RUN
    return runs
