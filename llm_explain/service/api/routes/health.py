"""Liveness, readiness and metrics, for the operator's machines."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING, cast

from anyio import to_thread
from fastapi import APIRouter, Request, Response

from llm_explain.service.schemas.responses import Health, Status

if TYPE_CHECKING:
    from threading import Event

    from llm_explain.service.admission.authenticator import Authenticator
    from llm_explain.service.settings import ServiceSettings
    from llm_explain.service.telemetry.metrics import Metrics
    from llm_explain.state import State

router = APIRouter(tags=["operating"])


@router.head("/healthz", include_in_schema=False)
@router.get("/healthz", summary="Whether the process is alive")
async def healthz() -> Health:
    """Answer as long as the event loop runs; start a process that does not answer again."""
    return Health(status="ok")


@router.head("/readyz", include_in_schema=False)
@router.get("/readyz", summary="Whether the process takes requests", response_model=Health)
async def readyz(request: Request) -> Response:
    """Answer 200 if the first sentence would come in time; 503 if storage fails or the process is about to end."""
    is_draining = cast("Event", request.app.state.drain).is_set()
    state = cast("State", request.app.state.state)
    checks = {"storage": await to_thread.run_sync(state.database.answers)}
    if (model := request.app.state.model) is not None:
        checks["language_model"] = model.is_ready
    status: Status = "draining" if is_draining else "ok" if checks["storage"] else "unavailable"
    return Response(
        Health(status=status, checks=checks).model_dump_json(),
        status_code=200 if status == "ok" else 503,
        media_type="application/json",
    )


@router.get("/metrics", summary="Prometheus metrics", response_class=Response)
async def metrics(request: Request) -> Response:
    """Return everything that is counted, for ``metrics_token``; for a key of any scope if that is not set."""
    settings = cast("ServiceSettings", request.app.state.settings)
    authenticator = cast("Authenticator", request.app.state.authenticator)
    if settings.metrics_token is None:
        (await authenticator.caller(request.scope)).require("storefront")
    else:
        given = request.headers.get("authorization", "").removeprefix("Bearer ")
        if not hmac.compare_digest(given.encode(), settings.metrics_token.get_secret_value().encode()):
            authenticator.refuse(request.scope)
    counted = cast("Metrics", request.app.state.metrics)
    return Response(await to_thread.run_sync(counted.render), headers={"content-type": counted.CONTENT_TYPE})
