"""A browser, a site with the pages alone, and pages in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from fastapi import FastAPI, Response
from playwright.sync_api import expect

from llm_explain.service.api import pages
from tests.llm_explain.service.shopfront.chromium import LIMIT_MS, Visit, browsers
from tests.llm_explain.service.shopfront.fake_service import USER, FakeService, item
from tests.llm_explain.service.shopfront.served import served

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Return a real Chromium; it ends with the module, because Playwright's event loop would stop those of others."""
    expect.set_options(timeout=LIMIT_MS)
    yield from browsers()


@pytest.fixture(scope="session")
def site() -> Iterator[str]:
    """Return the address of the pages: the demo shop at ``/``, and a page of some other shop at ``/card``."""
    app = FastAPI()

    @app.get("/card")
    def card(n: int = 2, attributes: str = "") -> Response:
        cards = "".join(
            f'<why-this item="i{place}" user="{USER}" name="Cheese i{place}" {attributes}></why-this>'
            for place in range(1, n + 1)
        )
        head = '<meta charset="utf-8"><title>Card</title><script type="module" src="/static/why-this.js"></script>'
        html = (
            f'<!doctype html><html lang="en"><head>{head}</head><body><main><h1>Cards</h1>{cards}</main></body></html>'
        )
        return Response(html, media_type="text/html", headers=pages.PAGE_HEADERS)

    pages.install(app)
    with served(app) as address:
        yield address


@pytest.fixture
def visit(browser: Browser) -> Iterator[Callable[..., Visit]]:
    """Return a way to open pages; in the end nothing may have gone wrong on them that the test did not expect."""
    open_visits: list[Visit] = []

    def start(**options: Any) -> Visit:
        open_visits.append(Visit(browser, **options))
        return open_visits[-1]

    yield start
    for each in open_visits:
        each.close()
    assert [each.complaints for each in open_visits if each.complaints] == []


@pytest.fixture
def shop() -> FakeService:
    """Return a service that knows four cheeses."""
    return FakeService([item(f"i{place}") for place in range(1, 5)])
