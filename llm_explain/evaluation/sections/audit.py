"""The section ``audit``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from llm_explain.evaluation.audit import Audit, audit_records

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from llm_explain.evaluation.artifacts import EvaluatedArtifacts
    from llm_explain.records import Explanation


def section(
    artifacts: EvaluatedArtifacts, explained: Sequence[Explanation], report: Callable[[str, int, int], None]
) -> dict[str, Any]:
    """Check every record, and those of the same users' composed lists, from the raw tables.

    Args:
        artifacts: Artifacts under evaluation.
        explained: Explanations of rankings.
        report: Called with a description, the number done and the total.

    Returns:
        The section.
    """
    explainer = artifacts.explainer
    users = list(dict.fromkeys(str(each.user_id) for each in explained))
    lists = explainer.recommend_many(users, k=len(explained) // len(users), locale=artifacts.locale)
    records = [row.to_dict() for rows in (explained, *lists) for row in rows]
    report("audit", 0, len(records))
    found = audit_records(
        records,
        Audit(
            artifacts.folder / "tables",
            artifacts.scorer.snapshot.as_of,
            changes=explainer.catalogue.changes,
            kinds=artifacts.kinds,
        ),
        artifacts.reader,
        artifacts.items,
        item_of_title=artifacts.item_of_title,
        advance=lambda n: report("audit", n, len(records)),
    )
    return found.to_dict() | {
        "with_text": sum(record["text"] is not None for record in records),
        "with_reasons": sum(bool(record["reasons"]) for record in records),
        "sources": {
            source: sum(record["source"] == source for record in records)
            for source in sorted({str(record["source"]) for record in records if record["source"]})
        },
    }
