"""A self-contained HTML page: recommended items, their sentences, and the proof behind each."""

from __future__ import annotations

from importlib import resources
from typing import TYPE_CHECKING, Any

import jinja2

from llm_explain.reports.plots import waterfall_svg

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from llm_explain.records import Explanation


def write_page(path: Path, explanations: Mapping[str, Sequence[Explanation]], titles: Mapping[str, str]) -> None:
    """Write the page.

    Args:
        path: File to write; its folder is created.
        explanations: Explanations in rank order, by user.
        titles: Title of each item, by ``item_id``.
    """
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined)
    template = environment.from_string(
        resources.files("llm_explain.reports").joinpath("report.html.j2").read_text(encoding="utf-8")
    )
    households = [
        {"user_id": user_id, "note": _note(rows), "rows": [_row(row, titles) for row in rows]}
        for user_id, rows in explanations.items()
    ]
    first = next((rows[0] for rows in explanations.values() if rows), None)
    page = template.render(households=households, as_of=first.as_of.isoformat() if first else "—")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(page, encoding="utf-8")


def _note(rows: Sequence[Explanation]) -> str:
    is_cold = bool(rows) and not any(player.startswith("group:") for player in rows[0].attribution.players)
    return "No purchases before this moment: explained from context alone." if is_cold else ""


def _row(explanation: Explanation, titles: Mapping[str, str]) -> dict[str, Any]:
    record = explanation.to_dict()
    title = titles[explanation.item_id]
    return {
        "record": record,
        "title": title,
        "waterfall": waterfall_svg(explanation.attribution, title=title),
        "scale": max((abs(row["phi"]) for row in record["attributions"]), default=1.0) or 1.0,
    }
