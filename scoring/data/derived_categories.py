"""Categories from titles, for a catalogue that has none (docs/design.md §4).

A derived category is a word or a pair of words that each of its titles contains, in the singular or the plural. So its
name is true by definition: "lunch bags" are the items whose title says "lunch bag".
"""

from __future__ import annotations

import itertools
import re
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

WORD: Final = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*|[,;:()/|–—]|\d+")
PAUSE: Final = re.compile(r"\W|\d+")
LEAST_ITEMS: Final = 10
"""A category of fewer items says too little about a habit."""

LARGEST_SHARE: Final = 0.1
"""A word in more titles than this share says too little about an item."""

MOST_OF_FEW: Final = 5
"""In a small catalogue, a category may have this many times the least number of titles."""

LEAST_HEAD_SHARE: Final = 0.5
"""A category's name ends a phrase in this share of its titles: "holder" does, "hanging" does not."""

LEAST_SAME_NEXT: Final = 0.8
"""Share of a term's titles with one next word from which on it belongs to the name: pencil cases are no pencils."""

LEAST_PLURALS: Final = 0.03
LEAST_LETTERS: Final = 4
"""Shorter words, such as articles, do not widen a category's name."""

Term = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TitleWords:
    """Words of one title.

    Attributes:
        terms: Words and pairs of neighbours, each word in its basic form.
        heads: Those of them that end a phrase.
    """

    terms: frozenset[Term]
    heads: frozenset[Term]


def derive_categories(
    titles: Iterable[str],
    *,
    stop_words: Collection[str] = (),
    endings: Sequence[str] = (),
    least_items: int = LEAST_ITEMS,
) -> dict[str, str]:
    """Derive a category for each title that shares a frequent term with others.

    Pairs of words come first, then single words; each time the term that covers most titles without a category.

    Args:
        titles: Titles; repeated ones count once.
        stop_words: Words in lower case that name no kind of thing, such as colours.
        endings: Endings of a plural, longest first.
        least_items: Least number of titles of a category.

    Returns:
        Category by title. A title that no frequent term covers is left out.
    """
    distinct = list(dict.fromkeys(titles))
    split = [WORD.findall(title.casefold()) for title in distinct]
    forms = Counter(word for words in split for word in words if word.isalpha())
    basic = {word: _basic(word, forms, endings) for word in forms}
    stops = frozenset(stop_words) | {basic.get(word, word) for word in stop_words}
    read = [_words(words, basic, stops) for words in split]
    found: dict[str, str] = {}
    for length in (2, 1):
        left = [n for n, title in enumerate(distinct) if title not in found]
        for term, covered in _greedy(read, left, length, least_items=least_items, n_titles=len(distinct)):
            members = _of_one_kind(term, covered, split, basic)
            whole = _widened(term, [split[n] for n in members], basic)
            name = _name(whole, [split[n] for n in members], basic)
            found |= {distinct[n]: name for n in members}
    return found


def _basic(word: str, forms: Counter[str], endings: Sequence[str]) -> str:
    """Return a word without the ending of a plural, if the titles have it so too or it is long enough to be one."""
    for ending in endings:
        stem = word.removesuffix(ending)
        if stem != word and stem in forms and len(stem) > 2:
            return stem
    return word


def _words(words: list[str], basic: dict[str, str], stops: frozenset[str]) -> TitleWords:
    """Return the terms of one title; a stop word, a number or a mark ends a phrase and belongs to none."""
    terms: set[Term] = set()
    heads: set[Term] = set()
    phrase: list[str] = []
    for word in [*words, ","]:
        plain = basic.get(word, word)
        if not (PAUSE.fullmatch(word) or plain in stops or word in stops or len(plain) < 3):
            phrase.append(plain)
            continue
        terms |= {(each,) for each in phrase} | set(itertools.pairwise(phrase))
        heads |= {tuple(phrase[-length:]) for length in (1, 2) if len(phrase) >= length}
        phrase = []
    return TitleWords(frozenset(terms), frozenset(heads))


def _greedy(
    read: list[TitleWords], left: list[int], length: int, *, least_items: int, n_titles: int
) -> Iterable[tuple[Term, list[int]]]:
    """Yield terms and the titles that they cover, largest first, until none covers enough."""
    holders: dict[Term, set[int]] = defaultdict(set)
    n_heads: Counter[Term] = Counter()
    for n, words in enumerate(read):
        for term in words.terms:
            if len(term) == length:
                holders[term].add(n)
                n_heads[term] += term in words.heads
    largest = max(LARGEST_SHARE * n_titles, MOST_OF_FEW * least_items)
    usable = {
        term: members
        for term, members in holders.items()
        if least_items <= len(members) <= largest and n_heads[term] >= LEAST_HEAD_SHARE * len(members)
    }
    remaining = set(left)
    while usable:
        counts = {term: len(members & remaining) for term, members in usable.items()}
        usable = {term: usable[term] for term, count in counts.items() if count >= least_items}
        if not usable:
            return
        best = max(usable, key=lambda term: (counts[term], term))
        members = sorted(usable.pop(best) & remaining)
        remaining -= set(members)
        yield best, members


def _of_one_kind(term: Term, members: list[int], split: list[list[str]], basic: dict[str, str]) -> list[int]:
    """Return the titles in which the term stands before the same word, if these are most of them; else all."""
    after: dict[str, list[int]] = defaultdict(list)
    for n in members:
        words = tuple(basic.get(word, word) for word in split[n])
        for word in {words[at + len(term)] for at in _places(term, words) if at + len(term) < len(words)}:
            after[word].append(n)
    most = max(
        (own for word, own in after.items() if len(word) >= LEAST_LETTERS and word.isalpha()), key=len, default=[]
    )
    return most if len(most) >= LEAST_SAME_NEXT * len(members) else members


def _widened(term: Term, titles: list[list[str]], basic: dict[str, str]) -> Term:
    """Return a term with the words that stand next to it in every title: "hot water" is "hot water bottle" if all are.

    Args:
        term: A term that every title contains.
        titles: The words of the titles.
        basic: Basic form by word.

    Returns:
        The longest run of words that every title contains around the term.
    """
    plain = [tuple(basic.get(word, word) for word in words) for words in titles]
    while True:
        spans = [_places(term, words) for words in plain]
        before = set.intersection(*({words[n - 1] for n in at if n} for words, at in zip(plain, spans, strict=True)))
        after = set.intersection(
            *(
                {words[n + len(term)] for n in at if n + len(term) < len(words)}
                for words, at in zip(plain, spans, strict=True)
            )
        )
        left, right = (sorted(w for w in found if w.isalpha() and len(w) >= LEAST_LETTERS) for found in (before, after))
        if right:
            term = (*term, right[0])
        elif left:
            term = (left[0], *term)
        else:
            return term


def _places(term: Term, words: tuple[str, ...]) -> list[int]:
    return [n for n in range(len(words) - len(term) + 1) if words[n : n + len(term)] == term]


def _name(term: Term, titles: list[list[str]], basic: dict[str, str]) -> str:
    """Return how a term is said of several things: its plural, if its titles have one often enough."""
    last: Counter[str] = Counter(
        words[n]
        for words in titles
        for n, word in enumerate(words)
        if tuple(basic.get(each, each) for each in words[max(n - len(term) + 1, 0) : n + 1]) == term
    )
    plurals = {form: count for form, count in last.items() if form != term[-1]}
    best = max(plurals, key=lambda form: (plurals[form], form), default=term[-1])
    is_plural = best != term[-1] and plurals[best] >= LEAST_PLURALS * sum(last.values())
    return " ".join((*term[:-1], best if is_plural else term[-1]))
