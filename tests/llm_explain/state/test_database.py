"""The database opens, migrates and translates errors alike on SQLite and PostgreSQL."""

from __future__ import annotations

import sqlite3
import time
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, insert, make_url, text
from sqlalchemy.exc import OperationalError

from llm_explain.errors import SettingError
from llm_explain.state import State
from llm_explain.state.database import BUSY_SECONDS, Database, storage_deadline, translated
from llm_explain.state.errors import StateBusyError, StateError, StateFullError
from llm_explain.state.models import Base, SecretRow

if TYPE_CHECKING:
    from collections.abc import Iterator

DRIVERS = {"sqlite": "sqlite", "postgresql": "postgresql+psycopg"}
PREFERRED = {"personalised": False, "groups_off": ["group:cheese"], "kinds_off": ["popular"], "items_off": ["31"]}


def test_migrations_make_the_tables_that_the_models_say(state: State) -> None:
    with state.database.reading() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), Base.metadata)
    assert differences == []


def test_a_database_of_an_older_version_keeps_its_events(database_url: str) -> None:
    event = {"user_id": "u", "item_id": "31", "timestamp": datetime(2017, 12, 3), "quantity": 1.0, "kind": "purchase"}
    columns = {**event, "channel": "", "store_id": "", "received_at": datetime(2017, 12, 3)}
    old = Database(database_url)
    with old.writing() as connection:
        for later in ("catalogue_change", "exposure", "guest"):
            connection.execute(text(f"DROP TABLE {later}"))
        connection.execute(text("ALTER TABLE event DROP COLUMN order_id"))
        connection.execute(text("ALTER TABLE event DROP COLUMN value"))
        connection.execute(text("ALTER TABLE person DROP COLUMN items_off"))
        connection.execute(
            text(
                "INSERT INTO person (user_id, personalised, groups_off, kinds_off, updated_at)"
                " VALUES ('u', :no, '[]', '[]', :at)"
            ),
            {"no": False, "at": datetime(2017, 12, 3)},
        )
        connection.execute(text("DROP TABLE suppression"))
        connection.execute(
            text(
                "CREATE TABLE suppression (user_id VARCHAR(128) NOT NULL, kind VARCHAR(40) NOT NULL,"
                " player VARCHAR(200) NOT NULL, item_id VARCHAR(128) NOT NULL,"
                " PRIMARY KEY (user_id, kind, player, item_id))"
            )
        )
        connection.execute(text("INSERT INTO suppression VALUES ('u', 'popular', 'context:popularity', '31')"))
        connection.execute(text("UPDATE alembic_version SET version_num = '0001'"))
        names = ", ".join(columns)
        values = ", ".join(f":{name}" for name in columns)
        connection.execute(text(f"INSERT INTO event ({names}) VALUES ({values})"), columns)
    old.close()
    state = State(database_url)
    state.events.add([{**event, "price": 2.5, "channel": "", "store_id": "", "order_id": "o1"}], key="k", body=b"1")
    user = state.users.read("u")
    assert [each.order_id for each in user.events] == ["", "o1"]
    assert user.suppressed == (("popular", "context:popularity", "31"),)
    assert (user.personalised, user.items_off) == (False, ())
    test_migrations_make_the_tables_that_the_models_say(state)
    state.close()


def test_a_second_process_finds_the_same_state(database_url: str, state: State) -> None:
    state.users.prefer("u", PREFERRED, expects=lambda _: True)
    other = State(database_url)
    person = other.users.read("u")
    assert (person.personalised, person.groups_off, person.kinds_off) == (False, ("group:cheese",), ("popular",))
    assert person.items_off == ("31",)
    assert other.users.user_hash("u") == state.users.user_hash("u")
    other.close()


def test_what_is_committed_in_sqlite_survives_a_power_cut(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'state.db'}")
    with database.reading() as connection:
        settings = {name: connection.scalar(text(f"PRAGMA {name}")) for name in ("journal_mode", "synchronous")}
        assert settings == {"journal_mode": "wal", "synchronous": 2}  # 2 is FULL
        assert connection.scalar(text("PRAGMA foreign_keys")) == 1
    database.close()


def _insert(
    database: Database, *rows: dict[str, str], max_pages: int | None = None, then: Exception | None = None
) -> None:
    with database.writing() as connection:
        if max_pages is not None:
            connection.execute(text(f"PRAGMA max_page_count = {max_pages}"))
        connection.execute(insert(SecretRow), rows)
        if then is not None:
            raise then


def test_a_transaction_that_fails_leaves_nothing(state: State) -> None:
    with pytest.raises(RuntimeError, match="midway"):
        _insert(state.database, {"name": "x", "value": "1"}, then=RuntimeError("midway"))
    with state.database.reading() as connection:
        assert connection.scalar(text("SELECT count(*) FROM secret WHERE name = 'x'")) == 0


def test_a_full_disk_is_told_from_other_trouble(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'state.db'}")
    with database.reading() as connection:
        pages = connection.scalar(text("PRAGMA page_count"))
    rows = [{"name": str(n), "value": "0" * 64} for n in range(2000)]
    with pytest.raises(StateFullError, match="the storage is full but a write is due"):
        _insert(database, *rows, max_pages=pages)
    database.close()


class _FailureError(Exception):
    def __init__(self, **attributes: Any) -> None:
        super().__init__("failed")
        for name, value in attributes.items():
            setattr(self, name, value)


@pytest.mark.parametrize(
    ("failure", "expected"),
    [
        (_FailureError(sqlstate="53100"), StateFullError),  # PostgreSQL: disk_full
        (_FailureError(sqlite_errorcode=sqlite3.SQLITE_FULL), StateFullError),
        (_FailureError(sqlite_errorcode=10 | 19 << 8), StateFullError),  # SQLITE_IOERR_SHMSIZE
        (sqlite3.OperationalError("database is locked"), StateBusyError),
        (_FailureError(sqlstate="22021"), StateError),
    ],
)
def test_errors_of_drivers_become_ours(failure: Exception, expected: type[StateError]) -> None:
    with pytest.raises(expected, match="the storage"), translated():
        raise OperationalError("INSERT", {}, failure)


def test_another_database_is_refused_without_its_password() -> None:
    with pytest.raises(
        SettingError, match="setting 'database_url' begins with 'mysql' but sqlite or postgresql"
    ) as caught:
        Database("mysql://root:hunter2@host/name")
    assert "hunter2" not in str(caught.value)


def test_an_sqlite_state_is_its_owners_alone(tmp_path: Path) -> None:
    """Other users of the machine could read each purchase and the secret of the tokens."""
    old = tmp_path / "old.db"
    old.touch(0o644)
    for path in (old, tmp_path / "new.db"):
        database = Database(f"sqlite:///{path}")
        files = sorted(tmp_path.glob(f"{path.name}*"))
        assert len(files) == 3
        assert {file.stat().st_mode & 0o777 for file in files} == {0o600}
        database.close()


def test_a_folder_that_does_not_exist_is_named(tmp_path: Path) -> None:
    with pytest.raises(
        SettingError, match=r"setting 'database_url' names a file in .*nowhere but no such folder exists"
    ):
        Database(f"sqlite:///{tmp_path}/nowhere/state.db")


def test_a_mistyped_state_is_not_created(database_url: str) -> None:
    for _ in range(2):
        with pytest.raises(SettingError, match=r"the state .* does not exist but one that the service made is needed"):
            Database(database_url, is_created=False)
    Database(database_url).close()
    Database(database_url, is_created=False).close()


@contextmanager
def locked(database_url: str) -> Iterator[None]:
    """Hold the state as a backup or a long transaction of another process does."""
    other = create_engine(make_url(database_url).set(drivername=DRIVERS[database_url.partition(":")[0]]))
    with other.connect() as connection:
        if other.dialect.name == "sqlite":
            connection.exec_driver_sql("BEGIN EXCLUSIVE")
        else:
            connection.exec_driver_sql("LOCK TABLE secret, event_batch, erasure IN ACCESS EXCLUSIVE MODE")
        yield
        connection.rollback()
    other.dispose()


def test_a_locked_state_keeps_the_deadline_of_a_request(state: State, database_url: str) -> None:
    with locked(database_url):
        due = storage_deadline.set(time.monotonic() + 0.2)
        started = time.monotonic()
        with pytest.raises(StateBusyError, match="the storage failed"):
            _insert(state.database, {"name": "x", "value": "1"})
        storage_deadline.reset(due)
    assert time.monotonic() - started < BUSY_SECONDS / 2  # a request waited for all of it
    _insert(state.database, {"name": "x", "value": "1"})
