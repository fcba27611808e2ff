"""Suppressions: claims that a user does not want to be told, in addition to the policy's rules."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from llm_explain.records import Claim


ANY_KIND: Final = ""


@dataclass(frozen=True, slots=True)
class Suppressions:
    """What is not said to one user; the score does not change.

    Attributes:
        kinds: Claim kinds that are never said.
        reasons: Kind, player and item of claims that are not said; ``None`` for every item. Of one item,
            no claim of the kind is said, whatever its player: its neutral sentence would state the same facts.
            ``ANY_KIND`` stands for every kind of a player: another kind would say in other words what is not true.
    """

    kinds: frozenset[str] = frozenset()
    reasons: frozenset[tuple[str, str, str | None]] = frozenset()

    def allow(self, claim: Claim, item_id: str | None) -> bool:
        """Return whether a claim may be said of an item to this user.

        Args:
            claim: The claim.
            item_id: The recommended item; ``None`` for a subject without an item.

        Returns:
            False where its kind, or it for this item or every item, is switched off.
        """
        if claim.kind in self.kinds:
            return False
        return not any(
            (kind == claim.kind and item is not None and item == item_id)
            or (kind in {claim.kind, ANY_KIND} and player == claim.player and item in {None, item_id})
            for kind, player, item in self.reasons
        )


NO_SUPPRESSIONS: Final = Suppressions()
"""Whatever the policy allows."""
