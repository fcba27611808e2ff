"""The function that a batch applies to each shard: an Arrow table of users becomes a table of explanations."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

from scoring.data.tables import ITEM_ID, USER_ID

if TYPE_CHECKING:
    from pathlib import Path

    from llm_explain.composition.selection import SectionOption
    from llm_explain.explainer import Explainer
    from llm_explain.records import Explanation
    from llm_explain.text.skeleton import Tone

REASON: Final = pa.struct(
    [
        ("kind", pa.string()),
        ("player", pa.string()),
        ("phi", pa.float64()),
        ("share", pa.float64()),
        ("facts", pa.string()),
    ]
)
BADGE: Final = pa.struct([("kind", pa.string()), ("text", pa.string()), ("facts", pa.string())])

ROW: Final = pa.schema(
    [
        ("position", pa.int32()),
        (ITEM_ID, pa.string()),
        ("title", pa.string()),
        ("section", pa.string()),
        ("rank", pa.int32()),
        ("score", pa.float64()),
        ("probability", pa.float64()),
        ("text", pa.string()),
        ("reason_code", pa.string()),
        ("source", pa.string()),
        ("is_verified", pa.bool_()),
        ("reasons", pa.list_(REASON)),
        ("badges", pa.list_(BADGE)),
        ("explanation_id", pa.string()),
        ("as_of", pa.timestamp("us", tz="UTC")),
    ]
)
"""Columns of an explanation, after those of the table of users; ``facts`` are JSON objects."""


@dataclass(frozen=True, slots=True)
class BatchSettings:
    """What a batch asks for each user; the fields are those of ``Explainer.recommend``.

    Attributes:
        k: How many items.
        section: ``mixed``, ``new``, ``again``, or ``None`` for a list by score alone.
        locale: A folder under ``prompts/``; the shop's if not given.
        tone: ``friendly``, ``concise`` or ``formal``; the surface's if not given.
        surface: Where the texts are shown.
        as_of: ISO 8601 moment; the artifacts' if not given.
        channel: Where the lists are shown; empty for none.
        sources: Order of the sources of sentences.
        language_model: What the source ``lm`` writes with, as for ``Explainer.load``.
        policy_file: Policy that replaces ``prompts/policy.yaml``, for example with ``lexicalised: true``.
    """

    k: int = 10
    section: SectionOption | None = "mixed"
    locale: str | None = None
    tone: Tone | None = None
    surface: str | None = None
    as_of: str | None = None
    channel: str = ""
    sources: tuple[str, ...] = ("phrasebook", "template")
    language_model: str = "auto"
    policy_file: Path | None = None


def explain_users(explainer: Explainer, settings: BatchSettings, users: pa.Table) -> pa.Table:
    """Explain the list of each user; the result depends on nothing but the arguments.

    Args:
        explainer: The shop.
        settings: What each list is like.
        users: A column ``user_id`` and any others, which each row of the result repeats.

    Returns:
        The columns of ``users``, then those of ``ROW``; a row for each item, the users in the order given.
    """
    ids = users.column(USER_ID).to_pylist()
    lists = explainer.recommend_many(
        ids,
        k=settings.k,
        as_of=settings.as_of,
        channel=settings.channel,
        tone=settings.tone,
        locale=settings.locale,
        surface=settings.surface,
        sources=settings.sources,
        section=settings.section,
    )
    titles = explainer.titles
    rows = [_row(explanation, titles[str(explanation.item_id)]) for own in lists for explanation in own]
    repeated = users.take(pa.array([place for place, own in enumerate(lists) for _ in own], pa.int64()))
    explained = pa.Table.from_pylist(rows, schema=ROW)
    return pa.table([*repeated.columns, *explained.columns], schema=pa.schema([*repeated.schema, *ROW]))


def _row(explanation: Explanation, title: str) -> dict[str, Any]:
    text = explanation.text
    return {
        "position": explanation.position or explanation.rank,
        ITEM_ID: explanation.item_id,
        "title": title,
        "section": explanation.section,
        "rank": explanation.rank,
        "score": explanation.attribution.score,
        "probability": explanation.probability,
        "text": text.text if text else None,
        "reason_code": explanation.reason_code,
        "source": text.source if text else None,
        "is_verified": text.verdict.ok if text else None,
        "reasons": [
            {
                "kind": claim.kind,
                "player": claim.player,
                "phi": claim.phi,
                "share": claim.share,
                "facts": json.dumps(dict(claim.facts), ensure_ascii=False),
            }
            for claim in explanation.reasons
        ],
        "badges": [
            {
                "kind": badge.claim.kind,
                "text": badge.text.text,
                "facts": json.dumps(dict(badge.claim.facts), ensure_ascii=False),
            }
            for badge in explanation.badges
        ],
        "explanation_id": explanation.id,
        "as_of": explanation.as_of.tz_localize("UTC").to_pydatetime(),
    }
