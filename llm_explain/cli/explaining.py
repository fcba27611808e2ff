"""``explain``, ``shelf``, ``whatif`` and ``contrast``: what the explainer answers about items."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table
from rich.text import Text

from llm_explain.cli import options
from llm_explain.cli.console import OUT, note, write_json_lines
from llm_explain.cli.opening import open_explainer, say_if_cold
from llm_explain.errors import SettingError

if TYPE_CHECKING:
    from llm_explain.explainer import Explainer
    from llm_explain.records import Explanation


def explain(
    user: options.User,
    item: Annotated[list[str], typer.Option("--item", metavar="I", help="An item's id; may be given several times.")],
    artifacts: options.Artifacts = options.DEFAULT_ARTIFACTS,
    as_of: options.AsOf = None,
    channel: options.Channel = "",
    events: options.Events = None,
    tone: options.ToneOption = None,
    locale: options.Locale = None,
    surface: options.Surface = None,
    max_length: options.MaxLength = None,
    language_model: options.LanguageModel = "auto",
    no_language_model: options.NoLanguageModel = False,
    sources: options.Sources = "phrasebook,lm,template",
    json: options.Json = False,
    plot: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Save a waterfall of the first item as SVG; extra shap.")
    ] = None,
) -> None:
    """Say why items score as they do for a user."""
    if plot is not None and plot.suffix.lower() != ".svg":
        raise SettingError(f"--plot is {plot} but a file whose name ends in .svg is needed. Rename it.")
    explainer = open_explainer(artifacts, events, None if no_language_model else language_model)
    say_if_cold(explainer, user, as_of)
    rows = explainer.explain(
        user,
        item,
        as_of=options.moment(as_of),
        channel=channel,
        tone=tone,
        locale=locale,
        surface=surface,
        max_length=max_length,
        sources=sources.split(","),
    )
    if json:
        write_json_lines(row.to_dict() for row in rows)
    else:
        for row in rows:
            _print_one(explainer, row)
    if plot is not None:
        _draw(plot, rows[0], explainer.titles[str(rows[0].item_id)])


def _draw(path: Path, row: Explanation, title: str) -> None:
    """Save a waterfall from base value to score; its text stays text."""
    waterfall = row.attribution.to_shap()  # first, because it names the extra that is missing
    from matplotlib import pyplot as plt
    from shap import plots

    path.parent.mkdir(parents=True, exist_ok=True)
    with plt.rc_context({"svg.fonttype": "none"}):
        axes = plots.waterfall(waterfall, show=False)
        axes.set_title(title, parse_math=False)
        axes.figure.savefig(path, bbox_inches="tight")
    plt.close(axes.figure)
    note(f"Picture: {path.resolve()}")


def _print_one(explainer: Explainer, row: Explanation) -> None:
    sentence = row.text.text if row.text else f"(no sentence: {row.reason_code})"
    rank = f"rank {row.rank:,}" if row.rank else "not a candidate"
    item_id = row.subject["item_id"]
    title = Text(explainer.titles[item_id] or f"item {item_id}", style="bold")
    OUT.print(title.append(f"  ({rank}, score {row.attribution.score:.2f})", style="not bold"))
    OUT.print(sentence, markup=False)
    table = Table("player", "φ", "parts")
    table.add_row("base value", f"{row.attribution.base_value:+.3f}", "")
    for player in sorted(row.attribution.to_records(), key=lambda record: -abs(record["phi"])):
        parts = ", ".join(f"{name} {value:+.2f}" for name, value in player["parts"].items() if abs(value) >= 0.005)
        table.add_row(player["player"], f"{player['phi']:+.3f}", parts)
    OUT.print(table)


def shelf(
    user: options.User,
    k: options.K = 8,
    artifacts: options.Artifacts = options.DEFAULT_ARTIFACTS,
    as_of: options.AsOf = None,
    events: options.Events = None,
    json: options.Json = False,
) -> None:
    """List items by reason: what each history group of a user recommends."""
    explainer = open_explainer(artifacts, events)
    shelves = explainer.shelves(user, k=k, as_of=options.moment(as_of))
    if json:
        write_json_lines(each.to_dict() for each in shelves)
        return
    if not shelves:
        note(f"no history group of user {user} recommends an item; see `llm-explain recommend`")
    for each in shelves:
        table = Table("item", "title", "φ", "score", title=each.title, title_justify="left")
        for entry in each.items:
            table.add_row(entry.item_id, explainer.titles[entry.item_id], f"{entry.phi:+.2f}", f"{entry.score:.2f}")
        OUT.print(table)


def whatif(
    user: options.User,
    without: Annotated[list[str], typer.Option(metavar="GROUP", help='A history group, for example "group:cheese".')],
    item: Annotated[list[str] | None, typer.Option("--item", metavar="I", help="Only these items.")] = None,
    k: options.K = 10,
    artifacts: options.Artifacts = options.DEFAULT_ARTIFACTS,
    as_of: options.AsOf = None,
    channel: options.Channel = "",
    events: options.Events = None,
    locale: options.Locale = None,
    json: options.Json = False,
) -> None:
    """Score and rank as if a history group had never happened."""
    explainer = open_explainer(artifacts, events)
    rows = explainer.what_if(
        user, without=without, item_ids=item, k=k, as_of=options.moment(as_of), channel=channel, locale=locale
    )
    if json:
        write_json_lines(row.to_dict() for row in rows)
        return
    table = Table("item", "title", "score", "without", "rank", "without", title=f"without {', '.join(without)}")
    for row in rows:
        score, score_without = f"{row.score:.2f}", f"{row.score_without:.2f}"
        ranks = (str(row.rank or "–"), str(row.rank_without or "–"))
        table.add_row(row.item_id, explainer.titles[row.item_id], score, score_without, *ranks)
    OUT.print(table)
    for row in rows:
        if row.text and row.rank != row.rank_without:
            OUT.print(row.text.text, markup=False, highlight=False)


def contrast(
    user: options.User,
    item: Annotated[str, typer.Option("--item", metavar="A", help="The item that is recommended.")],
    other: Annotated[str, typer.Option("--other", metavar="B", help="The item to compare it with.")],
    artifacts: options.Artifacts = options.DEFAULT_ARTIFACTS,
    as_of: options.AsOf = None,
    channel: options.Channel = "",
    events: options.Events = None,
    locale: options.Locale = None,
    json: options.Json = False,
) -> None:
    """Say why one item scores above another."""
    explainer = open_explainer(artifacts, events)
    result = explainer.contrast(user, item, other, as_of=options.moment(as_of), channel=channel, locale=locale)
    if json:
        write_json_lines([result.to_dict()])
        return
    if result.text:
        OUT.print(result.text.text, markup=False, highlight=False)
    table = Table("player", "difference in φ", title=f"{explainer.titles[item]} over {explainer.titles[other]}")
    table.add_row("base value", f"{result.base_difference:+.3f}")
    for player, value in result.differences.items():
        table.add_row(player, f"{value:+.3f}")
    table.add_row("score", f"{result.score_difference:+.3f}")
    OUT.print(table)
