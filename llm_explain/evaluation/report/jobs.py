"""The report's tables and pictures of the jobs: churn, demand and campaign."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from llm_explain.evaluation.report.tables import Table, number

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

JOBS: Final = {"churn": "Churn", "demand": "Demand and stock", "campaign": "Campaign"}
INK: Final = "#2f7d5b"
MOST_BARS: Final = 10


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


def job_pictures(report: Mapping[str, Any], draw: Callable[..., str]) -> dict[str, dict[str, str]]:
    """Return the pictures of the jobs in a report.

    Args:
        report: What ``evaluate`` returned.
        draw: Draws with a function that fills a figure; returns SVG.

    Returns:
        SVG by section and title.
    """
    found: dict[str, dict[str, str]] = {}
    if "churn" in report:
        bins = report["churn"]["calibration"]["bins"]
        found["churn"] = {"Risks against outcomes": draw(_calibration, bins, 4.6, 4.2)} if bins else {}
        found["churn"]["Drivers of the risk: mean |phi| in log odds"] = draw(
            _bars, report["churn"]["drivers"], 7.0, 3.4
        )
    if "demand" in report:
        found["demand"] = {
            "Share of the weeks within each range": draw(_coverage, report["demand"]["coverage"], 4.6, 4.2),
            "Drivers of the coming week: mean |phi| in log units": draw(_bars, report["demand"]["drivers"], 7.0, 3.4),
        }
    return found


def _churn(section: Mapping[str, Any]) -> Iterator[Table]:
    scores = {"llm-explain": section["auc"], **section["baselines"]}
    yield Table(
        "churn", "Ranking of risks", ("score", "AUC"), [(name, number(value)) for name, value in scores.items()],
        f"{section['n_test']:,} test rows, {section['base_rate']:.1%} churn. "
        f"Calibration error {number(section['ece'])}.",
    )  # fmt: skip
    yield from _audited("churn", section["audit"])


def _demand(section: Mapping[str, Any]) -> Iterator[Table]:
    rows = {"llm-explain": section["wmape"], **section["baselines"]}
    yield Table(
        "demand", "WMAPE by weeks ahead", ("forecast", *section["wmape"]),
        [(name, *(number(value) for value in row.values())) for name, row in rows.items()],
        f"{section['n_series']:,} series, weeks {section['weeks'][0]} to {section['weeks'][1]}.",
    )  # fmt: skip
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


def _calibration(figure: Any, bins: list[Mapping[str, float]]) -> None:
    axes = figure.subplots()
    axes.plot([0, 1], [0, 1], color="#999", linewidth=0.8, linestyle="--")
    largest = max(row["rows"] for row in bins)
    sizes = [8 + 120 * row["rows"] / largest for row in bins]
    axes.scatter([row["promised"] for row in bins], [row["happened"] for row in bins], s=sizes, color=INK)
    axes.set(xlabel="risk", ylabel="share that churned")
    axes.spines[["top", "right"]].set_visible(False)


def _coverage(figure: Any, coverage: Mapping[str, float]) -> None:
    axes = figure.subplots()
    axes.plot([0, 1], [0, 1], color="#999", linewidth=0.8, linestyle="--")
    axes.plot([int(level) / 100 for level in coverage], list(coverage.values()), marker="o", color=INK)
    axes.set(xlabel="level of the range", ylabel="share of the weeks")
    axes.spines[["top", "right"]].set_visible(False)


def _bars(figure: Any, sizes: Mapping[str, float]) -> None:
    axes = figure.subplots()
    shown = list(sizes.items())[:MOST_BARS]
    axes.barh([name.replace("_", " ") for name, _ in shown], [value for _, value in shown], color=INK)
    axes.invert_yaxis()
    axes.spines[["top", "right"]].set_visible(False)
