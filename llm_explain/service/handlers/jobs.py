"""The jobs for managers over HTTP: risks of churn with drivers and actions, forecasts with orders."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llm_explain.dialogue.staff import DemandAdvice, Staff, figures
from llm_explain.errors import SettingError, TableError
from llm_explain.jobs.opened_job import OpenedJob
from llm_explain.service.handlers.answer import Answer
from llm_explain.service.handlers.user_context_reader import may_score
from llm_explain.service.schemas.problems import NO_CHURN_MODEL, NO_DEMAND_MODEL, UNUSABLE, ServiceProblem

if TYPE_CHECKING:
    from pathlib import Path

    from llm_explain.jobs.churn.job import ChurnJob, UserActions
    from llm_explain.service.schemas.jobs import ChurnRequest, DemandRequest
    from llm_explain.service.settings import ServiceSettings
    from llm_explain.state import State
    from scoring.demand.forecaster import Forecaster
    from scoring.demand.panel import SalesPanel


class JobsHandler:
    """Answers requests about churn and demand; imports what they need, 90 MB, only where a model is set.

    Args:
        settings: Where the models are. A folder that is named but holds no model is an ``ArtifactError``.
        state: Knows which users were erased or are not personalised.
    """

    def __init__(self, settings: ServiceSettings, state: State) -> None:
        self._state, self._data, self._models = state, settings.churn_data, settings.demand_artifacts
        self._staff: tuple[object, object, Staff] | None = None
        self._churn: OpenedJob[tuple[ChurnJob, UserActions | None]] | None = None
        self._demand: OpenedJob[tuple[Forecaster, SalesPanel]] | None = None
        if (folder := settings.churn_artifacts) is not None:
            data = settings.churn_data
            self._churn = OpenedJob([folder, data], lambda: _opened_churn(folder, data))
        if (models := settings.demand_artifacts) is not None:
            self._demand = OpenedJob([models], lambda: _opened_demand(models))

    def staff(self) -> Staff:
        """Return the models that a conversation with staff asks: one object until a model's files change."""
        churn = None if self._churn is None else self._churn.get()
        demand = None if self._demand is None else self._demand.get()
        if self._staff is None or self._staff[0] is not churn or self._staff[1] is not demand:
            job, actions = churn or (None, None)
            tables = self._data if self._data.is_dir() else None
            advice = (
                None if demand is None or self._models is None else DemandAdvice(*demand, figures=figures(self._models))
            )
            self._staff = churn, demand, Staff(job, actions, advice, tables, self._may_score)
        return self._staff[2]

    def _may_score(self, user_id: str) -> bool:
        return may_score(self._state.users.read(user_id))

    def churn(self, body: ChurnRequest) -> Answer:
        """Return risks with drivers, text and action, one result for each user."""
        if self._churn is None:
            raise ServiceProblem(NO_CHURN_MODEL)
        from llm_explain.jobs.answers import churn_answer

        words = body.model_dump(include={"k", "locale", "detail"})
        return Answer(
            churn_answer(
                *self._churn.get(),
                body.user_ids,
                may_score=self._may_score,
                **words,
            )
        )

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
        from llm_explain.jobs.answers import demand_answer

        forecaster, panel = self._demand.get()
        unknown = [
            {"pointer": f"#/plans/{place}/promotions", "in": "body", "rule": "unknown_promotion"}
            for place, plan in enumerate(body.plans)
            if not set(plan.promotions) <= set(panel.promotions)
        ]
        if unknown:
            raise ServiceProblem(UNUSABLE, unknown)
        plans = [{**plan.model_dump(exclude={"promotions"}), **plan.promotions} for plan in body.plans]
        stock = [row.model_dump() for row in body.stock]
        words = body.model_dump(include={"weeks", "service_level", "locale", "detail"})
        keys = [(each.item_id, each.store_id) for each in body.items]
        try:
            return Answer(demand_answer(forecaster, panel, keys, plans=plans, stock=stock, **words))
        except (TableError, SettingError) as error:
            raise ServiceProblem(UNUSABLE) from error


def _opened_churn(artifacts: Path, data: Path) -> tuple[ChurnJob, UserActions | None]:
    from llm_explain.jobs.churn.opening import open_churn

    job = open_churn(artifacts, data)
    return job, job.kept_actions(artifacts)


def _opened_demand(artifacts: Path) -> tuple[Forecaster, SalesPanel]:
    from scoring.demand.storage import load

    return load(artifacts)
