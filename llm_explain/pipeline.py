"""The pipeline of one request: attributions → claims → texts → verdicts → records."""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from llm_explain.claims import MOST_KINDS, derive, neutral, select
from llm_explain.claims.subjects import Subjects
from llm_explain.policy.masking import mask_attribution
from llm_explain.records import Explanation
from llm_explain.text.sentence_spec import SentenceRequest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from llm_explain.attribution.scored_user import ScoredUser
    from llm_explain.attribution.values import Attribution
    from llm_explain.claims import Evidence, ShopEvidence, Subjects
    from llm_explain.policy.suppressions import Suppressions
    from llm_explain.records import Claim, Text
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
    """The settings of one request, and the steps that turn scores into explanations.

    Attributes:
        shop: What the claim rules know of the shop; it carries the policy.
        writer: Writes and verifies texts.
        provenance: Hashes of data, scorer and policy, for the records.
        tone: How the texts are to sound.
        locale: A folder under ``prompts/``.
        limits: What the surface asks of a text.
        deadline: Seconds that the texts may take.
        suppressions: What the user does not want to be told.
        sources: Order of the sources of sentences; the writer's own if not given.
    """

    shop: ShopEvidence
    writer: Writer
    provenance: Mapping[str, str]
    tone: Tone
    locale: str
    limits: Limits
    deadline: float | None
    suppressions: Suppressions
    sources: Sequence[str] | None = None

    def explain(self, user: ScoredUser, evidence: Evidence, items: IndexArray) -> list[Explanation]:
        """Explain some items of one user.

        Args:
            user: The user's history, as the scorer read it.
            evidence: The same history, as the claim rules count it.
            items: Row numbers in the catalogue, shape ``(n,)``.

        Returns:
            An explanation for each item, in the order given.
        """
        attributions = user.attribute(items)
        subjects = Subjects.of(evidence, np.zeros(len(items), dtype=np.int64), items)
        found = self.explain_subjects(subjects, attributions)
        scores = np.array([attribution.score for attribution in attributions])
        places = zip(found, user.ranks(items), user.probability(scores), strict=True)
        return [replace(each, rank=rank, probability=probability) for each, rank, probability in places]

    def explain_subjects(self, subjects: Subjects, attributions: Sequence[Attribution]) -> list[Explanation]:
        """Explain scores of any subjects: items of one or several users, or users themselves.

        Args:
            subjects: What is explained.
            attributions: Exact Shapley values of each subject's score.

        Returns:
            An explanation for each subject, without a rank or a probability. No two texts share a skeleton.
        """
        # Masked first, so that the shares of the reasons are those of the attribution in the record.
        attributions = [mask_attribution(each, self.shop.policy) for each in attributions]
        requests, texts = self._write(self._requests(subjects, attributions))
        return [
            self._record(row, request, attribution, text, subjects)
            for row, (request, attribution, text) in enumerate(zip(requests, attributions, texts, strict=True))
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
        return self.writer.write(
            requests, tone=self.tone, locale=self.locale, deadline=deadline, limits=self.limits, sources=self.sources
        )

    def _requests(self, subjects: Subjects, attributions: Sequence[Attribution]) -> list[SentenceRequest]:
        """Choose what each sentence states: reasons, or a neutral fact, or nothing."""
        kinds, degrees = self.writer.spoken_kinds(self.locale), self.writer.degrees(self.locale)
        items = [item if item >= 0 else None for item in subjects.item.tolist()]
        item_ids = [None if item is None else str(self.shop.catalogue.item_ids[item]) for item in items]

        def choose(claims: list[Claim], row: int) -> list[Claim]:
            allowed = [
                claim
                for claim in claims
                if self.writer.speaks(claim, self.locale) and self.suppressions.allow(claim, item_ids[row])
            ]
            return select(allowed, items[row], shop=self.shop, kinds=kinds)

        settings = self.shop.policy.settings
        claims = derive(
            subjects,
            attributions,
            kinds=kinds,
            degrees=degrees,
            least_share=settings.min_share,
            least_item_share=settings.min_item_share,
            choose=choose,
        )
        silent = [row for row, own in enumerate(claims) if not own]
        facts = neutral(
            subjects.take(np.array(silent, dtype=np.int64)),
            kinds=kinds,
            degrees=degrees,
            may_tell=lambda claim, row: (
                self.writer.speaks(claim, self.locale) and self.suppressions.allow(claim, item_ids[silent[row]])
            ),
        )
        said = {row: (fact,) if fact else () for row, fact in zip(silent, facts, strict=True)}
        histories = [subjects.evidence.histories[user] for user in subjects.user.tolist()]
        return [
            SentenceRequest(
                claims=said.get(row, tuple(claims[row])),
                is_neutral=row in said,
                item_index=item,
                user_id=history.user_id,
                as_of=self.shop.local(history.as_of),
            )
            for row, (item, history) in enumerate(zip(items, histories, strict=True))
        ]

    def _record(
        self, row: int, request: SentenceRequest, attribution: Attribution, text: Text | None, subjects: Subjects
    ) -> Explanation:
        history = subjects.evidence.histories[int(subjects.user[row])]
        subject = subjects.names(row)
        inputs = (
            history.user_id,
            history.digest.hex(),
            subject.get("item_id", subject["type"]),
            history.as_of,
            self.tone,
            self.locale,
            *sorted(self.provenance.values()),
        )
        claims = request.claims if text else ()
        for claim in claims:
            attribution = attribution.citing(claim.player, claim.part) if claim.phi else attribution
        return Explanation(
            id=hashlib.sha256("|".join(map(str, (*inputs, text))).encode()).hexdigest()[:24],
            user_id=history.user_id,
            subject=subject,
            rank=None,
            probability=None,
            attribution=attribution,
            reasons=() if request.is_neutral else claims,
            statements=claims if request.is_neutral else (),
            text=text,
            reason_code=NOTHING_TO_SAY if text is None else NEUTRAL if request.is_neutral else "",
            locale=self.locale,
            tone=self.tone,
            as_of=history.as_of,
            provenance=self.provenance,
            is_cold=request.item_index is not None and not self.shop.snapshot.n_events[request.item_index],
        )
