"""The report's tables: what is shown, in which order, and how a number is written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from scoring.training.blend import METRICS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence


@dataclass(frozen=True)
class Table:
    """A table.

    Attributes:
        section: Section of the report that it belongs to.
        title: What it shows.
        header: Names of the columns.
        rows: Cells.
        note: How to read it.
    """

    section: str
    title: str
    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    note: str = ""


def number(value: float | None, digits: int = 3) -> str:
    """Return a number as a table shows it; a dash for none."""
    return "–" if value is None or value != value else f"{value:,.{digits}f}"


def tables(report: Mapping[str, Any]) -> list[Table]:
    """Return every table of a report, section by section.

    Args:
        report: What ``evaluate`` returned.

    Returns:
        Tables in the order of the sections.
    """
    return [
        *_ranking(report["ranking"]),
        *_exactness(report["exactness"]),
        *_audit(report["audit"]),
    ]


def _ranking(section: Mapping[str, Any]) -> Iterator[Table]:
    if section:
        yield Table(
            "ranking",
            "Held-out events, as training measured them",
            ("ranker", *METRICS),
            [(name, *(number(row.get(metric)) for metric in METRICS)) for name, row in section.items()],
            f"Expected calibration error {number(section['llm-explain'].get('ece'), 4)}. The command `llm-explain "
            "evaluate ranking` adds the slower baselines and the interval of the difference.",
        )


def _exactness(section: Mapping[str, Any]) -> Iterator[Table]:
    add, delete = section["additivity"], section["deletion"]
    yield Table(
        "exactness",
        "Errors in logits",
        ("error", "measured on", "mean", "largest"),
        [
            (
                "base value + attributions − score",
                f"{add['scores']:,} scores",
                f"{add['mean_residual']:.1e}",
                f"{add['max_residual']:.1e}",
            ),
            (
                "predicted score without a group − score of the log without its events",
                f"{delete['deletions']:,} deletions",
                f"{delete['mean_error']:.1e}",
                f"{delete['max_error']:.1e}",
            ),
        ],
    )


def _audit(section: Mapping[str, Any]) -> Iterator[Table]:
    names = (
        "records",
        "with_text",
        "with_reasons",
        "facts",
        "reasons_in_text",
        "reasons_not_read",
        "reasons_only_read",
        "values_in_text",
        "degree_words_in_text",
        "false",
    )
    yield Table(
        "audit",
        "Checked from the raw tables",
        ("what", "number"),
        [(name.replace("_", " "), f"{section[name]:,}") for name in names],
        "Not read: reasons of the records that the reader did not find in their sentences. Only read: reasons that it "
        "found and that the records do not have.",
    )
    if section["faults"]:
        yield Table("audit", "What is false", ("fault",), [(fault,) for fault in section["faults"]])
