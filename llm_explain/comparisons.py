"""Sentences of contrasts and what-ifs: the claims that speak for each item, and the verified text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from llm_explain.attribution.partition import GROUP_PREFIX, REST
from llm_explain.attribution.values import CONTEXT_PREFIX
from llm_explain.claims import allowed_claims, derive
from llm_explain.claims.subjects import Subjects
from llm_explain.policy.masking import mask_attribution, mask_differences
from llm_explain.policy.suppressions import NO_SUPPRESSIONS
from llm_explain.text.comparison_spec import BASE, ContrastSpec, Side, WhatIfSpec
from llm_explain.text.sentence_spec import SentenceRequest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from llm_explain.attribution.counterfactual import Contrast, WhatIf
    from llm_explain.claims import Evidence, ShopEvidence
    from llm_explain.policy.suppressions import Suppressions
    from llm_explain.records import Claim, Text
    from llm_explain.writing.writer import Writer

MOST_PLAYERS = 3
"""Most players that the sentence of a what-if lists."""

LEAST_SHARE = 0.1
"""Least share of all that speaks for an item, so that its sentence gives it as a reason."""


@dataclass(frozen=True)
class Comparisons:
    """Says contrasts and what-ifs in words.

    Attributes:
        shop: What the claim rules know of the shop; it carries the policy.
        writer: Writes and verifies texts.
        locale: A folder under ``prompts/``.
        suppressions: What the user does not want to be told.
    """

    shop: ShopEvidence
    writer: Writer
    locale: str = "en"
    suppressions: Suppressions = NO_SUPPRESSIONS

    def contrast(self, evidence: Evidence, items: tuple[int, int], found: Contrast) -> Text | None:
        """Return why the item with the higher score ranks higher.

        Args:
            evidence: The user's history, as the claim rules count it.
            items: Row numbers of the two items, in the order of ``found``.
            found: Attributions of both items over the same players.

        Returns:
            The verified sentence; ``None`` if the scores are equal or an item may not be named.
        """
        attributions = (found.item, found.other)
        differences = dict(zip(found.item.players, found.difference.tolist(), strict=True))
        total = mask_differences({**differences, BASE: found.base_difference}, self.shop.policy)
        order = (0, 1) if found.item.score > found.other.score else (1, 0)
        if order == (1, 0):
            total = {player: -value for player, value in total.items()}
        subjects = Subjects.of(evidence, np.zeros(2, dtype=np.int64), np.array(items, dtype=np.int64))
        kinds = self.writer.spoken_kinds(self.locale)
        claims = derive(
            subjects,
            [mask_attribution(each, self.shop.policy) for each in attributions],
            kinds=kinds,
            degrees=self.writer.degrees(self.locale),
            choose=lambda own, row: [
                claim
                for claim in allowed_claims(own, items[row], shop=self.shop, kinds=kinds)
                if self.writer.speaks(claim, self.locale)
                and self.suppressions.allow(claim, str(self.shop.catalogue.item_ids[items[row]]))
            ],
        )
        favours = (total, {player: -value for player, value in total.items()})
        best = [_best(claims[row], each) for row, each in zip(order, favours, strict=True)]
        counts = [int(each.facts.get("count", 0)) for each in best if each is not None]
        kinds_said = {each.kind for each in best if each is not None}
        if len(counts) > len(kinds_said) == 1 and 0 < counts[0] <= counts[1]:
            others = [[claim for claim in claims[row] if claim.kind not in kinds_said] for row in order]
            best = [_best(*each) for each in zip(others, favours, strict=True)]  # 40 purchases explain no lead over 55
        sides = [self._side(evidence, items[row], each) for row, each in zip(order, best, strict=True)]
        return self.writer.contrast(ContrastSpec(sides[0], sides[1], total), self.locale)

    def _side(self, evidence: Evidence, item: int, best: Claim | None) -> Side:
        request = self._request(evidence, item, () if best is None else (best,))
        return Side(self.writer.specify(request, self.locale), "" if best is None else best.player)

    def what_if(self, evidence: Evidence, without: Sequence[str], found: WhatIf, row: int) -> Text | None:
        """Return what happens to one item without some players.

        Args:
            evidence: The user's history, as the claim rules count it.
            without: The players that were removed.
            found: Ranks with and without them.
            row: Place of the item in ``found``.

        Returns:
            The verified sentence; ``None`` for an item that is no candidate or may not be named, and for players that
            have no name.
        """
        rank, rank_without = int(found.rank[row]), int(found.rank_without[row])
        categories = [each.removeprefix(GROUP_PREFIX) for each in without if each.startswith(GROUP_PREFIX)]
        is_nameable = REST not in without and all(map(self.shop.policy.may_name_category, categories))
        if not (rank and rank_without and is_nameable and len(without) <= MOST_PLAYERS):
            return None
        terms = tuple(each.removeprefix(CONTEXT_PREFIX) for each in without if each.startswith(CONTEXT_PREFIX))
        request = self._request(evidence, int(found.item_index[row]), ())
        spec = self.writer.specify(request, self.locale)
        return self.writer.what_if(WhatIfSpec(spec, tuple(categories), terms, rank, rank_without), self.locale)

    def _request(self, evidence: Evidence, item: int, claims: tuple[Claim, ...]) -> SentenceRequest:
        history = evidence.histories[0]
        return SentenceRequest(claims, item, history.user_id, self.shop.local(history.as_of))


def _best(claims: Sequence[Claim], favours: Mapping[str, float]) -> Claim | None:
    """Return the claim about the player that favours an item most; ``None`` if none says enough."""
    least = LEAST_SHARE * sum(value for value in favours.values() if value > 0)
    telling = [claim for claim in claims if favours.get(claim.player, 0.0) > least]
    return max(telling, key=lambda claim: (favours[claim.player], claim.phi), default=None)
