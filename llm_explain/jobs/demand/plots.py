"""A picture of a forecast: past sales, the coming weeks with their ranges, and the factor of each driver."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from llm_explain.errors import MissingExtraError, SettingError
from scoring.demand.features import HISTORY
from scoring.demand.panel import ITEM, STORE, WEEK

if TYPE_CHECKING:
    from pathlib import Path

    from scoring.demand.outlook import Outlook
    from scoring.demand.panel import SalesPanel

FORMATS: Final = (".png", ".svg", ".pdf")
PAST_WEEKS: Final = 26
SHADES: Final = {95: 0.15, 80: 0.25, 50: 0.4}
UP, DOWN, LINE = "#2f7d5b", "#a8503f", "#3b5b92"


def save_plot(panel: SalesPanel, outlook: Outlook, item_id: str, store_id: str, path: Path) -> None:
    """Save sales and forecast of one series, and the factors by which each driver multiplies the coming week.

    The call raises ``MissingExtraError`` if matplotlib is not installed.

    Args:
        panel: Weekly sales.
        outlook: Forecasts of the coming weeks.
        item_id: The shop's id.
        store_id: The shop's id; empty for a table without stores.
        path: File to write: ``.png``, ``.svg`` or ``.pdf``.

    Raises:
        SettingError: If the file has another ending.
    """
    if path.suffix.lower() not in FORMATS:
        raise SettingError(f"the picture is {path.name} but {', '.join(FORMATS)} is needed. Change the ending.")
    with MissingExtraError.unless_installed("a picture", "jobs"):
        from matplotlib.figure import Figure
    figure = Figure(figsize=(11, 4), layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=(2, 1))
    _draw_forecast(left, panel, outlook, item_id, store_id)
    _draw_drivers(right, outlook, item_id, store_id)
    figure.savefig(path, dpi=120)


def _draw_forecast(axes: Any, panel: SalesPanel, outlook: Outlook, item_id: str, store_id: str) -> None:
    (row,) = panel.rows_of([item_id], [store_id] if store_id else ())[:1]
    start = max(0, panel.n_known - PAST_WEEKS)
    axes.plot(range(start, panel.n_known), panel.units[row, start : panel.n_known], color="0.3", label="sold")
    own = outlook.weekly[(outlook.weekly[ITEM] == item_id) & (outlook.weekly[STORE] == store_id)]
    coming = panel.n_known - 1 + own["weeks_ahead"]
    for level, shade in SHADES.items():
        axes.fill_between(
            coming, own[f"low_{level}"], own[f"high_{level}"], color=LINE, alpha=shade, lw=0, label=f"{level} %"
        )
    axes.plot(coming, own["units"], color=LINE, marker="o", label="forecast")
    last = int(coming.iloc[-1])
    ticks = range(last, start - 1, -max(1, (last - start) // 4))
    labels = panel.extended(len(own)).weeks
    axes.set_xticks(ticks, [labels[tick] for tick in ticks])
    axes.set_ylim(bottom=0)
    axes.set(title=f"{own['title'].iloc[0]} {store_id}".strip(), ylabel=panel.unit or "units", xlabel="week")
    axes.legend(frameon=False, ncols=2)


def _draw_drivers(axes: Any, outlook: Outlook, item_id: str, store_id: str) -> None:
    """Draw by how much each player multiplies the forecast of the coming week; the level of the series is left out."""
    players = outlook.players
    own = players[(players[ITEM] == item_id) & (players[STORE] == store_id)].iloc[0]
    names = [name for name in outlook.player_names if name != HISTORY]
    factors = np.exp(own[names].to_numpy(dtype=float))
    order = np.argsort(np.abs(np.log(factors)))
    bars = axes.barh([names[place].replace("_", " ") for place in order], factors[order] - 1, left=1)
    for bar, place in zip(bars, order, strict=True):
        bar.set_color(UP if factors[place] > 1 else DOWN)
        axes.annotate(
            f"× {factors[place]:.2f}", (max(1, factors[place]), bar.get_y() + bar.get_height() / 2), va="center"
        )
    axes.axvline(1, color="0.6", lw=1)
    axes.margins(x=0.3)
    axes.set(title=f"drivers of {own[WEEK]}", xlabel="factor")
