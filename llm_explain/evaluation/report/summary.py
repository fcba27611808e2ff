"""The report in a few lines: the main figures, and where a baseline is better."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from llm_explain.evaluation.report.jobs import job_summary
from llm_explain.evaluation.report.tables import number

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


def summary(report: Mapping[str, Any]) -> list[str]:
    """Return the report in a few lines.

    Args:
        report: What ``evaluate`` returned.

    Returns:
        Sentences, the good news and the bad.
    """
    return [
        *_ranking(report["ranking"]),
        *_exactness(report["exactness"]),
        *_truth(report["audit"]),
        *job_summary(report),
    ]


def _ranking(section: Mapping[str, Any]) -> Iterator[str]:
    own = section.get("llm-explain", {})
    if (recall := own.get("recall@10")) is None:
        return
    yield f"recall@10 is {number(recall)} over all items and {number(own.get('recall@10_new'))} over new ones."
    better = [name for name, row in section.items() if (row.get("recall@10") or 0.0) > recall]
    if better:
        yield f"recall@10 over all items is higher with: {', '.join(better)}."


def _exactness(section: Mapping[str, Any]) -> Iterator[str]:
    yield (
        f"Base value and attributions differ from the score by at most {section['additivity']['max_residual']:.1e} "
        f"logits; a predicted score without a group differs from that of the shortened log by at most "
        f"{section['deletion']['max_error']:.1e}."
    )


def _truth(section: Mapping[str, Any]) -> Iterator[str]:
    yield (
        f"Of {section['facts']:,} facts in {section['records']:,} records, "
        f"{section['values_in_text']:,} numbers and {section['degree_words_in_text']:,} words of degree read in their "
        f"sentences, {section['false']:,} are false."
    )
