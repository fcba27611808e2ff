"""A self-contained HTML page of churn risks: how good they are, what drives them, and a text for each user."""

from __future__ import annotations

import base64
from importlib import resources
from typing import TYPE_CHECKING

import jinja2

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from llm_explain.jobs.churn.job import ChurnJob
    from llm_explain.records import Explanation


def write_report(
    path: Path, job: ChurnJob, explanations: Sequence[Explanation], artifacts: Path, *, heading: str = ""
) -> None:
    """Write the page.

    Args:
        path: File to write; its folder is created.
        job: The job, for its figures.
        explanations: Explanations in the order of the page.
        artifacts: Folder with the pictures that ``churn train`` drew.
        heading: Line above the texts, if they are rows of a table.
    """
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined)
    template = environment.from_string(
        resources.files("llm_explain.jobs.churn").joinpath("report.html.j2").read_text(encoding="utf-8")
    )
    names = [name for name in ("drivers", "curves", "calibration") if (artifacts / f"{name}.png").exists()]
    pictures = {name: base64.b64encode((artifacts / f"{name}.png").read_bytes()).decode() for name in names}
    page = template.render(
        as_of=job.local.isoformat(sep=" ", timespec="minutes"),
        figures=job.artifacts.figures,
        pictures=pictures,
        heading=heading,
        records=[each.to_dict() for each in explanations],
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(page, encoding="utf-8")
