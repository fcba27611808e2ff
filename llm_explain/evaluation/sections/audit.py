"""The section ``audit``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from llm_explain.evaluation.audit import Audit, audit_records
from llm_explain.evaluation.sample import ITEMS_A_USER

if TYPE_CHECKING:
    from collections.abc import Callable

    from llm_explain.evaluation.artifacts import EvaluatedArtifacts
    from llm_explain.evaluation.sample import Sample


def section(artifacts: EvaluatedArtifacts, sample: Sample, report: Callable[[str, int, int], None]) -> dict[str, Any]:
    """Check every record, and those of the same users' composed lists, from the raw tables.

    Args:
        artifacts: Artifacts under evaluation.
        sample: The records.
        report: Called with a description, the number done and the total.

    Returns:
        The section.
    """
    explainer = artifacts.explainer
    users = list(dict.fromkeys(str(record["user_id"]) for record in sample.records))
    lists = explainer.recommend_many(users, k=ITEMS_A_USER, locale=artifacts.locale)
    records = [*map(dict, sample.records), *(row.to_dict() for rows in lists for row in rows)]
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
