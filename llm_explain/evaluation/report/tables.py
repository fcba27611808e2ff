"""The report's tables: what is shown, in which order, and how a number is written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from llm_explain.evaluation.controls import CONTROLS, OURS
from llm_explain.evaluation.fidelity.curves import HIGHER_IS_BETTER
from llm_explain.evaluation.ranking import SEGMENTS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence


MIN_USERS: Final = 8
"""With fewer users an interval says nothing, so nothing is called better."""


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


def interval(found: Mapping[str, float | None], digits: int = 3) -> str:
    """Return a mean with its interval."""
    if found["mean"] is None:
        return "–"
    return f"{number(found['mean'], digits)} [{number(found['low'], digits)}, {number(found['high'], digits)}]"


def tables(report: Mapping[str, Any]) -> list[Table]:
    """Return every table of a report, section by section.

    Args:
        report: What ``evaluate`` returned.

    Returns:
        Tables in the order of the sections.
    """
    return [
        *_ranking(report["ranking"]), *_fidelity(report["fidelity"]), *_audit(report["audit"]),
        *_agreement(report["agreement"]), *_text(report["text"]), *_score(report["score_from_text"]),
        *_controls(report["controls"]),
    ]  # fmt: skip


def _ranking(section: Mapping[str, Any]) -> Iterator[Table]:
    ours = section["ours"]
    for metric in ("recall@10", "ndcg@10"):
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
        f"{ours}: every metric",
        ("metric", *SEGMENTS),
        [
            (metric, *(interval(section["metrics"][ours][segment][metric]) for segment in SEGMENTS))
            for metric in section["metrics"][ours]["all"]
        ],
    )
    yield Table(
        "ranking",
        "Ours less the others, paired by user",
        ("ranker", *(f"{segment}: recall@10" for segment in SEGMENTS)),
        [
            (name, *(interval(by_segment[segment]["recall@10"]) for segment in SEGMENTS))
            for name, by_segment in section["against"].items()
        ],
        "Above zero where ours is better; an interval that holds zero is no difference.",
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
        "Coverage: share of candidates in anybody's first ten. The last column is 1 where lists are as popular as "
        "baskets.",
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


def _fidelity(section: Mapping[str, Any]) -> Iterator[Table]:
    add, delete = section["additivity"], section["deletion_error"]
    yield Table(
        "fidelity",
        "Exactness",
        ("what", "measured on", "mean error", "largest error"),
        [
            (
                "base value + attributions − score",
                f"{add['scores']} scores",
                f"{add['mean_residual']:.1e}",
                f"{add['max_residual']:.1e}",
            ),
            (
                "told score without a group − score of the shortened log",
                f"{delete['deletions']} deletions",
                f"{delete['mean_error']:.1e}",
                f"{delete['max_error']:.1e}",
            ),
        ],
        "In logits.",
    )
    arrow = {True: "↑", False: "↓"}
    for scorer, levels in section["curves"].items():
        for level, found in levels.items():
            yield Table(
                "fidelity",
                f"{scorer}, {level}: mean over one to five named {level}",
                ("explanation", *(f"{m} {arrow[up]}" for m, up in HIGHER_IS_BETTER.items())),
                [(way, *(_marked(found, way, m, up) for m, up in HIGHER_IS_BETTER.items())) for way in found["mean"]],
                f"{found['users']} users, {found['targets']} targets. ✗: ours is better; ✓: better than ours (a "
                f"paired 95 % interval leaves zero out; from {MIN_USERS} users on).",
            )
    stable = section["stability"]
    trips = stable["one_trip_fewer"]
    yield Table(
        "fidelity",
        "Stability",
        (
            "what changes",
            "explanation",
            "rank correlation",
            "same first player",
            "change of attributions",
            "reasons kept",
        ),
        [
            (
                "one shopping trip fewer",
                OURS,
                number(trips["rank_correlation"]),
                number(trips["top"]),
                number(trips["change"]),
                number(trips["reasons_kept"]),
            ),
            *(
                ("the seed alone", way, number(row["rank_correlation"]), number(row["top"]), number(row["change"]), "–")
                for way, row in stable["another_seed"].items()
            ),
        ],
        f"{trips['users']} users; the score itself moves by {number(trips['score_change'])} logits when a trip is "
        "missing.",
    )


def _marked(found: Mapping[str, Any], way: str, metric: str, is_up: bool) -> str:
    text = number(found["mean"][way][metric]["mean"])
    if way == OURS:
        return text
    low, high = found["against"][way][metric]["low"], found["against"][way][metric]["high"]
    if found["users"] < MIN_USERS or low is None or high is None or low <= 0 <= high:
        return text
    return f"{text} {'✗' if (low > 0) is is_up else '✓'}"


def _audit(section: Mapping[str, Any]) -> Iterator[Table]:
    names = (
        "records",
        "with_text",
        "with_reasons",
        "facts",
        "reasons_in_text",
        "values_in_text",
        "degree_words_in_text",
        "false",
    )
    yield Table(
        "audit",
        "Checked from the raw tables",
        ("what", "number"),
        [(name.replace("_", " "), f"{section[name]:,}") for name in names],
    )
    if section["faults"]:
        yield Table("audit", "What is false", ("fault",), [(fault,) for fault in section["faults"]])


def _agreement(section: Mapping[str, Any]) -> Iterator[Table]:
    read = section["reader"]
    yield Table(
        "agreement",
        "Agreement of each sentence",
        ("metric", "mean"),
        [(name.replace("_", " "), interval(found)) for name, found in section["metrics"].items()],
        f"{section['sentences']:,} sentences of {section['users']:,} users. Of {read['reasons']:,} reasons the reader "
        f"missed {read['missed']:,} and read {read['invented']:,} that were none: both count against the sentences.",
    )


def _text(section: Mapping[str, Any]) -> Iterator[Table]:
    rows = [(name.replace("_", " "), number(value)) for name, value in section.items() if isinstance(value, float)]
    for name in ("references", "perplexity", "perplexity_of_people"):
        rows += [(f"{name.replace('_', ' ')}: {key}", number(value)) for key, value in section.get(name, {}).items()]
    yield Table("text", "Measures of the set", ("metric", "value"), rows, f"{section['sentences']:,} sentences.")


def _score(section: Mapping[str, Any]) -> Iterator[Table]:
    yield Table(
        "score_from_text",
        "How much of the score the sentence tells",
        ("sentences", "R²", "rank correlation", "order of two items"),
        [
            (system, number(row["r2"]), number(row["spearman"]), interval(row["order"]))
            for system, row in section.items()
        ],
        "A ridge regression on the words, tested on users that it has not seen. Chance gives 0, 0 and 0.5.",
    )


def _controls(section: Mapping[str, Any]) -> Iterator[Table]:
    header = ("metric", OURS, *CONTROLS, "cannot tell us from")
    arrow = {True: "↑", False: "↓"}
    yield Table(
        "controls",
        "Metrics of each sentence",
        header,
        [
            (
                f"{name.replace('_', ' ')} {arrow[row['higher_is_better']]}",
                *(number(row["mean"][system]["mean"]) for system in (OURS, *CONTROLS)),
                ", ".join(row["cannot_tell"]) or "–",
            )
            for name, row in section["per_sentence"].items()
        ],
        "The last column names the controls from which the paired 95 % interval does not part us on the right side.",
    )
    yield Table(
        "controls",
        "Metrics of the whole set",
        header,
        [
            (
                f"{name.replace('_', ' ')} {arrow[row['higher_is_better']]}",
                *(number(row["value"].get(system)) for system in (OURS, *CONTROLS)),
                ", ".join(row["cannot_tell"]) or "–",
            )
            for name, row in section["per_set"].items()
        ],
        "Without an interval: a difference of less than 2 % counts as none.",
    )
    yield Table(
        "controls",
        "What they say",
        ("item", "system", "sentence"),
        [
            (example["item"], system, example[system] or "(nothing)")
            for example in section["examples"]
            for system in (OURS, *CONTROLS)
        ],
    )
