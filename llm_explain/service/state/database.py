"""The database, SQLite or PostgreSQL: opens and migrates it, and translates the driver's errors."""

from __future__ import annotations

import secrets
import threading
from contextlib import contextmanager
from importlib import resources
from typing import TYPE_CHECKING, Any, Final

from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine, event, select, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from llm_explain.errors import SettingError
from llm_explain.service.state.errors import StateBusyError, StateError, StateFullError
from llm_explain.service.state.models import SecretRow

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection, Engine

    from llm_explain.service.state.models import Base

BUSY_SECONDS: Final = 5.0
"""How long a write waits for another process's."""

POOL_SIZE: Final = 8
SQLITE_PRAGMAS: Final = (
    "journal_mode=WAL",
    "synchronous=FULL",  # a commit that returned survives a power cut
    "foreign_keys=ON",
    "secure_delete=ON",  # what is erased is overwritten
)
SQLITE_FULL: Final = 13
SQLITE_IOERR: Final = 10  # what SQLite reports where the shared memory of the log finds no room
DISK_FULL_SQLSTATE: Final = "53100"

MIGRATION_LOCK: Final = 7_163_010
ERASURE_LOCK: Final = 7_163_011
"""Keys of PostgreSQL advisory locks."""

ERASURE_SECRET: Final = "erasure"  # noqa: S105


class Database:
    """Transactions on the state.

    Args:
        url: SQLAlchemy URL: ``sqlite:///file.db`` or ``postgresql://…``.

    Attributes:
        is_sqlite: Whether it is SQLite.
    """

    def __init__(self, url: str) -> None:
        self.is_sqlite = url.startswith("sqlite")
        self._engine = _sqlite(url) if self.is_sqlite else _postgresql(url)
        self._writer = self._engine.execution_options(writes=True)
        self._turn = threading.Lock()
        with translated():
            _migrate(self._engine)
        self.secret = self._keep_secret()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Open a transaction that changes nothing.

        Yields:
            Connection: One view of the state.
        """
        with translated(), self._engine.connect() as connection:
            yield connection

    @contextmanager
    def writing(self, *, erases: bool = False) -> Iterator[Connection]:
        """Open a transaction; when it is left without an error, what it wrote is durable.

        Args:
            erases: Whether it removes a user; no other transaction writes at the same time.

        Yields:
            Connection: The transaction.

        Raises:
            StateBusyError: If another writer does not finish in time.
        """
        if self.is_sqlite:
            # Writers of this process take turns here instead of sleeping in SQLite's busy handler.
            if not self._turn.acquire(timeout=BUSY_SECONDS):
                raise StateBusyError("the storage is busy but a write is due. Try again.")
            try:
                with translated(), self._writer.begin() as connection:
                    yield connection
            finally:
                self._turn.release()
            return
        lock = "pg_advisory_xact_lock" if erases else "pg_advisory_xact_lock_shared"
        with translated(), self._writer.begin() as connection:
            connection.execute(text(f"SELECT {lock}({ERASURE_LOCK})"))
            yield connection

    def insert_once(self, table: type[Base]) -> Any:
        """Return an insertion that leaves out rows whose key is there already."""
        kind = sqlite.insert if self.is_sqlite else postgresql.insert
        return kind(table).on_conflict_do_nothing()

    def overwrite(self) -> None:
        """Fold SQLite's log into the file, so that erased rows are overwritten in both."""
        if self.is_sqlite:
            with translated(), self._engine.connect() as connection:
                connection.connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def close(self) -> None:
        """Close every connection."""
        self._engine.dispose()

    def _keep_secret(self) -> bytes:
        wanted = select(SecretRow.value).where(SecretRow.name == ERASURE_SECRET)
        with self.reading() as connection:
            found = connection.scalar(wanted)
        if found is None:  # of several processes that start at once, the first one's secret stays
            values = {"name": ERASURE_SECRET, "value": secrets.token_hex(32)}
            with self.writing() as connection:
                connection.execute(self.insert_once(SecretRow).values(values))
            with self.reading() as connection:
                found = connection.scalar(wanted)
        return bytes.fromhex(str(found))


@contextmanager
def translated() -> Iterator[None]:
    """Translate the driver's errors into this package's.

    Yields:
        None: Nothing.

    Raises:
        StateFullError: If there is no room.
        StateBusyError: If the database cannot be reached or does not answer in time.
        StateError: If the driver fails in any other way.
        IntegrityError: If a constraint is broken; the caller handles it.
    """
    try:
        yield
    except IntegrityError:
        raise
    except PoolTimeoutError as error:
        raise StateBusyError("every connection to the storage is in use but one is needed. Try again.") from error
    except DBAPIError as error:
        if _is_full(error.orig):
            raise StateFullError("the storage is full but a write is due. Make room.") from error
        kind = type(error.orig).__name__
        if kind in {"OperationalError", "InterfaceError"} or error.connection_invalidated:
            raise StateBusyError(f"the storage failed ({kind}) but an answer is due. Try again.") from error
        raise StateError(f"the storage failed ({kind}). See the database's log.") from error


def _is_full(error: Any) -> bool:
    code = getattr(error, "sqlite_errorcode", 0) or 0
    return (code & 0xFF) in {SQLITE_FULL, SQLITE_IOERR} or getattr(error, "sqlstate", None) == DISK_FULL_SQLSTATE


def _sqlite(url: str) -> Engine:
    engine = create_engine(url, connect_args={"timeout": BUSY_SECONDS}, pool_size=POOL_SIZE, max_overflow=POOL_SIZE)

    @event.listens_for(engine, "connect")
    def _on_connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # we begin transactions ourselves
        for pragma in SQLITE_PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _on_begin(connection: Connection) -> None:
        is_write = connection.get_execution_options().get("writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if is_write else "BEGIN")

    return engine


def _postgresql(url: str) -> Engine:
    scheme, separator, rest = url.partition("://")
    if scheme.split("+")[0] not in {"postgresql", "postgres"} or not separator:
        raise SettingError(
            f"the database URL begins with {scheme!r} but sqlite or postgresql is needed. "
            "Write sqlite:///file.db or postgresql://user:password@host/name."
        )
    return create_engine(
        f"postgresql+psycopg://{rest}", pool_size=POOL_SIZE, max_overflow=POOL_SIZE, pool_pre_ping=True, pool_timeout=5
    )


def _migrate(engine: Engine) -> None:
    """Bring the tables up to date; of several processes that start at once one does it."""
    config = Config()
    config.set_main_option("script_location", str(resources.files("llm_explain.service.state") / "migrations"))
    with engine.execution_options(writes=True).begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text(f"SELECT pg_advisory_xact_lock({MIGRATION_LOCK})"))
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
