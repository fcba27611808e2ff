"""Planning a campaign: which users get which offers for which reasons, and who is held out."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from llm_explain.campaigns.audience import eligible
from llm_explain.campaigns.lines import COUPON, MAX_PUSH, MAX_SUBJECT, CampaignLines
from llm_explain.campaigns.offers import promotions_of, running
from llm_explain.campaigns.records import HOLDOUT, TREATED, CampaignPlan, PlannedMessage, PlannedOffer
from llm_explain.claims.kind import EVENT_KIND
from llm_explain.claims.subjects import Subjects
from llm_explain.errors import SettingError
from llm_explain.policy.suppressions import NO_SUPPRESSIONS, Suppressions
from llm_explain.text.lexicon import load_lexicon
from scoring.data.moments import as_moment

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import pandas as pd

    from llm_explain.campaigns.audience import Audience, Eligible
    from llm_explain.campaigns.lines import Form
    from llm_explain.campaigns.offers import Offer
    from llm_explain.campaigns.settings import CampaignSettings
    from llm_explain.explainer import Explainer
    from llm_explain.records import Explanation
    from scoring.data.history import History
    from scoring.data.moments import Moment

NO_OFFER: Final = "no offer among the best items"
NO_REASON: Final = "no reason that can be said"
OVER_BUDGET: Final = "budget or number of messages used up"
TOO_SOON: Final = 0.5
"""Share of a user's own rhythm with an item, below which the user needs no offer of it yet."""
NO_RHYTHM_DAYS: Final = 28.0
"""Rhythm that is assumed of an item without one."""

OFFERS_ONLY: Final = Suppressions(kinds=frozenset({"promotion", "lower_price", "lowest_price"}))
"""The offer's own line states the promotion; the sentence gives another reason."""


def plan_campaign(
    explainer: Explainer,
    *,
    audience: Audience,
    settings: CampaignSettings,
    coupons: Sequence[Offer] = (),
    user_ids: Sequence[str] | None = None,
    as_of: Moment | None = None,
    context: Callable[[str], tuple[History, Suppressions]] | None = None,
    progress: Callable[[str, int, int], None] | None = None,
) -> CampaignPlan:
    """Plan a campaign.

    Users are chosen by the sum of the purchase probabilities of their offers, times the measured effect if there is
    one. With a budget, the sum is divided by the expected cost. The holdout is drawn among the chosen users, so both
    groups can be compared.

    Args:
        explainer: An explainer of the shop with trained artifacts.
        audience: Files of consent, suppressions, earlier messages and measured effects.
        settings: Budget, caps, channel and holdout.
        coupons: Coupons of the campaign; running promotions are offers too.
        user_ids: Users to consider; all known ones if not given.
        as_of: The time of the campaign; the snapshot's if not given.
        context: Returns what a user did and does not want to be told; the explainer's events if not given.
        progress: Told of the users that were read.

    Returns:
        The plan. The call raises ``SettingError`` for a coupon of an amount in a shop without a currency.
    """
    moment = explainer.as_of if as_of is None else as_moment(as_of)
    settings = settings.model_copy(update={"locale": settings.locale or explainer.locale})
    found = eligible(explainer.events.user_ids if user_ids is None else user_ids, audience, settings, as_of=moment)
    read = context or (lambda user_id: (explainer.events.history(user_id, moment), NO_SUPPRESSIONS))
    planner = _Planner(explainer, settings, moment, coupons, read)
    wishes = []
    for done, user_id in enumerate(found.user_ids):
        if progress is not None:
            progress("Reading users", done, len(found.user_ids))
        wishes.append((user_id, planner.wishes(user_id)))
    if progress is not None:
        progress("Reading users", len(found.user_ids), len(found.user_ids))
    return planner.choose(wishes, found)


@dataclass(frozen=True, slots=True)
class _Wish:
    """An offer that a user may get: what it is, where it ranks and what it may cost."""

    offer: Offer
    item: int
    probability: float
    expected_cost: float


class _Planner:
    """Finds the offers of users and chooses among the users."""

    def __init__(
        self, explainer: Explainer, settings: CampaignSettings, as_of: pd.Timestamp, coupons: Sequence[Offer],
        context: Callable[[str], tuple[History, Suppressions]],
    ) -> None:  # fmt: skip
        self.context = context
        self.explainer, self.settings, self.as_of = explainer, settings, as_of
        shop = explainer.shop
        self.catalogue, self.policy = shop.catalogue, shop.policy
        self.today = shop.local(as_of).date()
        titles = self.catalogue.title_index
        is_shared = dict(zip(self.catalogue.item_ids, (np.bincount(titles)[titles] > 1).tolist(), strict=True))
        self.coupons = {
            offer.item_id: offer.numbered() if is_shared[offer.item_id] else offer
            for offer in running(coupons, self.today.isoformat())
        }
        if shop.policy.currency is None and any("amount_off" in offer.facts for offer in self.coupons.values()):
            raise SettingError(
                'a coupon has an amount_off but the shop has no currency, and "2.00 off" says nothing. '
                "Set currency in shop.yaml, or give percent_off."
            )
        self.prices = shop.snapshot.price
        self.lines = campaign_lines(explainer, settings.locale)

    def wishes(self, user_id: str) -> list[_Wish]:
        """Return a user's offers among the best items, the likeliest purchase first; none is a sensitive item.

        Of items with the same name, such as two sizes of milk, the likeliest one is offered. An item that the
        user bought less than half of the user's own median interval ago is not; without one, the interval is 28 days.
        """
        history = self.context(user_id)[0]
        user = self.explainer.reader.read(user_id, history)
        items, scores = user.scored.rank(self.settings.depth)
        bought = Subjects.of(user.evidence, np.zeros(len(items), dtype=np.int64), items).of_item
        kept = np.ones(len(items), dtype=bool)
        if user.evidence.shop.has_dates:
            kept = ~(bought.days_since < TOO_SOON * np.nan_to_num(bought.rhythm, nan=NO_RHYTHM_DAYS))
        if self.settings.section != "mixed":
            kept &= (bought.counts > 0) == (self.settings.section == "again")
        items, scores = items[kept], scores[kept]
        offers = promotions_of(user.evidence, items)
        found = []
        for item, probability in zip(items.tolist(), user.scored.probability(scores), strict=True):
            offer = self.coupons.get(str(self.catalogue.item_ids[item])) or offers.get(item)
            if offer is not None and "item_number" in offer.facts and self._had_another(history, item):
                continue
            if self.settings.channel == COUPON and (offer is None or offer.kind != COUPON):
                continue
            if offer is not None and not self.policy.is_sensitive_item(self.catalogue, item):
                p = float(probability or 0.0)
                found.append(_Wish(offer, item, p, offer.expected_cost(p, float(self.prices[item]))))
        of_title: dict[str, _Wish] = {}
        for wish in sorted(found, key=lambda wish: -wish.probability):
            name = self.lines.name(str(self.catalogue.titles[wish.item]))
            of_title.setdefault((name or wish.offer.item_id).casefold(), wish)
        return list(of_title.values())

    def _had_another(self, history: History, item: int) -> bool:
        """Return whether a user had another item of the same title, which the reason would count."""
        own, titles = history.item_index, self.catalogue.title_index
        return bool(((titles[own] == titles[item]) & (own != item)).any())

    def choose(self, wishes: Sequence[tuple[str, list[_Wish]]], found: Eligible) -> CampaignPlan:
        """Choose users until the budget or the number of messages is used up."""
        left_out = Counter(found.left_out)
        left_out[NO_OFFER] += sum(not own for _, own in wishes)
        messages: list[PlannedMessage] = []
        spent, sent = 0.0, 0
        for user_id, own in self._by_value(wishes, found):
            if self._is_over(sent, spent, self.settings.message_cost):
                left_out[OVER_BUDGET] += 1
                continue
            offers = self._explained(user_id, own)
            if not offers:
                left_out[NO_REASON] += 1
                continue
            cost = self.settings.message_cost + sum(each.expected_cost for each in offers)
            group = HOLDOUT if is_held_out(user_id, self.settings) else TREATED
            if self._is_over(sent, spent, cost):  # for both groups, else the holdout would hold costlier users
                left_out[OVER_BUDGET] += 1
                continue
            messages.append(PlannedMessage(user_id, group, offers, cost))
            if group == TREATED:
                spent, sent = spent + cost, sent + 1
        return CampaignPlan(self.settings, self.as_of, tuple(messages), +left_out, found.uplift_low is not None)

    def _is_over(self, sent: int, spent: float, cost: float) -> bool:
        most, budget = self.settings.max_messages, self.settings.budget
        return (most is not None and sent >= most) or (budget is not None and spent + cost > budget)

    def _by_value(
        self, wishes: Sequence[tuple[str, list[_Wish]]], found: Eligible
    ) -> Iterator[tuple[str, list[_Wish]]]:
        """Yield users with offers, the most expected purchases for each unit of cost first."""

        def value(entry: tuple[str, list[_Wish]]) -> tuple[float, str]:
            user_id, own = entry
            best = own[: self.settings.offers_each]
            effect = 1.0 if found.uplift_low is None else found.uplift_low[user_id]
            gain = effect * sum(wish.probability for wish in best)
            cost = self.settings.message_cost + sum(wish.expected_cost for wish in best)
            return -gain / max(cost, 1e-9) if self.settings.budget is not None else -gain, user_id

        yield from sorted((entry for entry in wishes if entry[1]), key=value)

    def _explained(self, user_id: str, wishes: Sequence[_Wish]) -> tuple[PlannedOffer, ...]:
        """Return the first offers that have a true line and a reason that can be said."""
        kept: list[PlannedOffer] = []
        step, is_push = self.settings.offers_each, self.settings.channel == "push"
        history, own = self.context(user_id)
        for start in range(0, len(wishes), step):
            some = list(wishes[start : start + step])
            rows = self.explainer.explain(
                user_id,
                [wish.offer.item_id for wish in some],
                history=history,
                locale=self.settings.locale,
                surface="push" if is_push else "email",
                tone="formal",  # as the campaign's own lines
                suppressions=replace(own, kinds=own.kinds | OFFERS_ONLY.kinds),
            )
            for wish, row in zip(some, rows, strict=True):
                line = self._line(wish, "lines")
                head = self._line(wish, "subjects", MAX_SUBJECT) or ""
                is_told = line and (head or not is_push or len(line) <= MAX_PUSH)
                if row.reasons and row.text and line and is_told:
                    rest = self._line(wish, "rests") or line
                    most = MAX_PUSH - len(rest) - 1 if is_push and head != line else None
                    subject = {"type": "offer", "offer_id": wish.offer.offer_id, "item_id": wish.offer.item_id}
                    explained = replace(self._varied(row, wish, kept, most), subject=subject)
                    kept.append(
                        PlannedOffer(wish.offer, wish.probability, line, explained, wish.expected_cost, head, rest)
                    )
            if len(kept) >= step:
                break
        return tuple(kept[:step])

    def _varied(
        self, row: Explanation, wish: _Wish, before: Sequence[PlannedOffer], max_length: int | None
    ) -> Explanation:
        """Return an explanation in the campaign's own line, below the item's name: how often it was bought, or when.

        It tells when if the count is 1, or if an offer before tells how often. A line has at most ``max_length``
        characters.
        """
        if len(row.reasons) != 1 or row.text is None or not self.lines.tells_when(row.reasons[0].kind):
            return row
        (claim,) = row.reasons
        told = [each.kind for offer in before for each in offer.explanation.reasons]
        if EVENT_KIND in claim.facts:
            return row
        title, is_when = str(self.catalogue.titles[wish.item]), claim.facts["count"] == 1 or claim.kind in told
        line = self.lines.write(
            claim.kind, claim.facts, title=title, as_of=self.today, form="rests" if is_when else "lines",
            max_length=max_length,
        )  # fmt: skip
        return replace(row, text=replace(row.text, text=line), statements=()) if line else row

    def _line(self, wish: _Wish, form: Form, max_length: int | None = None) -> str | None:
        title, offer = str(self.catalogue.titles[wish.item]), wish.offer
        return self.lines.write(
            offer.kind, offer.facts, title=title, as_of=self.today, form=form, max_length=max_length
        )


def campaign_lines(explainer: Explainer, locale: str | None = None) -> CampaignLines:
    """Return the lines of a locale with the shop's currency.

    Args:
        explainer: An explainer of the shop.
        locale: A folder under ``prompts/``; the shop's if not given.

    Returns:
        The writer and verifier of lines.
    """
    lexicon = load_lexicon(locale or explainer.locale, explainer.kinds)
    return CampaignLines(lexicon.with_currency(explainer.shop.policy.currency))


def is_held_out(user_id: str, settings: CampaignSettings) -> bool:
    """Return whether a user is in the holdout: by a hash of the seed, the campaign's name and the user's id.

    The answer does not depend on the other users, so the same campaign planned again holds out the same ones.

    Args:
        user_id: The shop's id.
        settings: Name, seed and share.

    Returns:
        Whether the user gets no message.
    """
    digest = hashlib.sha256(f"{settings.seed}\0{settings.name}\0{user_id}".encode()).digest()
    return int.from_bytes(digest[:8]) / 2.0**64 < settings.holdout
