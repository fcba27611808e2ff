"""The claim kind ``related_title``."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from llm_explain.claims.kind import NOTHING, ClaimKind, Findings
from llm_explain.claims.sizes import other_size
from llm_explain.claims.title_parts import TitleParts, same_series
from llm_explain.claims.verdicts import ratings_of
from scoring.data.tables import PURCHASE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from llm_explain.claims.evidence import Evidence
    from llm_explain.claims.shop_evidence import ShopEvidence
    from llm_explain.claims.subjects import Subjects
    from llm_explain.records import Fact
    from scoring.data.catalogue import IndexArray

MOST_OF_ONE: Final = 3
"""Most past items that one relation names for a subject; a page names each item once."""

MOST_ITEMS: Final = 0.34
"""Most items of a category that says what an item is, as a share of all."""

MOST_OF_BRAND: Final = 0.1
"""Most items of a brand that relates items: a larger one is the shop's own, or says little."""

RELATIONS: Final = ("size", "series", "range_name", "thing", "brand", "category")
"""Names of facts that tell the relation, the most telling one first."""

PLAY: Final = "play"
UNREAD: Final = -2
NO_KEY: Final = -1


class _Past(NamedTuple):
    """A past item, in the order in which past items are named.

    Attributes:
        rating: The user's high rating of it; 0 without one.
        moment: The user's latest event of it.
        item: Its row number.
        event_kind: Kind of that event.
    """

    rating: float
    moment: int
    item: int
    event_kind: str


class RelatedTitle(ClaimKind):
    """What the titles or the category say that the item has to do with one that the user bought, watched or played.

    Rule: ``other_item_id`` is an item of a counted target event of the user. Its title has a letter, it is not
    sensitive, and the user did not dislike it. The user has no such event of the item's title. The first of these
    relations holds. The first, third and fourth need a purchase of the item's brand, the second another event.

    - Another size: both are of one category. The titles are alike but for one size, of which one is at least
      30 % larger (see ``sizes``). ``size`` is that of the item's title, and ``other_size`` that of the other one, as
      the titles write them in small letters. Of several, it is the one bought last.
    - One series: what stands before a colon, a dash or the number of a part is the same in both titles: ``series``.
      Where both brands are known, they are the same. Tracks of artists have no series: "Stay - Acoustic" is a version.
    - One range: both titles begin (or end) with ``range_name``, at least two words that few names share. The rest of
      each is a thing: ``own_thing`` and ``known_thing`` (see ``title_parts``).
    - One thing: both are of one category, no title names the brand, and ``thing`` is the thing in both. The rest of
      each is ``design`` and ``known_design``.
    - One brand, which a tenth of the items has at most and which is not the shop's own: ``brand``. After a
      purchase, both are of one category too, unless brands are creators.
    - One category, if the event is no purchase or the user rated the item high (as for ``rated_item``): both are of
      ``category``, which a third of the items has at most. ``rating`` and ``highest`` are those of ``rated_item``.

    Of several past items, those rated higher come first, then those of the latest events, ties by the smallest id.
    """

    name = "related_title"
    scope = "context"
    parts = ("popularity",)
    position = 63
    new_place = 0
    topic = "past item"
    is_reason = False

    def find(self, subjects: Subjects) -> Findings:
        """Apply the rule of the class."""
        found = [(row, past, told) for row in range(len(subjects)) for past, told in _relations(subjects, row)]
        if not found:
            return NOTHING
        names = dict.fromkeys(name for _, _, told in found for name in told)
        ids = subjects.shop.catalogue.item_ids
        facts: dict[str, list[Fact | None]] = {"other_item_id": [str(ids[past.item]) for _, past, _ in found]}
        facts |= {name: [told.get(name) for _, _, told in found] for name in names}
        rows = np.array([row for row, _, _ in found], dtype=np.int64)
        return Findings(rows, facts, event_kind=[past.event_kind for _, past, _ in found])


def _relations(subjects: Subjects, row: int) -> Iterator[tuple[_Past, dict[str, Fact]]]:
    """Yield past items of a subject's user and what relates them to the item, the most telling relation first."""
    item, shop = int(subjects.item[row]), subjects.shop
    past = subjects.evidence.once(_PastItems).of(int(subjects.user[row]))
    if int(shop.title_index[item]) in past.titles:
        return
    of_relation: dict[str, list[tuple[_Past, dict[str, Fact]]]] = {name: [] for name in RELATIONS}
    for each in past.near(item):
        if told := _relation(shop, item, each):
            of_relation[next(iter(told))].append((each, told))
    yield from sorted(of_relation.pop("size"), key=lambda told: -told[0].moment)[:1]
    for related in of_relation.values():
        yield from related[:MOST_OF_ONE]


class _PastItems:
    """What each user bought, watched or played; found once for a user."""

    def __init__(self, evidence: Evidence) -> None:
        self._evidence = evidence
        self._found: dict[int, _OfUser] = {}

    def of(self, user: int) -> _OfUser:
        """Return the past items of a user."""
        if user not in self._found:
            self._found[user] = _OfUser(self._evidence, user)
        return self._found[user]


class _OfUser:
    """Past items of a user with their latest event, and their titles."""

    def __init__(self, evidence: Evidence, user: int) -> None:
        shop = evidence.shop
        own = slice(*evidence.user.searchsorted([user, user + 1]))
        item, moment, kind = evidence.item[own], evidence.moment[own], evidence.kind[own]
        order = np.lexsort((kind, moment, item))
        last = order[np.diff(item[order], append=-1) != 0]
        self._shop, self._item, self._moment, self._kind = shop, item[last], moment[last], kind[last]
        self.titles = set(shop.title_index[self._item].tolist())
        self._rated = _high_ratings(evidence, user)
        self._is_disliked = np.isin(self._item, evidence.disliked(user))
        self._keys = shop.once(_Keys)
        self._category, self._brand = shop.catalogue.category_index[self._item], shop.catalogue.brand_index[self._item]
        self._range, self._initial = self._keys.of(self._item)
        self._is_bought = np.array([name == PURCHASE for name in shop.shop.target_kinds])[self._kind]
        self._is_rated = np.isin(self._item, [*self._rated])

    def near(self, item: int) -> list[_Past]:
        """Return the past items that may be named for an item, in the order in which they are named.

        They share with it what a relation needs: purchases the brand and the category or the outer words of a range,
        others the brand, the category or the first letter of a series. Few of a user's items do.
        """
        shop = self._shop
        of_range, initial = (int(key[0]) for key in self._keys.of(np.array([item])))
        brand = int(shop.catalogue.brand_index[item])
        is_of_category = self._category == shop.catalogue.category_index[item]
        is_of_brand = self._brand == brand
        by_brand = shop.has_creators and shop.once(_telling_brands)[brand]
        is_of_range = (self._range == of_range) & (of_range != NO_KEY)
        of_bought = (is_of_brand & (is_of_category | is_of_range | by_brand)) | (is_of_category & self._is_rated)
        of_others = is_of_category | (is_of_brand & (brand >= 0)) | (self._initial == initial)
        is_near = np.where(self._is_bought, of_bought, of_others)
        titles, ids = self._shop.catalogue.titles, self._shop.catalogue.item_ids
        found = []
        for place in np.flatnonzero(is_near & ~self._is_disliked).tolist():
            past = int(self._item[place])
            if any(map(str.isalpha, str(titles[past]))) and not self._shop.is_sensitive(past):
                kind = self._shop.shop.target_kinds[self._kind[place]]
                found.append(_Past(self._rated.get(past, 0.0), int(self._moment[place]), past, kind))
        return sorted(found, key=lambda each: (-each.rating, -each.moment, str(ids[each.item])))


class _Keys:
    """Numbers for the outer words of each item's title and for its first letter; read once for an item."""

    def __init__(self, shop: ShopEvidence) -> None:
        self._titles, self._parts = shop.catalogue.titles, shop.once(TitleParts)
        self._range = np.full(len(self._titles), UNREAD, dtype=np.int64)
        self._initial = self._range.copy()
        self._numbers: dict[object, int] = {}

    def of(self, items: IndexArray) -> tuple[IndexArray, IndexArray]:
        """Return both numbers of each item; ``NO_KEY`` for a title that can be of no range."""
        for item in items[self._range[items] == UNREAD].tolist():
            title = str(self._titles[item])
            outer = self._parts.outer_words(title)
            self._range[item] = self._numbers.setdefault(outer, len(self._numbers)) if outer else NO_KEY
            self._initial[item] = self._numbers.setdefault(title[:1].lower(), len(self._numbers))
        return self._range[items], self._initial[items]


def _high_ratings(evidence: Evidence, user: int) -> dict[int, float]:
    """Return the ratings of a user that a sentence may tell, by row number of the item."""
    ratings = evidence.shop.shop.ratings
    if ratings is None or ratings.high_from is None or ratings.highest is None:
        return {}
    least = max(ratings.high_from, ratings.liked_from)
    known = ratings_of(evidence.histories[user], ratings)
    return {item: value for item, value in known.items() if value >= least and round(value, 1) == value}


def _relation(shop: ShopEvidence, item: int, past: _Past) -> dict[str, Fact]:
    """Return the facts of the first relation of an item and a past item that holds; empty without one."""
    catalogue, parts = shop.catalogue, shop.once(TitleParts)
    title, other = str(catalogue.titles[item]), str(catalogue.titles[past.item])
    category, known = (int(catalogue.category_index[each]) for each in (item, past.item))
    brand, of_past = (int(catalogue.brand_index[each]) for each in (item, past.item))
    if past.event_kind != PURCHASE:
        is_version = shop.has_creators and past.event_kind == PLAY
        if (
            not is_version
            and (brand == of_past or min(brand, of_past) < 0)
            and (series := same_series(title, other)) is not None
        ):
            return {"series": series}
    else:
        is_of_brand = brand == of_past
        if is_of_brand and category == known and (sizes := other_size(title, other)) is not None:
            return {"size": sizes[0], "other_size": sizes[1]}
        if is_of_brand and (shared := parts.same_range(title, other, (category, known))) is not None:
            return {"range_name": shared.part, "own_thing": shared.own, "known_thing": shared.known}
        names_brand = brand >= 0 and catalogue.brand_names[brand].lower() in f"{title} {other}".lower()
        is_one_thing = is_of_brand and category == known and not names_brand
        if is_one_thing and (shared := parts.same_thing(title, other, category)) is not None:
            return {"thing": shared.part, "design": shared.own, "known_design": shared.known}
    is_linked = past.event_kind != PURCHASE or category == known or shop.has_creators
    if brand == of_past and is_linked and shop.once(_telling_brands)[brand]:
        name = catalogue.brand_names[brand]
        return {"brand": name} if shop.policy.is_brand(name) and shop.policy.may_name_brand(name) else {}
    if (
        category != known
        or not shop.once(_fine_categories)[category]
        or not (past.rating or past.event_kind != PURCHASE)
    ):
        return {}
    told: dict[str, Fact] = {"category": catalogue.category_names[category]}
    if past.rating and shop.shop.ratings is not None:
        rating, highest = past.rating, shop.shop.ratings.highest or 0
        told |= {"rating": int(rating) if rating == int(rating) else rating}
        told |= {"highest": int(highest) if highest == int(highest) else highest}
    return told


def _telling_brands(shop: ShopEvidence) -> list[bool]:
    """Return which brands relate their items; the last place stands for items without a brand."""
    names, counts = shop.catalogue.brand_names, Counter(shop.catalogue.brand_index.tolist())
    most = MOST_OF_BRAND * len(shop.catalogue)
    return [*(counts[place] <= most and place not in shop.own_brands for place in range(len(names))), False]


def _fine_categories(shop: ShopEvidence) -> list[bool]:
    """Return which categories say what an item is, and may be named."""
    names, counts = shop.catalogue.category_names, Counter(shop.catalogue.category_index.tolist())
    most = MOST_ITEMS * len(shop.catalogue)
    return [counts[place] <= most and shop.policy.may_name_category(name) for place, name in enumerate(names)]
