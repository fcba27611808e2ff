"""Plans of future weeks: prices and promotions that a table, or an option of the command line, gives."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from scoring.demand.columns import DATE, HEADERS, days_in, id_texts, normal
from scoring.demand.model import MOST_WEEKS
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
        The panel with the plans; rows of past weeks change nothing. An item and week with a plan of one promotion has
        no other one.

    Raises:
        TableError: If the table has no item or week, no column of a plan, or a week that cannot be read.
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
    own_stores = id_texts(frame[STORE]).to_numpy() if STORE in frame else np.full(len(frame), "")
    for place, (item, store, week) in enumerate(zip(id_texts(frame[ITEM]), own_stores, weeks, strict=True)):
        rows = np.flatnonzero((items == item) & ((stores == store) | (store == "")))
        if panel.n_known <= week < len(panel.weeks):
            for name in names:
                if np.isfinite(values[name][place]):
                    target[name][rows, week] = values[name][place]
    if promotions:
        planned = np.asarray(np.isfinite(list(promotions.values())).any(axis=0))
        planned[:, : panel.n_known] = False
        promotions = {name: np.where(planned, np.nan_to_num(own), own) for name, own in promotions.items()}
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
    """Return the place of each row's week in the panel: of a day after its end a later one, of another name -1."""
    column = frame[DATE if DATE in frame else WEEK] if panel.has_dates else frame[WEEK if WEEK in frame else DATE]
    if panel.has_dates:
        places = ((days_in(column) - pd.Timestamp(panel.weeks[0])).dt.days // 7).astype(float)
    else:
        known = {float(week): float(place) for place, week in enumerate(panel.extended(MOST_WEEKS).weeks)}
        numbers = pd.to_numeric(column, errors="coerce").astype(float)
        places = numbers.map(known).fillna(-1.0).where(numbers.notna())
    if places.isna().any():
        needed = "a day, such as 2017-12-01," if panel.has_dates else "a number"
        raise TableError(
            f"plans: the week is {column[places.isna()].iloc[0]!r} but {needed} is needed. Correct the row."
        )
    return places.to_numpy(dtype=np.int64)
