"""``chat``: a conversation about a user's list."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from llm_explain.cli import options
from llm_explain.cli.console import OUT, note, write_json_lines
from llm_explain.cli.opening import open_explainer
from llm_explain.errors import SettingError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from llm_explain.dialogue import Turn
    from llm_explain.dialogue.staff import Staff
    from llm_explain.explainer import Explainer


def chat(
    user: options.User,
    artifacts: options.Artifacts = options.DEFAULT_ARTIFACTS,
    locale: options.Locale = None,
    k: options.K = 10,
    role: Annotated[Literal["shopper", "staff"], typer.Option(help="Who asks.")] = "shopper",
    churn: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Folder that `churn train` wrote, for staff.")
    ] = None,
    data: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Tables that the churn model is asked about.")
    ] = None,
    demand: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Folder that `demand train` wrote, for staff.")
    ] = None,
    stock: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Stock table: item_id, on_hand, …; with --demand.")
    ] = None,
    json: options.Json = False,
) -> None:
    """Answer messages about the list of a user: one a line on stdin. Nothing changes without a confirmation."""
    from llm_explain.dialogue import Dialogue

    explainer = open_explainer(artifacts)
    dialogue = Dialogue(explainer, locale=locale, staff=open_staff(churn, data, demand, stock, explainer.as_of))
    context = dialogue.start(user, k=k)
    if not json:
        _print_list(explainer, context.items)
        note("Ask about the list; an empty line ends.")
    for line in sys.stdin:
        if not line.strip():
            if json:
                continue
            break
        turn = dialogue.reply(user, line, context, role=role)
        if not json and (turn.context.staff_user or user) != (context.staff_user or user):
            _print_list(explainer, turn.context.items)
        context = turn.context
        if json:
            write_json_lines([turn.to_dict()])
            OUT.file.flush()
        else:
            _print(turn)


def _print_list(explainer: Explainer, items: Sequence[str]) -> None:
    for place, item in enumerate(items, start=1):
        OUT.print(f"{place:>3}  {explainer.titles[item]}")


def _print(turn: Turn) -> None:
    OUT.print(turn.text)
    if turn.change is not None:
        note("This holds until the conversation ends: `chat` stores nothing.")
    for place, choice in enumerate(turn.choices, start=1):
        OUT.print(f"  {place}. {choice}")
    if "sql" in turn.data:
        OUT.print("\n".join(turn.data["sql"].values()), style="dim")


def open_staff(
    churn: Path | None, data: Path | None, demand: Path | None, stock: Path | None, as_of: pd.Timestamp | None
) -> Staff | None:
    """Open the models that members of staff ask; ``None`` if none is named."""
    if stock is not None and demand is None:
        raise SettingError("--stock is given but --demand is not. Give the folder that `demand train` wrote.")
    if churn is None and demand is None:
        return None
    from llm_explain.dialogue.staff import DemandAdvice, Staff
    from llm_explain.importers.any_table import read_any_table
    from scoring.demand.stock import read_stock

    held = None if stock is None else read_stock(read_any_table(stock))
    advice = None if demand is None else DemandAdvice.read(demand, held)
    if churn is None:
        return Staff(demand=advice)
    if data is None:
        raise SettingError("--churn is given but --data is not. Give the folder of the tables, or the customers' file.")
    from llm_explain.jobs.churn.opening import open_churn

    job = open_churn(churn, data, as_of=as_of)
    return Staff(churn=job, actions=job.kept_actions(churn), demand=advice, tables=data if data.is_dir() else None)
