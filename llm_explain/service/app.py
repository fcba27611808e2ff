"""The application: routes, problems, and what surrounds them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from fastapi import FastAPI

from llm_explain.service import problems
from llm_explain.service.asking import Threads
from llm_explain.service.desk import Desk
from llm_explain.service.operation import MAX_RESTING, operate
from llm_explain.service.replies import ProblemDocument
from llm_explain.service.routes import recommending
from llm_explain.service.settings import ServiceSettings

if TYPE_CHECKING:
    from llm_explain.explainer import Explainer
    from llm_explain.service.metrics import Metrics
    from llm_explain.service.model_worker import ServedModel
    from llm_explain.service.visits import Clock

_PROBLEM: Final = {"model": ProblemDocument, "content": {problems.MEDIA_TYPE: {}}}


def create_app(
    explainer: Explainer,
    settings: ServiceSettings | None = None,
    *,
    clock: Clock | None = None,
    metrics: Metrics | None = None,
    model: ServedModel | None = None,
) -> FastAPI:
    """Return the HTTP service.

    Args:
        explainer: Ranks and explains.
        settings: What the operator set; the defaults if not given.
        clock: The shop's present moment, in UTC without a zone; that of the statistics or of the user's latest event
            if not given.
        metrics: Counters; new ones if not given.
        model: The language model that the explainer writes with, if it runs in a process of its own.

    Returns:
        An ASGI application.
    """
    settings = settings or ServiceSettings.read()
    app = FastAPI(
        title="llm-explain",
        summary="Recommendations with one true sentence that says why.",
        version="1",
        responses={"4XX": _PROBLEM, "5XX": _PROBLEM},
    )
    app.state.settings = settings
    app.state.desk = Desk(explainer, clock=clock)
    app.state.work = Threads(settings.max_running + MAX_RESTING)
    problems.install(app)
    app.include_router(recommending.router, prefix="/v1")
    operate(app, settings, metrics=metrics, model=model)
    return app
