"""Write a report: JSON for programs, Markdown for a repository, and one page that needs nothing else."""

from __future__ import annotations

import json
import math
from importlib import resources
from typing import TYPE_CHECKING, Any, Final

import jinja2

from llm_explain.errors import MissingExtraError
from llm_explain.evaluation.report.jobs import JOBS, job_tables
from llm_explain.evaluation.report.plots import pictures
from llm_explain.evaluation.report.summary import summary
from llm_explain.evaluation.report.tables import Table, tables

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

SECTIONS: Final = {
    "ranking": "Ranking",
    "exactness": "Exactness",
    "audit": "True of the data",
    "agreement": "Text against attributions",
    "controls": "Controls",
    **JOBS,
}


def write_report(report: Mapping[str, Any], out: Path) -> None:
    """Write ``report.json``, ``report.md`` and ``report.html``.

    Args:
        report: What ``run`` returned.
        out: Folder; it is created.
    """
    out.mkdir(parents=True, exist_ok=True)
    text = json.dumps(plain(report), indent=2, ensure_ascii=False, allow_nan=False)
    (out / "report.json").write_text(text + "\n", encoding="utf-8")
    shown = every_table(report)
    sections = {name: title for name, title in SECTIONS.items() if name in report}
    (out / "report.md").write_text(markdown(report, shown), encoding="utf-8")
    try:
        drawn = pictures(report)
    except MissingExtraError:
        drawn = {}
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined)
    source = resources.files("llm_explain.evaluation.report").joinpath("report.html.j2").read_text(encoding="utf-8")
    page = environment.from_string(source).render(
        report=report, sections=sections, pictures=drawn, summary=summary(report),
        tables={name: [table for table in shown if table.section == name] for name in sections},
    )  # fmt: skip
    (out / "report.html").write_text(page, encoding="utf-8")


def every_table(report: Mapping[str, Any]) -> list[Table]:
    """Return every table of a report, those of the jobs last.

    Args:
        report: What ``run`` returned.

    Returns:
        Tables in the order of the sections.
    """
    return [*tables(report), *job_tables(report)]


def plain(value: Any) -> Any:
    """Return a value as JSON can say it: what is no number is null."""
    if isinstance(value, dict):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(each) for each in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def markdown(report: Mapping[str, Any], shown: list[Table]) -> str:
    """Return the report as Markdown.

    Args:
        report: What ``run`` returned.
        shown: Its tables.

    Returns:
        The text.
    """
    artifacts = report["artifacts"]
    lines = [
        "# Evaluation",
        "",
        f"As of {artifacts['as_of']}: {artifacts['users']:,} users, {artifacts['items']:,} items.",
        "",
        "## In short",
        "",
        *(f"- {line}" for line in summary(report)),
        "",
    ]
    for name, title in SECTIONS.items():
        if name not in report:
            continue
        lines += [f"## {title}", ""]
        for table in shown:
            if table.section == name:
                lines += _table(table)
    return "\n".join(lines) + "\n"


def _table(table: Table) -> list[str]:
    def row(cells: Any) -> str:
        return "| " + " | ".join(str(cell).replace("|", "\\|") for cell in cells) + " |"

    note = [table.note, ""] if table.note else []
    body = [row(table.header), row("---" for _ in table.header), *map(row, table.rows), ""]
    return [f"### {table.title}", "", *body, *note]
