"""Backup and restoration of an SQLite state. A PostgreSQL state is backed up by ``pg_dump``."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

from sqlalchemy import select

from llm_explain.errors import SettingError
from llm_explain.state import State
from llm_explain.state.errors import StateError
from llm_explain.state.models import Base

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet
    from pathlib import Path


def back_up(state: State, file: Path) -> None:
    """Write a copy of a state while the service runs; what was erased is not in it.

    Args:
        state: The state.
        file: A file that does not exist; its owner alone can read it.

    Raises:
        SettingError: If the file exists, or the state is in PostgreSQL.
    """
    source = _file_of(state)
    if file.exists():
        raise SettingError(f"{file} exists but a new file is needed for a backup. Choose another name.")
    file.touch(mode=0o600)
    _vacuum(source, "VACUUM INTO ?", str(file))


def compact(state: State) -> None:
    """Give the room of removed rows back to the disk; writing waits meanwhile."""
    _vacuum(_file_of(state), "VACUUM")


def restore(file: Path, url: str) -> int:
    """Put a backup in the place of a state; users who were erased after it are erased, and keys revoked, again.

    The service must not run.

    Args:
        file: What ``back_up`` wrote.
        url: SQLAlchemy URL of the state.

    Returns:
        How many users were erased again.

    Raises:
        SettingError: If the backup is that of another state, in which erased users cannot be found.
    """
    old, backup = State(url), State(f"sqlite:///{file}", is_created=False)
    target, gone = _file_of(old), old.users.erased().keys()
    revoked = {key.id for key in old.keys.all() if key.revoked_at is not None}
    is_same = old.database.secret == backup.database.secret
    old.close()
    backup.close()
    if gone and not is_same:
        raise SettingError(
            f"{file} is the backup of another state but users were erased from this one. Move this state's file away "
            "to begin with the backup."
        )
    new = target.with_name(f".{target.name}.new")
    new.touch(mode=0o600)
    shutil.copyfile(file, new)
    for end in ("-wal", "-shm"):
        target.with_name(target.name + end).unlink(missing_ok=True)
    new.replace(target)
    return _end_again(url, gone, revoked)


def _end_again(url: str, gone: AbstractSet[str], revoked: AbstractSet[str]) -> int:
    """Erase users and revoke keys of a restored state; return how many users were erased."""
    state = State(url)
    for key_id in revoked & state.keys.in_force().keys():
        state.keys.revoke(key_id)
    with state.database.reading() as connection:
        columns = [table.c.user_id for table in Base.metadata.sorted_tables if "user_id" in table.c]
        user_ids = {name for column in columns for name in connection.scalars(select(column).distinct()) if name}
    late = gone - state.users.erased().keys()
    for user_id in (each for each in user_ids if state.users.user_hash(each) in late):
        state.users.erase(user_id)
    state.users.remember_erased(late - state.users.erased().keys())
    state.close()
    return len(late)


def _vacuum(file: Path, statement: str, *values: str) -> None:
    try:
        with closing(sqlite3.connect(file, isolation_level=None)) as connection:
            connection.execute(statement, values)
    except sqlite3.Error as error:
        raise StateError(
            f"{file} cannot be copied ({error}) but room and a quiet moment are needed. Try again."
        ) from error


def _file_of(state: State) -> Path:
    if state.database.file is None:
        raise SettingError(
            "setting 'database_url' names no SQLite file but this command copies one. Use pg_dump and pg_restore for "
            "PostgreSQL."
        )
    return state.database.file
