"""The application: routes, problems, and what surrounds them."""

from __future__ import annotations

from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from anyio import to_thread
from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware

from llm_explain.service import pages, problems
from llm_explain.service.accounts import Accounts
from llm_explain.service.asking import Threads
from llm_explain.service.auth import Doorkeeper
from llm_explain.service.desk import Desk
from llm_explain.service.main_parameters import MainParameters
from llm_explain.service.operation import MAX_RESTING, operate
from llm_explain.service.readers import Readers
from llm_explain.service.replies import ProblemDocument
from llm_explain.service.routes import accounting, recommending, shop
from llm_explain.service.settings import ServiceSettings
from llm_explain.service.showroom import Showroom
from llm_explain.service.state import State
from llm_explain.service.state.errors import StateError
from llm_explain.service.state.people import now
from llm_explain.service.visits import Visits

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from llm_explain.explainer import Explainer
    from llm_explain.service.metrics import Metrics
    from llm_explain.service.model_worker import ServedModel
    from llm_explain.service.visits import Clock

DEFAULT_LOCALE: Final = "en"
_PAUSE_SECONDS: Final = 0.02
"""Between two steps of warming up, which requests share the interpreter with: a step takes about five milliseconds."""
_PROBLEM: Final = {"model": ProblemDocument, "content": {problems.MEDIA_TYPE: {}}}


def create_app(
    explainer: Explainer,
    settings: ServiceSettings | None = None,
    *,
    state: State | None = None,
    clock: Clock | None = None,
    metrics: Metrics | None = None,
    model: ServedModel | None = None,
) -> FastAPI:
    """Return the HTTP service.

    Args:
        explainer: Ranks and explains.
        settings: What the operator set; the defaults if not given.
        state: What is kept; opened as the settings say if not given. It is closed when the application ends.
        clock: The shop's present moment, in UTC without a zone; as the settings say if not given.
        metrics: Counters; new ones if not given.
        model: The language model that the explainer writes with, if it runs in a process of its own.

    Returns:
        An ASGI application.
    """
    settings = settings or ServiceSettings.read()
    state = state or State(settings.database_url.get_secret_value(), pepper=settings.key_pepper.get_secret_value())

    @asynccontextmanager
    async def _life(_: FastAPI) -> AsyncIterator[None]:
        oldest = now() - timedelta(days=settings.record_days)
        with suppress(StateError):  # a full or busy storage does not keep anybody from an answer
            await to_thread.run_sync(state.records.prune, oldest)
        yield
        await to_thread.run_sync(state.close)

    app = FastAPI(
        title="llm-explain",
        summary="Recommendations with one true sentence that says why.",
        version="1",
        responses={"4XX": _PROBLEM, "5XX": _PROBLEM},
        lifespan=_life,
    )
    app.state.settings, app.state.state = settings, state
    _furnish(app, explainer, state, clock or (now if settings.moment == "now" else None))
    app.state.work = Threads(settings.max_running + MAX_RESTING)
    app.state.doorkeeper = Doorkeeper(state.keys if settings.auth else None)
    problems.install(app)
    demo = (shop.demo_router,) if settings.demo_shop else ()
    for router in (recommending.router, accounting.router, accounting.admin_router, shop.router, *demo):
        app.include_router(router, prefix="/v1")
    pages.install(app, with_shop=settings.demo_shop)
    operate(app, settings, metrics=metrics, model=model)
    if settings.cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=settings.cors_origins,
            allow_methods=["GET", "POST", "PUT"],
            allow_headers=["Authorization", "Content-Type", "X-API-Key", "Idempotency-Key"],
        )
    return app


def _furnish(app: FastAPI, explainer: Explainer, state: State, clock: Clock | None) -> None:
    """Put everything that routes ask into the application's state."""
    visits = Visits(explainer, clock)
    readers = Readers(visits, state, explainer)
    desk = Desk(explainer, readers)
    app.state.desk = desk
    app.state.accounts = Accounts(state, desk, visits, readers)
    parameters = app.state.main_parameters = MainParameters(explainer)
    app.state.showroom = Showroom(explainer, desk.items, state)

    def prepare() -> None:
        """Do once what the first answer would have to wait for: who says that it is ready answers in time."""
        for user_id in explainer.events.user_ids[:1]:
            explainer.recommend(user_id)

    def warm_up() -> None:
        """Do once what later answers would have to wait for; requests are answered meanwhile."""
        explainer.writer.warm_up(DEFAULT_LOCALE, pause_seconds=_PAUSE_SECONDS)
        parameters.tell(DEFAULT_LOCALE)

    app.state.prepare = prepare
    app.state.warm_up = warm_up
