"""Results of jobs as JSON: how much of a record, the best action of a user, the weeks and the order of a series."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from scoring.demand.panel import ITEM, STORE
from scoring.demand.ranges import LEVELS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from llm_explain.jobs.demand import DemandScene
    from scoring.churn.uplift import Bin

Json = dict[str, Any]

_ORDER: Final = (
    "state", "order_units", "days_left", "on_hand", "on_order", "position", "need", "service_level", "lead_time_days",
    "pack_size", "cover_weeks", "too_many", "weeks_without_sale",
)  # fmt: skip


def action_of(name: str, measured: Bin) -> Json:
    """Return the best action of a user as JSON."""
    low = measured.lower if np.isfinite(measured.lower) else None
    return {"action": name, "uplift": measured.uplift, "uplift_low": low, "is_proven": measured.is_proven}


def results_of(
    scene: DemandScene, records: list[dict[str, Any]], weeks: int, detail: str
) -> Iterator[tuple[tuple[str, str], Json]]:
    """Yield the result of each series by item and store."""
    ranges = [f"{side}_{level}" for level in LEVELS for side in ("low", "high")]
    weekly = scene.outlook.weekly
    columns = ["week", "weeks_ahead", "units", *(name for name in ranges if name in weekly)]
    by_key = dict(list(weekly[weekly["weeks_ahead"] <= weeks].groupby([ITEM, STORE])))
    for row, record in zip(scene.coming.to_dict("records"), records, strict=True):
        key = (row[ITEM], row[STORE])
        has_stock = isinstance(row.get("state"), str)
        yield (
            key,
            {
                "status": "forecast",
                "weeks": by_key[key][columns].to_dict("records"),
                "order": {name: row[name] for name in _ORDER} if has_stock else None,
                **told_of(record, detail),
            },
        )


def told_of(record: Mapping[str, Any], detail: str) -> Json:
    """Return as much of a record as was asked for."""
    if detail == "text":
        return {"text": record["text"]}
    told = {
        name: [{each: claim[each] for each in ("kind", "player", "phi", "facts")} for claim in record[name]]
        for name in ("reasons", "statements")
    }
    return {"text": record["text"], **told, **({"record": record} if detail == "full" else {})}
