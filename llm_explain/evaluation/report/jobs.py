"""The report's tables of the jobs: churn, demand and campaign."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from llm_explain.evaluation.report.tables import Table, number

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

JOBS: Final = {"churn": "Churn", "demand": "Demand and stock", "campaign": "Campaign"}
MOST_DRIVERS: Final = 10


def job_tables(report: Mapping[str, Any]) -> Iterator[Table]:
    """Yield the tables of the jobs in a report.

    Args:
        report: What ``evaluate`` returned.

    Yields:
        Table: The tables in the order of the sections.
    """
    for name, found in (("churn", _churn), ("demand", _demand), ("campaign", _campaign)):
        if name in report:
            yield from found(report[name])


def job_summary(report: Mapping[str, Any]) -> Iterator[str]:
    """Yield the main figures of the jobs in a report, one sentence each.

    Args:
        report: What ``evaluate`` returned.

    Yields:
        str: The sentences.
    """
    if "churn" in report:
        found = report["churn"]
        name, best = max(found["baselines"].items(), key=lambda pair: pair[1])
        yield (
            f"Churn: AUC {number(found['auc'])} ({name} {number(best)}), calibration error {number(found['ece'])}; "
            f"{found['audit']['false']:,} faults in {found['audit']['texts']:,} texts."
        )
    if "demand" in report:
        found = report["demand"]
        ahead, value = list(found["wmape"].items())[-1]
        yield (
            f"Demand: WMAPE {number(value)} {ahead} weeks ahead, 80 % ranges cover {found['coverage80']:.1%}; "
            f"{found['audit']['false']:,} faults in {found['audit']['texts']:,} texts."
        )
    if "campaign" in report:
        found = report["campaign"]["summary"]
        yield f"Campaign: {found['treated']:,} users with a message, {found['holdout']:,} in the holdout group."


def _churn(section: Mapping[str, Any]) -> Iterator[Table]:
    scores = {"llm-explain": section["auc"], **section["baselines"]}
    yield Table(
        "churn", "Ranking of risks", ("score", "AUC"), [(name, number(value)) for name, value in scores.items()],
        f"{section['n_test']:,} test rows, {section['base_rate']:.1%} churn. "
        f"Calibration error {number(section['ece'])}.",
    )  # fmt: skip
    bins = [
        (number(row["promised"]), number(row["happened"]), f"{row['rows']:,}") for row in section["calibration"]["bins"]
    ]
    yield Table("churn", "Risks against outcomes", ("risk", "share that churned", "rows"), bins)
    yield _drivers("churn", section["drivers"], "log odds")
    yield from _audited("churn", section["audit"])


def _demand(section: Mapping[str, Any]) -> Iterator[Table]:
    rows = {"llm-explain": section["wmape"], **section["baselines"]}
    yield Table(
        "demand", "WMAPE by weeks ahead", ("forecast", *section["wmape"]),
        [(name, *(number(value) for value in row.values())) for name, row in rows.items()],
        f"{section['n_series']:,} series, weeks {section['weeks'][0]} to {section['weeks'][1]}.",
    )  # fmt: skip
    covered = [(f"{level} %", f"{share:.1%}") for level, share in section["coverage"].items()]
    yield Table("demand", "Share of the weeks within each range", ("range", "covered"), covered)
    yield _drivers("demand", section["drivers"], "log units")
    yield from _audited("demand", section["audit"])


def _campaign(section: Mapping[str, Any]) -> Iterator[Table]:
    plain = {name: value for name, value in section["summary"].items() if name != "left_out"}
    rows = [(name.replace("_", " "), "–" if value is None else str(value)) for name, value in plain.items()]
    rows += [(f"left out: {why}", f"{count:,}") for why, count in section["summary"]["left_out"].items()]
    yield Table("campaign", "Plan", ("", "value"), rows)
    kinds = [(name.replace("_", " "), f"{count:,.0f}") for name, count in section["kinds"].items()]
    yield Table("campaign", "Reasons", ("kind", "offers"), kinds)


def _audited(name: str, audit: Mapping[str, Any]) -> Iterator[Table]:
    counts = [(key.replace("_", " "), f"{audit[key]:,}") for key in ("texts", "without_text", "facts", "false")]
    yield Table(name, "Texts checked against the tables", ("what", "number"), counts, "Facts are repeated in SQL.")
    yield Table(name, "Some of the texts", ("text",), [(text,) for text in audit["examples"]])
    if audit["faults"]:
        yield Table(name, "What is false", ("fault",), [(fault,) for fault in audit["faults"]])


def _drivers(name: str, sizes: Mapping[str, float], unit: str) -> Table:
    rows = [(player.replace("_", " "), number(value)) for player, value in list(sizes.items())[:MOST_DRIVERS]]
    return Table(name, f"Drivers: mean |phi| in {unit}", ("player", "mean |phi|"), rows)
