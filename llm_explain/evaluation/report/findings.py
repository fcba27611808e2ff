"""What the report says in a few lines: the figures that matter, and where another or a control is better."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from llm_explain.evaluation.fidelity.curves import HIGHER_IS_BETTER
from llm_explain.evaluation.report.tables import MIN_USERS, interval, number

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


def findings(report: Mapping[str, Any]) -> list[str]:
    """Return the report in a few lines.

    Args:
        report: What ``evaluate`` returned.

    Returns:
        Sentences, the good news and the bad.
    """
    return [
        *_ranking(report["ranking"]),
        *_fidelity(report["fidelity"]),
        *_truth(report["audit"]),
        *_controls(report["controls"]),
    ]


def _ranking(section: Mapping[str, Any]) -> Iterator[str]:
    ours = section["metrics"][section["ours"]]
    yield (
        f"recall@10 is {interval(ours['all']['recall@10'])} over all, {interval(ours['repeat']['recall@10'])} among "
        f"what was bought before and {interval(ours['never bought']['recall@10'])} among what was not."
    )
    for name, by_segment in section["against"].items():
        lost = [segment for segment, cells in by_segment.items() if _is_below(cells["recall@10"])]
        if lost:
            yield f"{name} ranks better than ours in: {', '.join(lost)}."


def _is_below(cell: Mapping[str, float | None]) -> bool:
    return cell["high"] is not None and cell["high"] < 0


def _fidelity(section: Mapping[str, Any]) -> Iterator[str]:
    yield (
        f"Base value and attributions miss the score by at most {section['additivity']['max_residual']:.1e} logits; "
        f"a told score without a group misses that of the shortened log by at most "
        f"{section['deletion_error']['max_error']:.1e}."
    )
    for scorer, levels in section["curves"].items():
        for level, found in levels.items():
            if found["users"] < MIN_USERS:
                yield f"{scorer}, {level}: {found['users']} users are too few to call any explanation better."
                continue
            better: dict[str, list[str]] = {}
            for way, cells in found["against"].items():
                for metric, is_up in HIGHER_IS_BETTER.items():
                    low, high = cells[metric]["low"], cells[metric]["high"]
                    if low is not None and high is not None and (high < 0 if is_up else low > 0):
                        better.setdefault(way, []).append(metric)
            for way, metrics in better.items():
                yield f"{scorer}, {level}: {way} is better than ours in {', '.join(metrics)}."
            if not better:
                yield f"{scorer}, {level}: no other explanation is significantly better than ours in any metric."


def _truth(section: Mapping[str, Any]) -> Iterator[str]:
    yield (
        f"Of {section['facts']:,} facts in {section['records']:,} records, "
        f"{section['values_in_text']:,} numbers and {section['degree_words_in_text']:,} words of degree read in their "
        f"sentences, {section['false']:,} are false."
    )


def _controls(section: Mapping[str, Any]) -> Iterator[str]:
    rows = {**section["per_sentence"], **section["per_set"]}
    blind = {name: row["cannot_tell"] for name, row in rows.items() if row["cannot_tell"]}
    sharp = [name.replace("_", " ") for name, row in rows.items() if not row["cannot_tell"]]
    yield f"Metrics that tell us from every control: {', '.join(sharp) or 'none'}."
    told = "; ".join(f"{name.replace('_', ' ')} ({', '.join(controls)})" for name, controls in blind.items())
    yield f"Metrics that cannot tell us from some control: {told or 'none'}."
    truth = section["per_sentence"]["true_of_the_data"]["mean"]
    yield (
        "Sentences that are true of the data: "
        + ", ".join(f"{system} {number(cell['mean'])}" for system, cell in truth.items())
        + "."
    )
