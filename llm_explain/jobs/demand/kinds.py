"""Drivers of a demand forecast. The docstring of each class is its rule; the SQL file of its name repeats it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar, Final, NamedTuple

import numpy as np
import pandas as pd

from llm_explain.jobs.demand.headlines import told_price, whole
from scoring.demand.effects import HOLIDAY, OTHERS, SEASON
from scoring.demand.outlook import LEAST_RUN
from scoring.demand.panel import ITEM, PRICE, STORE, YEAR

if TYPE_CHECKING:
    from collections.abc import Iterator

    from llm_explain.jobs.demand.scene import DemandScene
    from llm_explain.records import Fact

REGULAR: Final = 0.8
"""Mean share over the last 26 weeks above which a promotion is no news."""

WINDOW: Final = 26
LEAST_UNITS: Final = 1
LEAST_SHARE: Final = 0.1
"""Share of the forecast without a promotion: a smaller effect is not told."""

LEAST_PRICE_CHANGE: Final = 2
"""Percent of the usual price."""

LOWERED: Final = 1 - LEAST_PRICE_CHANGE / 100

MOST_EVENTS: Final = 3
LEAST_SEEN: Final = 2
"""Known weeks in which an event must have been before."""

SEASON_RATIO: Final = 1.15
SEASON_WEEKS: Final = 8


class Found(NamedTuple):
    """A driver that holds for a series.

    Attributes:
        row: Its place in ``DemandScene.coming``.
        player: The player of the attribution.
        sign: 1 if the facts speak of more sales, −1 of fewer; 0 if only the attribution tells.
        facts: Facts by name.
    """

    row: int
    player: str
    sign: int
    facts: dict[str, Fact]


class DriverKind(ABC):
    """One kind of driver.

    Attributes:
        name: Its name in records and prompts.
    """

    name: ClassVar[str]

    @abstractmethod
    def find(self, scene: DemandScene) -> Iterator[Found]:
        """Yield the series for which the rule holds, with the facts."""


class Promotion(DriverKind):
    """A promotion of the coming week changes the forecast.

    Rule: the promotion is planned for at least half of the week (or in half of the stores), and ran for at most 80 %
    of the last 26 known weeks. ``units`` is the forecast and ``without`` that of the same model without it and at the
    price of a week without it, both rounded; ``difference`` is their difference, at least one unit and a tenth of
    ``without``. ``price`` is the price of the week if it is planned and at least 2 % below that one. Fewer sales are
    told of holidays only: that a flyer lowers sales is more likely a coincidence in the log than an effect. ``seen``
    counts the known weeks, over all stores, in which the item had at least half as much of it. Below two, the text says
    that other items tell the effect.
    """

    name = "promotion"

    def find(self, scene: DemandScene) -> Iterator[Found]:
        """Apply the rule of the class."""
        frame, planned = scene.coming, scene.panel.planned
        known = slice(max(0, scene.panel.n_known - WINDOW), scene.panel.n_known)
        same = scene.panel.series.groupby(ITEM).indices
        for promotion, values in planned.promotions.items():
            is_nameable = promotion in scene.panel.shop_promotions or HOLIDAY in promotion
            if not is_nameable or f"without_{promotion}" not in frame:
                continue
            is_news = values[scene.place, known].mean(axis=1) <= REGULAR
            is_on = (frame[promotion] >= LEAST_RUN) & frame[f"without_{promotion}"].notna()
            for row in np.flatnonzero(is_on.to_numpy() & is_news):
                units, without = (whole(frame[name].iloc[row]) for name in ("units", f"without_{promotion}"))
                is_told = units > without or HOLIDAY in promotion
                if is_told and abs(units - without) >= max(LEAST_UNITS, LEAST_SHARE * without):
                    facts: dict[str, Fact] = {"promotion": promotion, "units": units, "without": without}
                    facts["difference"] = units - without
                    own = values[same[str(frame[ITEM].iloc[row])], : scene.panel.n_known]
                    facts["seen"] = int((own >= frame[promotion].iloc[row] / 2).sum())
                    is_given = "ordinary_price" in frame and pd.isna(frame["assumed_price"].iloc[row])
                    if is_given and frame[PRICE].iloc[row] <= LOWERED * frame["ordinary_price"].iloc[row]:
                        facts["price"] = told_price(frame[PRICE].iloc[row])
                    yield Found(int(row), promotion, _sign(units - without), facts)


class Holiday(DriverKind):
    """Named events of the coming week change the forecast.

    Rule: the calendar names one to three events in the coming week, and each of them in at least two earlier known
    weeks: once is an anecdote. ``event`` holds their names in alphabetical order, separated by ``|``. ``units`` is the
    forecast and ``without`` that of the same model without events in the coming weeks, both rounded; ``difference`` is
    their difference, at least one unit and a tenth of ``without``.
    """

    name = "holiday"

    def find(self, scene: DemandScene) -> Iterator[Found]:
        """Apply the rule of the class."""
        frame, rows, n_known = scene.coming, scene.outlook.holidays, scene.panel.n_known
        names = sorted(rows.loc[rows["week_number"] == n_known, "event"])
        seen = rows.loc[rows["week_number"] < n_known, "event"].value_counts()
        if not 1 <= len(names) <= MOST_EVENTS or any(seen.get(name, 0) < LEAST_SEEN for name in names):
            return
        for row in np.flatnonzero(frame["without_holidays"].notna()):
            units, without = (whole(frame[name].iloc[row]) for name in ("units", "without_holidays"))
            if abs(units - without) >= max(LEAST_UNITS, LEAST_SHARE * without):
                facts: dict[str, Fact] = {"event": "|".join(names), "units": units, "without": without}
                facts["difference"] = units - without
                yield Found(int(row), HOLIDAY, _sign(units - without), facts)


class Price(DriverKind):
    """The planned price of the coming week differs from the usual one.

    Rule: the price is a plan. ``percent`` is how much it lies above the median of the last 26 known weeks, at least
    2 % of it in either direction. ``units`` and ``at_usual`` are the forecasts at this price and at the usual one,
    rounded, and ``difference`` their difference: more sales at a lower price, or fewer at a higher one.
    """

    name = "price"

    def find(self, scene: DemandScene) -> Iterator[Found]:
        """Apply the rule of the class."""
        frame = scene.coming
        if "at_usual_price" not in frame:
            return
        for row in np.flatnonzero(frame["at_usual_price"].notna()):
            price, usual, units, other = (
                float(frame[name].iloc[row]) for name in (PRICE, "usual_price", "units", "at_usual_price")
            )
            percent = whole(abs(100 * (price / usual - 1)))
            difference = whole(units) - whole(other)
            is_told = difference * (usual - price) > 0
            if is_told and percent >= LEAST_PRICE_CHANGE and abs(difference) >= LEAST_UNITS:
                facts: dict[str, Fact] = {"percent": percent if price > usual else -percent}
                facts |= {"units": whole(units), "at_usual": whole(other), "difference": difference}
                yield Found(int(row), PRICE, _sign(difference), facts)


class Season(DriverKind):
    """The same week a year ago sold more, or less, than the weeks before it.

    Rule: ``year_ago`` are the units of 52 weeks before the coming week, and ``before`` the mean of the eight known
    weeks before that one, rounded. Their ratio is at least 1.15, or at most its inverse, and their difference
    is no chance of a small count: at least two standard deviations of a Poisson count.
    """

    name = "season"

    def find(self, scene: DemandScene) -> Iterator[Found]:
        """Apply the rule of the class."""
        week = scene.panel.n_known - YEAR
        if week < SEASON_WEEKS or SEASON not in scene.players:
            return
        units = scene.panel.units[scene.place]
        before = units[:, week - SEASON_WEEKS : week]
        for row in np.flatnonzero(np.isfinite(units[:, week]) & np.isfinite(before).all(axis=1)):
            own, mean = whole(units[row, week]), whole(before[row].mean())
            if mean > 0 and own > 0 and max(own / mean, mean / own) >= SEASON_RATIO and (own - mean) ** 2 >= 4 * mean:
                yield Found(int(row), SEASON, _sign(own - mean), {"year_ago": own, "before": mean})


class OtherItems(DriverKind):
    """Promotions of other items of the store in the coming week.

    Rule: ``items`` is the number of other items of the same store for which a promotion is planned for at least half of
    the week, at least 1. They compete: the rule speaks of fewer sales only.
    """

    name = "other_items"

    def find(self, scene: DemandScene) -> Iterator[Found]:
        """Apply the rule of the class."""
        frame = scene.coming
        names = [name for name in scene.panel.promotions if name in frame]
        if OTHERS not in scene.players or not names:
            return
        week = scene.panel.n_known
        is_on = np.any([scene.panel.promotions[name][:, week] >= LEAST_RUN for name in names], axis=0)
        per_store = pd.Series(is_on.astype(int)).groupby(scene.panel.series[STORE]).transform("sum").to_numpy()
        others = (per_store - is_on)[scene.place]
        for row in np.flatnonzero(others >= 1):
            yield Found(int(row), OTHERS, -1, {"items": int(others[row])})


KINDS: Final[tuple[DriverKind, ...]] = (Promotion(), Holiday(), Price(), Season(), OtherItems())
"""Every kind of driver."""


def _sign(value: float) -> int:
    return (value > 0) - (value < 0)
