"""The application: routes, error handlers and middleware."""

from __future__ import annotations

import logging
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from functools import partial
from threading import Event
from typing import TYPE_CHECKING, Final

import pandas as pd
from anyio import CapacityLimiter, create_task_group, sleep, to_thread
from fastapi import Depends, FastAPI, Request
from fastapi.middleware.cors import CORSMiddleware
from fastapi.middleware.gzip import GZipMiddleware

from llm_explain.dialogue.dialogues import Dialogues
from llm_explain.errors import LlmExplainError
from llm_explain.reports.main_parameters import MainParameters
from llm_explain.service.admission.authenticator import authenticator_of
from llm_explain.service.admission.middleware import AdmissionMiddleware
from llm_explain.service.admission.queue import AdmissionQueue
from llm_explain.service.admission.rate_limiter import RateLimiter
from llm_explain.service.admission.tokens import UserTokens
from llm_explain.service.api import docs, error_handlers, pages
from llm_explain.service.api.routes import catalogue, explanations, health, jobs, user_data
from llm_explain.service.handlers.campaigns import CampaignHandler
from llm_explain.service.handlers.catalogue_handler import CatalogueHandler
from llm_explain.service.handlers.chat import ChatHandler
from llm_explain.service.handlers.explanation_handler import ExplanationHandler
from llm_explain.service.handlers.jobs import JobsHandler
from llm_explain.service.handlers.user_context_reader import UserContextReader
from llm_explain.service.handlers.user_data_handler import UserDataHandler
from llm_explain.service.schemas.language import negotiate, preferred
from llm_explain.service.schemas.responses import ProblemDocument
from llm_explain.service.settings import ServiceSettings
from llm_explain.service.telemetry.metrics import Metrics
from llm_explain.service.telemetry.request_middleware import PREFIX, RequestMiddleware
from llm_explain.state import State
from llm_explain.state.errors import StateError
from llm_explain.state.users import now
from llm_explain.text.lexicon import untold_language

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from llm_explain.explainer import Explainer
    from llm_explain.service.handlers.user_context_reader import Clock
    from llm_explain.service.language_model import ServedModel
    from llm_explain.state.database import Database

MAX_MODEL_REQUESTS: Final = 8
"""Requests that may wait for a language model at a time; each keeps a thread, but no place in the queue."""

RECORDS_AT_ONCE: Final = 2000
RECORDS_PER_SECOND: Final = 0.2
"""Records of about 1 kB that the tokens of one user may store at once and in the long run, 17 MB a day."""

LEAST_COMPRESSED: Final = 1000
"""Smallest answer in bytes that is compressed for a client that accepts gzip."""

_PAUSE_SECONDS: Final = 0.02
"""Between two steps of warming up, which share the interpreter with requests; a step takes about five milliseconds."""
_WATCH_SECONDS: Final = 1.0
_LOG = logging.getLogger(__name__)


def create_app(
    explainer: Explainer,
    settings: ServiceSettings | None = None,
    *,
    state: State | None = None,
    clock: Clock | None = None,
    metrics: Metrics | None = None,
    model: ServedModel | None = None,
    dialogues: Dialogues | None = None,
) -> FastAPI:
    """Return the HTTP service.

    Args:
        explainer: Ranks and explains.
        settings: The operator's settings; read from the environment if not given.
        state: The stored users, events, feedback, records and keys; opened as the settings say if not given. The
            application closes it.
        clock: The present time in UTC without a zone; as the settings say if not given.
        metrics: Counters; new ones if not given.
        model: The language model that the explainer writes with, if it runs in a process of its own.
        dialogues: Conversations that are open already; none if not given.

    Returns:
        An ASGI application.
    """
    settings = settings or ServiceSettings.read()
    state = state or State(
        settings.database_url.get_secret_value(),
        pepper=settings.key_pepper.get_secret_value(),
        record_share=settings.record_share,
    )

    @asynccontextmanager
    async def _lifespan(_: FastAPI) -> AsyncIterator[None]:
        oldest = now() - timedelta(days=settings.record_days)
        with suppress(StateError):  # the service answers with a full or busy storage too
            await to_thread.run_sync(state.records.prune, oldest)
        async with create_task_group() as tasks:
            if explainer.is_changeable:
                tasks.start_soon(_repeat, explainer.catalogue.refresh)
                tasks.start_soon(_repeat, app.state.dialogues.renew)
            tasks.start_soon(_repeat, partial(_overwrite, state.database))
            yield
            tasks.cancel_scope.cancel()
        await to_thread.run_sync(state.close)

    app = FastAPI(
        title="llm-explain",
        summary="Recommendations with one true sentence that says why.",
        version="1",
        responses={"4XX": {"model": ProblemDocument}, "5XX": {"model": ProblemDocument}},
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        generate_unique_id_function=docs.name_of,
        separate_input_output_schemas=False,  # what has a default is optional in answers too
        dependencies=[Depends(_negotiate)],
        lifespan=_lifespan,
        redirect_slashes=False,  # a redirect would name the host that the client sent
    )
    app.state.settings, app.state.state, app.state.model = settings, state, model
    app.state.locale = explainer.locale
    if told := untold_language(explainer.shop.shop.locale):
        _LOG.warning(told)
    app.state.dialogues = dialogues or Dialogues(explainer)
    app.state.jobs_handler, app.state.jobs_limiter = JobsHandler(settings, state), CapacityLimiter(1)
    _add_handlers(app, explainer, state, clock or (now if settings.as_of == "now" else None))
    app.state.thread_limiter = CapacityLimiter(settings.max_running + MAX_MODEL_REQUESTS)
    app.state.tokens = UserTokens(state.token_secret)
    app.state.record_budget = RateLimiter(
        per_second=RECORDS_PER_SECOND, burst=RECORDS_AT_ONCE, max_keys=settings.rate_keys
    )
    error_handlers.install(app)
    users = (user_data.router, user_data.storefront_router, user_data.admin_router)
    items = (catalogue.router, catalogue.storefront_router, catalogue.admin_router)
    for router in (explanations.router, *users, *items, jobs.router):
        app.include_router(router, prefix=PREFIX)
    app.include_router(health.router)
    docs.install(app)
    pages.install(app, with_shop=settings.demo_shop)
    _add_middleware(app, settings, metrics or Metrics())
    app.state.metrics.watch_explainer(explainer, lambda: pd.Timestamp(now()))
    _watch_storage(app.state.metrics, state)
    return app


def _add_handlers(app: FastAPI, explainer: Explainer, state: State, clock: Clock | None) -> None:
    """Put the handlers into the application's state, where the routes find them."""
    reader = UserContextReader(explainer, state, clock)
    handler = app.state.explanation_handler = ExplanationHandler(explainer, reader)
    app.state.user_data_handler = UserDataHandler(state, handler, reader, kinds=explainer.kinds)
    if explainer.is_changeable:
        explainer.catalogue.keep_in(state.changes)
    staff = app.state.jobs_handler.staff
    app.state.chat_handler = ChatHandler(explainer, reader, state, app.state.dialogues, staff)
    app.state.chat_limiter = CapacityLimiter(1)
    app.state.campaign_handler = CampaignHandler(explainer, reader)
    app.state.catalogue_handler = CatalogueHandler(explainer, handler.items, clock)
    parameters = app.state.main_parameters = MainParameters(explainer)

    def prepare() -> None:
        """Do what would make the first answer late; the process is ready afterwards."""
        for user_id in explainer.events.user_ids[:1]:
            explainer.recommend(user_id)

    def warm_up() -> None:
        """Do what would make later answers late, while requests are answered."""
        explainer.writer.warm_up(explainer.locale, pause_seconds=_PAUSE_SECONDS)
        parameters.describe(explainer.locale)
        app.state.dialogues.open_all(explainer.locale)

    app.state.prepare = prepare
    app.state.warm_up = warm_up


async def _negotiate(request: Request) -> None:
    preferred.set(negotiate(request.headers.get("accept-language", ""), request.app.state.locale))


async def _repeat(work: Callable[[], object]) -> None:
    """Repeat some work while the service runs."""
    while True:
        await sleep(_WATCH_SECONDS)
        try:
            await to_thread.run_sync(work)
        except LlmExplainError as error:
            _LOG.warning("work on the storage failed: %s", type(error).__name__)


def _overwrite(database: Database) -> None:
    if database.must_overwrite:
        database.overwrite(waits=False)


def _watch_storage(metrics: Metrics, state: State) -> None:
    metrics.watch("storage_up", "Whether the storage answers.", lambda: float(state.database.answers()))
    metrics.watch("storage_size_bytes", "Size of the storage.", lambda: float(state.database.size()))


def _add_middleware(app: FastAPI, settings: ServiceSettings, metrics: Metrics) -> None:
    """Surround the application; the middleware that is added last is the outermost."""
    drain = Event()
    queue = AdmissionQueue(max_running=settings.max_running, max_waiting=settings.max_waiting)
    metrics.watch("queue_waiting", "Requests that wait for a place.", lambda: queue.n_waiting)
    metrics.watch("queue_running", "Requests that have a place.", lambda: queue.n_running)
    metrics.watch("queue_work_seconds", "Smoothed time for which a request has its place.", lambda: queue.work_seconds)
    metrics.watch("draining", "Whether the process is about to end.", lambda: float(drain.is_set()))
    app.state.metrics, app.state.drain, app.state.admission_queue = metrics, drain, queue
    app.add_middleware(GZipMiddleware, minimum_size=LEAST_COMPRESSED, compresslevel=5)
    state: State = app.state.state
    authenticator = app.state.authenticator = authenticator_of(settings, state, app.state.tokens)
    app.add_middleware(
        AdmissionMiddleware, settings=settings, queue=queue, metrics=metrics, authenticator=authenticator
    )
    app.add_middleware(RequestMiddleware, metrics=metrics, drain=drain)
    if settings.cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=settings.cors_origins,
            allow_methods=["GET", "POST", "PUT", "PATCH", "DELETE"],
            allow_headers=["Authorization", "Content-Type", "Idempotency-Key", "If-Match"],
            expose_headers=["ETag", "Retry-After", "X-Request-ID"],
        )
