"""The tables that the claim rules of demand read, for the coming week."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from scoring.demand.outlook import LEAST_RUN
from scoring.demand.panel import ITEM, LEAST_TOLD, PRICE, QUARTER, STORE, UNITS, WEEK, YEAR

if TYPE_CHECKING:
    from pathlib import Path

    from scoring.demand.outlook import Outlook
    from scoring.demand.panel import SalesPanel

KEYS: Final = [ITEM, STORE]


@dataclass(frozen=True, eq=False)
class DemandScene:
    """Forecasts, sales and stock of the series to explain.

    Attributes:
        panel: Weekly sales with plans.
        outlook: Forecasts of the coming weeks.
        orders: What to order (``scoring.demand.stock.orders``); ``None`` without a stock table.
    """

    panel: SalesPanel
    outlook: Outlook
    orders: pd.DataFrame | None = None

    @cached_property
    def coming(self) -> pd.DataFrame:
        """One row a series: the forecast of the coming week, its past, its stock if there is any."""
        weekly = self.outlook.weekly
        frame = weekly[weekly["weeks_ahead"] == 1].merge(self.outlook.series.drop(columns="title"), on=KEYS)
        if self.orders is not None:
            own = self.orders.drop(columns=[name for name in self.orders if name in frame and name not in KEYS])
            frame = frame.merge(own, on=KEYS, how="left")
        promoted = self.outlook.promoted
        names = {
            PRICE: "promoted_price",
            UNITS: "promoted_forecast",
            "low_80": "promoted_low",
            "high_80": "promoted_high",
        }
        own = promoted.loc[promoted["weeks"] == 1, [*KEYS, "promotion", *names]].rename(columns=names)
        frame = frame.merge(own, on=KEYS, how="left").merge(self._present(), on=KEYS, how="left")
        return frame.merge(self._elsewhere(), on=KEYS, how="left")

    def _elsewhere(self) -> pd.DataFrame:
        """Return the other store that sold most of each series' item in the last quarter, and its units."""
        panel = self.panel
        sold = panel.series[KEYS].assign(units=np.nansum(panel.units[:, : panel.n_known][:, -QUARTER:], axis=1))
        best = sold.sort_values(["units", STORE], ascending=[False, True], kind="stable").groupby(ITEM).head(2)
        pairs = sold[KEYS].merge(best.rename(columns={STORE: "other_store", "units": "other_units"}), on=ITEM)
        pairs = pairs[pairs[STORE] != pairs["other_store"]].drop_duplicates(KEYS)
        found = sold[KEYS].merge(pairs, on=KEYS, how="left")
        return found.fillna({"other_store": "", "other_units": 0.0})

    def _present(self) -> pd.DataFrame:
        """Return the price of the coming week, whether a promotion ran in the week before, and the usual promotion.

        ``assumed_price`` is that price if prices are planned, but not that one. ``n_usual`` of ``n_promotions`` are
        promotions of an ordinary week; ``usual`` and ``usual_share`` are those of the last one. ``usual_times`` of the
        ``usual_weeks`` of the last year that are known had the promotions of such a week.
        """
        panel = self.panel
        year = slice(max(0, panel.n_known - YEAR), panel.n_known)
        known = np.isfinite(panel.units[:, year])
        ran = np.zeros(len(panel), dtype=bool)
        usual = pd.DataFrame({"n_usual": 0, "usual": "", "usual_share": 0.0}, index=panel.series.index)
        for name, share in panel.shop_promotions.items():
            ran |= share[:, panel.n_known - 1] >= LEAST_RUN
            ordinary = panel.ordinary_share(name)
            own = pd.DataFrame({"usual": name, "usual_share": ordinary})
            told = ordinary >= LEAST_TOLD
            usual.loc[told, list(own)] = own[told]
            usual["n_usual"] += told
        price = panel.planned.price[:, panel.n_known]
        is_assumed = np.isnan(panel.price[:, panel.n_known]) & (PRICE in panel.plan_names)
        usual["usual_times"], usual["usual_weeks"] = (
            (own & known).sum(axis=1) for own in (panel.ordinary_weeks[:, year], known)
        )
        return panel.series[KEYS].assign(
            present_price=price,
            assumed_price=np.where(is_assumed, price, np.nan),
            last_promoted=ran,
            n_promotions=len(panel.shop_promotions),
            **usual,
        )

    @cached_property
    def players(self) -> pd.DataFrame:
        """Attribution of the coming week, in the order of ``coming``."""
        own = self.outlook.players[self.outlook.players["weeks_ahead"] == 1]
        return self.coming[KEYS].merge(own, on=KEYS, how="left")

    @cached_property
    def place(self) -> np.ndarray:
        """Row of each series of ``coming`` in the panel, shape ``(n,)``."""
        keys = pd.MultiIndex.from_frame(self.panel.series[KEYS])
        return keys.get_indexer(pd.MultiIndex.from_frame(self.coming[KEYS]))

    def tables(self) -> dict[str, pd.DataFrame]:
        """Return every table by its file name, for an audit that repeats the facts in SQL.

        ``sales`` has one row a series and week, numbered from 0; ``promotions`` one row a series, week and promotion.
        """
        panel = self.panel
        n, n_weeks = panel.units.shape
        planned = panel.planned
        grid = panel.series[KEYS].loc[np.repeat(np.arange(n), n_weeks)].reset_index(drop=True)
        grid["week_number"], grid[WEEK] = (
            np.tile(np.arange(n_weeks), n),
            np.tile(np.array(panel.weeks, dtype=object), n),
        )
        sales = grid.assign(units=panel.units.ravel(), price=planned.price.ravel())
        sales["is_given_price"] = np.isfinite(panel.price.ravel())
        sales["is_known"] = sales["week_number"] < panel.n_known
        runs = [
            grid.assign(promotion=name, share=own.ravel(), is_given=np.isfinite(panel.promotions[name].ravel()))
            for name, own in planned.promotions.items()
        ]
        columns = [*grid.columns, "promotion", "share", "is_given"]
        weekly = self.outlook.weekly
        other = [
            weekly[[*KEYS, WEEK, UNITS]].assign(promotion=name, without=weekly[f"without_{name}"])
            for name in planned.promotions
            if f"without_{name}" in weekly
        ]
        found = {
            "sales": sales,
            "promotions": pd.concat(runs, ignore_index=True) if runs else pd.DataFrame(columns=columns),
            "without": pd.concat(other, ignore_index=True)
            if other
            else pd.DataFrame(columns=[*KEYS, WEEK, UNITS, "promotion", "without"]),
            "weekly": weekly.assign(
                **{name: np.nan for name in ("usual_price", "at_usual_price", "without_holidays") if name not in weekly}
            ),
            "together": self.outlook.together,
            "with_promotion": self.outlook.promoted,
            "series": self.outlook.series,
            "players": self.outlook.players,
            "holidays": self.outlook.holidays,
        }
        if self.orders is not None:
            stock = [
                "on_hand",
                "on_order",
                "lead_time_days",
                "pack_size",
                "service_level",
                "overstock_weeks",
                "dead_weeks",
            ]
            found["stock"] = self.orders[[*KEYS, *stock]]
        return found

    def write(self, folder: Path) -> None:
        """Write the tables as Parquet files.

        Args:
            folder: Folder to write to; it is created.
        """
        folder.mkdir(parents=True, exist_ok=True)
        for name, table in self.tables().items():
            table.to_parquet(folder / f"{name}.parquet", index=False)
