"""The pipeline of a composed list: one text of lines, reasons and badges for its cards (docs/lists.md)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from llm_explain.claims import allowed_claims
from llm_explain.claims.subjects import Subjects
from llm_explain.composition import cards
from llm_explain.pipeline import Pipeline
from llm_explain.policy.masking import mask_attribution
from llm_explain.records import Badge

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llm_explain.attribution.scored_user import ScoredUser
    from llm_explain.attribution.values import Attribution
    from llm_explain.claims import Evidence
    from llm_explain.composition import Placed
    from llm_explain.records import Claim, Explanation, Section
    from llm_explain.text.sentence_spec import SentenceRequest


@dataclass(frozen=True)
class ListPipeline(Pipeline):
    """The settings of one request, and the steps that say why the items of a list are in it.

    The attributes are those of ``Pipeline``.
    """

    def compose(self, user: ScoredUser, evidence: Evidence, placed: Sequence[Placed]) -> list[Explanation]:
        """Explain the items of a list, as one text: a line or reasons for each card, and badges.

        Args:
            user: The user's history, as the scorer read it.
            evidence: The same history, as the claim rules count it.
            placed: The items, in the order shown.

        Returns:
            An explanation for each item, with its place, section and badges.
        """
        items = np.array([card.item_index for card in placed], dtype=np.int64)
        has_item_players = self._needs_items(user)
        given = user.attribute_past(items) if has_item_players else self._attributed(user, items)
        attributions = [mask_attribution(each, self.shop.policy) for each in given]
        subjects = Subjects.of(evidence, np.zeros(len(items), dtype=np.int64), items)
        requests, texts = self._write(self._cards(subjects, attributions, placed))
        badges = self._badges(subjects, requests, placed)
        scores = np.array([card.score for card in placed])
        title = {section: self._section_title(section) for section in {card.section for card in placed}}
        if has_item_players:
            attributions = [self._with_items(each) for each in attributions]
        return [
            replace(
                self._record(row, request, attribution, text, subjects, badges=badges[row]),
                rank=card.rank,
                probability=probability,
                position=card.position,
                section=card.section,
                section_title=title[card.section],
                placement=card.placement,
            )
            for row, (card, request, attribution, text, probability) in enumerate(
                zip(placed, requests, attributions, texts, user.probability(scores), strict=True)
            )
        ]

    def _section_title(self, section: Section | None) -> str | None:
        kind = self.shop.shop.target_kinds[0]
        return None if section is None else self.writer.section_title(section, kind, self.locale)

    def _cards(
        self, subjects: Subjects, attributions: Sequence[Attribution], placed: Sequence[Placed]
    ) -> list[SentenceRequest]:
        """Choose what each card of a list states."""
        kinds, settings = self.writer.spoken_kinds(self.locale), self.shop.policy.settings
        claims = self._derived(
            subjects,
            attributions,
            lambda own, row: allowed_claims(own, placed[row].item_index, shop=self.shop, kinds=kinds),
            needs_visible_links=True,
        )
        lines = self._lines(subjects, claims, placed)
        reasons = cards.open_claims(claims, placed, kinds, with_lines=lines)
        budget = cards.Budget.of(reasons)
        chosen = cards.first_reasons(reasons, budget, kinds)
        requests = self._with_facts(subjects, chosen, lambda claim, row: row not in lines and budget.take(claim))
        if settings.max_reasons > 1:
            chosen = cards.with_second_reasons(reasons, chosen, budget, kinds)
        requests = [
            request if request.is_neutral else replace(request, claims=own)
            for request, own in zip(requests, chosen, strict=True)
        ]
        for row, line in lines.items():
            requests[row] = replace(requests[row], claims=(line,), is_neutral=line not in claims[row], form="line")
        silent = [row for row, request in enumerate(requests) if not request.claims]
        for row, fact in self._facts(subjects, silent, kinds.badges(subjects.type), lambda *_: True).items():
            requests[row] = replace(requests[row], claims=(fact,), is_neutral=True, form="fact")
        return requests

    def _lines(
        self, subjects: Subjects, claims: Sequence[Sequence[Claim]], placed: Sequence[Placed]
    ) -> dict[int, Claim]:
        """Return what the line of each *again* card states: a driver of its score where the claim is one."""
        rows = [row for row, card in enumerate(placed) if card.section == "again" and card.placement != "pinned"]
        kinds = self.writer.spoken_kinds(self.locale)
        found = self._facts(subjects, rows, kinds.lines(subjects.type), lambda *_: True)
        return {
            row: next((claim for claim in claims[row] if claim.kind == fact.kind), fact) for row, fact in found.items()
        }

    def _badges(
        self, subjects: Subjects, requests: Sequence[SentenceRequest], placed: Sequence[Placed]
    ) -> list[tuple[Badge, ...]]:
        """Return at most one badge for each card of a list with sections."""
        kinds = self.writer.spoken_kinds(self.locale)
        topics = [{kinds[claim.kind].topic for claim in request.claims} for request in requests]
        rows = [row for row, card in enumerate(placed) if card.section is not None]
        budget = cards.Budget()
        found = self._facts(
            subjects,
            rows,
            kinds.badges(subjects.type),
            lambda claim, row: (
                kinds[claim.kind].topic not in topics[row]
                and (not kinds[claim.kind].is_scarce or (placed[row].section == "new" and budget.take(claim)))
            ),
        )
        asked = [replace(requests[row], claims=(claim,), is_neutral=True, form="badge") for row, claim in found.items()]
        texts = dict(zip(found, self._written(asked, None) if asked else (), strict=True))
        return [
            (Badge(found[row], text),) if (text := texts.get(row)) is not None else () for row in range(len(requests))
        ]
