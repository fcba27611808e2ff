"""The report's tables: what is shown, in which order, and how a number is written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from llm_explain.evaluation.ranking import METRICS, SEGMENTS

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


def interval(found: Mapping[str, float | None]) -> str:
    """Return a mean with its interval."""
    if found["mean"] is None:
        return "–"
    return f"{number(found['mean'])} [{number(found['low'])}, {number(found['high'])}]"


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
    for metric in METRICS:
        yield Table(
            "ranking",
            f"{metric} by segment",
            ("ranker", *(f"{name} ({section['users_by_segment'][name]} users)" for name in SEGMENTS)),
            [
                (name, *(interval(by_segment[segment][metric]) for segment in SEGMENTS))
                for name, by_segment in section["metrics"].items()
            ],
            "Mean over users with its 95 % bootstrap interval. Repeat, never bought and new items rank and ask only "
            "items of that kind; cold users are the tenth with the fewest baskets.",
        )
    yield Table(
        "ranking",
        "Difference to the baselines, paired by user",
        ("ranker", *(f"{segment}: recall@10" for segment in SEGMENTS)),
        [
            (name, *(interval(by_segment[segment]["recall@10"]) for segment in SEGMENTS))
            for name, by_segment in section["against"].items()
        ],
        "Above zero where the glass box is better. An interval that includes zero shows no difference.",
    )
    yield Table(
        "ranking",
        "What is shown at all",
        ("ranker", "coverage", "Gini", "mean recent buyers", "over what is really bought"),
        [
            (
                name,
                number(e["coverage"]),
                number(e["gini"]),
                number(e["mean_popularity"], 0),
                number(e["popularity_lift"], 2),
            )
            for name, e in section["exposure"].items()
        ],
        "Coverage: share of candidates in any list. The last column is 1 where lists are as popular as baskets.",
    )
    if "calibration" in section:
        c = section["calibration"]
        yield Table(
            "ranking",
            "Promised and kept",
            ("promised", "happened", "pairs"),
            [(number(b["promised"]), number(b["happened"]), f"{b['pairs']:,}") for b in c["bins"]],
            f"Each user's best 100 candidates. Expected calibration error {number(c['ece'], 4)}, "
            f"Brier score {number(c['brier'], 4)}.",
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
