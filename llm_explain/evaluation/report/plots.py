"""The report's pictures, as SVG that stands in a page."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any, Final

from llm_explain.errors import MissingExtraError
from llm_explain.evaluation.ranking import SEGMENTS
from llm_explain.evaluation.report.jobs import job_pictures

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

INK: Final = "#2f7d5b"
OTHERS: Final = ("#a8503f", "#3f6ea8", "#8a6bb1", "#b58a2c", "#5c6b73", "#c06c9a", "#4b9aa8", "#8c8c8c", "#9a9a4a")


def pictures(report: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """Return the pictures of each section.

    The call raises ``MissingExtraError`` if matplotlib is not installed.

    Args:
        report: What ``evaluate`` returned.

    Returns:
        SVG by section and title.
    """
    with MissingExtraError.unless_installed("the report", "evaluation"):
        from matplotlib.figure import Figure

    def draw(paint: Callable[..., None], data: Any, width: float, height: float) -> str:
        figure = Figure(figsize=(width, height), layout="constrained")
        paint(figure, data)
        return _svg(figure)

    ranking = report["ranking"]
    found = {"ranking": {"recall@10 by segment, with 95 % intervals": draw(_recall, ranking, 9.0, 4.2)}}
    if "calibration" in ranking:
        found["ranking"]["Promised and kept"] = draw(_calibration, ranking["calibration"], 4.6, 4.2)
    return {**found, **job_pictures(report, draw)}


def _svg(figure: Any) -> str:
    import matplotlib as mpl

    stream = io.StringIO()
    with mpl.rc_context({"svg.hashsalt": "llm-explain", "svg.fonttype": "none"}):
        figure.savefig(stream, format="svg", metadata={"Date": None, "Creator": None})
    text = stream.getvalue()
    return text[text.index("<svg") :]


def _plain(axes: Any) -> None:
    axes.spines[["top", "right"]].set_visible(False)


def _recall(figure: Any, section: Mapping[str, Any]) -> None:
    axes = figure.subplots()
    names = list(section["metrics"])
    width = 0.8 / len(names)
    for place, name in enumerate(names):
        cells = [section["metrics"][name][segment]["recall@10"] for segment in SEGMENTS]
        means = [cell["mean"] or 0.0 for cell in cells]
        spread = _spread(means, cells)
        at = [segment + (place - (len(names) - 1) / 2) * width for segment in range(len(SEGMENTS))]
        colour = INK if name == section["ours"] else OTHERS[place % len(OTHERS)]
        axes.bar(at, means, width * 0.92, yerr=spread, label=name, color=colour, error_kw={"elinewidth": 0.8})
    axes.set_xticks(range(len(SEGMENTS)), SEGMENTS)
    axes.set_ylabel("recall@10")
    axes.legend(frameon=False, fontsize=8)
    _plain(axes)


def _calibration(figure: Any, section: Mapping[str, Any]) -> None:
    axes = figure.subplots()
    promised = [row["promised"] for row in section["bins"]]
    happened = [row["happened"] for row in section["bins"]]
    top = max([*promised, *happened, 0.1]) * 1.05
    axes.plot([0, top], [0, top], color="#999", linewidth=0.8, linestyle="--")
    axes.plot(promised, happened, marker="o", color=INK)
    axes.set_xlabel("promised probability")
    axes.set_ylabel("share bought")
    _plain(axes)


def _spread(means: Sequence[float], cells: Sequence[Mapping[str, float | None]]) -> list[list[float]]:
    """Return how far each interval reaches below and above its mean."""
    low = [cell["low"] if cell["low"] is not None else mean for mean, cell in zip(means, cells, strict=True)]
    high = [cell["high"] if cell["high"] is not None else mean for mean, cell in zip(means, cells, strict=True)]
    return [
        [max(mean - end, 0.0) for mean, end in zip(means, low, strict=True)],
        [max(end - mean, 0.0) for mean, end in zip(means, high, strict=True)],
    ]
