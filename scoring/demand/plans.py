"""Plans of future weeks: prices and promotions that a table, or an option of the command line, gives."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from scoring.demand.columns import DATE, HEADERS, normal
from scoring.demand.panel import ITEM, PRICE, STORE, WEEK
from scoring.errors import SettingError, TableError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scoring.demand.panel import SalesPanel


def with_plans(panel: SalesPanel, table: pd.DataFrame) -> SalesPanel:
    """Return the panel with planned prices and promotions of future weeks.

    Args:
        panel: Weekly sales.
        table: ``item_id``, optional ``store_id`` (empty for every store), ``week`` or ``date``, and any of ``price``
            and the promotions of the panel.

    Returns:
        The panel with the plans; rows of past weeks change nothing.

    Raises:
        TableError: If the table has no item or week, or no column of a plan.
    """
    frame = table.rename(columns={column: _name(str(column)) for column in table.columns})
    names = [name for name in panel.plan_names if name in frame]
    if ITEM not in frame or not {WEEK, DATE} & set(frame.columns) or not names:
        raise TableError(
            f"plans: the columns are {', '.join(map(str, table.columns))} but item_id, week or date, and one of "
            f"{', '.join(panel.plan_names) or 'the promotions of the sales'} are needed. Name them so."
        )
    weeks = _week_numbers(panel, frame)
    panel = panel.extended(max(0, int(weeks.max()) + 1 - panel.n_known))
    price, promotions = panel.price.copy(), {name: values.copy() for name, values in panel.promotions.items()}
    values = {name: pd.to_numeric(frame[name], errors="coerce").to_numpy(dtype=np.float64) for name in names}
    target = {PRICE: price, **promotions}
    items, stores = panel.series[ITEM].to_numpy(), panel.series[STORE].to_numpy()
    own_stores = frame[STORE].fillna("").astype(str).to_numpy() if STORE in frame else np.full(len(frame), "")
    for place, (item, store, week) in enumerate(zip(frame[ITEM].astype(str), own_stores, weeks, strict=True)):
        rows = np.flatnonzero((items == item) & ((stores == store) | (store == "")))
        if panel.n_known <= week < len(panel.weeks):
            for name in names:
                if np.isfinite(values[name][place]):
                    target[name][rows, week] = values[name][place]
    return replace(panel, price=price, promotions=promotions)


def parsed_changes(changes: Sequence[str]) -> dict[str, float]:
    """Return changes of a plan that are written ``NAME=VALUE``.

    Args:
        changes: For example ``display=0`` or ``price=1.99``.

    Returns:
        Value by name.

    Raises:
        SettingError: If a change is not written so.
    """
    found = {}
    for change in changes:
        name, _, value = change.partition("=")
        try:
            found[name.strip()] = float(value)
        except ValueError as error:
            raise SettingError(f"--what-if is {change!r} but NAME=NUMBER is needed. Write price=1.99.") from error
    return found


def _name(header: str) -> str:
    """Return the name of a column of plans."""
    plain = normal(header)
    return next((name for name in (ITEM, STORE, WEEK, DATE, PRICE) if plain in HEADERS[name]), plain.replace(" ", "_"))


def _week_numbers(panel: SalesPanel, frame: pd.DataFrame) -> np.ndarray:
    """Return the place of each row's week in the panel; places after its end are future weeks too."""
    if panel.has_dates:
        days = pd.to_datetime(frame[DATE if DATE in frame else WEEK])
        return np.asarray((days - pd.Timestamp(panel.weeks[0])).dt.days // 7, dtype=np.int64)
    return pd.to_numeric(frame[WEEK if WEEK in frame else DATE]).to_numpy(dtype=np.int64) - int(panel.weeks[0])
