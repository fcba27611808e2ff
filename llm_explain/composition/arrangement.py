"""Arrangement of a list: items in sections and places, from the scores of all candidates."""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from llm_explain.claims.evidence import Evidence
from llm_explain.claims.selection import may_speak
from llm_explain.claims.subjects import Subjects
from llm_explain.composition.variants import has_usual_variants, variant_fit
from scoring.data.catalogue import NO_CATEGORY
from scoring.data.targets import RETURN

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llm_explain.attribution.scored_user import ScoredUser
    from llm_explain.attribution.shapley import FloatArray
    from llm_explain.claims import ClaimKind, ShopEvidence
    from llm_explain.claims.occasions import Flags
    from llm_explain.composition.selection import Selection
    from llm_explain.records import Placement, Section
    from scoring.data.catalogue import IndexArray

HOLD_DAYS: Final = 7
"""Days for which an item without a known rhythm is held back after a purchase."""

MIN_RHYTHM_DAYS: Final = 3
"""Days with a purchase from which on the median interval tells when to show the item again."""

DUE_FROM: Final = 0.8
"""Share of the median interval after which an item is due again."""

RETURNS: Final = 0.9
"""Share of the user's returns to an item by which one without a rhythm comes back, or hardly ever."""

LEAST_RETURNS: Final = 5
"""Returns from which on they tell how soon the user comes back to an item; those of the shop's users tell before."""

MOST_USERS: Final = 500
"""Users of a shop whose returns are read."""

AGAIN_SHARE: Final = 0.5
"""Largest share of a mixed list that repeats, while there are new items."""

POOL: Final = 40
"""Best items left that each place of a diverse list chooses among."""

LOOK_AHEAD: Final = 30
"""New items, by rank, of which those that a person would link with the user come first; then the next ones follow."""

MOST_VERSIONS: Final = 20
"""Best items of known products that are asked for something new to say."""

MOST_REPEATS: Final = 1_000
"""Best items that are looked at before all: most lists are full before that many, repeats among them."""


@dataclass(frozen=True, slots=True)
class Placed:
    """One item of a list.

    Attributes:
        item_index: Row number in the catalogue.
        position: Place shown, from 1.
        section: Its section; ``None`` in a list without sections.
        placement: What the merchant did with it; ``None`` if nothing.
        score: Its score in logits; not a number in a list of another ranking.
        rank: Place by score among the allowed items, from 1; ``None`` for an item that the scorer does not rank.
    """

    item_index: int
    position: int
    section: Section | None
    placement: Placement | None = None
    score: float = math.nan
    rank: int | None = None


@dataclass(frozen=True)
class _Candidates:
    """Allowed items as columns of shape ``(n,)``."""

    item: IndexArray
    score: FloatArray
    rank: IndexArray
    is_again: Flags
    is_held: Flags  # bought just now
    is_stale: Flags  # bought so long ago that the user hardly comes back to it
    fit: IndexArray  # how well the variant suits the user; 0 in a list without sections
    pin: IndexArray  # place among the pins, or the number of pins
    is_buried: Flags

    def __len__(self) -> int:
        return len(self.item)

    def take(self, rows: IndexArray | Flags) -> _Candidates:
        """Return some of the items."""
        return _Candidates(**{name: getattr(self, name)[rows] for name in self.__dataclass_fields__})

    def placed(self, selection: Selection, n_pins: int) -> list[Placed]:
        """Return the items in the places shown."""
        has_sections = selection.section is not None
        return [
            Placed(
                item_index=item,
                score=score,
                rank=rank,
                position=selection.offset + place,
                section=("again" if is_again else "new") if has_sections else None,
                placement="pinned" if pin < n_pins else "buried" if is_buried else None,
            )
            for place, (item, score, rank, is_again, *_, pin, is_buried) in enumerate(
                zip(*(getattr(self, name).tolist() for name in self.__dataclass_fields__), strict=True), start=1
            )
        ]


def arrange(
    scored: ScoredUser,
    evidence: Evidence,
    selection: Selection,
    k: int,
    *,
    versions: Sequence[ClaimKind] = (),
    is_message: bool = False,
) -> list[Placed]:
    """Choose the items of a list and their places.

    Without sections, the list is the best allowed items by score. With sections, it shows each visible title once.
    Of the variants of a product that is new to the user, it shows the one in the user's usual size or colour. An
    item is in *again* if the user bought its title before, else in *new*. What was just bought is held back until
    it is due: a list of *again* leaves it out, and a mixed list shows it last. So does a mixed list with what was
    bought once or twice, longer ago than nine in ten of the user's returns to an item took; a list of *again* shows
    it last. Of the products that the user bought in another size or version, one item may be in *new*, if there is
    something to say about what is new of it; the others come last. Of the next 30 new items, those come first that
    a person would link with what the user bought. At most half of a mixed list repeats while there are new items.
    If users of the shop do not come back to items, all that they had comes last. Pinned items come first, though
    all of them repeat, and buried ones last. Diversity orders each section by itself, whatever the links. A page
    continues the one before it.

    Args:
        scored: The user's scores.
        evidence: The user's events, as the only history.
        selection: Options of the list.
        k: Most items.
        versions: Claim kinds that say what is new about a product that the user knows.
        is_message: Whether the list is sent to the user, where others may see it: it then has no sensitive item.

    Returns:
        At most ``k`` items, in the order shown.
    """
    every, end = len(evidence.shop.catalogue), selection.offset + k
    is_of_all = selection.pins or selection.diversity or (selection.section and has_usual_variants(evidence))
    few = every if is_of_all else min(every, end + MOST_REPEATS)
    page = _page(
        _candidates(scored, evidence, selection, few, is_message=is_message),
        evidence,
        selection,
        end,
        is_all=few == every,
        versions=versions,
    )
    if page is None:
        found = _candidates(scored, evidence, selection, every, is_message=is_message)
        page = _page(found, evidence, selection, end, is_all=True, versions=versions)
    return [] if page is None else page.placed(selection, len(selection.pins))


def in_given_order(scored: ScoredUser, evidence: Evidence, items: IndexArray) -> list[Placed]:
    """Return the places of items that another ranking chose.

    Args:
        scored: The user's scores.
        evidence: The user's events, as the only history.
        items: Row numbers in the catalogue, in the order shown.

    Returns:
        The items in that order, each in *again* if the user bought its title before, else in *new*.
    """
    is_again = _is_again(evidence, items).tolist()
    found = zip(items.tolist(), is_again, scored.ranks(items), strict=True)
    return [
        Placed(item, place, "again" if is_known else "new", rank=rank)
        for place, (item, is_known, rank) in enumerate(found, start=1)
    ]


def _page(
    found: _Candidates,
    evidence: Evidence,
    selection: Selection,
    end: int,
    *,
    is_all: bool,
    versions: Sequence[ClaimKind],
) -> _Candidates | None:
    """Return the items of a page that ends with a place; ``None`` where worse items than those found may be in it.

    Items come by rank, apart from those that wait for all others. So an item that was not found is in no page that
    items before it fill.
    """
    n_pins = len(selection.pins)
    if selection.section is not None:
        found = found.take(_is_asked_for(evidence, found))
        is_own = np.isin(found.item, evidence.item)
        is_other_variant = found.is_again & ~is_own & evidence.shop.has_variants[found.item]
        is_kept = ~is_other_variant | (found.pin < n_pins)
        found, is_own = found.take(is_kept), is_own[is_kept]
        found = found.take(np.lexsort((found.rank, ~is_own, found.pin)))  # a pin stands for its title
        found = found.take(_first_of_each(evidence.shop.title_index[found.item]))
        found = found.take(np.lexsort((found.rank, -found.fit, found.pin)))
        for of_one in (evidence.shop.family, evidence.shop.product):
            found = found.take(_without_siblings(of_one[found.item], found.is_again | (found.pin < n_pins)))
        if selection.section == "new":
            found = found.take(~found.is_again)
        elif selection.section == "again":
            found = found.take(found.is_again & ~found.is_held)
    is_last = _waits(found, evidence, selection, versions)
    if not is_all and np.count_nonzero(~is_last & ~(found.is_again & (selection.section == "mixed"))) < _n_ahead(end):
        return None
    order = np.lexsort((found.rank, is_last, found.pin))
    found, is_last = found.take(order), is_last[order]
    found = found.take(_in_sections(found, ~is_last & (found.pin == n_pins), evidence, selection, end))
    if selection.section == "mixed":
        found = found.take(_mixed(found.is_again, end, n_first=int((found.pin < n_pins).sum())))
    page = found.take(np.arange(len(found))[selection.offset : end])
    if selection.section is not None and len(page):
        page = page.take(np.argsort(page.is_again != page.is_again[0], kind="stable"))
    return page


def _waits(found: _Candidates, evidence: Evidence, selection: Selection, versions: Sequence[ClaimKind]) -> Flags:
    """Return which items come after all others that are not pinned."""
    waits: Flags = found.is_buried
    if selection.section is not None:
        waits = waits | found.is_stale | _says_nothing_new(found, evidence, versions)
    if selection.section == "mixed":
        waits = waits | (found.is_held if evidence.shop.snapshot.has_repeats else found.is_again)
    is_free: Flags = found.pin == len(selection.pins)
    return waits & is_free


def _in_sections(found: _Candidates, is_free: Flags, evidence: Evidence, selection: Selection, end: int) -> IndexArray:
    """Return the places of items in the order of each section by itself; those that are not free keep theirs."""
    order = np.arange(len(found))
    if selection.diversity:
        section = found.is_again if selection.section == "mixed" else np.zeros(len(found), dtype=bool)
        category = evidence.shop.catalogue.category_index[found.item]
        for is_of in (section, ~section):
            rows = np.flatnonzero(is_of & is_free)
            order[rows] = rows[diversified(found.score[rows], category[rows], selection.diversity, end)]
    elif selection.section in ("mixed", "new"):
        rows = np.flatnonzero(~found.is_again & is_free)[: _n_ahead(end)]
        order[rows] = rows[_linked_first(found.item[rows], evidence)]
    return order


def _n_ahead(end: int) -> int:
    """Return how many new items a page that ends with a place may show."""
    return math.ceil(end / LOOK_AHEAD) * LOOK_AHEAD


def diversified(score: FloatArray, category: IndexArray, weight: float, n: int) -> IndexArray:
    """Order items by maximal marginal relevance.

    Each step takes, of the ``POOL`` best items that are left, the one with the largest
    ``(1 − weight) · relevance − weight · similarity``. The relevance is the score, scaled to 0…1 over the ``POOL`` best
    of all. The similarity is 1 for a category that was already chosen. So the first places do not depend on ``n``.
    Source: Carbonell & Goldstein (1998), The use of MMR, diversity-based reranking for reordering documents.

    Args:
        score: Scores, best first, shape ``(n_items,)``.
        category: Category of each item, shape ``(n_items,)``.
        weight: From 0 (by score) to 1.
        n: Items to choose; the others follow in the order given.

    Returns:
        Places in the new order, shape ``(n_items,)``.
    """
    low, high = (float(score[:POOL][-1]), float(score[0])) if len(score) else (0.0, 0.0)
    relevance = (score - low) / ((high - low) or 1.0)
    is_shown, is_left = np.zeros(len(score)), np.ones(len(score), dtype=bool)
    chosen: list[int] = []
    for end in range(POOL, POOL + min(n, len(score))):
        value = (1 - weight) * relevance[:end] - weight * is_shown[:end]
        best = int(np.argmax(np.where(is_left[:end], value, -math.inf)))
        chosen.append(best)
        is_left[best] = False
        is_shown[category == category[best]] = 1.0
    return np.array([*chosen, *np.flatnonzero(is_left).tolist()], dtype=np.int64)


def _candidates(
    scored: ScoredUser, evidence: Evidence, selection: Selection, n: int, *, is_message: bool
) -> _Candidates:
    """Return the best ``n`` allowed items, best first."""
    shop = evidence.shop
    items, scores = scored.rank(n, lambda items: selection.allows(items, shop) & ~_is_unwanted(evidence, items))
    if is_message:
        is_open = ~np.array([shop.is_sensitive(item) for item in items.tolist()], dtype=bool)
        items, scores = items[is_open], scores[is_open]
    pin = np.full(len(items), len(selection.pins))
    pinned = shop.catalogue.index_of(list(selection.pins)).tolist() if selection.pins else []
    for place, item in reversed(list(enumerate(pinned))):
        pin[items == item] = place
    is_again, is_held, is_stale = _repeats(evidence, items)
    return _Candidates(
        item=items,
        score=scores,
        rank=np.arange(1, len(items) + 1),
        is_again=is_again,
        is_held=is_held,
        is_stale=is_stale,
        fit=np.zeros(len(items), dtype=np.int64) if selection.section is None else variant_fit(items, evidence),
        pin=pin,
        is_buried=np.isin(items, shop.catalogue.index_of(list(selection.buries)) if selection.buries else ()),
    )


def _is_unwanted(evidence: Evidence, items: IndexArray) -> Flags:
    """Return which items have a title that the user rated low, hid, or gave back of late and kept none of."""
    title, (history,) = evidence.shop.title_index, evidence.histories
    unwanted = [*evidence.disliked(0).tolist(), *history.items_off]
    if evidence.shop.has_dates:
        since = (history.as_of - dt.timedelta(days=HOLD_DAYS)).to_datetime64()
        back = history.item_index[(history.role == RETURN) & (history.timestamp >= since)]
        unwanted += back[~_is_again(evidence, back)].tolist()
    return np.isin(title[items], title[np.array(unwanted, dtype=np.int64)])


def _repeats(evidence: Evidence, items: IndexArray) -> tuple[Flags, Flags, Flags]:
    """Return which items have a title that the user bought, and which of these are not due yet, or stale.

    A title is stale if it has no rhythm and was bought longer ago than nine in ten of the user's returns to a title
    took.
    """
    shop, is_again = evidence.shop, _is_again(evidence, items)
    is_held, is_stale = np.zeros(len(items), dtype=bool), np.zeros(len(items), dtype=bool)
    if shop.has_dates and is_again.any():
        rows = np.flatnonzero(is_again)
        occasions = Subjects.of(evidence, np.zeros(len(rows), dtype=np.int64), items[rows]).of_item
        has_rhythm = occasions.days.counts >= MIN_RHYTHM_DAYS
        until_due = np.where(has_rhythm, DUE_FROM * occasions.rhythm, HOLD_DAYS)
        is_held[rows] = occasions.days_since < until_due
        days = _returns(evidence)
        if len(days) < LEAST_RETURNS:
            days = shop.once(_returns_of_shop)
        if len(days) >= LEAST_RETURNS:
            is_stale[rows] = ~has_rhythm & (occasions.days_since > max(np.quantile(days, RETURNS), HOLD_DAYS))
    return is_again, is_held, is_stale


def _is_again(evidence: Evidence, items: IndexArray) -> Flags:
    title = evidence.shop.title_index
    return np.isin(title[items], title[evidence.item])


def _linked_first(items: IndexArray, evidence: Evidence) -> IndexArray:
    """Return the places of new items in their order.

    In each block those come first that a person would link, and of these the best one of each category.
    """
    catalogue, block = evidence.shop.catalogue, np.arange(len(items)) // LOOK_AHEAD
    is_linked = evidence.shop.visible_links.with_any(evidence.item, items)
    is_named = np.array(catalogue.category_names, dtype=object) != NO_CATEGORY
    category = catalogue.category_index[items]
    is_second = is_named[category]
    is_second[_first_of_each((block * 2 + is_linked) * len(is_named) + category)] = False
    is_second |= np.array([evidence.shop.is_sensitive(item) for item in items.tolist()], dtype=bool)  # says nothing
    return np.lexsort((np.arange(len(items)), is_second, ~is_linked, block))


def _returns(evidence: Evidence) -> IndexArray:
    """Return the days between successive days on which a user bought a title, of all titles."""
    titles = evidence.by_title
    return titles.of(titles.keys, np.full(len(titles.keys), evidence.as_of.max())).intervals.values


def _returns_of_shop(shop: ShopEvidence) -> IndexArray:
    """Return the same for some of the shop's users, evenly chosen."""
    events = shop.events
    if events is None:
        return np.zeros(0, dtype=np.int64)
    users = events.user_ids[:: max(1, len(events.user_ids) // MOST_USERS)]
    histories = [events.history(user, shop.snapshot.as_of) for user in users]
    return _returns(Evidence(shop, histories))


def _says_nothing_new(found: _Candidates, evidence: Evidence, versions: Sequence[ClaimKind]) -> Flags:
    """Return which new items are a product that the user knows, but for the best one of which something new is told."""
    shop, bought = evidence.shop, evidence.item
    is_known: Flags = ~found.is_again & (
        np.isin(shop.family[found.item], shop.family[bought]) | np.isin(shop.product[found.item], shop.product[bought])
    )
    suits = found.fit > 0
    for row in np.flatnonzero(is_known & (suits | ~suits.any()))[:MOST_VERSIONS].tolist():
        item = found.item[row : row + 1]
        of_item = Subjects.of(evidence, np.zeros(1, dtype=np.int64), item)
        if any(may_speak(kind, int(item[0]), shop) and len(kind.find(of_item).rows) for kind in versions):
            is_known[row] = False
            break
    return is_known


def _is_asked_for(evidence: Evidence, found: _Candidates) -> Flags:
    """Return whether popularity may speak for each item, or the user bought from its category."""
    shop, category = evidence.shop, evidence.shop.catalogue.category_index
    is_known: Flags = np.isin(category[found.item], category[evidence.item])
    return shop.may_promote[found.item] | is_known


def _first_of_each(title: IndexArray) -> IndexArray:
    """Return the places of the first item of each title, ascending."""
    return np.sort(np.unique(title, return_index=True)[1])


def _without_siblings(family: IndexArray, is_kept: Flags) -> IndexArray:
    """Return the places of the kept items and of the first of each other family, ascending."""
    others = np.flatnonzero(~is_kept)
    return np.sort(np.concatenate([np.flatnonzero(is_kept), others[_first_of_each(family[others])]]))


def _mixed(is_again: Flags, n: int, *, n_first: int) -> IndexArray:
    """Return the places of at most ``n`` items, of which repeats are at most half while there are new ones.

    The first ``n_first`` come first in any case, because the merchant chose them.
    """
    places = np.arange(len(is_again))
    waiting: dict[bool, list[int]] = {
        kind: places[(is_again == kind) & (places >= n_first)][::-1].tolist() for kind in (True, False)
    }
    chosen = places[: min(n, n_first)].tolist()
    n_again = int(is_again[chosen].sum())
    while len(chosen) < n and (waiting[True] or waiting[False]):
        is_full = n_again + 1 > math.ceil(AGAIN_SHARE * (len(chosen) + 1))
        if not waiting[True] or not waiting[False]:
            takes = bool(waiting[True])
        else:
            takes = waiting[True][-1] < waiting[False][-1] and not is_full
        chosen.append(waiting[takes].pop())
        n_again += takes
    return np.array(chosen, dtype=np.int64)
