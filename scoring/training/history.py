"""The course of training as ``history.json`` and ``history.png``."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from scoring.training.blend import Blend
    from scoring.training.trainer import Report

JSON: Final = "history.json"
PNG: Final = "history.png"


def write_history(folder: Path, reports: Sequence[Report], blend: Blend, *, chosen: int | None) -> None:
    """Write what training saw on validation data.

    The picture needs matplotlib (extra ``train``) and is left out without it.

    Args:
        folder: Folder of the artifacts, which exists.
        reports: Looks at the held-out window.
        blend: Weights of the parts of the score, with their validation metrics.
        chosen: Step whose model was kept; ``None`` if no model was trained.
    """
    history: dict[str, Any] = {
        "reports": [{**asdict(report), "chosen": report.step == chosen} for report in reports],
        "metrics": blend.named_metrics(blend.metrics),
        "parts": {name: blend.named_metrics(values) for name, values in blend.starts.items()},
    }
    (folder / JSON).write_text(json.dumps(history, indent=2) + "\n", encoding="utf-8")
    try:
        from matplotlib.figure import Figure
    except ImportError:
        return
    figure = Figure(figsize=(11, 4), layout="constrained")
    course, parts = figure.subplots(1, 2)
    steps = [report.step for report in reports]
    course.plot(steps, [report.recall for report in reports], marker="o", label="recall@10")
    course.plot(steps, [report.recall_new for report in reports], marker="o", label="recall@10, new items")
    if chosen is not None:
        course.axvline(chosen, linestyle=":", color="black", label="chosen")
    course.set(xlabel="step", ylabel="validation recall@10", ylim=(0, None))
    loss = course.twinx()
    loss.plot(steps, [report.loss for report in reports], color="grey", linestyle="--")
    loss.set_ylabel("training loss (dashed)")
    if reports:
        course.legend(loc="lower right")
    rows = {**blend.starts, "chosen blend": blend.metrics} if blend.metrics else {}
    parts.barh(list(rows), [values[-2] for values in rows.values()])
    parts.set_xlabel("validation recall@10, new items")
    figure.savefig(folder / PNG, dpi=120)
