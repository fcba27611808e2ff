"""Pages: the web component for any shop, and a demo shop with an analyst's page, which use the public API alone.

The page may load scripts, styles and pictures from this very origin and nothing else, may not run a script that stands
inside it, and may not turn a text into markup, so that no title of a catalogue can do harm. The component's own files
may be loaded by the pages of any origin.
"""

from __future__ import annotations

import hashlib
import json
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from starlette.exceptions import HTTPException
from starlette.staticfiles import StaticFiles

from llm_explain.errors import PromptError
from llm_explain.text.lexicon import folder_of, load_lexicon
from llm_explain.text.storefront import storefront_words

if TYPE_CHECKING:
    from fastapi import FastAPI
    from starlette.types import Scope

STATIC: Final = Path(__file__).parents[1] / "static"
DEMO: Final = ("shop", "analyst")
_TAG: Final = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")

_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
)
PAGE_HEADERS: Final = {
    "Content-Security-Policy": _POLICY,
    "Cache-Control": "no-cache",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
"""Headers of the demo's pages."""

FILE_HEADERS: Final = {
    "Access-Control-Allow-Origin": "*",
    "Cache-Control": "public, max-age=300",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "X-Content-Type-Options": "nosniff",
}
"""Headers of scripts, styles, pictures and words, which hold no personal data."""


class _Files(StaticFiles):
    """Static files with their headers.

    Args:
        with_shop: Whether the demo's files are given.
    """

    def __init__(self, *, with_shop: bool) -> None:
        super().__init__(directory=STATIC)
        self._with_shop = with_shop

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Return a file.

        Args:
            path: Its path below the folder.
            scope: What is asked.

        Returns:
            The response.

        Raises:
            HTTPException: If the demo is off and the file belongs to it.
        """
        if not self._with_shop and Path(path).parts[:1] in {(name,) for name in DEMO}:
            raise HTTPException(404)
        response = await super().get_response(path, scope)
        response.headers.update(PAGE_HEADERS if path.endswith(".html") else FILE_HEADERS)
        return response


def install(app: FastAPI, *, with_shop: bool = True) -> None:
    """Give an application its pages.

    Args:
        app: The application.
        with_shop: Whether the demo shop is given; ``/`` leads to it.
    """
    router = APIRouter(include_in_schema=False)
    router.add_api_route("/static/texts/{locale}.json", _texts, methods=["GET"])
    if with_shop:
        router.add_api_route("/", _shop, methods=["GET"])
    app.include_router(router)
    app.mount("/static", _Files(with_shop=with_shop), name="static")


async def _shop(request: Request) -> Response:
    """Lead to the demo shop; the address is relative, so that no host is named."""
    query = f"?{request.url.query}" if request.url.query else ""
    return RedirectResponse(f"static/shop/index.html{query}", 307)


def _texts(locale: str, request: Request) -> Response:  # in a thread: a language takes a third of a second to read
    """Return the words of a locale or of its language; else those of the shop, in whose language sentences are then."""
    if _TAG.fullmatch(locale) is None:
        raise HTTPException(404)
    for name in (locale, locale.split("-")[0], getattr(request.app.state, "locale", "")):
        try:
            text, tag = _words_of(folder_of(name)[0])
        except PromptError:
            continue
        return Response(text, media_type="application/json", headers={**FILE_HEADERS, "ETag": tag})
    raise HTTPException(404)


@cache
def _words_of(folder: str) -> tuple[str, str]:
    """Return the words of a folder as JSON, and their ETag; kept, because requests without a key ask for them."""
    text = json.dumps(storefront_words(load_lexicon(folder)), ensure_ascii=False)
    return text, f'"{hashlib.sha256(text.encode()).hexdigest()[-32:]}"'
