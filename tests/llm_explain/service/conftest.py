"""The service on the small shop."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from starlette.testclient import TestClient

    from llm_explain import Explainer

HERE = Path(__file__).parent
for folder in (HERE, HERE.parents[2] / "benchmarks" / "chaos"):
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))  # `import asgi`, and the proofs

Serve = Callable[..., "TestClient"]


@pytest.fixture(scope="session")
def explainer(shop_artifacts: Path) -> Explainer:
    from llm_explain import Explainer

    return Explainer.load(shop_artifacts, language_model=None)


def _served(explainer: Explainer, folder: Path, **settings: object) -> TestClient:
    from starlette.testclient import TestClient

    from llm_explain.service.app import create_app
    from llm_explain.service.settings import ServiceSettings

    url = f"sqlite:///{folder / 'service.db'}"
    given = {
        "auth": False,
        "database_url": url,
        "rate_per_second": 0,
        "as_of": "snapshot",
        "deadline_seconds": 60,
        **settings,
    }
    return TestClient(create_app(explainer, ServiceSettings(**given)), raise_server_exceptions=False)


@pytest.fixture
def serve(explainer: Explainer, tmp_path: Path) -> Iterator[Serve]:
    """Return a function that starts the service in this process; ``auth`` is off unless it is asked for."""
    opened: list[TestClient] = []

    def start(**settings: object) -> TestClient:
        client = _served(explainer, tmp_path, **settings)
        opened.append(client.__enter__())
        return client

    yield start
    for client in opened:
        client.__exit__(None, None, None)


@pytest.fixture
def changeable(shop_artifacts: Path, tmp_path: Path) -> Iterator[TestClient]:
    """The service with an explainer of its own, whose catalogue a test may change."""
    from llm_explain import Explainer

    with _served(Explainer.load(shop_artifacts, language_model=None), tmp_path) as client:
        yield client


@pytest.fixture
def client(serve: Serve) -> TestClient:
    return serve()
