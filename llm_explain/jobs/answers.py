"""Answers of the jobs as JSON, for whoever asks them: risks of churn with actions, forecasts with orders."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from llm_explain.jobs.demand import DemandScene, explain
from llm_explain.jobs.results import action_of, results_of, told_of
from scoring.demand.outlook import outlook
from scoring.demand.panel import ITEM, STORE
from scoring.demand.plans import with_plans
from scoring.demand.stock import StockPolicy, orders, read_stock

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from llm_explain.jobs.churn.job import ChurnJob, UserActions
    from scoring.demand.forecaster import Forecaster
    from scoring.demand.panel import SalesPanel

Json = dict[str, Any]


def churn_answer(
    job: ChurnJob,
    actions: UserActions | None,
    user_ids: Sequence[str] | None,
    *,
    k: int,
    may_score: Callable[[str], bool],
    locale: str,
    detail: str,
) -> Json:
    """Return risks with drivers, text and action.

    Args:
        job: The open job.
        actions: Measured actions; ``None`` without an experiment.
        user_ids: Users; the ``k`` with the highest risks if not given.
        k: How many users where none are named.
        may_score: Whether a user may be scored.
        locale: Language of the texts.
        detail: ``text``, ``reasons`` or ``full``.

    Returns:
        The time, the average, and one result for each user.
    """
    place = {user_id: row for row, user_id in enumerate(job.user_ids)}
    asked = user_ids or _highest(job, k, may_score)
    rows = {user_id: place[user_id] for user_id in dict.fromkeys(asked) if user_id in place and may_score(user_id)}
    places = list(rows.values())
    closing = None if actions is None else actions.closing(places)
    best = [None] * len(places) if actions is None else [action_of(*each) for each in actions.best(places)]
    records = [each.to_dict() for each in job.explain(places, locale=locale, closing=closing)]
    told = {
        user_id: {"status": "scored", "risk": record["probability"], "action": action, **told_of(record, detail)}
        for user_id, action, record in zip(rows, best, records, strict=True)
    }
    setting = job.artifacts.setting
    return {
        "as_of": job.as_of.tz_localize("UTC").isoformat(),
        "average": float(job.risk.mean()),
        "days": setting.horizon_days if setting else None,
        "results": [{"user_id": each, **told.get(each, {"status": "not_scored"})} for each in asked],
    }


def _highest(job: ChurnJob, k: int, may_score: Callable[[str], bool]) -> list[str]:
    """Return the users with the highest risks who may be scored."""
    ranked = (job.user_ids[row] for row in np.argsort(-job.risk, kind="stable"))
    return list(islice(filter(may_score, ranked), k))


def demand_answer(
    forecaster: Forecaster,
    panel: SalesPanel,
    keys: Sequence[tuple[str, str]],
    *,
    weeks: int | None,
    plans: Sequence[Json],
    stock: Sequence[Json],
    service_level: float | None,
    locale: str,
    detail: str,
) -> Json:
    """Return forecasts with ranges, drivers, text and order.

    Args:
        forecaster: The trained model.
        panel: The sales.
        keys: Items and stores.
        weeks: How many weeks ahead; all that the model knows if not given.
        plans: Rows of the plans table.
        stock: Rows of the stock table.
        service_level: Share of the periods in which the stock is to last.
        locale: Language of the texts.
        detail: ``text``, ``reasons`` or ``full``.

    Returns:
        Last week, unit, and one result for each item. The call raises ``TableError`` or ``SettingError`` for plans or
        stock that cannot be used.
    """
    most = forecaster.model.config.weeks
    place = pd.MultiIndex.from_frame(panel.series[[ITEM, STORE]])
    rows = np.unique(place.get_indexer(pd.MultiIndex.from_tuples(list(keys))))
    rows, told = rows[rows >= 0], {}
    if len(rows):
        planned = with_plans(panel, pd.DataFrame(list(plans)).dropna(axis="columns", how="all")) if plans else panel
        extended = planned.extended(most)
        found = outlook(forecaster, extended, most, rows=rows)
        wanted = set(found.series[[ITEM, STORE]].itertuples(index=False, name=None))
        held = [row for row in stock if (row[ITEM], row[STORE]) in wanted]
        policy = StockPolicy(service_level=service_level)
        due = orders(found, read_stock(pd.DataFrame(held)), policy) if held else None
        scene = DemandScene(extended, found, due)
        records = explain(scene, locale=locale)
        told = dict(results_of(scene, records, weeks or most, detail))
    missing: Json = {"status": "unknown_item", "weeks": [], "order": None}
    results = [{"item_id": item, "store_id": store, **told.get((item, store), missing)} for item, store in keys]
    return {"last_week": panel.as_of, "unit": panel.unit, "results": results}
