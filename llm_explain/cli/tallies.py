"""Counts of what shoppers think of the sentences, for editors and for training."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, get_args

from sqlalchemy import select

from llm_explain.service.schemas.fields import FeedbackVerdict
from llm_explain.state.models import FeedbackRow

if TYPE_CHECKING:
    from llm_explain.state import State


@dataclass(frozen=True, slots=True)
class Tally:
    """How often a kind or a skeleton was judged.

    Attributes:
        name: The kind or the skeleton.
        counts: Opinions by verdict.
    """

    name: str
    counts: dict[str, int]

    @property
    def rejected(self) -> int:
        """Return how many opinions are not ``helpful``."""
        return sum(self.counts.values()) - self.counts["helpful"]

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON record."""
        return {"name": self.name, **self.counts, "rejected": self.rejected}


def tally_verdicts(state: State) -> tuple[list[Tally], list[Tally]]:
    """Count verdicts by claim kind and by skeleton, those that people reject most first.

    Args:
        state: The service's state.

    Returns:
        Counts by kind, and by skeleton.
    """
    columns = (FeedbackRow.verdict, FeedbackRow.kind, FeedbackRow.kinds, FeedbackRow.skeleton)
    kinds: dict[str, Counter[str]] = {}
    skeletons: dict[str, Counter[str]] = {}
    with state.database.reading() as connection:
        for verdict, kind, stated, skeleton in connection.execute(select(*columns)):
            for name in [kind] if kind else stated:
                kinds.setdefault(name, Counter())[verdict] += 1
            if skeleton:
                skeletons.setdefault(skeleton, Counter())[verdict] += 1
    return _sorted(kinds), _sorted(skeletons)


def _sorted(counts: dict[str, Counter[str]]) -> list[Tally]:
    verdicts = get_args(FeedbackVerdict)
    found = [Tally(name, {verdict: each[verdict] for verdict in verdicts}) for name, each in counts.items()]
    return sorted(found, key=lambda tally: (-tally.rejected, tally.name))
