"""What one sentence is to state, and what it is about besides."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from llm_explain.claims import EVENT_KIND
from llm_explain.text.name_cleaning import inside_sentence
from llm_explain.text.realiser import Scene
from scoring.data.tables import PURCHASE

if TYPE_CHECKING:
    import pandas as pd

    from llm_explain.policy.policy import Policy
    from llm_explain.records import Claim
    from scoring.data.catalogue import Catalogue


@dataclass(frozen=True, slots=True)
class Request:
    """What one sentence is to state.

    Attributes:
        claims: Reasons, or one statement about the item; at most one of a kind; none for nothing to say.
        item_index: The recommended item.
        user_id: The shop's id; ``None`` for a history without a user.
        as_of: The moment that the sentence speaks of.
        is_neutral: Whether the claims are no reasons, so that no cause may be claimed.
    """

    claims: tuple[Claim, ...]
    item_index: int
    user_id: str | None
    as_of: pd.Timestamp
    is_neutral: bool = False


def scene_of(request: Request, catalogue: Catalogue, policy: Policy) -> Scene:
    """Return what a sentence is about besides its claims.

    Args:
        request: What it is to state.
        catalogue: The shop's items.
        policy: Which items no text may name; their title is left out.

    Returns:
        Item, day and other items.
    """
    others = [str(claim.facts["other_item_id"]) for claim in request.claims if "other_item_id" in claim.facts]
    kinds = [str(claim.facts[EVENT_KIND]) for claim in request.claims if EVENT_KIND in claim.facts]
    indices = catalogue.index_of(others) if others else ()
    return Scene(
        title=_title(int(request.item_index), catalogue, policy),
        as_of=request.as_of.date(),
        titles={other: _title(int(index), catalogue, policy) for other, index in zip(others, indices, strict=True)},
        event_kind=kinds[0] if kinds else PURCHASE,
    )


def _title(item_index: int, catalogue: Catalogue, policy: Policy) -> str:
    """Return the title of an item as it stands within a sentence; empty for one that no text may name."""
    if policy.is_sensitive_item(catalogue, item_index):
        return ""
    return inside_sentence(str(catalogue.titles[item_index]), catalogue.common_words)
