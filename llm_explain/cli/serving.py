"""``serve``: the HTTP service of one shop."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from llm_explain.cli import options
from llm_explain.cli.console import note
from llm_explain.errors import MissingExtraError


def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on.", show_default="127.0.0.1")] = None,
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="Port.", show_default="8000")] = None,
    artifacts: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Folder that `llm-explain train` wrote.")
    ] = options.DEFAULT_ARTIFACTS,
    no_auth: Annotated[bool, typer.Option("--no-auth", help="Answer without an API key, for local use.")] = False,
) -> None:
    """Serve recommendations and explanations over HTTP."""
    try:
        import uvicorn

        from llm_explain.service.app import create_app
        from llm_explain.service.settings import ServiceSettings
    except ModuleNotFoundError as error:
        raise MissingExtraError(
            f"{error.name} is not installed but the service needs it. Run: pip install 'llm-explain[serve]'"
        ) from error
    from llm_explain.explainer import Explainer

    settings = ServiceSettings.read(host=host, port=port, artifacts=artifacts, auth=False if no_auth else None)
    explainer = Explainer.load(settings.artifacts, language_model=settings.language_model)
    note(f"http://{settings.host}:{settings.port}  (documentation at /docs)")
    uvicorn.run(create_app(explainer, settings), host=settings.host, port=settings.port, log_level="warning")
