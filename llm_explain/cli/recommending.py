"""``recommend``: lists for users, printed or written as JSON, a page or a CSV file."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from llm_explain.cli import options
from llm_explain.cli.console import OUT, note, write_json_lines
from llm_explain.cli.opening import open_explainer, say_if_cold
from llm_explain.text.name_cleaning import write_csv

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from llm_explain.answers import Ranked
    from llm_explain.composition import SelectionOptions
    from llm_explain.explainer import Explainer
    from llm_explain.records import Explanation


def recommend(
    user: options.Users,
    k: options.K = 10,
    explain: Annotated[bool, typer.Option("--explain", help="Add attributions, reasons and a sentence.")] = False,
    artifacts: options.Artifacts = options.DEFAULT_ARTIFACTS,
    as_of: options.AsOf = None,
    channel: options.Channel = "",
    events: options.Events = None,
    tone: options.ToneOption = None,
    locale: options.Locale = None,
    surface: options.Surface = None,
    max_length: options.MaxLength = None,
    section: options.SectionOption = "mixed",
    exclude: options.Exclude = None,
    candidates: options.CandidatesFile = None,
    category: options.Category = None,
    brand: options.Brand = None,
    min_price: options.MinPrice = None,
    max_price: options.MaxPrice = None,
    diversity: options.Diversity = 0.0,
    offset: options.Offset = 0,
    pin: options.Pin = None,
    bury: options.Bury = None,
    language_model: options.LanguageModel = "auto",
    no_language_model: options.NoLanguageModel = False,
    sources: options.Sources = "phrasebook,lm,template",
    json: options.Json = False,
    html: Annotated[Path | None, typer.Option(metavar="FILE", help="Also write a self-contained page.")] = None,
    csv: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Also write user, item, title, rank, score, probability and text."),
    ] = None,
) -> None:
    """Compose a list for users and, with --explain, say why."""
    is_explained = explain or html is not None
    selected: SelectionOptions = {
        "section": None if section == "score" else section,
        "exclude": exclude or (),
        "candidates": options.read_ids(candidates),
        "categories": category or (),
        "brands": brand or (),
        "min_price": min_price,
        "max_price": max_price,
        "diversity": diversity,
        "offset": offset,
        "pins": pin or (),
        "buries": bury or (),
    }
    explainer = open_explainer(artifacts, events, language_model if is_explained and not no_language_model else None)
    answers: dict[str, list[Explanation]] = {}
    records: list[dict[str, Any]] = []
    for user_id in user:
        say_if_cold(explainer, user_id, as_of)
        rows: Sequence[Explanation] | Sequence[Ranked]
        if is_explained:
            rows = answers[user_id] = explainer.recommend(
                user_id,
                k=k,
                as_of=options.moment(as_of),
                channel=channel,
                tone=tone,
                locale=locale,
                surface=surface,
                max_length=max_length,
                sources=sources.split(","),
                **selected,
            )
        else:
            rows = explainer.rank(user_id, k=k, as_of=options.moment(as_of), channel=channel, **selected)
        own = [{"user_id": user_id, **row.to_dict()} for row in rows]
        records += own
        if json:
            write_json_lines(own)
        elif is_explained:
            _print_table(explainer, user_id, answers[user_id])
        else:
            _print_ranks(explainer, user_id, own)
        _say_if_empty(explainer, rows)
    if html is not None:
        from llm_explain.reports.page import write_page

        write_page(html, answers, explainer.titles)
        note(f"Page with reasons and attributions: {html.resolve()}")
    if csv is not None:
        _write_csv(csv, records, explainer.titles)


def _print_ranks(explainer: Explainer, user_id: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Print ranked items without explanations."""
    table = Table("", "section", "rank", "item", "title", "score", "probability", title=f"user {user_id}")
    for row in rows:
        title, probability = explainer.titles[row["item_id"]], f"{row['probability']:.1%}"
        place = (str(row["position"]), row["section"] or "", str(row["rank"]))
        table.add_row(*place, row["item_id"], title, f"{row['score']:.2f}", probability)
    OUT.print(table)


def _say_if_empty(explainer: Explainer, rows: Sequence[Explanation] | Sequence[Ranked]) -> None:
    """Note why a list has no item."""
    if rows:
        return
    why, n_items = Counter(explainer.unlisted().values()), len(explainer.titles)
    note(
        f"no item of this user's list is available: of {n_items:,} items, {why['unavailable']:,} are not on sale, "
        f"{why['policy']:,} are never recommended by the policy, {why['not_ranked']:,} were bought too rarely for a "
        f"rank, and {n_items - why.total():,} are left for the filters, the section and the page."
    )


def _write_csv(path: Path, records: Sequence[Mapping[str, Any]], titles: Mapping[str, str]) -> None:
    import pandas as pd

    path.parent.mkdir(parents=True, exist_ok=True)
    columns = ["user_id", "item_id", "title", "rank", "score", "probability", "text"]
    frame = pd.DataFrame(records, columns=columns)
    write_csv(frame.assign(title=frame["item_id"].map(titles)), path)
    note(f"{len(frame)} rows: {path.resolve()}")


def _print_table(explainer: Explainer, user_id: str, rows: Sequence[Explanation]) -> None:
    """Print a list, each section under its heading."""
    table = Table("", "item", "why", title=f"user {user_id}", title_justify="left", show_lines=False)
    for before, row in zip((None, *rows), rows, strict=False):
        if row.section_title and (before is None or before.section != row.section):
            table.add_section()
            table.add_row("", Text(row.section_title, style="bold"), "")
        why = Text(row.text.text if row.text else "–")
        for badge in row.badges:
            why.append(f"\n{badge.text.text}", style="green")
        item_id = row.subject["item_id"]
        table.add_row(str(row.position or row.rank or "–"), explainer.titles[item_id] or f"item {item_id}", why)
    OUT.print(table)
