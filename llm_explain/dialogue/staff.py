"""Answers to members of staff: why a customer is at risk, what an experiment proves, and what to order."""

from __future__ import annotations

import datetime as dt
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

import llm_explain.jobs.churn
import llm_explain.jobs.demand
from llm_explain.dialogue.facts import Statement
from llm_explain.dialogue.scene import Answer
from llm_explain.errors import ArtifactError
from llm_explain.evaluation.audit.tables import raw_tables_sql
from llm_explain.jobs.churn.sql import setting_sql
from llm_explain.jobs.demand import DemandScene, explain
from llm_explain.records import Text, Verdict
from scoring.demand.outlook import outlook
from scoring.demand.panel import ITEM, STORE
from scoring.demand.stock import StockPolicy, orders
from scoring.demand.storage import load, read_figures

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable, Mapping, Sequence

    from llm_explain.jobs.churn.job import ChurnJob, UserActions
    from scoring.demand.forecaster import Forecaster
    from scoring.demand.panel import SalesPanel

STAFF_INTENTS: Final = frozenset({"risk", "risk_change", "risk_list", "spend_list", "order", "due"})
RISK: Final = frozenset({"risk", "risk_change"})
OF_MODELS: Final = frozenset({"due", "risk_list", "spend_list", *RISK})
"""Intents that models alone answer, of a customer or of none."""

MOST_ORDERS: Final = 3
"""Most orders that one answer tells."""

KEPT_SCENES: Final = 16
"""Series whose forecasts are kept for the next question."""

MOST_RISKS: Final = 5
"""Most customers that a list of risks names."""

_CHURN_SQL: Final = Path(llm_explain.jobs.churn.__file__).with_name("kinds.sql")
_DEMAND_SQL: Final = tuple(sorted(Path(llm_explain.jobs.demand.__file__).with_name("sql").glob("*.sql")))


@dataclass(frozen=True)
class DemandAdvice:
    """Forecasts of items, and orders of those with stock.

    Attributes:
        forecaster: A trained model.
        panel: The weekly sales that it was fitted on.
        stock: Table of ``scoring.demand.stock.read_stock``; ``None`` without one.
        figures: What the backtest measured; empty if it is not known.
    """

    forecaster: Forecaster
    panel: SalesPanel
    stock: pd.DataFrame | None = None
    figures: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def read(cls, folder: Path, stock: pd.DataFrame | None = None) -> DemandAdvice:
        """Read what ``llm-explain demand train`` wrote; ``SettingError`` if a lead time is longer than the forecast."""
        advice = cls(*load(folder), stock, figures(folder))
        if stock is not None:
            _ = advice._stocked
        return advice

    def named(self, known: Container[str], name_of: Callable[[str], str]) -> DemandAdvice:
        """Return the same advice with the names of items in another language."""
        series = self.panel.series
        pairs = zip(series[ITEM].astype(str), series["title"], strict=True)
        titles = [(name_of(item) if item in known else "") or title for item, title in pairs]
        return replace(self, panel=replace(self.panel, series=series.assign(title=titles)).with_distinct_titles())

    def explain(self, item_id: str, locale: str) -> dict[str, Any] | None:
        """Explain the forecast and the order of an item, in the store that sold most; ``None`` without one."""
        rows = np.flatnonzero(self.panel.series[ITEM].astype(str) == item_id)
        if not len(rows):
            return None
        held = rows[self._is_held[rows]]
        best = max(held if len(held) else rows, key=self._sold)
        return next(iter(explain(self._scene_of(best), locale=locale)), None)

    def coverage(self) -> list[Statement]:
        """Return how often ranges of 80 % held in the backtest; nothing if it is not known."""
        share = self.figures.get("coverage80")
        return [] if share is None else [Statement("coverage", numbers={"share": round(100 * share)})]

    def has_forecast(self, item_id: str) -> bool:
        """Return whether an item has a forecast."""
        return bool((self.panel.series[ITEM].astype(str) == item_id).any())

    def has_stock(self, item_id: str) -> bool:
        """Return whether the stock table has an item that has a forecast."""
        return bool(self._is_held[self.panel.series[ITEM].astype(str) == item_id].any())

    def best_sellers(self, item_ids: Iterable[str], k: int) -> list[str]:
        """Return those of some items that have a forecast, the largest sales first."""
        ids, wanted = self.panel.series[ITEM].astype(str), set(item_ids)
        rows = sorted(np.flatnonzero(ids.isin(wanted)).tolist(), key=self._sold, reverse=True)
        return list(dict.fromkeys(ids.iloc[rows]))[:k]

    def due(self, locale: str) -> list[dict[str, Any]]:
        """Explain the orders that are due first, at most ``MOST_ORDERS`` of them."""
        scene = self._stocked
        frame = scene.coming.reset_index(drop=True)
        first = frame[frame["state"] == "order"].sort_values(["days_left", "order_units"], ascending=[True, False])
        rows = first.index[:MOST_ORDERS].tolist()
        return explain(scene, locale=locale, rows=rows)

    @cached_property
    def _is_held(self) -> np.ndarray:
        """Whether the stock table has a series, shape ``(n_series,)``."""
        series = list(self.panel.series[[ITEM, STORE]].itertuples(index=False, name=None))
        held = set() if self.stock is None else set(self.stock[[ITEM, STORE]].itertuples(index=False, name=None))
        return np.array([key in held for key in series])

    @cached_property
    def _stocked(self) -> DemandScene:
        """The forecasts of every series with stock."""
        return self._scene(np.flatnonzero(self._is_held))

    @cached_property
    def _scene_of(self) -> Callable[[int], DemandScene]:
        """Returns the scene of one series; the next question is often about it too."""
        return lru_cache(KEPT_SCENES)(lambda row: self._scene(np.array([row])))

    @cached_property
    def _extended(self) -> SalesPanel:
        """The panel with the weeks to forecast."""
        return self.panel.extended(self.forecaster.model.config.weeks)

    def _scene(self, rows: np.ndarray) -> DemandScene:
        panel, weeks = self._extended, self.forecaster.model.config.weeks
        found = outlook(self.forecaster, panel, weeks, rows=rows)
        if self.stock is None or (len(rows) and not self._is_held[rows].any()):
            return DemandScene(panel, found)
        return DemandScene(panel, found, orders(found, self.stock, StockPolicy()))

    def _sold(self, row: int) -> float:
        return float(np.nansum(self.panel.units[row]))


@dataclass(frozen=True)
class Staff:
    """Models that members of staff ask.

    Attributes:
        churn: Risks of churn; ``None`` for none.
        actions: Actions whose effect an experiment measured; ``None`` for none.
        demand: Forecasts of items; ``None`` for none.
        tables: Folder of the tables that the risks follow from, for their proof; ``None`` for none.
        may_score: Whether staff may read the risk of a customer.
    """

    churn: ChurnJob | None = None
    actions: UserActions | None = None
    demand: DemandAdvice | None = None
    tables: Path | None = None
    may_score: Callable[[str], bool] = lambda _: True

    def answer(self, intent: str, slots: Mapping[str, Any], user_id: str | None, locale: str) -> Answer:
        """Return the answer to a question of a member of staff; texts of the jobs have their own verifiers."""
        if intent in {"order", "due"}:
            return self._order(slots.get("item_id"), locale) if intent == "order" else self._due(locale)
        if self.churn is None:
            return Answer([Statement("no_model")])
        if intent == "risk_list":
            return self._riskiest(self.churn)
        if intent == "spend_list":
            return self._largest(self.churn)
        if intent == "risk_change" and self.actions is None:
            return Answer([Statement("no_action")])
        if user_id is None:
            return Answer([Statement("which_user")])
        if user_id not in self.churn.user_ids or not self.may_score(user_id):
            return Answer([Statement("not_scored", user=user_id)])
        rows = [self.churn.user_ids.index(user_id)]
        closing = self.actions.closing(rows) if self.actions is not None else None
        if intent == "risk_change" and closing is None:
            return Answer([Statement("no_action")])
        return _told([record.to_dict() for record in self.churn.explain(rows, locale=locale, closing=closing)])

    def dated(self, intent: str, frame: str = "") -> Statement | None:
        """Return until when the data of a risk or a forecast go; ``None`` for others, and for weeks without dates."""
        if intent in RISK and self.churn is not None:
            last = (self.churn.local - pd.Timedelta(1, "us")).date()
            return Statement(frame or "dated_risk", dates={"moment": last})
        if intent == "order" and self.demand is not None and self.demand.panel.has_dates:
            week = dt.date.fromisoformat(self.demand.panel.as_of)
            week += dt.timedelta(6 if frame else 0)  # data go until its last day
            return Statement(frame or "dated_order", dates={"moment": week})
        return None

    def prove(self, intent: str, answer: Answer) -> Answer:
        """Return the records behind an answer, and the SQL that repeats their facts."""
        records = answer.data.get("explanations", ())
        if intent not in RISK:
            sql = {path.stem: path.read_text(encoding="utf-8") for path in _DEMAND_SQL}
        elif self.churn is not None and self.churn.spending is not None and self.tables is not None:
            sql = _risk_sql(self.churn, self.tables, records)
        else:
            return answer
        data = {**answer.data, "sql": sql}
        return Answer([Statement("prove")], focus=answer.focus, data=data) if records else answer

    def compare(self, user_ids: Sequence[str], locale: str) -> Answer:
        """Return the risks of several customers, one after the other."""
        if self.churn is None:
            return Answer([Statement("only_products")])
        told = [self.answer("risk", {}, user_id, locale) for user_id in user_ids]
        known = [each for each in user_ids if each in self.churn.user_ids and self.may_score(each)]
        shares = {each: _share(self.churn, self.churn.user_ids.index(each)) for each in known}
        highest = max(shares, key=shares.__getitem__, default=None)
        is_told = len(shares) > 1 and len({*shares.values()}) == len(shares)
        first = [Statement("higher_risk", user=highest)] if is_told else []
        records = [record for answer in told for record in answer.data.get("explanations", ())]
        return Answer([*first, *(part for answer in told for part in answer.parts)], data={"explanations": records})

    def _riskiest(self, churn: ChurnJob) -> Answer:
        """Return the customers with the highest risks that staff may read."""
        order = np.argsort(-churn.risk, kind="stable").tolist()
        rows = islice((row for row in order if self.may_score(churn.user_ids[row])), MOST_RISKS)
        told = [Statement("risk_of", user=churn.user_ids[row], numbers={"share": _share(churn, row)}) for row in rows]
        dated = self.dated("risk")
        return Answer([*([dated] if dated else []), Statement("riskiest"), *told])

    def _largest(self, churn: ChurnJob) -> Answer:
        """Return the customers that paid most in all, of those that staff may read."""
        if churn.spending is None or not churn.spending.has_prices:
            return Answer([Statement("no_spending")])
        totals = churn.spending.total(np.ones(len(churn.spending.user), dtype=bool))
        users = [churn.spending.user_ids[row] for row in np.argsort(-totals, kind="stable")]
        paid = dict(zip(churn.spending.user_ids, totals.round(2).tolist(), strict=True))
        first = list(islice(filter(self.may_score, users), MOST_RISKS))
        told = [Statement("total_of", user=each, amounts={"total": paid[each]}) for each in first]
        return Answer([*filter(None, [self.dated("risk")]), Statement("largest_totals"), *told])

    def _order(self, item: str | None, locale: str) -> Answer:
        if self.demand is None:
            return Answer([Statement("no_model")])
        if item is None:
            best = self.demand.best_sellers(self.demand.panel.series[ITEM].astype(str), MOST_RISKS)
            return Answer([Statement("which_item")], tuple(best), "item_id")
        record = self.demand.explain(item, locale)
        return Answer([Statement("no_forecast", item=item)], focus=item) if record is None else _told([record], item)

    def _due(self, locale: str) -> Answer:
        if self.demand is None or self.demand.stock is None:
            return Answer([Statement("without_stock_table")])
        due = self.demand.due(locale)
        return _told(due) if due else Answer([Statement("no_orders")])


def figures(folder: Path) -> dict[str, Any]:
    """Return what the backtest of a demand model measured; nothing if it was not kept."""
    with suppress(ArtifactError):
        return read_figures(folder)
    return {}


def _risk_sql(job: ChurnJob, tables: Path, records: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Return scripts that DuckDB runs one after the other; the last one selects the facts of the records."""
    asked = [
        f"select '{claim['kind']}' as kind, * from found_{claim['kind']} where rid = {rid};"  # noqa: S608  a claim kind
        for rid, record in enumerate(records)
        for claim in (*record["reasons"], *record["statements"])
    ]
    return {
        "tables": raw_tables_sql(tables, job.as_of),
        "setting": setting_sql(job, [record["user_id"] for record in records]),
        "kinds": _CHURN_SQL.read_text(encoding="utf-8"),
        "facts": "\n".join(asked),
    }


def _share(churn: ChurnJob, row: int) -> int:
    """Return a risk in percent."""
    return round(100 * float(churn.risk[row]))


def _told(records: Sequence[Mapping[str, Any]], focus: str | None = None) -> Answer:
    """Return the verified texts of records."""
    texts = [
        Text(record["text"], "template", "", Verdict(), is_ai_generated=False, prompt="")
        for record in records
        if record["text"] and record["verdict"]["ok"]
    ]
    return Answer(texts or [Statement("no_model")], focus=focus, data={"explanations": list(records)})
