"""Choose the reasons of one sentence from the claims that hold, or a fact for a text without a reason."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llm_explain.claims.derive import CONTEXT_PREFIX
from llm_explain.claims.kind import EVENT_KIND
from llm_explain.claims.registry import ClaimKinds
from llm_explain.policy.suppressions import NO_SUPPRESSIONS
from llm_explain.records import Claim
from scoring.data.tables import PURCHASE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llm_explain.claims.evidence import Evidence
    from llm_explain.claims.kind import ClaimKind
    from llm_explain.policy.policy import Policy
    from llm_explain.policy.suppressions import Suppressions
    from llm_explain.records import Fact


def select(claims: Sequence[Claim], evidence: Evidence, kinds: ClaimKinds | None = None) -> list[Claim]:
    """Choose the reasons of one sentence from the claims that hold.

    Takes the claims by attribution, largest first. It leaves out what is too small, vetoed or sensitive, what yields to
    a more telling claim for the same player, and what does not go with a claim already chosen. All reasons of a
    sentence speak of the same kind of event, because the sentence has one verb.

    Args:
        claims: Claims that ``derive`` found.
        evidence: The user, the item and the moment.
        kinds: Claim kinds in force; the installed ones if not given.

    Returns:
        At most ``max_reasons`` claims, largest attribution first.
    """
    kinds = kinds or ClaimKinds.installed()
    policy = evidence.shop.policy
    allowed = [claim for claim in claims if _is_allowed(claim, kinds[claim.kind], evidence)]
    telling = {(kinds[claim.kind].topic, claim.player) for claim in allowed if kinds[claim.kind].is_telling(claim)}
    chosen: list[Claim] = []
    for claim in sorted(allowed, key=lambda claim: -claim.phi):
        is_replaced = any((topic, claim.player) in telling for topic in kinds[claim.kind].yields_to)
        if not is_replaced and all(_go_together(claim, other, kinds) for other in chosen):
            chosen.append(claim)
    return chosen[: policy.settings.max_reasons]


def may_speak(kind: ClaimKind, evidence: Evidence) -> bool:
    """Return whether claims of a kind may be said of an item at all.

    Args:
        kind: The claim kind.
        evidence: The user, the item and the moment.

    Returns:
        False for a vetoed kind, for a kind that is blocked for the item's category, and for claims about a sensitive
        item that are personal or name its category.
    """
    policy = evidence.shop.policy
    if not policy.may_speak_kind(kind.name, evidence.category):
        return False
    return kind.fits_sensitive_items or not policy.is_sensitive_item(evidence.shop.catalogue, evidence.item_index)


def neutral(
    evidence: Evidence, suppressions: Suppressions = NO_SUPPRESSIONS, kinds: ClaimKinds | None = None
) -> Claim | None:
    """Return a true statement about the item for a text without a reason.

    Its attribution is given as 0, and a text from it may make no causal statement ("because", "since you", "that is
    why").

    Args:
        evidence: The user, the item and the moment.
        suppressions: What the user does not want to be told.
        kinds: Claim kinds in force; the installed ones if not given.

    Returns:
        The first neutral kind that holds, that the policy lets be spoken of this item and that the user has not
        switched off; ``None`` where none.
    """
    for kind in (kinds or ClaimKinds.installed()).neutral():
        finding = kind.find(evidence) if may_speak(kind, evidence) else None
        if finding is not None:
            part = kind.parts[0]
            claim = Claim(kind.name, CONTEXT_PREFIX + part, part, 0.0, 0.0, finding.facts, finding.licences)
            if suppressions.allow(claim, evidence.item_id):
                return claim
    return None


def _is_allowed(claim: Claim, kind: ClaimKind, evidence: Evidence) -> bool:
    policy: Policy = evidence.shop.policy
    category = claim.facts.get("category")
    return (
        claim.share >= policy.settings.min_share
        and may_speak(kind, evidence)
        and not (isinstance(category, str) and policy.is_sensitive_category(category))
        and not (isinstance(category, str) and not policy.may_speak_kind(claim.kind, category))
    )


def _go_together(claim: Claim, other: Claim, kinds: ClaimKinds) -> bool:
    """Return whether two claims can be reasons of one sentence."""
    first, second = kinds[claim.kind], kinds[other.kind]
    if (claim.player, claim.part) == (other.player, other.part) or not first.goes_with(second):
        return False
    spoken = {_event_kind(each) for each in (claim, other) if kinds[each.kind].scope != "context"}
    return len(spoken) <= 1


def _event_kind(claim: Claim) -> Fact:
    return claim.facts.get(EVENT_KIND, PURCHASE)
