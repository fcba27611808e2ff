"""The jobs for managers over HTTP: risks of churn with drivers and actions, forecasts with orders."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from llm_explain.errors import SettingError, TableError
from llm_explain.jobs.churn.opening import open_churn
from llm_explain.jobs.demand import DemandScene, explain
from llm_explain.jobs.opened_job import OpenedJob
from llm_explain.jobs.results import action_of, results_of, told_of
from llm_explain.jobs.writer import brief_writer
from llm_explain.service.handlers.answer import Answer, Json
from llm_explain.service.schemas.problems import NO_CHURN_MODEL, NO_DEMAND_MODEL, UNUSABLE, ServiceProblem
from scoring.demand.outlook import outlook
from scoring.demand.panel import ITEM, STORE
from scoring.demand.plans import with_plans
from scoring.demand.stock import StockPolicy, orders, read_stock
from scoring.demand.storage import load

if TYPE_CHECKING:
    from pathlib import Path

    from llm_explain.jobs.churn.job import ChurnJob, UserActions
    from llm_explain.service.schemas.jobs import ChurnRequest, DemandRequest
    from llm_explain.service.settings import ServiceSettings
    from llm_explain.service.state import State
    from scoring.demand.forecaster import Forecaster
    from scoring.demand.panel import SalesPanel


class JobsHandler:
    """Answers requests about churn and demand.

    Args:
        settings: Where the models are. A folder that is named but holds no model is an ``ArtifactError``.
        state: Knows which users were erased or are not personalised.
    """

    def __init__(self, settings: ServiceSettings, state: State) -> None:
        self._state = state
        self._churn: OpenedJob[tuple[ChurnJob, UserActions | None]] | None = None
        self._demand: OpenedJob[tuple[Forecaster, SalesPanel]] | None = None
        if (folder := settings.churn_artifacts) is not None:
            data = settings.churn_data
            self._churn = OpenedJob([folder, data], lambda: _opened_churn(folder, data))
        if (models := settings.demand_artifacts) is not None:
            self._demand = OpenedJob([models], lambda: load(models))

    def churn(self, body: ChurnRequest) -> Answer:
        """Return risks with drivers, text and action.

        Args:
            body: The request.

        Returns:
            One result for each user.

        Raises:
            ServiceProblem: If no churn model is configured.
        """
        if self._churn is None:
            raise ServiceProblem(NO_CHURN_MODEL)
        job, actions = self._churn.get()
        place = {user_id: row for row, user_id in enumerate(job.user_ids)}
        asked = body.user_ids or self._highest(job, body.k)
        rows = {user_id: place[user_id] for user_id in dict.fromkeys(asked) if user_id in place and self._may(user_id)}
        places = list(rows.values())
        closing = None if actions is None else actions.closing(places)
        best = [None] * len(places) if actions is None else [action_of(*each) for each in actions.best(places)]
        records = [each.to_dict() for each in job.explain(places, locale=body.locale, closing=closing)]
        told = {
            user_id: {
                "status": "scored",
                "risk": record["probability"],
                "action": action,
                **told_of(record, body.detail),
            }
            for user_id, action, record in zip(rows, best, records, strict=True)
        }
        setting = job.artifacts.setting
        content = {
            "as_of": job.as_of.tz_localize("UTC").isoformat(),
            "average": float(job.risk.mean()),
            "days": setting.horizon_days if setting else None,
            "results": [{"user_id": each, **told.get(each, {"status": "not_scored"})} for each in asked],
        }
        return Answer(content)

    def _highest(self, job: ChurnJob, k: int) -> list[str]:
        """Return the users with the highest risks who may be scored."""
        found: list[str] = []
        for row in np.argsort(-job.risk, kind="stable"):
            if len(found) == k:
                break
            if self._may(job.user_ids[row]):
                found.append(job.user_ids[row])
        return found

    def _may(self, user_id: str) -> bool:
        """Return whether a user's history may be used: an erased user's is not, whatever the tables still hold."""
        user = self._state.users.read(user_id)
        return user.personalised and user.erased_at is None

    def demand(self, body: DemandRequest) -> Answer:
        """Return forecasts with ranges, drivers, text and order.

        Args:
            body: The request.

        Returns:
            One result for each item.

        Raises:
            ServiceProblem: If no demand model is configured, or a plan or stock cannot be used.
        """
        if self._demand is None:
            raise ServiceProblem(NO_DEMAND_MODEL)
        forecaster, panel = self._demand.get()
        keys = [(each.item_id, each.store_id) for each in body.items]
        place = pd.MultiIndex.from_frame(panel.series[[ITEM, STORE]])
        rows = np.unique(place.get_indexer(pd.MultiIndex.from_tuples(keys)))
        rows, weeks = rows[rows >= 0], body.weeks or forecaster.model.config.weeks
        told: dict[tuple[str, str], Json] = {}
        if len(rows):
            try:
                scene = _scene(forecaster, panel, body, rows)
            except (TableError, SettingError) as error:
                raise ServiceProblem(UNUSABLE) from error
            records = explain(scene, brief_writer("demand", body.locale), locale=body.locale)
            told = dict(results_of(scene, records, weeks, body.detail))
        missing: Json = {"status": "unknown_item", "weeks": [], "order": None}
        results = [{"item_id": item, "store_id": store, **told.get((item, store), missing)} for item, store in keys]
        return Answer({"last_week": panel.as_of, "results": results})


def _opened_churn(artifacts: Path, data: Path) -> tuple[ChurnJob, UserActions | None]:
    job = open_churn(artifacts, data)
    return job, job.kept_actions(artifacts)


def _scene(forecaster: Forecaster, panel: SalesPanel, body: DemandRequest, rows: np.ndarray) -> DemandScene:
    """Return forecasts and orders of some series, with the request's plans and stock."""
    if body.plans:
        unknown = [
            {"pointer": f"#/plans/{place}/promotions", "in": "body", "rule": "unknown_promotion"}
            for place, plan in enumerate(body.plans)
            if not set(plan.promotions) <= set(panel.promotions)
        ]
        if unknown:
            raise ServiceProblem(UNUSABLE, unknown)
        plans = [{**plan.model_dump(exclude={"promotions"}), **plan.promotions} for plan in body.plans]
        panel = with_plans(panel, pd.DataFrame(plans).dropna(axis="columns", how="all"))
    panel = panel.extended(forecaster.model.config.weeks)
    found = outlook(forecaster, panel, forecaster.model.config.weeks, rows=rows)
    wanted = set(found.series[[ITEM, STORE]].itertuples(index=False, name=None))
    stock = [row.model_dump() for row in body.stock if (row.item_id, row.store_id) in wanted]
    policy = StockPolicy(service_level=body.service_level)
    return DemandScene(panel, found, orders(found, read_stock(pd.DataFrame(stock)), policy) if stock else None)
