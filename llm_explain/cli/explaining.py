"""``recommend``, ``explain``, ``shelf``, ``whatif`` and ``contrast``: what the explainer answers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer
from rich.table import Table
from rich.text import Text

from llm_explain.cli import options
from llm_explain.cli.console import OUT, note, write_json_lines
from scoring.data.catalogue import near_matches

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from llm_explain.composition import SelectionOptions
    from llm_explain.composition.selection import SectionOption
    from llm_explain.explainer import Explainer
    from llm_explain.records import Explanation


def _load(artifacts: Path, events: Path | None, language_model: str | None = None) -> Explainer:
    from llm_explain.explainer import Explainer

    return Explainer.load(artifacts, events=events, language_model=language_model)


def recommend(
    user: options.Users,
    k: options.K = 10,
    explain: Annotated[bool, typer.Option("--explain", help="Add attributions, reasons and a sentence.")] = False,
    artifacts: options.Artifacts = options.DEFAULT_ARTIFACTS,
    as_of: options.AsOf = None,
    events: options.Events = None,
    tone: options.ToneOption = None,
    locale: options.Locale = "en",
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
        "section": None if section == "score" else cast("SectionOption", section),
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
    explainer = _load(artifacts, events, language_model if is_explained and not no_language_model else None)
    if not is_explained:
        bare = _recommend_bare(explainer, user, selected, k=k, as_of=as_of, json=json)
        if csv is not None:
            _write_csv(csv, bare)
        return
    answers: dict[str, list[Explanation]] = {}
    for user_id in user:
        _say_if_cold(explainer, user_id, as_of)
        answers[user_id] = explainer.recommend(
            user_id,
            k=k,
            as_of=options.moment(as_of),
            tone=tone,
            locale=locale,
            surface=surface,
            max_length=max_length,
            sources=sources.split(","),
            **selected,
        )
        if json:
            write_json_lines(row.to_dict() for row in answers[user_id])
        else:
            _print_table(explainer, user_id, answers[user_id])
    if html is not None:
        from llm_explain.reports.page import write_page

        write_page(html, answers, explainer.titles)
        note(f"Page with reasons and waterfall pictures: {html.resolve()}")
    if csv is not None:
        _write_csv(csv, [_csv_row(explainer, user_id, row) for user_id, rows in answers.items() for row in rows])


def _recommend_bare(
    explainer: Explainer, users: Sequence[str], selected: SelectionOptions, *, k: int, as_of: str | None, json: bool
) -> list[dict[str, Any]]:
    """Print ranked items without explanations and return them as rows of a CSV file."""
    found = []
    for user_id in users:
        rows = explainer.rank(user_id, k=k, as_of=options.moment(as_of), **selected)
        found += [_as_csv(user_id, explainer.titles, row.item_id, row.rank, row.score, row.probability) for row in rows]
        if json:
            write_json_lines({"user_id": user_id, **row.to_dict()} for row in rows)
            continue
        table = Table("", "section", "rank", "item", "title", "score", "probability", title=f"user {user_id}")
        for row in rows:
            title, probability = explainer.titles[row.item_id], f"{row.probability:.1%}"
            place = (str(row.position), row.section or "", str(row.rank))
            table.add_row(*place, row.item_id, title, f"{row.score:.2f}", probability)
        OUT.print(table)
    return found


def _csv_row(explainer: Explainer, user_id: str, row: Explanation) -> dict[str, Any]:
    text = row.text.text if row.text else ""
    item_id = str(row.item_id)
    return _as_csv(user_id, explainer.titles, item_id, row.rank, row.attribution.score, row.probability, text)


def _as_csv(
    user_id: str, titles: Mapping[str, str], item_id: str, rank: int | None, score: float, probability: float | None,
    text: str = "",
) -> dict[str, Any]:  # fmt: skip
    return {
        "user_id": user_id,
        "item_id": item_id,
        "title": titles[item_id],
        "rank": rank,
        "score": score,
        "probability": probability,
        "text": text,
    }


def _write_csv(path: Path, rows: list[dict[str, Any]]) -> None:
    import pandas as pd

    path.parent.mkdir(parents=True, exist_ok=True)
    columns = ["user_id", "item_id", "title", "rank", "score", "probability", "text"]
    pd.DataFrame(rows, columns=columns).to_csv(path, index=False)
    note(f"{len(rows)} rows: {path.resolve()}")


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


def _say_if_cold(explainer: Explainer, user_id: str, as_of: str | None) -> None:
    if explainer.is_cold(user_id, as_of=options.moment(as_of)):
        near = [] if user_id in explainer.events else near_matches(user_id, explainer.events.user_ids)
        hint = f" Did you mean {', '.join(near)}?" if near else ""
        note(f"user {user_id!r} has no events before this moment: explained from context alone.{hint}")


def explain(
    user: options.User,
    item: Annotated[list[str], typer.Option("--item", metavar="I", help="An item's id; may be given several times.")],
    artifacts: options.Artifacts = options.DEFAULT_ARTIFACTS,
    as_of: options.AsOf = None,
    events: options.Events = None,
    tone: options.ToneOption = None,
    locale: options.Locale = "en",
    surface: options.Surface = None,
    max_length: options.MaxLength = None,
    language_model: options.LanguageModel = "auto",
    no_language_model: options.NoLanguageModel = False,
    sources: options.Sources = "phrasebook,lm,template",
    json: options.Json = False,
    plot: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Save a waterfall picture (PNG, SVG or PDF) of the first item.")
    ] = None,
) -> None:
    """Say why items score as they do for a user."""
    explainer = _load(artifacts, events, None if no_language_model else language_model)
    _say_if_cold(explainer, user, as_of)
    rows = explainer.explain(
        user,
        item,
        as_of=options.moment(as_of),
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
        from llm_explain.reports.plots import save_plot

        missing = save_plot([row.attribution for row in rows], plot, kind="waterfall")
        note(f"Picture: {plot.resolve()}")
        if missing:
            note(f"no font has {missing!r}: install one that does, for example Noto Sans CJK, and draw again.")


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
    explainer = _load(artifacts, events)
    shelves = explainer.shelves(user, k=k, as_of=options.moment(as_of))
    if json:
        write_json_lines(each.to_dict() for each in shelves)
        return
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
    events: options.Events = None,
    json: options.Json = False,
) -> None:
    """Score and rank as if a history group had never happened."""
    explainer = _load(artifacts, events)
    rows = explainer.what_if(user, without=without, item_ids=item, k=k, as_of=options.moment(as_of))
    if json:
        write_json_lines(row.to_dict() for row in rows)
        return
    table = Table("item", "title", "score", "without", "rank", "without", title=f"without {', '.join(without)}")
    for row in rows:
        score, score_without = f"{row.score:.2f}", f"{row.score_without:.2f}"
        ranks = (str(row.rank or "–"), str(row.rank_without or "–"))
        table.add_row(row.item_id, explainer.titles[row.item_id], score, score_without, *ranks)
    OUT.print(table)


def contrast(
    user: options.User,
    item: Annotated[str, typer.Option("--item", metavar="A", help="The item that is recommended.")],
    other: Annotated[str, typer.Option("--other", metavar="B", help="The item to compare it with.")],
    artifacts: options.Artifacts = options.DEFAULT_ARTIFACTS,
    as_of: options.AsOf = None,
    events: options.Events = None,
    json: options.Json = False,
) -> None:
    """Say why one item scores above another."""
    explainer = _load(artifacts, events)
    result = explainer.contrast(user, item, other, as_of=options.moment(as_of))
    if json:
        write_json_lines([result.to_dict()])
        return
    table = Table("player", "difference in φ", title=f"{explainer.titles[item]} over {explainer.titles[other]}")
    table.add_row("base value", f"{result.base_difference:+.3f}")
    for player, value in result.differences.items():
        table.add_row(player, f"{value:+.3f}")
    table.add_row("score", f"{result.score_difference:+.3f}")
    OUT.print(table)
