"""Write a report: JSON for programs, Markdown for a repository, and one page that needs nothing else."""

from __future__ import annotations

import json
import math
from importlib import resources
from typing import TYPE_CHECKING, Any, Final

import jinja2

from llm_explain.evaluation.report.jobs import JOBS, job_tables
from llm_explain.evaluation.report.summary import summary
from llm_explain.evaluation.report.tables import Table, tables

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

SECTIONS: Final = {
    "ranking": "Ranking",
    "exactness": "Exactness",
    "audit": "True of the data",
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
    environment = jinja2.Environment(
        loader=jinja2.FunctionLoader(_source), autoescape=jinja2.select_autoescape(["html.j2"]),
        undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    for name in ("report.md", "report.html"):
        page = environment.get_template(f"{name}.j2").render(
            report=report, sections=sections, summary=summary(report),
            tables={section: [table for table in shown if table.section == section] for section in sections},
        )  # fmt: skip
        (out / name).write_text(page, encoding="utf-8")


def every_table(report: Mapping[str, Any]) -> list[Table]:
    """Return every table of a report, those of the jobs last.

    Args:
        report: What ``run`` returned.

    Returns:
        Tables in the order of the sections.
    """
    return [*tables(report), *job_tables(report)]


def _source(name: str) -> str:
    return resources.files("llm_explain.evaluation.report").joinpath(name).read_text(encoding="utf-8")


def plain(value: Any) -> Any:
    """Return a value as JSON can say it: NaN and infinity become null."""
    if isinstance(value, dict):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(each) for each in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
