"""Claim kinds of churn: SQL over the raw tables repeats the facts of every kind for every user, told or not."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from fading_log import random_log

from llm_explain.evaluation.churn_audit import fact_faults
from llm_explain.jobs.churn.job import ChurnJob
from llm_explain.jobs.churn.kinds import KINDS
from llm_explain.jobs.churn.view import ChurnView
from scoring.boosting.additive import AdditiveModel, Curve
from scoring.churn.artifacts import ChurnArtifacts, Labels
from scoring.churn.events import UserTable, features
from scoring.churn.setting import ChurnSetting
from scoring.churn.spending import Spending
from scoring.data.log import to_day

if TYPE_CHECKING:
    from pathlib import Path

    from scoring.data.tables import Tables

AS_OF = pd.Timestamp("2020-09-01")
SILENCE = ChurnSetting(target="silence")


def eventful() -> Tables:
    """Return a log with promotions, events of support, a user who bought once, a newcomer, and returns."""
    tables = random_log(n_users=60)
    user, day = "user_id", "timestamp"
    bought = tables.events.assign(kind="purchase", quantity=1.0)
    asked = bought.iloc[::40].assign(kind="ticket", order_id="")
    returned = bought.iloc[::25].assign(kind="return")
    returned[day] += pd.Timedelta(hours=1)
    few = bought.iloc[:2].assign(order_id=["x", "y"])
    few[user], few[day] = ["once", "new"], pd.to_datetime(["2020-03-01", "2020-08-20"]).astype("datetime64[ns]")
    events = pd.concat([bought, asked, returned, few], ignore_index=True).sort_values([user, day], ignore_index=True)
    promotions = pd.DataFrame(
        {
            "item_id": ["c", "t", "c"],
            "start": pd.to_datetime(["2020-02-01", "2020-06-15", "2020-02-03"]),
            "end": pd.to_datetime(["2020-04-01", None, "2020-02-05"]),
            "label": "flyer",
        }
    )
    return replace(tables, events=events, promotions=promotions)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("kinds")
    eventful().write(folder)
    return folder


def test_the_sql_repeats_the_facts_of_every_kind(folder: Path) -> None:
    tables = eventful()
    at = to_day(AS_OF)
    table = features(Spending.of(tables, support_kinds=SILENCE.support_kinds), at, SILENCE)
    flat = tuple(Curve(np.zeros(0), np.zeros(1), 0.0) for _ in table.features)
    artifacts = ChurnArtifacts(AdditiveModel(table.features, flat, 0.0), SILENCE, None, Labels(), {})
    job = ChurnJob.of_events(artifacts, tables, as_of=AS_OF)
    assert job.spending is not None
    users = UserTable(job.user_ids, table.features, job.x, np.full(len(job.x), at))
    medians = dict(zip(table.features, np.nanmedian(job.x, axis=0).tolist(), strict=True))
    view = ChurnView(job.spending, users, at, SILENCE, medians, lambda _: True)
    found = {kind.name: kind.find(view) for kind in KINDS}
    records = [
        {"user_id": job.user_ids[row], "reasons": [{"kind": name, "facts": own.facts_at(place)}], "statements": []}
        for name, own in found.items()
        for place, row in enumerate(own.rows.tolist())
    ]
    assert fact_faults(job, records, folder, AS_OF) == []
    silent = {name for name, own in found.items() if not len(own.rows)}
    assert silent == {"habits_kept", "wide_range"}  # half of the users keep all of their three categories
