"""The stages that make an explanation: attribution → claims → text → verdict → record."""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from llm_explain.claims import MOST_KINDS, derive, neutral, select
from llm_explain.policy.masking import mask_attribution
from llm_explain.records import Explanation
from llm_explain.text.sentence_spec import SentenceRequest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from llm_explain.attribution.scored_user import ScoredUser
    from llm_explain.attribution.values import Attribution
    from llm_explain.claims import Evidence, ShopEvidence, UserEvidence
    from llm_explain.policy.suppressions import Suppressions
    from llm_explain.records import Text
    from llm_explain.text.skeleton import Tone
    from llm_explain.text.surfaces import Limits
    from llm_explain.writing.writer import Writer
    from scoring.data.catalogue import IndexArray

NEUTRAL = "neutral"
"""Reason code of a text that states a fact about the item and names no reason."""

NOTHING_TO_SAY = "nothing_to_say"
"""Reason code of an explanation without a text: nothing holds that the policy lets us speak."""


@dataclass(frozen=True)
class Pipeline:
    """The stages from an attribution to an explanation record, for one request.

    Attributes:
        shop: What the claim rules know of the shop; it carries the policy.
        writer: Writes and verifies texts.
        provenance: Hashes of data, scorer and policy, for the records.
        tone: How the texts are to sound.
        locale: A folder under ``prompts/``.
        limits: What the surface asks of a text.
        deadline: Seconds that the texts may take.
        suppressions: What the user does not want to be told.
    """

    shop: ShopEvidence
    writer: Writer
    provenance: Mapping[str, str]
    tone: Tone
    locale: str
    limits: Limits
    deadline: float | None
    suppressions: Suppressions

    def explain(self, scored: ScoredUser, user: UserEvidence, items: IndexArray) -> list[Explanation]:
        """Explain some items of one user.

        Args:
            scored: The user, as the scorer read the history.
            user: The same user, as the claim rules count the history.
            items: Row numbers in the catalogue, shape ``(n,)``.

        Returns:
            An explanation for each item, in the order given.
        """
        attributions = scored.attribute(items)
        requests = [
            self._request(user.for_item(int(item)), attribution)
            for item, attribution in zip(items, attributions, strict=True)
        ]
        requests, texts = self._write(requests)
        scores = np.array([attribution.score for attribution in attributions])
        digest = scored.history.digest.hex()
        places = zip(scored.ranks(items), scored.probability(scores), strict=True)
        return [
            self._record(request, attribution, text, digest=digest, rank=rank, probability=probability)
            for request, attribution, text, (rank, probability) in zip(
                requests, attributions, texts, places, strict=True
            )
        ]

    def _write(self, requests: list[SentenceRequest]) -> tuple[list[SentenceRequest], list[Text | None]]:
        """Write a text for each request; where none is short enough, one with fewer reasons, the weakest left out."""
        until = None if self.deadline is None else time.monotonic() + self.deadline
        texts = self._written(requests, self.deadline)
        said = list(requests)
        for _ in range(MOST_KINDS - 1):
            shorter = [place for place, text in enumerate(texts) if text is None and len(said[place].claims) > 1]
            if not shorter:
                break
            for place in shorter:
                said[place] = replace(said[place], claims=said[place].claims[:-1])
            left = None if until is None else max(0.0, until - time.monotonic())
            again = self._written([said[place] for place in shorter], left)
            for place, text in zip(shorter, again, strict=True):
                texts[place] = text
        return said, texts

    def _written(self, requests: list[SentenceRequest], deadline: float | None) -> list[Text | None]:
        return self.writer.write(requests, tone=self.tone, locale=self.locale, deadline=deadline, limits=self.limits)

    def _request(self, evidence: Evidence, attribution: Attribution) -> SentenceRequest:
        """Choose what the sentence for an item states: reasons, or a neutral fact, or nothing."""
        spoken = self.writer.spoken_kinds(self.locale)
        claims = [
            claim
            for claim in derive(evidence, attribution)
            if claim.kind in spoken and self.suppressions.allow(claim, evidence.item_id)
        ]
        reasons = select(claims, evidence)
        fact = None if reasons else neutral(evidence, self.suppressions, spoken)
        history = evidence.user.history
        return SentenceRequest(
            claims=tuple(reasons) if reasons else ((fact,) if fact else ()),
            is_neutral=not reasons,
            item_index=evidence.item_index,
            user_id=history.user_id,
            as_of=history.as_of,
        )

    def _record(
        self,
        request: SentenceRequest,
        attribution: Attribution,
        text: Text | None,
        *,
        digest: str,
        rank: int | None,
        probability: float | None,
    ) -> Explanation:
        item_id = str(self.shop.catalogue.item_ids[request.item_index])
        inputs = (
            request.user_id,
            digest,
            item_id,
            request.as_of,
            self.tone,
            self.locale,
            *sorted(self.provenance.values()),
        )
        identity = (*inputs, text)
        claims = request.claims if text else ()
        return Explanation(
            id=hashlib.sha256("|".join(map(str, identity)).encode()).hexdigest()[:24],
            user_id=request.user_id,
            item_id=item_id,
            rank=rank,
            probability=probability,
            attribution=mask_attribution(attribution, self.shop.policy),
            reasons=() if request.is_neutral else claims,
            statements=claims if request.is_neutral else (),
            text=text,
            reason_code=NOTHING_TO_SAY if text is None else NEUTRAL if request.is_neutral else "",
            locale=self.locale,
            tone=self.tone,
            as_of=request.as_of,
            provenance=self.provenance,
        )
