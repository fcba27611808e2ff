"""Links between past items and recommended items that a person would see."""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from scoring.data.catalogue import NO_CATEGORY

if TYPE_CHECKING:
    from llm_explain.claims.occasions import Flags
    from llm_explain.policy.policy import Policy
    from scoring.data.catalogue import Catalogue, IndexArray
    from scoring.features.snapshot import Snapshot

MIN_TOGETHER_SHARE: Final = 0.1
"""Least share of the past item's users who bought both items in one occasion."""

MIN_LATER_SHARE: Final = 0.25
"""Least share of its users who bought the other item later, in a shop without occasions of several items."""

MIN_CATEGORY_SHARE: Final = 0.5
"""Least share of the user's purchases of a category that the counts link with the item, if the category speaks."""

MAX_WORD_SHARE: Final = 0.01
"""Most titles that a word stands in, as a share of all, if it tells what an item is; two titles are always allowed."""

MAX_WORD_CATEGORIES: Final = 3
"""Most categories whose titles have such a word: "salsa" stands in few, "frozen" in many."""

MIN_SHARED_WORDS: Final = 2
"""Least words that two names share if no word tells alone what they are."""

DESIGN_WORDS: Final = 2
"""Words with which the names of one design begin: "Retro circus mug" and "Retro circus apron"."""

MIN_OVERLAP: Final = 0.45
"""Least share of what the words of one name tell that such words tell; a word of few names tells more (tf-idf)."""

MIN_TIMES: Final = 2
"""Least events of a user in a category whose items a person would link with them."""

WORD: Final = re.compile(r"[^\W\d_]{3,}")
NAME_END: Final = re.compile(r"[,(]")

MOST_LONGER: Final = 2
"""Most letters by which a form of a word is longer than another one."""


class _Name(NamedTuple):
    """What links an item with others.

    Attributes:
        all: Words of its title.
        telling: Those that tell what it is, with ``None``; of an item with a named category, the first and last word of
            its name alone, each with its place: garlic is not what frozen garlic bread is.
        words: Words of its name.
        design: Its design.
    """

    all: frozenset[str]
    telling: frozenset[tuple[str, int | None]]
    words: frozenset[str]
    design: str


class VisibleLinks:
    """Which past items and categories a person would link with an item; build it once for a shop.

    A past item has a visible link in five cases. It is of the item's category. Its title shares a word that few titles
    and at most three categories have; of items with a category, as the first or the last word of both names. Its name
    shares at least two words with the item's, which at most three categories have together and which tell much of one
    name: weighted by inverse document frequency, 45 %. Its name begins with the same two words as the item's, and the
    rest of both names says the item's category. Or the counts of pairs show it: the item is among its followers and
    among its companions (``scoring.features.item_pairs``), so that chance and a large basket explain neither, and a
    tenth of its users bought both in one occasion. Where occasions have single items, a quarter of its users bought the
    item later.

    Args:
        catalogue: The shop's items.
        snapshot: The shop's statistics, with its counts of pairs.
        policy: How many users make a crowd.
    """

    def __init__(self, catalogue: Catalogue, snapshot: Snapshot, policy: Policy) -> None:
        self._catalogue, self._snapshot, self._policy = catalogue, snapshot, policy
        self._names: dict[int, _Name] = {}
        self._places_of_words = lru_cache(maxsize=64)(self._words_with_places)

    @cached_property
    def can_tell(self) -> bool:
        """Whether counts can show links. Where they cannot, the learned link is all that is known."""
        return bool((self._snapshot.buyers >= self._policy.settings.min_crowd).any())

    def of_items(self, other: IndexArray, item: IndexArray) -> Flags:
        """Return which past items a person would link with items, by their likeness or by the counts of pairs.

        Args:
            other: Row numbers of past items, shape ``(n,)``.
            item: Row number of the item that each would explain, shape ``(n,)``.

        Returns:
            Flags, shape ``(n,)``; all true where the shop cannot tell.
        """
        if not self.can_tell or not len(other):
            return np.ones(len(other), dtype=bool)
        category = self._catalogue.category_index
        found: Flags = (category[other] == category[item]) & (category[item] != self._no_category)
        return self._with_alike(found | self._is_counted(other, item), other, item)

    def of_reasons(self, other: IndexArray, item: IndexArray) -> Flags:
        """Return which past items may be reasons: "because you bought milk" needs an item that is like milk.

        Those are of the item's category or share telling words with it. Counts of orders link items of different
        categories too, but only a claim that states this link may speak of it. They suffice where an item has no named
        category, or where occasions have single items.

        Args:
            other: Row numbers of past items, shape ``(n,)``.
            item: Row number of the item that each would explain, shape ``(n,)``.

        Returns:
            Flags, shape ``(n,)``; all true where neither counts nor categories can tell.
        """
        if not len(other) or not (self.can_tell or self._names_categories):
            return np.ones(len(other), dtype=bool)
        category = self._catalogue.category_index
        found: Flags = (category[other] == category[item]) & (category[item] != self._no_category)
        if self.can_tell:
            is_of_another = (category[other] != self._no_category) & (category[item] != self._no_category)
            found |= self._is_counted(other, item) & ~(is_of_another & self._tells_orders)
        return self._with_alike(found, other, item)

    def _with_alike(self, found: Flags, other: IndexArray, item: IndexArray) -> Flags:
        places = np.flatnonzero(~found)
        pairs = zip(map(self._name, other[places].tolist()), map(self._name, item[places].tolist()), strict=True)
        found[places] = [
            not first.all.isdisjoint(second.all) and self._are_alike(first, second) for first, second in pairs
        ]
        return found

    def of_titles(self, other: IndexArray, item: int) -> Flags:
        """Return which items are of the same named category as an item, or have a title like its own.

        Args:
            other: Row numbers of other items, shape ``(n,)``.
            item: Row number of the item.

        Returns:
            Flags, shape ``(n,)``.
        """
        category = self._catalogue.category_index
        found: Flags = (category[other] == category[item]) & (category[item] != self._no_category)
        places_of, name = self._places_of_words(other.astype(np.int64).tobytes()), self._name(item)
        for place in {place for word in name.all for place in places_of.get(word, ())}:
            found[place] = found[place] or self._are_alike(self._name(int(other[place])), name)
        return found

    def by_counts(self, other: IndexArray, item: int) -> Flags:
        """Return which items the counts of pairs link with an item; the arguments are those of ``of_titles``."""
        if not self.can_tell:
            return np.zeros(len(other), dtype=bool)
        return self._is_counted(other, np.full(len(other), item))

    def with_any(self, bought: IndexArray, items: IndexArray) -> Flags:
        """Return which items a person would link with something that a user bought.

        Args:
            bought: Row numbers of the items of the user's events, shape ``(n_events,)``.
            items: Row numbers of other items, shape ``(n,)``.

        Returns:
            Whether the user bought from an item's category at least twice and its title says more than the category, or
            the counts of pairs link it with an item that the user bought. An item without a named category is linked by
            words of the titles instead. Shape ``(n,)``.
        """
        catalogue, past = self._catalogue, np.unique(bought)
        times = np.bincount(catalogue.category_index[bought], minlength=len(catalogue.category_names))
        found: Flags = np.zeros(len(items), dtype=bool)
        for place, (item, category) in enumerate(
            zip(items.tolist(), catalogue.category_index[items].tolist(), strict=True)
        ):
            if category == self._no_category:
                found[place] = bool(self.of_titles(past, item).any())
            elif times[category] >= MIN_TIMES:
                found[place] = says_more(str(catalogue.titles[item]), catalogue.category_names[category])
        if self.can_tell and not found.all():
            is_open = np.zeros(len(catalogue), dtype=bool)
            is_open[items[~found]] = True
            other, item = self._snapshot.followers.of_any(past)
            other, item = other[is_open[item]], item[is_open[item]]
            is_open[:] = False
            is_open[item[self._is_counted(other, item)]] = True
            found |= is_open[items]
        return found

    def are_of_one_sort(self, other: int, item: int) -> bool:
        """Return whether two items are of one named category, or their names end in the same word.

        Args:
            other: Row number of an item.
            item: Row number of another one.

        Returns:
            Whether one may stand for the other: that a soda was bought with a soda says little.
        """
        category = self._catalogue.category_index
        return bool(category[other] == category[item] != self._no_category) or self.end_alike(other, item)

    def end_alike(self, other: int, item: int) -> bool:
        """Return whether two names end in the same word; the arguments are those of ``are_of_one_sort``."""
        last = [(name_of(str(self._catalogue.titles[each])).split() or [""])[-1] for each in (other, item)]
        return all(map(WORD.fullmatch, last)) and is_alike(*last)

    def of_category(self, category: int, bought: IndexArray, item: int) -> bool:
        """Return whether a user's purchases of another category may speak for an item.

        Args:
            category: The other category.
            bought: Row number of the item of each of the user's purchases from it, shape ``(n,)``.
            item: Row number of the item that it would explain.

        Returns:
            Whether the category's name shares a word with the item's title. Where occasions have single items, counts
            that link at least half of the purchases with the item suffice. False where the shop cannot tell.
        """
        if not self.can_tell:
            return False
        if self.share_a_word(self._catalogue.category_names[category], str(self._catalogue.titles[item])):
            return True
        if self._tells_orders:
            return False
        linked = self._is_counted(bought, np.full(len(bought), item))
        return bool(len(bought)) and bool(linked.mean() >= MIN_CATEGORY_SHARE)

    def _is_counted(self, other: IndexArray, item: IndexArray) -> Flags:
        """Return for which pairs the counts show a link."""
        snapshot = self._snapshot
        buyers = np.maximum(snapshot.buyers[other], 1)
        later = snapshot.followers.users_of(other, item)
        if not len(snapshot.companions.item):
            return later >= MIN_LATER_SHARE * buyers
        return (later > 0) & (snapshot.companions.users_of(other, item) >= MIN_TOGETHER_SHARE * buyers)

    @property
    def _tells_orders(self) -> bool:
        """Whether a claim of its own says what was bought in one order."""
        return len(self._snapshot.companions.item) > 0

    @property
    def _names_categories(self) -> bool:
        return any(map(self._policy.may_name_category, self._catalogue.category_names))

    @cached_property
    def _no_category(self) -> int:
        names = self._catalogue.category_names
        return names.index(NO_CATEGORY) if NO_CATEGORY in names else -1

    @cached_property
    def _telling_words(self) -> frozenset[str]:
        """Words that few titles and few categories have."""
        catalogue = self._catalogue
        titles = catalogue.titles.tolist()
        n_titles = Counter(word for title in set(titles) for word in words_of(title))
        most = max(2.0, MAX_WORD_SHARE * len(set(titles)))
        rare = {word for word, number in n_titles.items() if number <= most}
        categories: dict[str, set[int]] = defaultdict(set)
        for title, category in set(zip(titles, catalogue.category_index.tolist(), strict=True)):
            for word in words_of(title) & rare:
                categories[word].add(category)
        return frozenset(word for word in rare if len(categories[word]) <= MAX_WORD_CATEGORIES)

    def share_a_word(self, first: str, second: str) -> bool:
        """Return whether two names share a word that few titles and few categories have."""
        return bool(words_of(first) & words_of(second) & self._telling_words)

    def _name(self, item: int) -> _Name:
        """Return what links an item's name with others; kept, because past items recur for each item of a list."""
        if item not in self._names:
            title = str(self._catalogue.titles[item])
            words, name = words_of(title), WORD.findall(name_of(title))
            is_named = self._catalogue.category_index[item] != self._no_category
            placed = [(name[end], end) for end in (0, -1) if name] if is_named else [(word, None) for word in words]
            telling = frozenset(each for each in placed if each[0] in self._telling_words)
            self._names[item] = _Name(words, telling, frozenset(name), self._design(item))
        return self._names[item]

    def _words_with_places(self, items: bytes) -> dict[str, list[int]]:
        """Return the places of the items whose names have each word; a user's items recur for each item of a list."""
        places: dict[str, list[int]] = defaultdict(list)
        for place, item in enumerate(np.frombuffer(items, dtype=np.int64).tolist()):
            for word in self._name(item).all:
                places[word].append(place)
        return places

    def _are_alike(self, first: _Name, second: _Name) -> bool:
        """Return whether two names share a telling word, several words that tell only together, or a design."""
        return (
            not first.telling.isdisjoint(second.telling)
            or self._share_a_phrase(first.words, second.words)
            or first.design == second.design != ""
        )

    def _design(self, item: int) -> str:
        """Return the first words of a name whose other words say the item's category; empty for another name."""
        words = name_of(str(self._catalogue.titles[item])).split()
        first, rest = words[:DESIGN_WORDS], " ".join(words[DESIGN_WORDS:])
        category = self._catalogue.category_names[self._catalogue.category_index[item]]
        return " ".join(first) if rest and WORD.fullmatch(first[-1]) and not says_more(category, rest) else ""

    def _share_a_phrase(self, own: frozenset[str], other: frozenset[str]) -> bool:
        shared = own & other
        if len(shared) < MIN_SHARED_WORDS:
            return False
        told, whole = self._told(shared), min(self._told(own), self._told(other))
        if told <= 0 or told < MIN_OVERLAP * whole:
            return False
        places = set.intersection(*(self._names_with[word] for word in shared))
        return len(set().union(*(self._categories_of_names[place] for place in places))) <= MAX_WORD_CATEGORIES

    def _told(self, words: frozenset[str]) -> float:
        """Return the sum of the words' inverse document frequencies."""
        n_names = len(self._categories_of_names)
        return sum(math.log(n_names / len(self._names_with[word])) for word in words)

    @cached_property
    def _categories_of_names(self) -> list[set[int]]:
        """Categories of each different name, without what follows a comma or a parenthesis."""
        catalogue = self._catalogue
        found: dict[str, set[int]] = defaultdict(set)
        for title, category in zip(catalogue.titles.tolist(), catalogue.category_index.tolist(), strict=True):
            found[name_of(title)].add(category)
        return list(found.values())

    @cached_property
    def _names_with(self) -> dict[str, set[int]]:
        """Places among ``_categories_of_names`` of the names that have each word."""
        found: dict[str, set[int]] = defaultdict(set)
        for place, name in enumerate(dict.fromkeys(map(name_of, self._catalogue.titles.tolist()))):
            for word in words_of(name):
                found[word].add(place)
        return found


def says_more(title: str, category: str) -> bool:
    """Return whether a title has a word that its category's name lacks: "lean beef" does of beef, "onions" does not.

    Args:
        title: An item's title; what follows a comma or a parenthesis does not count.
        category: The name of its category.

    Returns:
        Whether there is such a word. Words are the same if one begins with the other and is at most two letters longer.
    """
    known, words = words_of(category), words_of(name_of(title))
    return not words or not all(any(is_alike(word, other) for other in known) for word in words)


def is_alike(first: str, second: str) -> bool:
    shorter, longer = sorted((first, second), key=len)
    return longer.startswith(shorter) and len(longer) <= len(shorter) + MOST_LONGER


@lru_cache(maxsize=1 << 16)
def words_of(name: str) -> frozenset[str]:
    """Return the words of a title or category; kept, as those of a name are, because titles recur in many histories."""
    return frozenset(WORD.findall(name.lower()))


@lru_cache(maxsize=1 << 16)
def name_of(title: str) -> str:
    """Return the name in a title, in small letters: what follows a comma or a parenthesis is its size or mark."""
    return NAME_END.split(title, maxsplit=1)[0].strip().lower()
