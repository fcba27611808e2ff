"""The OpenAPI document at ``/openapi.json`` and its page at ``/docs``: no CDN, and behind a key where keys are on."""

from __future__ import annotations

import json
from base64 import b64decode
from contextlib import suppress
from functools import partial
from importlib import resources
from typing import TYPE_CHECKING, Any, Final

from fastapi import APIRouter, Depends, FastAPI, Request, Response
from fastapi.openapi.docs import get_swagger_ui_html
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse
from starlette.staticfiles import StaticFiles

from llm_explain.service.schemas.problems import MEDIA_TYPE, ServiceProblem

if TYPE_CHECKING:
    from fastapi.routing import APIRoute

DOCUMENT: Final = "/openapi.json"
FILES: Final = "/static-docs"


def name_of(route: APIRoute) -> str:
    """Return the operation id of a route."""
    return route.name


async def reader(request: Request) -> None:
    """Require a key of any scope; a browser sends it as the password of Basic authentication."""
    scope, password = request.scope, b""
    kind, _, word = request.headers.get("authorization", "").partition(" ")
    if kind.lower() == "basic":
        with suppress(ValueError):  # what cannot be read is a wrong key
            password = b64decode(word).partition(b":")[2]
        scope = {**scope, "headers": [(b"x-api-key", password)]}
    try:
        (await request.app.state.authenticator.caller(scope)).require("storefront")
    except ServiceProblem as error:
        raise HTTPException(401, headers={"WWW-Authenticate": 'Basic realm="API key as the password"'}) from error


def install(app: FastAPI) -> None:
    """Give an application its document and its page.

    Args:
        app: The application; FastAPI's own pages must be off.
    """
    app.openapi = partial(document_of, app)  # type: ignore[method-assign]
    router = APIRouter(include_in_schema=False, dependencies=[Depends(reader)])
    router.add_api_route(DOCUMENT, _document)
    router.add_api_route("/docs", _page)
    app.include_router(router)
    app.mount(FILES, StaticFiles(directory=str(resources.files("fastapi_offline") / "static")))


def _document(request: Request) -> Response:  # in a thread: it takes half a second to build
    return JSONResponse(request.app.openapi())


async def _page() -> Response:
    return get_swagger_ui_html(
        openapi_url=DOCUMENT,
        title="llm-explain",
        swagger_js_url=f"{FILES}/swagger-ui-bundle.js",
        swagger_css_url=f"{FILES}/swagger-ui.css",
        swagger_favicon_url=f"{FILES}/favicon.png",
    )


def document_of(app: FastAPI) -> dict[str, Any]:
    """Return the OpenAPI document, whose problems have their own media type.

    A default stands in the description of a field: generators take a field with a default for one that is always there.

    Args:
        app: The application.

    Returns:
        The document; computed once.
    """
    is_new = app.openapi_schema is None
    document = FastAPI.openapi(app)
    if is_new:
        for path in document["paths"].values():
            for operation in path.values():
                responses = operation["responses"]
                responses.pop("422", None)
                for status in ("4XX", "5XX"):
                    responses[status]["content"] = {MEDIA_TYPE: responses[status]["content"]["application/json"]}
        schemas = document["components"]["schemas"]
        for name in ("HTTPValidationError", "ValidationError"):
            schemas.pop(name, None)
        for field in (field for schema in schemas.values() for field in schema.get("properties", {}).values()):
            if "default" in field:
                field["description"] = f"Default: {json.dumps(field.pop('default'))}."
    return document
