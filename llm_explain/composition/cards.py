"""Reasons of the cards of a composed list, within the budget of a page."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from llm_explain.claims import go_together
from llm_explain.claims.kind import EVENT_KIND

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from llm_explain.claims import ClaimKinds
    from llm_explain.composition.arrangement import Placed
    from llm_explain.records import Claim, Fact

MOST_CARDS_A_KIND: Final = 2
"""Most cards of a page that give reasons of one kind; the lines of *again* do not count."""

MOST_SCARCE_CARDS: Final = 1
"""Most cards of a page that give a reason which holds of many items, while something else can be said."""

MOST_LAST: Final = 3
"""Most cards of a page that state one kind of what holds of many items, where they would else say nothing."""

MOST_OF_STRANGERS: Final = 5
"""The same of a page without a fact of the user."""

MOST_OF_A_CATEGORY: Final = 4
"""Most cards of a page that name one category, where they would else say nothing."""

FEW_KINDS: Final = 5
"""With fewer kinds to speak of, a kind may come more often: first for another item or category, then for any card."""

LEAST_OF_BEST: Final = 0.5
"""Least attribution of a reason, as a share of the card's largest attribution of the same kind."""

NAMED_FACTS: Final = ("other_item_id", "category")
"""Facts by which a claim names an item or a category."""


@dataclass
class Budget:
    """Kinds and names that the cards of a page have used.

    Attributes:
        has_few_kinds: Whether the page has few kinds to speak of.
        is_personal: Whether a card may state what the user did.
        scarce: Kinds that hold of many items, whatever the user did; one card states one, others if nothing else holds.
        linked: Kinds that state a link themselves; few cards of the page do so, however few kinds it has.
        cards: Cards by claim kind.
        names: Cards by claim kind and the name that they used.
    """

    has_few_kinds: bool = False
    is_personal: bool = False
    scarce: frozenset[str] = frozenset()
    linked: frozenset[str] = frozenset()
    cards: Counter[str] = field(default_factory=Counter)
    names: Counter[tuple[str, Fact | None]] = field(default_factory=Counter)

    @classmethod
    def of(cls, claims: Sequence[Sequence[Claim]], kinds: ClaimKinds, n_known: int = 0) -> Budget:
        """Return the budget of a page whose cards may state some claims, for a user who knows some items."""
        scarce = frozenset(name for name, kind in kinds.items() if kind.is_scarce)
        linked = frozenset(name for name, kind in kinds.items() if kind.states_link)
        said = {claim.kind for own in claims for claim in own} - scarce
        is_personal = bool(said) or n_known >= len(claims)
        return cls(len(said - linked) < FEW_KINDS, is_personal=is_personal, scarce=scarce, linked=linked)

    @property
    def n_scarce(self) -> int:
        """Cards of the page that state what holds of many items."""
        return sum(self.cards[kind] for kind in self.scarce)

    def may_end_with(self, claim: Claim, *, is_last: bool = False) -> bool:
        """Return whether a card without a reason may state a claim.

        Args:
            claim: The claim.
            is_last: Whether nothing else can be said: then more cards of a personal page tell of many items.

        Returns:
            Whether few enough cards of the page state what holds of many items.
        """
        if claim.kind not in self.scarce:
            return True
        if not self.is_personal:
            return self.cards[claim.kind] < MOST_OF_STRANGERS
        return self.cards[claim.kind] < MOST_LAST if is_last else self.n_scarce < MOST_SCARCE_CARDS

    def allows(self, claim: Claim) -> bool:
        """Return whether another card may state a claim: no item and no category speaks for two cards."""
        if self.has_named(claim):
            return False
        if claim.kind in self.scarce and self.n_scarce >= MOST_SCARCE_CARDS:
            return False
        if self.cards[claim.kind] < MOST_CARDS_A_KIND:
            return True
        return self.has_few_kinds and named(claim) is not None and claim.kind not in self.linked

    def take(self, claim: Claim) -> bool:
        """Count a claim if the budget allows it, and return whether it does."""
        if not self.allows(claim):
            return False
        self.count(claim)
        return True

    def take_fact(self, claim: Claim, *, is_alone: bool = False, is_last: bool = False) -> bool:
        """Count a fact about the user if no card names the same, and return whether it may be told.

        Args:
            claim: The fact.
            is_alone: Whether the card says nothing else; otherwise the budget has to allow the fact too.
            is_last: Whether nothing else can be said, so that other cards of the page may name the same.

        Returns:
            Whether the card may tell it.
        """
        n_named = sum(number for (_, said), number in self.names.items() if said == named(claim))
        most = 1
        if is_last:
            most = MOST_CARDS_A_KIND if "other_item_id" in claim.facts else MOST_OF_A_CATEGORY
        if n_named >= most or not ((is_alone and claim.kind not in self.linked) or self.allows(claim)):
            return False
        self.count(claim)
        return True

    def has_named(self, claim: Claim) -> bool:
        """Return whether a card of the page names the claim's item or category."""
        name = named(claim)
        return name is not None and self.names_used(name)

    def names_used(self, name: Fact) -> bool:
        """Return whether a card of the page names an item or category."""
        return any(said == name for _, said in self.names)

    def count(self, claim: Claim) -> None:
        """Count a claim, whatever the budget allows."""
        self.cards[claim.kind] += 1
        self.names[claim.kind, named(claim)] += 1


def named(claim: Claim) -> Fact | None:
    """Return the item or category that a claim names; ``None`` if it names none."""
    return next((claim.facts[fact] for fact in NAMED_FACTS if fact in claim.facts), None)


def first_reasons(claims: Sequence[Sequence[Claim]], budget: Budget, kinds: ClaimKinds) -> list[tuple[Claim, ...]]:
    """Choose one reason for each card, within the budget of the page.

    A card prefers the kinds with the smallest ``list_place``, then what the page has not named yet, then the claims
    with the largest attribution. Cards with few kinds to speak of choose first, so that few cards are left without a
    reason. If the page has few kinds, a kind that names nothing may come more often.

    Args:
        claims: Claims that may be the reason of each card.
        budget: Budget of the page.
        kinds: Claim kinds in force.

    Returns:
        The reason of each card; empty for a card without one.
    """
    chosen: list[tuple[Claim, ...]] = [()] * len(claims)
    for row in sorted(range(len(claims)), key=lambda row: len({claim.kind for claim in claims[row]})):
        ordered = sorted(
            claims[row], key=lambda claim: (kinds[claim.kind].list_place or 0, budget.has_named(claim), -claim.phi)
        )
        nameless = [each for each in ordered if named(each) is None and each.kind not in budget.scarce]
        chosen[row] = next(((claim,) for claim in ordered if budget.take(claim)), ())
        if not chosen[row] and budget.has_few_kinds and nameless:
            chosen[row] = (min(nameless, key=lambda claim: budget.cards[claim.kind]),)
            budget.count(chosen[row][0])
    return chosen


def repeated_reason(claims: Sequence[Claim], budget: Budget, kinds: ClaimKinds, *, most_names: int = 1) -> Claim | None:
    """Choose a reason of a kind that the page has used up, for a card that would say nothing.

    Args:
        claims: Claims that may be the reason of the card.
        budget: Budget of the page.
        kinds: Claim kinds in force.
        most_names: Most cards of the page that speak so of one item or category.

    Returns:
        A claim that names an item or a category of which few cards of the page speak so, and states no link itself;
        ``None`` if there is none.
    """

    def n_named(claim: Claim) -> int:
        if "other_item_id" in claim.facts:  # of one past item, a page tells one thing
            return sum(number for (_, name), number in budget.names.items() if name == named(claim))
        return budget.names[claim.kind, named(claim)]

    fresh = [
        claim
        for claim in claims
        if named(claim) is not None
        and n_named(claim) < most_names
        and claim.kind not in budget.linked
        and budget.may_end_with(claim)
    ]
    if not fresh:
        return None
    chosen = min(
        fresh,
        key=lambda claim: (n_named(claim), budget.cards[claim.kind], kinds[claim.kind].list_place or 0, -claim.phi),
    )
    budget.count(chosen)
    return chosen


def with_second_reasons(
    claims: Sequence[Sequence[Claim]], chosen: Sequence[tuple[Claim, ...]], budget: Budget, kinds: ClaimKinds
) -> list[tuple[Claim, ...]]:
    """Add a second reason to the cards with one, as far as the budget allows; none that holds of many items.

    Args:
        claims: Claims that may be reasons of each card, largest attribution first.
        chosen: The first reason of each card.
        budget: Budget of the page.
        kinds: Claim kinds in force.

    Returns:
        One or two reasons of each card that had one, largest attribution first.
    """
    found = []
    for own, said in zip(claims, chosen, strict=True):
        fitting = (
            claim for claim in own if said and not kinds[claim.kind].is_scarce and go_together(claim, said[0], kinds)
        )
        second = next(((claim,) for claim in fitting if budget.take(claim)), ())
        found.append(tuple(sorted((*said, *second), key=lambda claim: -claim.phi)))
    return found


def open_claims(
    claims: Sequence[Sequence[Claim]], placed: Sequence[Placed], kinds: ClaimKinds, *, with_lines: Collection[int]
) -> list[list[Claim]]:
    """Return the claims that may be reasons of the cards without a line.

    Args:
        claims: Claims that may be said of each card.
        placed: The cards.
        kinds: Claim kinds in force.
        with_lines: Cards that have a line.

    Returns:
        Claims of each card; none for a pinned item, because the merchant chose it. A claim with less than half of the
        card's largest attribution of the same kind is left out: variety must not name a weak cause. So is a claim that
        only names a past item, if another one counts it.
    """
    return [
        []
        if row in with_lines or card.placement == "pinned"
        else [claim for claim in _causes(own) if kinds[claim.kind].list_place is not None]
        for row, (own, card) in enumerate(zip(claims, placed, strict=True))
    ]


def _causes(claims: Sequence[Claim]) -> list[Claim]:
    """Return the claims whose attribution is near the largest one of their kind."""
    best: dict[str, float] = {}
    for claim in claims:
        best[claim.kind] = max(claim.phi, best.get(claim.kind, claim.phi))
    counted = {claim.facts.get("other_item_id") for claim in claims if "count" in claim.facts}
    return [
        claim
        for claim in claims
        if claim.phi >= LEAST_OF_BEST * best[claim.kind]
        and not ({*claim.facts} <= {"other_item_id", EVENT_KIND} and claim.facts.get("other_item_id") in counted)
    ]
