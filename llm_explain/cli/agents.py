"""``mcp``: tools for AI agents over stdio or streamable HTTP."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from llm_explain.cli import options
from llm_explain.cli.chatting import open_staff
from llm_explain.cli.console import write_json_lines
from llm_explain.cli.opening import open_explainer
from llm_explain.errors import MissingExtraError

if TYPE_CHECKING:
    from llm_explain.agents.toolbox import Scope
    from llm_explain.dialogue.staff import Staff
    from llm_explain.explainer import Explainer


def mcp(
    artifacts: options.Artifacts = options.DEFAULT_ARTIFACTS,
    http: Annotated[bool, typer.Option("--http", help="Streamable HTTP at /mcp, with the service's keys.")] = False,
    host: Annotated[str, typer.Option(help="Address to listen on, with --http.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port, with --http.")] = 8001,
    user: Annotated[
        str | None, typer.Option("--user", metavar="U", help="Over stdio: only this user may be asked about.")
    ] = None,
    churn: Annotated[
        Path | None, typer.Option("--churn", metavar="DIR", help="Folder that `churn train` wrote, for admins.")
    ] = None,
    data: Annotated[
        Path | None, typer.Option("--data", metavar="DIR", help="Tables that the churn model is asked about.")
    ] = None,
    demand: Annotated[
        Path | None, typer.Option("--demand", metavar="DIR", help="Folder that `demand train` wrote, for admins.")
    ] = None,
    stock: Annotated[
        Path | None, typer.Option("--stock", metavar="FILE", help="Stock table: item_id, on_hand, …; with --demand.")
    ] = None,
    locale: options.Locale = None,
    openai: Annotated[bool, typer.Option("--openai", help="Print the tools as an OpenAI-style list, and end.")] = False,
) -> None:
    """Serve recommendations and reasons to AI agents (Model Context Protocol)."""
    with MissingExtraError.unless_installed("the command mcp", "agents"):
        from llm_explain.agents.mcp_server import mcp_server, openai_tools
    from llm_explain.agents.toolbox import Toolbox

    explainer = open_explainer(artifacts)
    staff = open_staff(churn, data, demand, stock, None if http else explainer.as_of)
    if http:
        _serve_http(explainer, staff, locale, host, port)
        return
    scope: tuple[Scope, str | None] = ("admin", None) if user is None else ("user", user)
    server = mcp_server(Toolbox(explainer, lambda: scope, staff=staff, locale=locale))
    if openai:
        write_json_lines(openai_tools(asyncio.run(server.list_tools())))
        return
    server.run("stdio")


def _serve_http(explainer: Explainer, staff: Staff | None, locale: str | None, host: str, port: int) -> None:
    """Serve with the keys of the HTTP service's state, which its settings name."""
    import torch
    import uvicorn

    from llm_explain.agents.http import caller, guard
    from llm_explain.agents.mcp_server import mcp_server
    from llm_explain.agents.stored_users import StoredUsers
    from llm_explain.agents.toolbox import Toolbox
    from llm_explain.cli.logs import configure_logs
    from llm_explain.cli.server import config_of
    from llm_explain.service.settings import ServiceSettings
    from llm_explain.state import State
    from llm_explain.state.users import now

    settings = ServiceSettings.read(host=host, port=port)
    state = State(settings.database_url.get_secret_value(), pepper=settings.key_pepper.get_secret_value())
    stored = StoredUsers(explainer, state, now if settings.as_of == "now" else None)
    server = mcp_server(Toolbox(explainer, caller, staff=staff, locale=locale, stored=stored))
    torch.set_num_threads(settings.threads)
    for user_id in explainer.events.user_ids[:1]:  # what is read for the first list would make the first answer late
        explainer.recommend(user_id, locale=locale)
    configure_logs(settings.log_level)  # after the server, which sets up logs of its own
    app = server.streamable_http_app(stateless_http=True, json_response=True, host=host)
    guard(app, settings, state)
    try:
        uvicorn.Server(config_of(app, settings)).run()
    finally:
        state.close()
