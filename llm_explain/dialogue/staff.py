"""Answers to members of staff: why a customer is at risk, what an experiment proves, and what to order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from llm_explain.dialogue.answers import Answer
from llm_explain.dialogue.facts import Statement
from llm_explain.jobs.demand import DemandScene, explain
from llm_explain.jobs.writer import brief_writer
from llm_explain.records import Text, Verdict
from scoring.demand.outlook import outlook
from scoring.demand.panel import ITEM
from scoring.demand.storage import load

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from llm_explain.jobs.churn.job import ChurnJob, UserActions
    from llm_explain.records import Explanation
    from scoring.demand.forecaster import Forecaster
    from scoring.demand.panel import SalesPanel

STAFF_INTENTS: Final = frozenset({"risk", "risk_change", "order"})


@dataclass(frozen=True)
class DemandAdvice:
    """Forecasts of items; of several stores, the one that sold most is told.

    Attributes:
        forecaster: A trained model.
        panel: The weekly sales that it was fitted on.
    """

    forecaster: Forecaster
    panel: SalesPanel

    @classmethod
    def read(cls, folder: Path) -> DemandAdvice:
        """Read what ``llm-explain demand train`` wrote.

        Args:
            folder: The artifacts.

        Returns:
            The advice.
        """
        return cls(*load(folder))

    def explain(self, item_id: str, locale: str) -> dict[str, Any] | None:
        """Explain the forecast of the coming week.

        Args:
            item_id: The item.
            locale: A folder under ``prompts/``.

        Returns:
            The explanation record; ``None`` for an item without a forecast.
        """
        rows = np.flatnonzero(self.panel.series[ITEM].astype(str) == item_id)
        if not len(rows):
            return None
        best = rows[np.nansum(self.panel.units[rows], axis=1).argmax()]
        weeks = self.forecaster.model.config.weeks
        panel = self.panel.extended(weeks)
        scene = DemandScene(panel, outlook(self.forecaster, panel, weeks, rows=np.array([best])), None)
        return next(iter(explain(scene, brief_writer("demand", locale), locale=locale)), None)


@dataclass(frozen=True)
class Staff:
    """Models that members of staff ask.

    Attributes:
        churn: Risks of churn; ``None`` for none.
        actions: Actions whose effect an experiment measured; ``None`` for none.
        demand: Forecasts of items; ``None`` for none.
    """

    churn: ChurnJob | None = None
    actions: UserActions | None = None
    demand: DemandAdvice | None = None

    def answer(self, intent: str, slots: Mapping[str, Any], user_id: str | None, locale: str) -> Answer:
        """Return the answer to a question of a member of staff.

        Args:
            intent: ``risk``, ``risk_change`` or ``order``.
            slots: Its typed slots.
            user_id: The customer.
            locale: A folder under ``prompts/``.

        Returns:
            What to say; texts of the jobs are verified by their own verifiers.
        """
        if intent == "order":
            return self._order(slots, locale)
        if self.churn is None:
            return Answer([Statement("no_model")])
        if user_id is None or user_id not in self.churn.user_ids:
            return Answer([Statement("which_user")])
        rows = [self.churn.user_ids.index(user_id)]
        closing = self.actions.closing(rows) if self.actions is not None else None
        if intent == "risk_change" and closing is None:
            return Answer([Statement("no_action")])
        (record,) = self.churn.explain(rows, locale=locale, closing=closing)
        return _told(record)

    def _order(self, slots: Mapping[str, Any], locale: str) -> Answer:
        if self.demand is None:
            return Answer([Statement("no_model")])
        item = slots.get("item_id")
        record = None if item is None else self.demand.explain(item, locale)
        if record is None:
            return Answer([Statement("which_item")], missing="item_id")
        if not record["text"] or not record["verdict"]["ok"]:
            return Answer([Statement("no_model")])
        text = Text(record["text"], "template", "", Verdict(), is_ai_generated=False, prompt="")
        return Answer([text], data={"explanation": record})


def _told(record: Explanation) -> Answer:
    if record.text is None:
        return Answer([Statement("no_model")])
    return Answer([record.text], data={"explanation": record.to_dict()})
