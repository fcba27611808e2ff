"""Training of the churn job: read tables, fit, measure, and write artifacts with pictures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from llm_explain.errors import SettingError
from llm_explain.jobs.churn.pictures import draw
from llm_explain.jobs.churn.view import PLAYER_OF
from scoring.churn.artifacts import ChurnArtifacts
from scoring.churn.customers import CustomerColumns, read_customers, words_of
from scoring.churn.measures import auc_margin, ece_of_right_risks
from scoring.churn.spending import Spending
from scoring.churn.training import suitable_days, train_on_customers, train_on_events
from scoring.data.log import to_day
from scoring.data.tables import STORE_ID, Tables

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    import pandas as pd

    from scoring.boosting.additive import Floats
    from scoring.churn.artifacts import Labels
    from scoring.churn.setting import ChurnSetting
    from scoring.churn.training import Fitted, Measured

    Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Trained:
    """What a training found.

    Attributes:
        figures: Last line of ``churn train --json``.
        notes: What the caller should know.
    """

    figures: dict[str, Any]
    notes: tuple[str, ...] = ()


def train_events(
    data: Path,
    folder: Path,
    setting: ChurnSetting,
    *,
    labels: Labels,
    test: pd.Timestamp | None = None,
    given: Sequence[pd.Timestamp | None] = (),
    finds_days: bool = False,
    progress: Progress = lambda *_: None,
) -> Trained:
    """Train on events.

    Args:
        data: Folder of the tables.
        folder: Artifacts to write.
        setting: What counts as churn.
        labels: Words for users.
        test: Moment of the test, UTC; ``horizon_days`` before the end of the log if not given.
        given: Training moments, UTC; every ``step_days`` if empty.
        finds_days: Whether the users' rhythm, instead of the setting, says how many days ahead labels look, and how
            many days before are recent.
        progress: Told a description, the steps done and the steps in all.

    Returns:
        Figures and notes.

    Raises:
        SettingError: If the events have no times.
    """
    progress("reading events", 0, 1)
    tables = Tables.read(data)
    if tables.shop.times == "order":
        raise SettingError("the events have an order but no times and churn needs days. Import them with times.")
    spending = Spending.of(tables, support_kinds=setting.support_kinds)
    progress("reading events", 1, 1)
    notes = []
    if finds_days and (days := suitable_days(spending)) > setting.horizon_days:
        setting = setting.model_copy(update={"horizon_days": days, "recent_days": days})
        notes.append(f"most users buy so rarely that churn looks {days} days ahead; --days sets another number")
    progress("fitting", 0, 1)
    local = tables.shop.clock.local
    fitted, measured, rows = train_on_events(
        spending,
        setting,
        test=None if test is None else to_day(local(test)),
        given=[to_day(local(each)) for each in given if each is not None],
    )
    progress("fitting", 1, 1)
    if STORE_ID in tables.events:
        labels = labels.model_copy(update={"occasion": "visit"})
    artifacts = ChurnArtifacts(fitted.model, setting, None, labels, measured.to_dict())
    _write(folder, artifacts, fitted, measured, rows.x, PLAYER_OF)
    return Trained(measured.to_dict(), (*notes, _margins(measured)))


def train_customers(
    path: Path,
    folder: Path,
    *,
    label: str,
    labels: Labels,
    positive: str | None = None,
    id_column: str | None = None,
    exclude: Sequence[str] = (),
    progress: Progress = lambda *_: None,
) -> Trained:
    """Train on a table of customers.

    Args:
        path: CSV, Parquet or Excel.
        folder: Artifacts to write.
        label: Column that says who churned.
        labels: Words for customers and columns.
        positive: Its value for churn.
        id_column: Column of the ids.
        exclude: Columns not to use.
        progress: Told a description, the steps done and the steps in all.

    Returns:
        Figures and notes.
    """
    table = read_customers(path)
    columns = CustomerColumns.infer(table, label=label, positive=positive, id_column=id_column, exclude=exclude)
    known = columns.labelled(table)
    x = columns.encode(known)
    progress("fitting", 0, 1)
    fitted, measured, _ = train_on_customers(x, columns.labels(known), columns.ids(known), columns.features)
    progress("fitting", 1, 1)
    names = {name: words_of(name) for name in (label, *(each.name for each in columns.columns))}
    shown = labels.model_copy(update={"columns": names})
    artifacts = ChurnArtifacts(fitted.model, None, columns, shown, measured.to_dict())
    _write(folder, artifacts, fitted, measured, x, columns.player_of)
    notes = [f"column {name!r} is left out: {why}" for name, why in columns.left_out.items()]
    if len(known) < len(table):
        notes.append(f"{len(table) - len(known):,} rows without a label are left out of the training")
    return Trained(measured.to_dict(), (*notes, _margins(measured)))


def _margins(measured: Measured) -> str:
    """Return how sure the figures are."""
    margin, right = auc_margin(measured.y, measured.risk), ece_of_right_risks(measured.risk)
    return (
        f"the AUC of {measured.n_test:,} rows is known to ±{margin:.3f} (95 %); risks that are right have a "
        f"calibration error of up to {right:.3f} (95 %)"
    )


def _write(
    folder: Path,
    artifacts: ChurnArtifacts,
    fitted: Fitted,
    measured: Measured,
    x: Floats,
    player_of: Mapping[str, str],
) -> None:
    history = {
        "rounds": fitted.rounds,
        "train": [round(value, 6) for value in fitted.train_losses],
        "held_out": [round(value, 6) for value in fitted.held_out_losses],
        "calibration": measured.bins(),
    }
    artifacts.write(folder, history, lambda stage: draw(stage, fitted, measured, x, player_of))
