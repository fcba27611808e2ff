"""``similar`` and ``complete``: items for pages without a user."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from llm_explain.cli import options
from llm_explain.cli.console import OUT, write_json_lines
from llm_explain.cli.opening import open_explainer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llm_explain.answers import RelatedItem
    from llm_explain.explainer import Explainer

Items = Annotated[list[str], typer.Option("--item", metavar="I", help="An item's id; may be given several times.")]


def similar(
    item: Annotated[str, typer.Option("--item", metavar="I", help="An item's id in the items table.")],
    k: options.K = 10,
    artifacts: options.Artifacts = options.DEFAULT_ARTIFACTS,
    locale: options.Locale = None,
    json: options.Json = False,
) -> None:
    """List items that go with an item, for its page, and what the shop's counts say of each."""
    explainer = open_explainer(artifacts)
    _print(explainer, explainer.similar(item, k=k, locale=locale), title=explainer.titles[item], json=json)


def complete(
    item: Items,
    k: options.K = 10,
    artifacts: options.Artifacts = options.DEFAULT_ARTIFACTS,
    locale: options.Locale = None,
    json: options.Json = False,
) -> None:
    """List items that were bought together with those of a basket."""
    explainer = open_explainer(artifacts)
    title = " + ".join(explainer.titles[each] for each in item if each in explainer.titles)
    _print(explainer, explainer.complete(item, k=k, locale=locale), title=title, json=json)


def _print(explainer: Explainer, found: Sequence[RelatedItem], *, title: str, json: bool) -> None:
    if json:
        write_json_lines(each.to_dict() for each in found)
        return
    table = Table("item", "title", "what the counts say", title=title, title_justify="left")
    for each in found:
        table.add_row(each.item_id, explainer.titles[each.item_id], each.text.text if each.text else "")
    OUT.print(table)
