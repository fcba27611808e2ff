"""The claim kind ``related_title``."""

from __future__ import annotations

from collections import Counter, defaultdict
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

MOST_OF_ONE: Final = 3
"""Most past items that one relation names for a subject; a page names each item once."""

MOST_ITEMS: Final = 0.34
"""Most items of a category that says what an item is, as a share of all."""

RELATIONS: Final = ("size", "series", "range_name", "thing", "category")
"""Names of facts that tell the relation, the most telling one first."""


_Key = tuple[str, object]


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
    - One range: both titles begin (or end) with ``range_name``, at least two words that few names share. The rest of
      each is a thing: ``own_thing`` and ``known_thing`` (see ``title_parts``).
    - One thing: both are of one category, and ``thing`` is the thing in both titles. The rest of each is ``design`` and
      ``known_design``.
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
    """What each user bought, watched or played, and may be named for; found once for a user."""

    def __init__(self, evidence: Evidence) -> None:
        self._evidence = evidence
        self._found: dict[int, _OfUser] = {}

    def of(self, user: int) -> _OfUser:
        """Return the past items of a user."""
        if user not in self._found:
            self._found[user] = _OfUser(self._evidence.shop, _past(self._evidence, user))
        return self._found[user]


class _OfUser:
    """Past items of a user in the order in which they are named, and their titles.

    ``near`` returns those that share with an item what a relation needs: the category, the outer words of a range or,
    except for purchases, the first letter of a series. Few of a user's items do.
    """

    def __init__(self, shop: ShopEvidence, items: list[_Past]) -> None:
        self.titles = {int(shop.title_index[each.item]) for each in items}
        self._keys, self._items = shop.once(_Keys), items
        self._places: dict[_Key, list[int]] = defaultdict(list)
        for place, each in enumerate(items):
            for key in self._keys[each.item]:
                if each.event_kind != PURCHASE or key[0] != "series":
                    self._places[key].append(place)

    def near(self, item: int) -> list[_Past]:
        places = {place for key in self._keys[item] for place in self._places.get(key, ())}
        return [self._items[place] for place in sorted(places)]


class _Keys(dict[int, tuple[_Key, ...]]):
    """What a past item and an item share if a relation of them can hold, by row number; found once for an item."""

    def __init__(self, shop: ShopEvidence) -> None:
        super().__init__()
        self._catalogue, self._parts = shop.catalogue, shop.once(TitleParts)

    def __missing__(self, item: int) -> tuple[_Key, ...]:
        title = str(self._catalogue.titles[item])
        outer = self._parts.outer_words(title)
        keys: list[_Key] = [("category", int(self._catalogue.category_index[item])), ("series", title[:1].lower())]
        self[item] = found = (*keys, ("range", outer)) if outer else tuple(keys)
        return found


def _past(evidence: Evidence, user: int) -> list[_Past]:
    """Return what a user bought, watched or played, and may be named for, in the order in which it is named."""
    shop = evidence.shop
    ratings, titles, ids = shop.shop.ratings, shop.catalogue.titles, shop.catalogue.item_ids
    rated: dict[int, float] = {}
    if ratings is not None and ratings.high_from is not None and ratings.highest is not None:
        least = max(ratings.high_from, ratings.liked_from)
        known = ratings_of(evidence.histories[user], ratings)
        rated = {item: value for item, value in known.items() if value >= least and round(value, 1) == value}
    own = slice(*evidence.user.searchsorted([user, user + 1]))
    latest: dict[int, tuple[int, int]] = {}
    for item, moment, kind in zip(
        evidence.item[own].tolist(), evidence.moment[own].tolist(), evidence.kind[own].tolist(), strict=True
    ):
        latest[item] = max((moment, kind), latest.get(item, (moment, kind)))
    disliked = set(evidence.disliked(user).tolist())
    found = [
        _Past(rated.get(item, 0.0), moment, item, shop.shop.target_kinds[kind])
        for item, (moment, kind) in latest.items()
        if item not in disliked and any(map(str.isalpha, str(titles[item]))) and not shop.is_sensitive(item)
    ]
    return sorted(found, key=lambda each: (-each.rating, -each.moment, str(ids[each.item])))


def _relation(shop: ShopEvidence, item: int, past: _Past) -> dict[str, Fact]:
    """Return the facts of the first relation of an item and a past item that holds; empty without one."""
    catalogue, parts = shop.catalogue, shop.once(TitleParts)
    title, other = str(catalogue.titles[item]), str(catalogue.titles[past.item])
    category, known = (int(catalogue.category_index[each]) for each in (item, past.item))
    if past.event_kind != PURCHASE:
        if (series := same_series(title, other)) is not None:
            return {"series": series}
    else:
        is_of_brand = catalogue.brand_index[item] == catalogue.brand_index[past.item]
        if is_of_brand and category == known and (sizes := other_size(title, other)) is not None:
            return {"size": sizes[0], "other_size": sizes[1]}
        if is_of_brand and (shared := parts.same_range(title, other, (category, known))) is not None:
            return {"range_name": shared.part, "own_thing": shared.own, "known_thing": shared.known}
        if is_of_brand and category == known and (shared := parts.same_thing(title, other, category)) is not None:
            return {"thing": shared.part, "design": shared.own, "known_design": shared.known}
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


def _fine_categories(shop: ShopEvidence) -> list[bool]:
    """Return which categories say what an item is, and may be named."""
    names, counts = shop.catalogue.category_names, Counter(shop.catalogue.category_index.tolist())
    most = MOST_ITEMS * len(shop.catalogue)
    return [counts[place] <= most and shop.policy.may_name_category(name) for place, name in enumerate(names)]
