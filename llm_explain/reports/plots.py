"""Pictures of attributions: ``shap``'s plots in a file, and a small waterfall for a web page."""

from __future__ import annotations

import re
import textwrap
import warnings
from contextlib import contextmanager
from functools import cache
from importlib import resources
from threading import Lock
from typing import TYPE_CHECKING, Any, Final, Literal

import jinja2

from llm_explain.attribution.partition import GROUP_PREFIX
from llm_explain.attribution.values import CONTEXT_PREFIX, Attribution, stack_explanations
from llm_explain.errors import SettingError
from llm_explain.optional import require

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

PlotKind = Literal["waterfall", "bar", "beeswarm"]
FORMATS: Final = (".png", ".svg", ".pdf")

UP, DOWN, TOTAL = "#2f7d5b", "#a8503f", "#6b6761"
WIDTH, MARGIN, LABEL_X, PLOT_END = 640, 12, 210, 560
BAR_HEIGHT, GAP, MARK = 18, 6, 3.0

ENDS: Final = {"$E[f(X)]$": "base value", "$f(x)$": "score"}

MISSING_GLYPH: Final = re.compile(r"Glyph (\d+) .*missing from font")
WIDE_FONTS: Final = (
    "Noto Sans CJK SC", "Noto Sans CJK JP", "Noto Sans SC", "Source Han Sans SC", "WenQuanYi Zen Hei",
    "WenQuanYi Micro Hei", "Microsoft YaHei", "PingFang SC", "SimHei", "Hiragino Sans GB", "Droid Sans Fallback",
    "Noto Sans Arabic", "Noto Sans Hebrew", "Noto Sans Devanagari", "Arial Unicode MS",
)  # fmt: skip
"""Fonts with letters that matplotlib's own font lacks, used where they are installed."""

_pyplot_lock = Lock()


def label(player: str) -> str:
    """Return how a picture names a player: a category by its name alone, a context term as such."""
    if player.startswith(CONTEXT_PREFIX):
        return player.replace(":", ": ", 1)
    return player.removeprefix(GROUP_PREFIX)


def save_plot(
    attributions: Sequence[Attribution] | Attribution,
    path: Path,
    *,
    kind: PlotKind = "waterfall",
    title: str = "",
    max_display: int = 12,
) -> str:
    """Save one of ``shap``'s plots.

    Args:
        attributions: What to draw. A waterfall is of one score, so the first is drawn; the others are of all.
        path: File to write; its ending says the format, its folder is created.
        kind: Which plot.
        title: Line above it.
        max_display: Most players to show; the others are drawn as one.

    Returns:
        Characters that no installed font has, which are drawn as boxes; empty if the picture shows all text.

    Raises:
        SettingError: If there is nothing to draw, or the kind or the file's ending is unknown.
    """
    given = [attributions] if isinstance(attributions, Attribution) else list(attributions)
    if not given:
        raise SettingError("attributions is empty but at least one is needed. Explain an item first.")
    if path.suffix.lower() not in FORMATS:
        raise SettingError(
            f"the picture's file is {path.name!r} but an ending of {', '.join(FORMATS)} is needed. Rename it."
        )
    if kind not in ("waterfall", "bar", "beeswarm"):
        raise SettingError(f"the plot is {kind!r} but waterfall, bar or beeswarm is needed. Choose one of them.")
    labels = {player: _plain(label(player)) for each in given for player in each.players}
    explanation = given[0].to_shap(labels=labels) if kind == "waterfall" else stack_explanations(given, labels=labels)
    draw = getattr(require("shap").plots, kind)
    missing: list[str] = []
    with _figure(path, missing) as pyplot:
        draw(explanation, max_display=max_display, show=False)
        _rename_ends(pyplot.gcf())
        if title:
            pyplot.title(_plain(textwrap.shorten(title, 80, placeholder=" …")), fontsize=11, loc="left", pad=24)
    return "".join(dict.fromkeys(missing))


def _plain(text: str) -> str:
    """Return text that the plotting library does not read as mathematics."""
    return text.replace("$", r"\$")


def _rename_ends(figure: Any) -> None:
    """Name the ends of ``shap``'s waterfall as they are: the base value is the empty coalition's, not a mean."""
    for axes in figure.axes:
        name, value, *others = [*(tick.get_text() for tick in axes.get_xticklabels()), "", ""]
        if name.strip() in ENDS and len(others) == 2:
            shown = name.replace(name.strip(), ENDS[name.strip()])
            axes.set_xticklabels([f"{shown} {value.strip()[1:-1].strip()}", ""], ha="left")


def _font_families() -> list[str]:
    """Return matplotlib's own font and the installed fonts with other letters, in the order in which they are tried."""
    installed = set(require("matplotlib.font_manager").get_font_names())
    return ["DejaVu Sans", *(name for name in WIDE_FONTS if name in installed)]


@contextmanager
def _figure(path: Path, missing: list[str]) -> Iterator[Any]:
    """Hand out pyplot with a fresh figure, write it without a window, and leave pyplot as it was.

    Args:
        path: File to write.
        missing: Gets the characters that no font has.

    Yields:
        Any: The module ``matplotlib.pyplot``.
    """
    matplotlib = require("matplotlib")
    pyplot = require("matplotlib.pyplot")
    settings = {"svg.fonttype": "none", "font.family": _font_families()}
    with _pyplot_lock, matplotlib.rc_context(settings), warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        backend, was_interactive = matplotlib.get_backend(), pyplot.isinteractive()
        pyplot.switch_backend("Agg")
        figure = pyplot.figure()
        try:
            yield pyplot
            path.parent.mkdir(parents=True, exist_ok=True)
            figure.savefig(path, bbox_inches="tight", dpi=150)
        finally:
            missing += [chr(int(found[1])) for each in told if (found := MISSING_GLYPH.match(str(each.message)))]
            others = [each for each in told if not MISSING_GLYPH.match(str(each.message))]
            pyplot.close(figure)
            pyplot.switch_backend(backend)
            pyplot.interactive(was_interactive)
    for each in others:
        warnings.warn_explicit(each.message, each.category, each.filename, each.lineno)


def waterfall_svg(
    attribution: Attribution, *, title: str, max_display: int = 8, labels: Mapping[str, str] | None = None
) -> str:
    """Return a waterfall from base value to score as an SVG element.

    It needs neither ``shap`` nor ``matplotlib``, and its text stays text: it can be searched, read aloud and scaled.

    Args:
        attribution: Shapley values of one score.
        title: Line above the picture.
        max_display: Most players to show; the smallest are drawn as one.
        labels: Names to show instead of the players' own.

    Returns:
        The element, ready to stand in a page.
    """
    steps = _steps(attribution, max_display, labels or {})
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


def _steps(
    attribution: Attribution, max_display: int, labels: Mapping[str, str]
) -> list[tuple[str, float, float, bool]]:
    """Return label, start, end and whether it is a mark of a total, of each bar from top to bottom."""
    order = sorted(range(len(attribution.players)), key=lambda player: -abs(attribution.values[player]))
    shown = order if len(order) <= max_display else order[: max_display - 1]
    bars = [
        (labels.get(name, label(name)), float(value))
        for name, value in ((attribution.players[player], attribution.values[player]) for player in shown)
    ]
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
