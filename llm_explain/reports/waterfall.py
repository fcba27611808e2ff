"""A waterfall picture of an attribution as SVG, for a page or a file."""

from __future__ import annotations

import textwrap
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

import jinja2

from llm_explain.attribution.partition import GROUP_PREFIX
from llm_explain.attribution.values import CONTEXT_PREFIX

if TYPE_CHECKING:
    from llm_explain.attribution.values import Attribution

UP, DOWN, TOTAL = "#2f7d5b", "#a8503f", "#6b6761"
WIDTH, MARGIN, LABEL_X, PLOT_END = 640, 12, 210, 560
BAR_HEIGHT, GAP, MARK = 18, 6, 3.0


def label(player: str) -> str:
    """Return how a picture names a player: a category by its name alone, a context term as such."""
    if player.startswith(CONTEXT_PREFIX):
        return player.replace(":", ": ", 1)
    return player.removeprefix(GROUP_PREFIX)


def waterfall_svg(attribution: Attribution, *, title: str, max_display: int = 8) -> str:
    """Return a waterfall from base value to score as an SVG element.

    It needs neither ``shap`` nor ``matplotlib``, and its text stays text: it can be searched, read aloud and scaled.

    Args:
        attribution: Shapley values of one score.
        title: Line above the picture.
        max_display: Most players to show; the smallest are drawn as one.

    Returns:
        The element, ready to stand in a page.
    """
    steps = _steps(attribution, max_display)
    ends = [end for _, start, stop, _ in steps for end in (start, stop)]
    low, span = min(ends), (max(ends) - min(ends)) or 1.0

    def x(value: float) -> float:
        return round(LABEL_X + 10 + (value - low) / span * (PLOT_END - LABEL_X - 10), 1)

    rows = []
    for place, (name, start, stop, is_total) in enumerate(steps):
        left, right = sorted((x(start), x(stop)))
        rows.append(
            {
                "label": textwrap.shorten(name, 32, placeholder=" …") or name[:32],
                "is_total": is_total,
                "y": 34 + place * (BAR_HEIGHT + GAP),
                "x": left,
                "width": MARK if is_total else max(round(right - left, 1), 1.0),
                "fill": TOTAL if is_total else UP if stop >= start else DOWN,
                "value": f"{stop:.2f}" if is_total else f"{stop - start:+.2f}",
                "value_x": right + 8,
                "link": x(steps[place - 1][2]) if place else None,
            }
        )
    return _template().render(
        rows=rows, title=textwrap.shorten(title, 90, placeholder=" …"), width=WIDTH, margin=MARGIN, label_x=LABEL_X,
        height=34 + len(steps) * (BAR_HEIGHT + GAP) + 6, bar_height=BAR_HEIGHT, gap=GAP,
    )  # fmt: skip


def _steps(attribution: Attribution, max_display: int) -> list[tuple[str, float, float, bool]]:
    """Return label, start, end and whether it is a mark of a total, of each bar from top to bottom."""
    order = sorted(range(len(attribution.players)), key=lambda player: -abs(attribution.values[player]))
    shown = order if len(order) <= max_display else order[: max_display - 1]
    bars = [(label(attribution.players[player]), float(attribution.values[player])) for player in shown]
    if len(shown) < len(order):
        others = order[len(shown) :]
        bars.append((f"{len(others)} smaller", float(attribution.values[others].sum())))
    steps = [("base value", attribution.base_value, attribution.base_value, True)]
    level = attribution.base_value
    for name, value in bars:
        steps.append((name, level, level + value, False))
        level += value
    return [*steps, ("score", attribution.score, attribution.score, True)]


@cache
def _template() -> jinja2.Template:
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined)
    source = resources.files("llm_explain.reports").joinpath("waterfall.svg.j2").read_text(encoding="utf-8")
    return environment.from_string(source)
