"""Users of a batch: all of the event log, those of a file, or those with new events."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from llm_explain.errors import SettingError
from scoring.data.shop import Shop
from scoring.data.tables import ITEM_ID, TIMESTAMP, USER_ID
from scoring.data.validation import read_events

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd


def read_users(path: Path) -> pa.Table:
    """Read a table of users.

    Args:
        path: CSV or Parquet with a column ``user_id``; other columns survive.

    Returns:
        The table, ``user_id`` as text.

    Raises:
        SettingError: If the file cannot be read or has no such column, or if a row has no user or repeats one.
    """
    try:
        if path.suffix == ".parquet":
            table = pq.read_table(path)
        else:
            as_text = pa_csv.ConvertOptions(column_types={USER_ID: pa.string()}, strings_can_be_null=True)
            table = pa_csv.read_csv(path, convert_options=as_text)
    except (OSError, pa.ArrowInvalid) as error:
        raise SettingError(
            f"{path} cannot be read ({error}) but a CSV or Parquet file with a column {USER_ID} is needed. Write one."
        ) from error
    if USER_ID not in table.column_names:
        raise SettingError(
            f"{path}: the columns are {', '.join(table.column_names)} but {USER_ID} is needed. Rename the column."
        )
    ids = table.column(USER_ID).cast(pa.string())
    n_missing, n_repeated = ids.null_count, len(ids) - len(ids.unique())
    if n_missing or n_repeated:
        raise SettingError(
            f"{path}: {n_missing} rows have no {USER_ID} and {n_repeated} repeat one but each user is needed once. "
            "Remove these rows."
        )
    return table.set_column(table.column_names.index(USER_ID), USER_ID, ids)


def users_of_log(artifacts: Path, *, events: Path | None = None, since: pd.Timestamp | None = None) -> pa.Table:
    """Return the users of an event log: all, or those with an event at a moment or later.

    The call raises ``TableError`` if ``events`` breaks the contract of the events table.

    Args:
        artifacts: Folder that ``llm-explain train`` wrote.
        events: CSV or Parquet file that replaces the event log of the artifacts.
        since: The moment, UTC without a zone; all users if not given.

    Returns:
        One column ``user_id``, sorted.
    """
    tables = artifacts / "tables"
    if events is None:
        rows = pq.read_table(tables / "events.parquet", columns=[USER_ID, TIMESTAMP])
    else:
        item_ids = pq.read_table(tables / "items.parquet", columns=[ITEM_ID]).column(ITEM_ID).to_pylist()
        checked = read_events(events, item_ids, Shop.read(tables))
        rows = pa.Table.from_pandas(checked[[USER_ID, TIMESTAMP]], preserve_index=False)
    if since is not None:
        moment = pa.scalar(since.to_pydatetime(), rows.schema.field(TIMESTAMP).type)
        rows = rows.filter(pc.greater_equal(rows.column(TIMESTAMP), moment))
    return pa.table({USER_ID: rows.column(USER_ID).cast(pa.string()).unique().sort()})


def with_events(users: pa.Table, others: pa.Table) -> pa.Table:
    """Return the rows of users that another table names too.

    Args:
        users: A column ``user_id`` and any others.
        others: A column ``user_id``.

    Returns:
        The rows, in the order of ``users``.
    """
    return users.filter(pc.is_in(users.column(USER_ID), value_set=others.column(USER_ID).combine_chunks()))
