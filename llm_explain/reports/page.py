"""A self-contained HTML page of recommended items with their sentences, attributions and facts."""

from __future__ import annotations

from importlib import resources
from itertools import groupby
from typing import TYPE_CHECKING, Any

import jinja2

from llm_explain.attribution.values import CONTEXT_PREFIX

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
        {"user_id": user_id, "is_cold": _is_cold(rows), "sections": _sections([_row(row, titles) for row in rows])}
        for user_id, rows in explanations.items()
    ]
    first = next((rows[0] for rows in explanations.values() if rows), None)
    page = template.render(households=households, as_of=first.as_of.isoformat() if first else "—")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(page, encoding="utf-8")


def _is_cold(rows: Sequence[Explanation]) -> bool:
    """Return whether the user has no history, so that every player is a context term."""
    return bool(rows) and all(player.startswith(CONTEXT_PREFIX) for player in rows[0].attribution.players)


def _sections(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return rows under the headings of their sections."""
    grouped = groupby(rows, key=lambda row: row["record"]["section_title"])
    return [{"title": title, "rows": list(own)} for title, own in grouped]


def _row(explanation: Explanation, titles: Mapping[str, str]) -> dict[str, Any]:
    record = explanation.to_dict()
    return {
        "record": record,
        "title": titles[explanation.subject["item_id"]],
        "scale": max((abs(row["phi"]) for row in record["attributions"]), default=1.0) or 1.0,
    }
