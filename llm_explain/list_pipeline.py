"""The pipeline of a composed list: one text of lines, reasons and badges for its cards (docs/lists.md)."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from llm_explain.claims import allowed_claims, go_together, names_allowed_category
from llm_explain.claims.cited_items import with_known_items
from llm_explain.claims.subjects import Subjects
from llm_explain.claims.visible_links import says_more
from llm_explain.composition import arrange, cards
from llm_explain.pipeline import Pipeline
from llm_explain.policy.masking import mask_attribution
from llm_explain.records import Badge

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from llm_explain.attribution.scored_user import ScoredUser
    from llm_explain.attribution.values import Attribution
    from llm_explain.claims import ClaimKind, Evidence
    from llm_explain.claims.selection import MayTell
    from llm_explain.composition import Placed, Selection
    from llm_explain.records import Claim, Explanation, Section, Text
    from llm_explain.text.sentence_spec import Form, SentenceRequest

NAMES_TRIED: Final = 3
"""How often a card looks for a past item that no other card of its page names."""

MOST_OF_ONE_RELATION: Final = 3
"""Most cards of a page that tell one relation of titles, such as another pattern of a thing."""

LEAST_LEARNED_SHARE: Final = 0.1
"""Least share of what raised the score of a past item that speaks without a visible link."""


@dataclass(frozen=True)
class ListPipeline(Pipeline):
    """The settings of one request, and the steps that say why the items of a list are in it.

    The attributes are those of ``Pipeline``.
    """

    def arrange(self, user: ScoredUser, evidence: Evidence, selection: Selection, k: int) -> list[Placed]:
        """Choose the items of a list and their places; the arguments are those of ``composition.arrange``.

        Args:
            user: The user's scores.
            evidence: The user's events, as the only history.
            selection: Options of the list.
            k: Most items.

        Returns:
            At most ``k`` items, in the order shown.
        """
        versions = self.writer.spoken_kinds(self.locale).versions()
        return arrange(user, evidence, selection, k, versions=versions, is_message=self.limits.names_item)

    def compose(self, user: ScoredUser, evidence: Evidence, placed: Sequence[Placed]) -> list[Explanation]:
        """Explain the items of a list, as one text: a line or reasons for each card, and badges.

        Args:
            user: The user's history, as the scorer read it.
            evidence: The same history, as the claim rules count it.
            placed: The items, in the order shown.

        Returns:
            An explanation for each item, with its place, section and badges.
        """
        return self.compose_many([user], evidence, [placed])[0]

    def compose_many(
        self, users: Sequence[ScoredUser], evidence: Evidence, lists: Sequence[Sequence[Placed]]
    ) -> list[list[Explanation]]:
        """Explain lists of several users, whose claims are derived together.

        Args:
            users: The users' histories, as the scorer read them.
            evidence: The same histories, as the claim rules count them.
            lists: The items of each user's list, in the order shown.

        Returns:
            What ``compose`` returns, for each user.
        """
        given = self._attributed(users, [np.array([card.item_index for card in own], np.int64) for own in lists])
        attributions = [mask_attribution(each, self.shop.policy) for own in given for each in own]
        ends = np.cumsum([len(placed) for placed in lists]).tolist()
        pages = [range(end - len(placed), end) for end, placed in zip(ends, lists, strict=True)]
        cards_of_all = [card for placed in lists for card in placed]
        items = np.array([card.item_index for card in cards_of_all], dtype=np.int64)
        subjects = Subjects.of(evidence, np.repeat(np.arange(len(pages)), [len(page) for page in pages]), items)
        names = [self._plain_items(subjects, page) for page in pages]
        asked, others = self._cards(subjects, attributions, cards_of_all, pages, [alike for _, alike in names])
        for page, (plain, alike) in zip(pages, names, strict=True):
            own = [replace(asked[row], plain_items=plain, alike_items=alike) for row in page]
            asked[page.start : page.stop] = own
        written = [self._write(asked[page.start : page.stop]) for page in pages]
        requests = [request for own, _ in written for request in own]
        texts = [text for _, own in written for text in own]
        self._say_others(subjects, requests, texts, others)
        texts, facts = self._with_second_sentences(subjects, requests, texts, pages)
        subject_lines = self._subject_lines(requests, texts, facts)
        badges = self._badges(subjects, requests, cards_of_all, pages, facts)
        title = {section: self._section_title(section) for section in {card.section for card in cards_of_all}}
        scores = [
            np.array([attribution.score for attribution in attributions[page.start : page.stop]]) for page in pages
        ]
        probabilities = [each for user, own in zip(users, scores, strict=True) for each in user.probability(own)]
        found = [
            replace(
                self._record(row, request, attribution, text, subjects, badges=badges[row], fact=facts.get(row)),
                probability=probabilities[row],
                subject_line=subject_lines[row],
                rank=card.rank,
                position=card.position,
                section=card.section,
                section_title=title[card.section],
                placement=card.placement,
            )
            for row, (card, request, attribution, text) in enumerate(
                zip(cards_of_all, requests, attributions, texts, strict=True)
            )
        ]
        return [
            [replace(each, attribution=self._with_items(each.attribution)) for each in found[page.start : page.stop]]
            if self._needs_items(user)
            else found[page.start : page.stop]
            for user, page in zip(users, pages, strict=True)
        ]

    def _say_others(
        self,
        subjects: Subjects,
        requests: list[SentenceRequest],
        texts: list[Text | None],
        others: Sequence[Sequence[Claim]],
    ) -> None:
        """Let each card whose claims have no text that is short enough state another claim, in place."""
        kinds = self.writer.spoken_kinds(self.locale).lines(subjects.type)
        rows = [row for row, text in enumerate(texts) if text is None and requests[row].claims]
        lines = self._facts(subjects, rows, kinds[::-1], lambda claim, row: claim.kind != requests[row].claims[0].kind)
        for row in rows:
            claims = [*others[row], *([lines[row]] if row in lines else [])]
            asked = [replace(requests[row], claims=(each,), is_neutral=not each.phi) for each in claims]
            for request, text in zip(asked, self._written(asked, 0.0) if asked else (), strict=True):
                if text is not None:
                    requests[row], texts[row] = request, text
                    break

    def _plain_items(self, subjects: Subjects, page: range) -> tuple[frozenset[str], frozenset[str]]:
        """Return the user's items that a plain name tells from all others of user and page, and the user's others."""
        if not page:
            return frozenset(), frozenset()
        shop, evidence = self.shop, subjects.evidence
        bought = evidence.items_by_count(int(subjects.user[page.start]))
        items = np.concatenate([bought, subjects.item[page.start : page.stop]])
        n_titles = 2 * len(shop.catalogue)
        names = np.unique(shop.product[items] * n_titles + shop.title_index[items])
        products, titles = np.unique(names // n_titles, return_counts=True)
        is_plain = np.isin(shop.product[bought], products[titles == 1])
        ids = shop.catalogue.item_ids[bought].astype(str)
        return frozenset(ids[is_plain].tolist()), frozenset(ids[~is_plain].tolist())

    def _section_title(self, section: Section | None) -> str | None:
        kind = self.shop.shop.target_kinds[0]
        return None if section is None else self.writer.section_title(section, kind, self.locale)

    def _cards(
        self,
        subjects: Subjects,
        attributions: Sequence[Attribution],
        placed: Sequence[Placed],
        pages: Sequence[range],
        alike: Sequence[frozenset[str]],
    ) -> tuple[list[SentenceRequest], list[list[Claim]]]:
        """Choose what each card states, and return what it may state instead; each page has a budget of its own."""
        alike_of = [own for own, page in zip(alike, pages, strict=True) for _ in page]
        kinds, may_say = self.writer.spoken_kinds(self.locale), self._may_say(placed, alike_of)
        claims = self._derived(
            subjects,
            attributions,
            lambda own, row: [
                claim
                for claim in allowed_claims(own, placed[row].item_index, shop=self.shop, kinds=kinds)
                if may_say(claim, row)
            ],
        )
        lines = self._lines(subjects, claims, placed)
        again = {row for row, card in enumerate(placed) if card.section == "again" and card.placement != "pinned"}
        reasons = cards.open_claims(claims, placed, kinds, with_lines={*lines, *again})
        known = [len(subjects.evidence.items_by_count(int(subjects.user[page.start]))) if page else 0 for page in pages]
        budgets = [
            cards.Budget.of(reasons[page.start : page.stop], kinds, number)
            for page, number in zip(pages, known, strict=True)
        ]
        budget_of = [budget for budget, page in zip(budgets, pages, strict=True) for _ in page]
        for row in lines.keys() - again:
            budget_of[row].count(lines[row])
        chosen: list[tuple[Claim, ...]] = []
        for page, budget in zip(pages, budgets, strict=True):
            chosen += cards.first_reasons(reasons[page.start : page.stop], budget, kinds)
        if self.shop.policy.settings.max_reasons > 1:
            first, chosen = chosen, []
            for page, budget in zip(pages, budgets, strict=True):
                own = slice(page.start, page.stop)
                chosen += cards.with_second_reasons(reasons[own], first[own], budget, kinds)
        requests = self._asked(subjects, chosen)
        is_open = {row for row, card in enumerate(placed) if card.section == "new" and card.placement != "pinned"}
        requests = self._with_facts_of_user(subjects, requests, budget_of, may_say, is_open)
        for row, line in lines.items():
            form: Form = "sentence" if self.limits.names_item or placed[row].section == "new" else "line"
            requests[row] = replace(requests[row], claims=(line,), is_neutral=True, form=form)
        silent = [row for row, request in enumerate(requests) if not request.claims and row not in again]
        self._fill(subjects, attributions, placed, requests, silent, reasons, budget_of, may_say)
        return requests, reasons

    def _may_say(self, placed: Sequence[Placed], alike_of: Sequence[frozenset[str]]) -> MayTell:
        """Return whether a card may state a claim: it is no crowd's in *again*, and its names say enough."""
        kinds, catalogue = self.writer.spoken_kinds(self.locale), self.shop.catalogue

        def may_say(claim: Claim, row: int) -> bool:
            kind, title = kinds[claim.kind], str(catalogue.titles[placed[row].item_index])
            if kind.is_scarce and placed[row].section == "again":
                return False
            if "other_item_id" in claim.facts:
                if "count" in claim.facts and claim.facts["other_item_id"] in alike_of[row]:
                    return False  # a count needs the size that tells the item from another one
                (other,) = catalogue.index_of([str(claim.facts["other_item_id"])]).tolist()
                return says_more(
                    str(catalogue.titles[other]), catalogue.category_names[catalogue.category_index[other]]
                )
            return not kind.tells_category or says_more(title, str(claim.facts["category"]))

        return may_say

    def _fill(
        self,
        subjects: Subjects,
        attributions: Sequence[Attribution],
        placed: Sequence[Placed],
        requests: list[SentenceRequest],
        silent: Sequence[int],
        reasons: Sequence[Sequence[Claim]],
        budget_of: Sequence[cards.Budget],
        may_say: MayTell,
    ) -> None:
        """Let each card that would say nothing state a reason that the page has used up, a fact, or what many buy."""
        kinds = self.writer.spoken_kinds(self.locale)
        is_open = {row for row, card in enumerate(placed) if card.section == "new" and card.placement != "pinned"}
        more = self._learned_links(subjects, attributions, [row for row in silent if row in is_open], placed)
        for row in silent:
            repeated = cards.repeated_reason(reasons[row], budget_of[row], kinds) or cards.repeated_reason(
                more.get(row, ()), budget_of[row], kinds, most_names=cards.MOST_CARDS_A_KIND
            )
            requests[row] = replace(requests[row], claims=() if repeated is None else (repeated,))
        left = [row for row in silent if not requests[row].claims]
        for row, request in enumerate(
            self._with_facts_of_user(subjects, requests, budget_of, may_say, is_open & {*left}, is_last=True)
        ):
            requests[row] = request if row in left else requests[row]
        self._state_facts(subjects, requests, left, budget_of)
        for row in left:  # a category that the user buys says more than no text
            of_category = [] if requests[row].claims else [each for each in reasons[row] if "category" in each.facts]
            if claim := cards.repeated_reason(of_category, budget_of[row], kinds, most_names=cards.MOST_OF_A_CATEGORY):
                requests[row] = replace(requests[row], claims=(claim,))

    def _state_facts(
        self,
        subjects: Subjects,
        requests: list[SentenceRequest],
        rows: Sequence[int],
        budget_of: Sequence[cards.Budget],
    ) -> None:
        """Let each card that states nothing state a fact about its item, or else what many buy."""
        kinds, left = self.writer.spoken_kinds(self.locale), list(rows)

        def is_rare(claim: Claim, row: int, *, is_last: bool = False) -> bool:
            most = kinds[claim.kind].most_badges
            if kinds[claim.kind].is_scarce:
                return budget_of[row].may_end_with(claim, is_last=is_last)
            return most is None or budget_of[row].cards[claim.kind] < most

        def may_stand(claim: Claim, row: int) -> bool:
            kind = kinds[claim.kind]
            return kind.stands_alone and not kind.is_scarce and is_rare(claim, row) and budget_of[row].take(claim)

        def may_come_last(claim: Claim, row: int, *, is_last: bool = True) -> bool:
            if is_told := is_rare(claim, row, is_last=is_last):
                budget_of[row].count(claim)
            return is_told

        def may_come_before(claim: Claim, row: int) -> bool:
            is_open = budget_of[row].cards[claim.kind] < cards.MOST_CARDS_A_KIND
            return is_open and may_come_last(claim, row, is_last=False)

        of_item = (*kinds.neutral(subjects.type), *kinds.badges(subjects.type))
        neutral = kinds.neutral(subjects.type)
        for among, may_tell in ((of_item, may_stand), (neutral, may_come_before), (neutral, may_come_last)):
            left = [row for row in left if not requests[row].claims]
            for row, fact in self._facts(subjects, left, among, may_tell).items():
                requests[row] = replace(requests[row], claims=(fact,), is_neutral=True)

    def _learned_links(
        self, subjects: Subjects, attributions: Sequence[Attribution], rows: Sequence[int], placed: Sequence[Placed]
    ) -> dict[int, list[Claim]]:
        """Return reasons by past items whose link with the item is learned alone, in a shop that names no category.

        No count stands next to such an item. A person may not see the link. But such a past item is the largest part of
        what raised the score, and a card without a text says less.
        """
        if not rows or self.shop.names_categories:
            return {}
        kinds = self.writer.spoken_kinds(self.locale)
        found = self._derived(
            subjects.take(np.array(rows, dtype=np.int64)),
            [attributions[row] for row in rows],
            lambda own, place: [
                claim
                for claim in allowed_claims(own, placed[rows[place]].item_index, shop=self.shop, kinds=kinds)
                if kinds[claim.kind].needs_visible_link
                and "count" not in claim.facts
                and claim.share >= LEAST_LEARNED_SHARE
            ],
            needs_visible_links=False,
        )
        return dict(zip(rows, found, strict=True))

    def _with_facts_of_user(
        self,
        subjects: Subjects,
        requests: Sequence[SentenceRequest],
        budgets: Sequence[cards.Budget],
        may_say: MayTell,
        may_be_alone: Collection[int],
        *,
        is_last: bool = False,
    ) -> list[SentenceRequest]:
        """Let each card whose only reason holds of many items state a fact about the user instead, as no cause.

        Some cards that state nothing get such a fact too, if a person would see its link with the item: a past item, or
        whatever holds if nothing else is left to say.
        """
        kinds, said = self.writer.spoken_kinds(self.locale), list(requests)
        rows = [
            row
            for row, own in enumerate(said)
            if all(kinds[claim.kind].is_scarce for claim in own.claims) and (own.claims or row in may_be_alone)
        ]
        if not rows:
            return said

        titles = self.shop.catalogue.titles

        def may_join(claim: Claim, row: int) -> bool:
            return (
                may_say(claim, row)
                and self._is_another(claim, str(titles[subjects.item[row]]))
                and names_allowed_category(claim, self.shop)
                and all(go_together(claim, other, kinds) for other in said[row].claims)
                and (said[row].claims or is_last or "other_item_id" in claim.facts)
                and budgets[row].take_fact(claim, is_alone=not said[row].claims, is_last=is_last)
            )

        for kind, known in self._facts_of_user(subjects, rows):
            for _ in range(NAMES_TRIED):
                left = [row for row in rows if said[row].claims == requests[row].claims]
                fresh = known if is_last or known is subjects else self._without_named(known, budgets)
                found = self._facts(fresh, left, [kind], may_join)
                for row, fact in found.items():
                    said[row] = replace(said[row], claims=(fact,), is_neutral=True)
                if not found:
                    break
        return said

    def _is_another(self, claim: Claim, title: str) -> bool:
        """Return whether a title says more than that of the past item: "onions" may be the yellow onions."""
        catalogue, other = self.shop.catalogue, claim.facts.get("other_item_id")
        return other is None or says_more(title, str(catalogue.titles[catalogue.index_of([str(other)])[0]]))

    def _without_named(self, subjects: Subjects, budgets: Sequence[cards.Budget]) -> Subjects:
        """Return subjects without the past items that their pages name."""
        ids = self.shop.catalogue.item_ids
        past = [
            [each for each in own if not budget.names_used(str(ids[each.item_index]))]
            for own, budget in zip(subjects.past_items, budgets, strict=True)
        ]
        is_same = all(len(own) == len(left) for own, left in zip(subjects.past_items, past, strict=True))
        return subjects if is_same else subjects.take(np.arange(len(subjects)), past_items=past)

    def _facts_of_user(self, subjects: Subjects, rows: Sequence[int]) -> Iterator[tuple[ClaimKind, Subjects]]:
        """Yield the kinds of facts about the user, the most useful ones first, each with the past items it may name.

        Those are items like each subject. Kinds that state a link themselves come again, with items that counts link.
        """
        kinds = self.writer.spoken_kinds(self.locale).facts(subjects.type)
        known = with_known_items(subjects, rows)
        yield from ((kind, known if kind.scope == "past item" else subjects) for kind in kinds)
        counted = with_known_items(subjects, rows, are_counted=True)
        yield from ((kind, counted) for kind in kinds if kind.states_link)

    def _lines(
        self, subjects: Subjects, claims: Sequence[Sequence[Claim]], placed: Sequence[Placed]
    ) -> dict[int, Claim]:
        """Return what the line of each *again* card states, and of a *new* card of a product that the user knows.

        It is a driver of the card's score where the claim is one. At most two lines of a user's page state claims of
        one kind while others hold. At most three *new* cards state the same facts of one kind, each of another past
        item.
        """
        kinds = self.writer.spoken_kinds(self.locale)
        rows = {
            section: [row for row, card in enumerate(placed) if card.section == section and card.placement != "pinned"]
            for section in ("again", "new")
        }
        said: Counter[tuple[int, str]] = Counter()

        def is_rare(claim: Claim, row: int) -> bool:
            of_page = int(subjects.user[row]), claim.kind
            said[of_page] += 1
            return said[of_page] <= cards.MOST_CARDS_A_KIND

        related: Counter[tuple[int, Any]] = Counter()

        def is_fresh(claim: Claim, row: int) -> bool:
            of_page = [(int(subjects.user[row]), said) for said in (cards.named(claim), (claim.kind, *claim.facts))]
            if related[of_page[0]] or related[of_page[1]] >= MOST_OF_ONE_RELATION:
                return False
            related.update(of_page)
            return True

        found = self._facts(subjects, rows["new"], kinds.versions(subjects.type), is_fresh)
        found |= self._facts(subjects, rows["again"], kinds.lines(subjects.type), is_rare)
        left = [row for row in rows["again"] if row not in found]
        found |= self._facts(subjects, left, kinds.lines(subjects.type), lambda *_: True)
        return {
            row: next((claim for claim in claims[row] if claim.kind == fact.kind), fact) for row, fact in found.items()
        }

    def _badges(
        self,
        subjects: Subjects,
        requests: Sequence[SentenceRequest],
        placed: Sequence[Placed],
        pages: Sequence[range],
        facts: Mapping[int, Claim],
    ) -> list[tuple[Badge, ...]]:
        """Return at most one badge for each card of a list with sections."""
        kinds = self.writer.spoken_kinds(self.locale)
        stated = [[*request.claims, *([facts[row]] if row in facts else [])] for row, request in enumerate(requests)]
        topics = [{kinds[claim.kind].topic for claim in own} for own in stated]
        rows = [row for row, card in enumerate(placed) if card.section is not None]
        pages_said = [Counter(topic for row in page for topic in topics[row]) for page in pages]
        said = [counts for counts, page in zip(pages_said, pages, strict=True) for _ in page]

        def may_state(claim: Claim, row: int) -> bool:
            kind = kinds[claim.kind]
            if kind.topic in topics[row] or (kind.is_scarce and placed[row].section != "new"):
                return False
            if kind.most_badges is not None and said[row][kind.topic] >= kind.most_badges:
                return False
            said[row][kind.topic] += 1
            return True

        found = self._facts(
            subjects,
            rows,
            kinds.badges(subjects.type),
            may_state,
        )
        asked = [replace(requests[row], claims=(claim,), is_neutral=True, form="badge") for row, claim in found.items()]
        texts = dict(zip(found, self._written(asked, None) if asked else (), strict=True))
        return [
            (Badge(found[row], text),) if (text := texts.get(row)) is not None else () for row in range(len(requests))
        ]
