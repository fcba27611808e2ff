"""The tables that ``kinds.sql`` reads besides the raw tables: who is asked about, and the setting of the model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from llm_explain.jobs.churn.job import ChurnJob

MEDIANS: Final = (
    "days_since",
    "usual_visits",
    "categories",
    "usual_spend",
    "spend_per_visit",
    "interval",
    "promoted_share",
    "given_up",
)


def setting_sql(job: ChurnJob, user_ids: Sequence[str]) -> str:
    """Return a script that makes the tables ``asked``, ``setting``, ``unnameable`` and ``support_kind``.

    It runs after ``llm_explain.evaluation.audit.tables.raw_tables_sql`` and before ``kinds.sql``.

    Args:
        job: A job over events.
        user_ids: The users that claims speak of; ``rid`` is the place among them.

    Returns:
        The script.
    """
    setting = job.artifacts.setting
    if setting is None:
        return ""
    frame = pd.DataFrame(job.x, columns=list(job.artifacts.model.features))
    values = {name: round(float(frame[name].median()), 4) if name in frame else np.nan for name in MEDIANS}
    values["typical"] = 0.0 if np.isnan(values["given_up"]) else values["given_up"]
    values |= {name: getattr(setting, name) for name in ("recent_days", "usual_days", "horizon_days", "share")}
    columns = ", ".join(
        f"'NaN'::double as {name}" if np.isnan(value) else f"{value} as {name}" for name, value in values.items()
    )
    hidden = [name for name in (job.spending.categories if job.spending else ()) if not job.may_name(name)]
    rows = ", ".join(f"({rid}, {quoted(user)}, timestamp '{job.as_of}')" for rid, user in enumerate(user_ids))
    return (
        f"create or replace table asked as from (values {rows}) as t(rid, user_id, as_of);\n"
        f"create or replace table setting as select {columns};\n"
        f"create or replace table unnameable as select unnest({listed(hidden)}) as category;\n"
        f"create or replace table support_kind as select unnest({listed(setting.support_kinds)}) as kind;\n"
    )


def quoted(text: str) -> str:
    """Return a text as SQL writes it."""
    return "'" + text.replace("'", "''") + "'"


def listed(texts: Iterable[str]) -> str:
    """Return texts as a list in SQL."""
    return f"[{', '.join(map(quoted, texts))}]::varchar[]"
