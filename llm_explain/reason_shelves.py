"""Shelves of a user: items by the purchase that recommends them, each shelf under a verified heading."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from llm_explain.answers import ReasonShelf, Shelved
from llm_explain.claims import allowed_claims, derive
from llm_explain.claims.subjects import Subjects
from llm_explain.composition.cards import named
from llm_explain.policy.masking import mask_attribution
from llm_explain.policy.suppressions import NO_SUPPRESSIONS, Suppressions
from llm_explain.text.sentence_spec import SentenceRequest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llm_explain.attribution.scored_user import ScoredUser
    from llm_explain.attribution.shelves import Shelf
    from llm_explain.claims import Evidence, ShopEvidence
    from llm_explain.claims.occasions import Flags
    from llm_explain.records import Claim
    from llm_explain.writing.writer import Writer
    from scoring.data.catalogue import IndexArray

N_SHELVES: Final = 5

N_GROUPS: Final = 10
"""History groups whose items may fill a shelf."""

TRIED: Final = 12
"""Items of a group that are tried for each place of a shelf, because some have no link that a person would see."""


class _Entry(NamedTuple):
    """An item, and the claim that may head its shelf."""

    item: int
    phi: float
    score: float
    claim: Claim


@dataclass(frozen=True)
class ReasonShelves:
    """Finds the shelves of users.

    Attributes:
        shop: What the claim rules know of the shop; it carries the policy.
        writer: Writes and verifies headings.
        locale: A folder under ``prompts/``.
        suppressions: Claims that head no shelf.
    """

    shop: ShopEvidence
    writer: Writer
    locale: str = "en"
    suppressions: Suppressions = NO_SUPPRESSIONS

    def find(self, scored: ScoredUser, evidence: Evidence, k: int) -> list[ReasonShelf]:
        """Return the shelves of a user.

        An item is on a shelf if the heading's claim is a driver of its score: its own category, another one or a past
        item. A person would see the link, where the shop's counts can tell. No shelf shows a title that the user
        bought or hid.

        Args:
            scored: The user's history, as the scorer read it.
            evidence: The same history, as the claim rules count it.
            k: Most items on a shelf.

        Returns:
            Shelves whose headings hold, those that add most first.
        """
        shop = self.shop
        left_out = np.array([*evidence.item.tolist(), *evidence.histories[0].items_off], dtype=np.int64)
        is_known = np.isin(shop.title_index, shop.title_index[left_out]) | ~shop.may_recommend
        found = scored.shelves(TRIED * k, n_shelves=N_GROUPS, exclude=np.flatnonzero(is_known).tolist())
        shelves: dict[tuple[str, object], list[_Entry]] = defaultdict(list)
        for shelf in found:
            for entry in self._entries(scored, evidence, shelf):
                shelves[entry.claim.kind, named(entry.claim)].append(entry)
        titled: list[ReasonShelf] = []
        for entries in sorted(shelves.values(), key=lambda own: -sum(entry.phi for entry in own[:k])):
            shown = self._shown(entries, k)
            if len(titled) < N_SHELVES and (title := self._title(evidence, shown[0])) is not None:
                ids = shop.catalogue.item_ids
                items = tuple(Shelved(str(ids[each.item]), each.phi, each.score) for each in shown)
                titled.append(ReasonShelf(shown[0].claim.player, title, items))
        return titled

    def _entries(self, scored: ScoredUser, evidence: Evidence, shelf: Shelf) -> list[_Entry]:
        """Return the items of a group whose link with it, or with a past item of it, a person would see."""
        shop, kinds = self.shop, self.writer.spoken_kinds(self.locale)
        items = shelf.item_index[[not shop.is_sensitive(item) for item in shelf.item_index.tolist()]]
        if shop.visible_links.can_tell and shop.snapshot.has_repeats:
            items = items[self._are_linked(evidence, shelf.category_index, items)]
        if not len(items):
            return []
        claims = derive(
            Subjects.of(evidence, np.zeros(len(items), dtype=np.int64), items),
            [mask_attribution(each, shop.policy) for each in scored.attribute(items)],
            kinds=kinds,
            degrees=self.writer.degrees(self.locale),
            choose=lambda own, row: [
                claim
                for claim in allowed_claims(own, int(items[row]), shop=shop, kinds=kinds)
                if claim.player == shelf.player
                and (kinds[claim.kind].needs_visible_link or kinds[claim.kind].tells_category)
                and self.suppressions.allow(claim, str(shop.catalogue.item_ids[items[row]]))
            ][:1],
            needs_visible_links=shop.visible_links.can_tell,  # else the learned link is all that is known
        )
        phi, score = (
            dict(zip(shelf.item_index.tolist(), each.tolist(), strict=True)) for each in (shelf.phi, shelf.score)
        )
        return [
            _Entry(item, phi[item], score[item], own[0])
            for item, own in zip(items.tolist(), claims, strict=True)
            if own
        ]

    def _are_linked(self, evidence: Evidence, group: int, items: IndexArray) -> Flags:
        """Return which items are of a group, or linked with what the user bought of it; no other has a claim of it."""
        links = self.shop.visible_links
        found: Flags = self.shop.catalogue.category_index[items] == group
        bought = evidence.item[evidence.category == group]
        past, others = np.unique(bought), np.flatnonzero(~found)
        linked = links.of_reasons(np.tile(past, len(others)), np.repeat(items[others], len(past)))
        found[others] = linked.reshape(len(others), len(past)).any(axis=1)
        for place in np.flatnonzero(~found).tolist():
            found[place] = links.of_category(group, bought, int(items[place]))
        return found

    def _shown(self, entries: Sequence[_Entry], k: int) -> list[_Entry]:
        """Return the first ``k`` entries, one of each title."""
        by_title = {int(self.shop.title_index[entry.item]): entry for entry in reversed(entries)}
        return [entry for entry in entries if by_title[int(self.shop.title_index[entry.item])] is entry][:k]

    def _title(self, evidence: Evidence, entry: _Entry) -> str | None:
        """Return the verified heading of a shelf."""
        history = evidence.histories[0]
        as_of = self.shop.local(history.as_of)
        request = SentenceRequest((entry.claim,), entry.item, history.user_id, as_of, form="heading")
        (text,) = self.writer.write([request], locale=self.locale)
        return text.text if text else None
