"""The database, SQLite or PostgreSQL: opens and migrates it, and translates the driver's errors."""

from __future__ import annotations

import secrets
import threading
import time
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import create_engine, event, inspect, select, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from llm_explain.errors import SettingError
from llm_explain.state.errors import StateBusyError, StateError, StateFullError
from llm_explain.state.models import Base, SecretRow

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import URL, Connection, Engine


BUSY_SECONDS: Final = 5.0
"""How long a transaction waits for another process's, if no request is due earlier."""

storage_deadline: ContextVar[float | None] = ContextVar("storage_deadline", default=None)
"""Time of ``time.monotonic()`` at which the request that this task or thread works for is due."""

PROBE_SECONDS: Final = 1.0
POOL_SIZE: Final = 8
_POSTGRESQL_SIZE: Final = "SELECT pg_database_size(current_database())"
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
TOKEN_SECRET: Final = "token"  # noqa: S105


class Database:
    """Transactions on the state.

    Args:
        url: SQLAlchemy URL: ``sqlite:///file.db`` or ``postgresql://…``.
        is_created: Whether a state that does not exist is created; an error if not.

    Attributes:
        is_sqlite: Whether it is SQLite.
        file: The SQLite file; ``None`` for a database in memory or PostgreSQL.
        must_overwrite: Whether a reader kept SQLite's log, which may hold erased rows.

    Raises:
        SettingError: If the URL cannot be used, or the state does not exist and is not created.
    """

    def __init__(self, url: str, *, is_created: bool = True) -> None:
        parsed = _parsed(url)
        self.is_sqlite = parsed.get_backend_name() == "sqlite"
        self.file = _file_of(parsed)
        if self.file is not None:
            _keep_private(self.file, is_created=is_created)
        self._engine = _sqlite(parsed) if self.is_sqlite else _postgresql(parsed)
        self._writer = self._engine.execution_options(writes=True)
        self._turn = threading.Lock()
        self.must_overwrite = False
        self._answers, self._probed_at = True, -PROBE_SECONDS
        with translated(), self._engine.connect() as connection:
            is_there = inspect(connection).has_table("alembic_version")
        if not is_created and not is_there:
            self.close()
            raise SettingError(_no_state(parsed.database))
        with translated():
            _migrate(self._engine)
        self.secret = self.kept_secret(ERASURE_SECRET)

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
            if not self._turn.acquire(timeout=_patience()):
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

    def overwrite(self, *, waits: bool = True) -> None:
        """Fold SQLite's log into the file, so that erased rows are overwritten in both.

        Args:
            waits: Whether to wait for readers; writers wait meanwhile.
        """
        if self.is_sqlite:
            self.must_overwrite = True
            with translated(), self._engine.connect() as connection:
                cursor = connection.connection.cursor()
                cursor.execute(f"PRAGMA busy_timeout={_patience() * 1000 if waits else 0:.0f}")
                self.must_overwrite = bool(cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0])

    def answers(self) -> bool:
        """Return whether the storage answers within ``PROBE_SECONDS``, as it was at most as long ago."""
        if time.monotonic() - self._probed_at > PROBE_SECONDS:
            self._answers = self._probe(select(SecretRow.name).limit(1)) is not None
            self._probed_at = time.monotonic()
        return self._answers

    def size(self) -> int:
        """Return the size of the storage in bytes; 0 if it does not answer."""
        pages = "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()"
        return int(self._probe(text(pages if self.is_sqlite else _POSTGRESQL_SIZE)) or 0)

    def _probe(self, wanted: Any) -> Any:
        due = storage_deadline.set(time.monotonic() + PROBE_SECONDS)
        try:
            with self.reading() as connection:
                return connection.scalar(wanted)
        except StateError:
            return None
        finally:
            storage_deadline.reset(due)

    def close(self) -> None:
        """Close every connection."""
        self._engine.dispose()

    def kept_secret(self, name: str) -> bytes:
        """Return a random secret of the state, made when it is first asked for."""
        wanted = select(SecretRow.value).where(SecretRow.name == name)
        with self.reading() as connection:
            found = connection.scalar(wanted)
        if found is None:  # of several processes that start at once, the first one's secret stays
            values = {"name": name, "value": secrets.token_hex(32)}
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
        families = {each.__name__ for each in type(error.orig).__mro__}  # of the driver, whichever it is
        if families & {"OperationalError", "InterfaceError"} or error.connection_invalidated:
            raise StateBusyError(f"the storage failed ({kind}) but an answer is due. Try again.") from error
        raise StateError(f"the storage failed ({kind}). See the database's log.") from error


def _is_full(error: Any) -> bool:
    code = getattr(error, "sqlite_errorcode", 0) or 0
    return (code & 0xFF) in {SQLITE_FULL, SQLITE_IOERR} or getattr(error, "sqlstate", None) == DISK_FULL_SQLSTATE


def _patience() -> float:
    """Return how many seconds a transaction may wait for another one."""
    due = storage_deadline.get()
    return BUSY_SECONDS if due is None else min(BUSY_SECONDS, max(0.0, due - time.monotonic()))


def _parsed(url: str) -> URL:
    try:
        parsed = make_url(url)
    except ArgumentError:
        parsed = None
    if parsed is None or parsed.get_backend_name() not in {"sqlite", "postgresql", "postgres"}:
        raise SettingError(
            f"setting 'database_url' begins with {url.partition(':')[0][:20]!r} but sqlite or postgresql is needed. "
            "Write sqlite:///file.db or postgresql://user:password@host/name."
        )
    return parsed


def _file_of(url: URL) -> Path | None:
    is_file = url.get_backend_name() == "sqlite" and url.database not in (None, "", ":memory:")
    return Path(str(url.database)) if is_file and not str(url.database).startswith("file:") else None


def _no_state(name: object) -> str:
    return (
        f"the state {name} does not exist but one that the service made is needed. Correct --state or the setting "
        "'database_url', or start `llm-explain serve` with it once."
    )


def _keep_private(file: Path, *, is_created: bool) -> None:
    """Let the owner alone read an SQLite file; SQLite gives its log the same permissions."""
    if not is_created and not (file.is_file() and file.stat().st_size):
        raise SettingError(_no_state(file))
    if not file.parent.is_dir():
        raise SettingError(
            f"setting 'database_url' names a file in {file.parent} but no such folder exists. Create it, or correct "
            "the setting."
        )
    file.touch(mode=0o600)
    for path in (file, *(file.with_name(file.name + end) for end in ("-wal", "-shm"))):
        with suppress(FileNotFoundError, PermissionError):  # another user's file stays as that user wants it
            path.chmod(0o600)


def _sqlite(url: URL) -> Engine:
    engine = create_engine(url, connect_args={"timeout": BUSY_SECONDS}, pool_size=POOL_SIZE, max_overflow=POOL_SIZE)

    @event.listens_for(engine, "connect")
    def _on_connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # we begin transactions ourselves
        for pragma in (f"busy_timeout={_patience() * 1000:.0f}", *SQLITE_PRAGMAS):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _on_begin(connection: Connection) -> None:
        is_write = connection.get_execution_options().get("writes", False)
        connection.exec_driver_sql(f"PRAGMA busy_timeout={_patience() * 1000:.0f}")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if is_write else "BEGIN")

    return engine


def _postgresql(url: URL) -> Engine:
    engine = create_engine(
        url.set(drivername="postgresql+psycopg"),
        connect_args={"connect_timeout": round(BUSY_SECONDS)},
        pool_size=POOL_SIZE,
        max_overflow=POOL_SIZE,
        pool_pre_ping=True,
        pool_timeout=BUSY_SECONDS,
    )

    @event.listens_for(engine, "begin")
    def _on_begin(connection: Connection) -> None:
        # 0 would mean no limit.
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = {max(1, round(_patience() * 1000))}")

    return engine


def _migrate(engine: Engine) -> None:
    """Bring the tables up to date; of several processes that start at once one does it."""
    migrations = resources.files("llm_explain.state") / "migrations"
    newest = max(each.name for each in (migrations / "versions").iterdir() if each.name.startswith("v"))
    with engine.execution_options(writes=True).begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text(f"SELECT pg_advisory_xact_lock({MIGRATION_LOCK})"))
        is_there = inspect(connection).has_table("alembic_version")
        known = connection.scalar(text("SELECT version_num FROM alembic_version")) if is_there else None
        if newest.startswith(f"v{known}_"):
            return
        from alembic import command  # with what it imports, 10 MB that most starts need not
        from alembic.config import Config

        config = Config()
        config.set_main_option("script_location", str(migrations))
        config.attributes["connection"] = connection
        if is_there:
            command.upgrade(config, "head")
        else:
            Base.metadata.create_all(connection)
            command.stamp(config, "head")
