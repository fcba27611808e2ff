"""The pipeline of one request: attributions → claims → texts → verdicts → records."""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from llm_explain.attribution.games import read_together
from llm_explain.attribution.scored_user import AdditiveScoredUser
from llm_explain.attribution.values import ITEM
from llm_explain.claims import MOST_KINDS, derive, neutral, select
from llm_explain.claims.subjects import Subjects
from llm_explain.composition.cards import Budget
from llm_explain.policy.masking import mask_attribution
from llm_explain.records import Explanation
from llm_explain.text.sentence_spec import SentenceRequest
from llm_explain.text.skeleton import ITEM as ITEM_SLOT

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from llm_explain.attribution.games import Game
    from llm_explain.attribution.scored_user import ScoredUser
    from llm_explain.attribution.values import Attribution
    from llm_explain.claims import ClaimKind, Evidence, ShopEvidence
    from llm_explain.claims.derive import Choose
    from llm_explain.claims.selection import MayTell
    from llm_explain.policy.suppressions import Suppressions
    from llm_explain.records import Badge, Claim, Text
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
        of_users: What each user does not want to be told, in place of ``suppressions``, for lists of many users.
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
    of_users: Sequence[Suppressions] = ()

    def explain(
        self, user: ScoredUser, evidence: Evidence, items: IndexArray, *, has_item_players: bool = False
    ) -> list[Explanation]:
        """Explain some items of one user.

        Args:
            user: The user's history, as the scorer read it.
            evidence: The same history, as the claim rules count it.
            items: Row numbers in the catalogue, shape ``(n,)``.
            has_item_players: Whether the largest history group of each score is split into its past items. It always is
                in a shop in which no category has a name.

        Returns:
            An explanation for each item, in the order given.
        """
        return self.explain_many([user], evidence, [items], has_item_players=has_item_players)[0]

    def explain_many(
        self,
        users: Sequence[ScoredUser],
        evidence: Evidence,
        lists: Sequence[IndexArray],
        *,
        has_item_players: bool = False,
    ) -> list[list[Explanation]]:
        """Explain some items of each of several users, whose claims are derived together.

        Args:
            users: The users' histories, as the scorer read them.
            evidence: The same histories, as the claim rules count them.
            lists: Row numbers of each user's items in the catalogue.
            has_item_players: As for ``explain``.

        Returns:
            What ``explain`` returns, for each user.
        """
        if has_item_players:
            given = [user.attribute_past(items) for user, items in zip(users, lists, strict=True)]
        else:
            given = self._attributed(users, lists)
        ends = np.cumsum([len(own) for own in given]).tolist()
        pages = [range(end - len(own), end) for end, own in zip(ends, given, strict=True)]
        whose = np.repeat(np.arange(len(pages)), [len(page) for page in pages])
        subjects = Subjects.of(evidence, whose, np.concatenate([*lists, np.zeros(0, np.int64)]).astype(np.int64))
        found = self.explain_subjects(subjects, [each for own in given for each in own], pages)
        answers: list[list[Explanation]] = []
        for user, items, page, own in zip(users, lists, pages, given, strict=True):
            rows = found[page.start : page.stop]
            if has_item_players or self._needs_items(user):
                rows = [replace(each, attribution=self._with_items(each.attribution)) for each in rows]
            scores = np.array([attribution.score for attribution in own])
            places = zip(rows, user.ranks(items), user.probability(scores), strict=True)
            answers.append([replace(each, rank=rank, probability=share) for each, rank, share in places])
        return answers

    def _needs_items(self, user: ScoredUser) -> bool:
        """Return whether reasons have to name past items, because no category of the shop can be named."""
        return isinstance(user, AdditiveScoredUser) and not self.shop.names_categories

    def _attributed(self, users: Sequence[ScoredUser], lists: Sequence[IndexArray]) -> list[list[Attribution]]:
        """Return attributions with the past items that a reason may cite: those with links, else a few heavy ones."""
        found: list[list[Attribution]] = []
        games: dict[int, Game[list[Attribution]]] = {}
        policy = self.shop.policy
        for number, (user, items) in enumerate(zip(users, lists, strict=True)):
            has_item_players = self._needs_items(user)
            found.append(user.attribute_past(items) if has_item_players else user.attribute(items))
            if (
                isinstance(user, AdditiveScoredUser)
                and not has_item_players
                and not any(cites_an_item(each, policy.settings.min_item_share) for each in found[number])
            ):
                games[number] = user.heaviest_items(
                    found[number], items, may_name=policy.may_name_category, least_share=policy.settings.min_share
                )
        if games:
            scorer = next(user.scorer for user in users if isinstance(user, AdditiveScoredUser))
            for number, attributions in zip(games, read_together(scorer, list(games.values())), strict=True):
                found[number] = attributions
        return found

    def _with_items(self, attribution: Attribution) -> Attribution:
        """Return an attribution in which each past item that is no secret is a part of its own."""
        for player, items in zip(attribution.players, attribution.items, strict=False):
            for item in items:
                if item.part.startswith(f"{ITEM}:") and not self.shop.is_sensitive(item.item_index):
                    attribution = attribution.citing(player, item.part)
        return attribution

    def explain_subjects(
        self, subjects: Subjects, attributions: Sequence[Attribution], pages: Sequence[range] = ()
    ) -> list[Explanation]:
        """Explain scores of any subjects: items of one or several users, or users themselves.

        Args:
            subjects: What is explained.
            attributions: Exact Shapley values of each subject's score.
            pages: Rows that are shown together; all rows if not given.

        Returns:
            An explanation for each subject, without a rank or a probability. No two texts of a page share a skeleton.
        """
        # Masked first, so that the shares of the reasons are those of the attribution in the record.
        attributions = [mask_attribution(each, self.shop.policy) for each in attributions]
        pages, asked = pages or [range(len(attributions))], self._requests(subjects, attributions)
        written = [self._write(asked[page.start : page.stop]) for page in pages]
        requests = [request for own, _ in written for request in own]
        texts = [text for _, own in written for text in own]
        texts, facts = self._with_second_sentences(subjects, requests, texts, pages)
        subject_lines = self._subject_lines(requests, texts, facts)
        return [
            replace(self._record(row, request, attribution, text, subjects, fact=facts.get(row)), subject_line=line)
            for row, (request, attribution, text, line) in enumerate(
                zip(requests, attributions, texts, subject_lines, strict=True)
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

    def _written(
        self, requests: list[SentenceRequest], deadline: float | None, limits: Limits | None = None
    ) -> list[Text | None]:
        limits = self.limits if limits is None else limits
        return self.writer.write(
            requests, tone=self.tone, locale=self.locale, deadline=deadline, limits=limits, sources=self.sources
        )

    def _with_second_sentences(
        self,
        subjects: Subjects,
        requests: Sequence[SentenceRequest],
        texts: list[Text | None],
        pages: Sequence[range],
    ) -> tuple[list[Text | None], dict[int, Claim]]:
        """Add one more fact to each text on a surface that asks for it, and return the facts by row."""
        if self.limits.second_sentence is None:
            return texts, {}
        kinds = self.writer.spoken_kinds(self.locale)
        topics = [{kinds[claim.kind].topic for claim in request.claims} for request in requests]
        rows = [row for row, request in enumerate(requests) if texts[row] is not None and request.form == "sentence"]
        budgets = [budget for page in pages for budget in [Budget()] * len(page)]
        again = {kind.name for kind in kinds.lines(subjects.type)}
        repeats = {row for row in rows if again & {claim.kind for claim in requests[row].claims}}
        found = self._facts(
            subjects,
            rows,
            kinds.badges(subjects.type),
            lambda claim, row: (
                kinds[claim.kind].topic not in topics[row]
                and (not kinds[claim.kind].is_scarce or (row not in repeats and budgets[row].take(claim)))
            ),
        )
        said: dict[int, Claim] = {}
        # Behind the name of another item, "this" would mean that one.
        others = {row for row in found if any("other_item_id" in claim.facts for claim in requests[row].claims)}
        for names_item, own in ((False, found.keys() - others), (True, others)):
            own_facts = {row: fact for row, fact in found.items() if row in own}
            asked = [replace(requests[row], claims=(fact,), is_neutral=True) for row, fact in own_facts.items()]
            seconds = self._written(asked, 0.0, replace(self.limits, names_item=names_item)) if asked else []
            for (row, fact), second in zip(own_facts.items(), seconds, strict=True):
                if names_item and second is not None and f"{{{ITEM_SLOT}}}" not in second.skeleton:
                    continue
                both = self.writer.joined(texts[row], second, self.limits, self.locale)
                if both is not None:
                    texts[row], said[row] = both, fact
        return texts, said

    def _subject_lines(
        self, requests: Sequence[SentenceRequest], texts: Sequence[Text | None], facts: Mapping[int, Claim]
    ) -> Sequence[Text | None]:
        """Return a subject line for each text on a surface that has one.

        It states what the text says last, or what it says first if no line about that is short enough; else it is the
        item's title, as it is if the text begins with the line.
        """
        lines: list[Text | None] = [None] * len(texts)
        if self.limits.subject_length is None:
            return lines
        told = [(*request.claims, *([facts[row]] if row in facts else [])) for row, request in enumerate(requests)]
        for place in range(1, max(map(len, told), default=0) + 1):
            rows = [row for row, own in enumerate(told) if texts[row] and not lines[row] and place <= len(own)]
            asked = [replace(requests[row], claims=(told[row][-place],), form="subject") for row in rows]
            for row, line in zip(rows, self._written(asked, None) if asked else (), strict=True):
                lines[row] = line
        return [
            self.writer.title_line(request, self.limits, self.locale)
            if text and (line is None or text.text.startswith(line.text))
            else line
            for request, text, line in zip(requests, texts, lines, strict=True)
        ]

    def _requests(self, subjects: Subjects, attributions: Sequence[Attribution]) -> list[SentenceRequest]:
        """Choose what each sentence states: reasons, or a neutral fact, or nothing."""
        kinds, items = self.writer.spoken_kinds(self.locale), _items(subjects)
        claims = self._derived(
            subjects,
            attributions,
            lambda claims, row: select(claims, items[row], shop=self.shop, kinds=kinds),
        )
        facts = self._facts(subjects, [row for row, own in enumerate(claims) if not own], None, lambda *_: True)
        return [
            replace(request, claims=(facts[row],), is_neutral=True) if row in facts else request
            for row, request in enumerate(self._asked(subjects, [tuple(own) for own in claims]))
        ]

    def _derived(
        self,
        subjects: Subjects,
        attributions: Sequence[Attribution],
        choose: Choose,
        *,
        needs_visible_links: bool = True,
    ) -> list[list[Claim]]:
        """Return what is chosen of the claims that hold, that the locale has words for and that are not suppressed."""
        may_tell, settings = self._may_tell(subjects), self.shop.policy.settings
        return derive(
            subjects,
            attributions,
            kinds=self.writer.spoken_kinds(self.locale),
            degrees=self.writer.degrees(self.locale),
            least_share=settings.min_share,
            least_item_share=settings.min_item_share,
            choose=lambda claims, row: choose([claim for claim in claims if may_tell(claim, row)], row),
            needs_visible_links=needs_visible_links,
        )

    def _may_tell(self, subjects: Subjects) -> MayTell:
        """Return whether the locale has words for a claim of a row that the user does not suppress."""
        ids = [None if item is None else str(self.shop.catalogue.item_ids[item]) for item in _items(subjects)]
        whose = [self.of_users[user] if self.of_users else self.suppressions for user in subjects.user.tolist()]
        return lambda claim, row: self.writer.speaks(claim, self.locale) and whose[row].allow(claim, ids[row])

    def _facts(
        self, subjects: Subjects, rows: Sequence[int], among: Sequence[ClaimKind] | None, may_tell: MayTell
    ) -> dict[int, Claim]:
        """Return a true statement for each of some rows that has one; a past item needs a visible link."""
        if not rows:
            return {}
        kinds, links, is_told = self.writer.spoken_kinds(self.locale), self.shop.visible_links, self._may_tell(subjects)

        def is_wanted(claim: Claim, row: int) -> bool:
            other = claim.facts.get("other_item_id")
            if kinds[claim.kind].needs_visible_link and other is not None:
                item = subjects.item[row : row + 1]
                may_link = links.of_reasons if kinds[claim.kind].is_reason else links.of_items
                if not may_link(self.shop.catalogue.index_of([str(other)]), item).all():
                    return False
            return is_told(claim, row)

        found = neutral(
            subjects,
            kinds=kinds,
            degrees=self.writer.degrees(self.locale),
            may_tell=lambda claim, row: is_wanted(claim, row) and may_tell(claim, row),
            among=among,
            rows=rows,
        )
        return {row: fact for row, fact in enumerate(found) if fact is not None}

    def _asked(self, subjects: Subjects, claims: Sequence[tuple[Claim, ...]]) -> list[SentenceRequest]:
        """Return requests for texts that state some claims."""
        histories = [subjects.evidence.histories[user] for user in subjects.user.tolist()]
        return [
            SentenceRequest(claims=own, item_index=item, user_id=history.user_id, as_of=self.shop.local(history.as_of))
            for own, item, history in zip(claims, _items(subjects), histories, strict=True)
        ]

    def _record(
        self,
        row: int,
        request: SentenceRequest,
        attribution: Attribution,
        text: Text | None,
        subjects: Subjects,
        *,
        badges: tuple[Badge, ...] = (),
        fact: Claim | None = None,
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
        shown = [each.text for each in (text, *(badge.text for badge in badges)) if each is not None]
        claims = self.writer.named(request, self.locale) if text else ()
        reasons = tuple(claim for claim in claims if claim.phi)
        for claim in reasons:
            attribution = attribution.citing(claim.player, claim.part)
        return Explanation(
            id=hashlib.sha256("|".join(map(str, (*inputs, *shown))).encode()).hexdigest()[:24],
            user_id=history.user_id,
            subject=subject,
            rank=None,
            probability=None,
            attribution=attribution,
            reasons=reasons,
            statements=(
                *(claim for claim in claims if not claim.phi),
                *(() if fact is None else self.writer.named(replace(request, claims=(fact,)), self.locale)),
            ),
            text=text,
            reason_code=NOTHING_TO_SAY if text is None else "" if reasons else NEUTRAL,
            locale=self.locale,
            tone=self.tone,
            as_of=history.as_of,
            provenance={**self.provenance, **({"channel": history.requested_in} if history.requested_in else {})},
            is_cold=request.item_index is not None and not self.shop.snapshot.n_events[request.item_index],
            badges=badges,
        )


def _items(subjects: Subjects) -> list[int | None]:
    """Return the item of each subject; ``None`` for a subject without one."""
    return [item if item >= 0 else None for item in subjects.item.tolist()]


def cites_an_item(attribution: Attribution, least_share: float) -> bool:
    """Return whether a past item has a share of what raised a score from which on a claim may cite it.

    Args:
        attribution: Attribution of a score.
        least_share: The share.

    Returns:
        Whether one has. Links of nearly no weight leave room for the heaviest item of a category.
    """
    positive = float(attribution.values[attribution.values > 0].sum())
    return any(item.phi >= least_share * positive for items in attribution.items for item in items)
