"""Finds names of a shop in a message: of items, categories and places of the list."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, replace
from itertools import takewhile
from typing import TYPE_CHECKING, Final, NamedTuple

from rapidfuzz import fuzz, process

from llm_explain.dialogue.folding import folded, unaccented
from llm_explain.dialogue.intents import MASK
from llm_explain.dialogue.meanings import Meanings
from llm_explain.dialogue.mentions import MOST_CHOICES, WEAK, Mention, Mentions
from llm_explain.dialogue.words import place_words

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Mapping, Sequence

    from llm_explain.dialogue.words import Grammar
    from scoring.features.titles import Floats

NEAR: Final = 86
"""Least similarity (0 to 100) of a misspelt word and a word of a name of the shop."""

NEAR_SHOWN: Final = 80
"""The same for a word of a name in the list on screen."""

LONGEST: Final = 8
"""Most words, or characters without spaces, of a name that is looked up."""

LONGEST_LABEL: Final = 60
"""Characters after a name that may be its label: the size and the brand."""

RARE: Final = 3
"""Most occurrences in the examples of a word that may be a name of the shop all the same: "pizza", "cat"."""

COMMON: Final = 4
"""Times that the shop's own word for a thing is more frequent than one that is exchanged for it."""

_CLAUSE: Final = re.compile(r"[,.;:!?，。；：！？]")
_WORD: Final = re.compile(r"[^\W_]+(?:'[^\W_]+)?")
_CHARACTER: Final = re.compile(r"[a-z0-9]+|[^\W_]")


@dataclass(frozen=True, slots=True)
class _Token:
    stem: str
    word: str
    start: int
    end: int


class _Names(NamedTuple):
    """The words of the names of one thing.

    Attributes:
        keys: Telling words of each name.
        labels: Words of each name after its first part: "1 gallon store brand".
        spelt: All telling words as they are written.
        is_plain: Whether a name has telling words alone.
    """

    keys: list[tuple[str, ...]]
    labels: list[list[str]]
    spelt: list[str]
    is_plain: bool


class NameFinder:
    """Finds names of a shop in messages of one locale.

    Args:
        grammar: How the locale's messages are read.
        titles: Names of each item, as shown and as the locale says them, the items that most users have first.
        categories: Names of each category, as the shop and as the locale says them, the largest first.
        encoder: Turns texts into embeddings of unit length; ``None`` to find names by their words alone.
    """

    def __init__(
        self,
        grammar: Grammar,
        titles: Mapping[str, Sequence[str]],
        categories: Mapping[str, Sequence[str]],
        encoder: Callable[[list[str]], Floats] | None = None,
    ) -> None:
        self._grammar = grammar
        self._common = frozenset(self._stem(word) for word in grammar.common)
        self._places = {unaccented(word): place for word, place in place_words(grammar.ordinals).items()}
        ordinals = "|".join(sorted(map(re.escape, self._places), key=len, reverse=True))
        cardinals = "|".join(sorted(map(re.escape, grammar.cardinals), key=len, reverse=True)) or "(?!)"
        self._patterns = {
            name: re.compile(
                unaccented(pattern).replace("{ordinal}", f"(?P<ordinal>{ordinals})").replace("{cardinal}", cardinals)
            )
            for name, pattern in grammar.mentions.items()
        }
        self._kinds = {kind: re.compile(unaccented(pattern)) for kind, pattern in grammar.kinds.items()}
        self._events = {kind: re.compile(unaccented(pattern)) for kind, pattern in grammar.events.items()}
        cues = [t for text in grammar.texts() for t in self._tokens(folded(text.replace(MASK, " ")))]
        counts = Counter(token.stem for token in cues)
        self._cue_words = sorted({token.word for token in cues})
        whole = [self._tokens(folded(name)) for several in categories.values() for name in several]
        named = {token.stem for tokens in whole for token in tokens} if grammar.is_spaced else set()
        self._cues = frozenset(stem for stem, count in counts.items() if count > RARE or stem not in named)
        self._cue_text = "\n".join(folded(text) for text in grammar.texts())
        read = {names: self._read(names) for names in {tuple(names) for names in titles.values()}}  # many share a title
        of_items = {item: read[tuple(names)] for item, names in titles.items()}
        self._titles = {item: each.keys for item, each in of_items.items()}
        self._plain_titles = {item for item, each in of_items.items() if each.is_plain}
        self._labels = {item: each.labels for item, each in of_items.items()}
        self._items: dict[frozenset[str] | tuple[str, ...], list[str]] = {}
        self._by_word: dict[str, list[str]] = {}
        self._categories: dict[frozenset[str] | tuple[str, ...], str] = {}
        self._by_category_word: dict[str, str] = {}
        for item, keys in self._titles.items():
            for key in keys:
                self._items.setdefault(self._key(key), []).append(item)
                self._by_word.setdefault(self._head(key), []).append(item)
        self._runs: dict[tuple[str, ...], str] = {}
        for category, several in categories.items():
            for name in several if grammar.is_spaced else ():
                for run in _runs([token.stem for token in self._tokens(folded(name))]):
                    self._runs.setdefault(run, category)
            for key in self._read([re.sub(r"[,(（，)）]", " ", name) for name in several]).keys:
                self._categories.setdefault(self._key(key), category)
                for word in key if grammar.is_spaced else (self._head(key),):
                    self._by_category_word.setdefault(word, category)
            for name in () if grammar.is_spaced else several:
                for part in re.split("|".join(map(re.escape, grammar.common)), folded(_short(name))):
                    self._by_category_word.setdefault(part, category)
        self._spelt = {item: each.spelt for item, each in of_items.items()} if grammar.is_spaced else {}
        spelt = {word for each in read.values() for word in each.spelt} if grammar.is_spaced else set()
        spelt |= {word for several in categories.values() for word in self._read(several).spelt}
        self._words = sorted(spelt)
        self._here = self._words_here(spelt, [*titles.values(), *categories.values()])
        forms = "|".join(sorted(map(re.escape, self._here), key=len, reverse=True)) or "(?!)"
        self._variants = re.compile(rf"\b(?:{forms})(?=(?:e?s)?\b)" if grammar.is_spaced else forms)
        self._meanings = None if encoder is None else Meanings(categories, encoder)
        self._known = self._cues | self._common | {self._stem(word) for word in spelt}

    def _words_here(self, spelt: set[str], names: list[Sequence[str]]) -> dict[str, str]:
        """Return the word of the shop for each word of another region: "chips" for "crisps"."""
        stems = {self._stem(word) for word in spelt} | self._common
        whole = "\n".join(folded(name) for several in names for name in several)

        def is_known(form: str) -> bool:
            return all(t.stem in stems for t in self._tokens(form)) if self._grammar.is_spaced else form in whole

        def is_name(form: str, known: str) -> bool:
            """Return whether a form is no rare part of other names: "化妆品" of "装扮化妆品" alone means "彩妆"."""
            return is_known(form) and (self._grammar.is_spaced or COMMON * whole.count(form) > whole.count(known))

        here: dict[str, str] = {}
        for line in self._grammar.variants:
            forms = [folded(form).strip() for form in line.split("|")]
            known = max(forms, key=lambda form: is_known(form) * (1 + whole.count(form)))  # the most frequent one
            if is_known(known):
                here |= {form: known for form in forms if form != known and not is_name(form, known)}
        return here

    def _as_here(self, match: re.Match[str]) -> str:
        return self._here[match.group()]

    def find(self, message: str, shown: Sequence[str], bought: Container[str] = ()) -> Mentions:
        """Find what a message mentions.

        Args:
            message: What a person wrote.
            shown: Items of the list on screen, which a name means before any other item.
            bought: Items of the user's history, which a name means before the rest of the catalogue.

        Returns:
            The mentions.
        """
        found = Mentions(self._variants.sub(self._as_here, " ".join(folded(message).split())))
        found.found.extend(self.places(found.text, shown))
        taken = [(each.start, each.end) for each in found.found]
        tokens = [t for t in self._tokens(found.text) if not any(a <= t.start < b for a, b in taken)]
        tokens = self._corrected(tokens, shown)
        found.found.extend(self._names_of(found.text, tokens, shown, bought))
        found.found = self._with_meanings(found.text, found.found, tokens)
        found.unknown = tuple(token.word for token in tokens if self._is_unknown(token))
        found.found.sort(key=lambda each: each.start)
        rest = found.masked().replace(MASK, " ")
        found.is_all = self._patterns["all"].search(rest) is not None
        found.kinds = [kind for kind, pattern in self._kinds.items() if pattern.search(rest)]
        said = {kind: match.start() for kind, pattern in self._events.items() if (match := pattern.search(rest))}
        found.events = sorted(said, key=said.__getitem__)
        found.is_event_alone = bool(found.events) and self._is_alone(self._events[found.events[0]], found)
        definite = {each.start for each in found.found if each.is_definite}
        for match in self._patterns["focus"].finditer(found.text):
            is_article = any(
                0 <= start - match.end() <= 1 or match.start() <= start < match.end() for start in definite
            )
            if not is_article and found.focus_at is None:
                found.focus_at = match.start()
        return found

    def _is_alone(self, event: re.Pattern[str], found: Mentions) -> bool:
        """Return whether the clauses of an event kind name nothing."""
        for match in event.finditer(found.text):
            before, after = _CLAUSE.split(found.text[: match.start()])[-1], _CLAUSE.split(found.text[match.end() :])[0]
            start, end = match.start() - len(before), match.end() + len(after)
            is_named = any(each.start < end and start < each.end for each in found.found)
            if is_named or not set(found.unknown).isdisjoint(_WORD.findall(f"{before} {after}")):
                return False
        return True

    def places(self, text: str, shown: Sequence[str]) -> list[Mention]:
        """Find places of the list: "the second one", "number 2", "the first two".

        Args:
            text: A folded message.
            shown: Items of the list on screen.

        Returns:
            The mentions.
        """
        found: list[Mention] = []
        for name in ("number", "place", "alone"):
            for match in self._patterns[name].finditer(text):
                said = {key: value for key, value in match.groupdict().items() if value}
                place = self._place(said)
                index = place - 1 if place > 0 else len(shown) + place
                start = match.start() if said.keys() & {"ordinal", "word"} else match.start("digits")
                is_free = not any(each.start < match.end() and start < each.end for each in found)
                if is_free and shown:  # a place below the end of the list means no item
                    of_place = tuple(shown[max(index, 0) : index + 1])
                    found.append(Mention(start, match.end(), shown=of_place, is_definite=True))
        return found

    def _place(self, said: Mapping[str, str]) -> int:
        if "ordinal" in said:
            return self._places[said["ordinal"]]
        digits = said["digits"]
        return int(digits) if digits.isdecimal() else self._grammar.cardinals.get(digits, 0)

    def _names_of(self, text: str, tokens: list[_Token], shown: Sequence[str], bought: Container[str]) -> list[Mention]:
        """Return mentions by name: most words first, the list before the catalogue."""
        found: list[Mention] = []
        free = [True] * len(tokens)
        own = {item: self._titles[item] for item in shown if item in self._titles}
        for size in range(min(LONGEST, len(tokens)), 0, -1):
            for at in range(len(tokens) - size + 1):
                window = tokens[at : at + size]
                if all(free[at : at + size]) and (mention := self._named(text, window, own, bought)) is not None:
                    found.append(mention)
                    free[at : at + size] = [False] * size
        return found

    def _named(
        self, text: str, window: list[_Token], own: Mapping[str, list[tuple[str, ...]]], bought: Container[str]
    ) -> Mention | None:
        """Return what some neighbouring words may mean; ``None`` if they are no name."""
        stems = [token.stem for token in window]
        is_end_common = stems[0] in self._common or stems[-1] in self._common
        telling = tuple(stem for stem in stems if stem not in self._common)
        run = self._runs.get(tuple(stems))
        is_repeated = self._grammar.is_spaced and len({*telling}) < len(telling)  # "white bread and dinner bread"
        if not telling or is_repeated or (self._grammar.is_spaced and is_end_common and len(stems) > 1 and run is None):
            return None
        key = self._key(telling)
        is_joined = self._grammar.is_spaced and 1 < len(telling) < len(stems)  # "bread and dinner" is no dinner bread
        category = run if is_joined else self._categories.get(key, run)
        named = [item for item in self._items.get(key, ()) if not is_joined or telling in self._titles[item]]
        items = _first(named, bought)
        if category is None and len(telling) == 1 and telling[0] in self._by_category_word:
            items = tuple(item for item in items if item in self._plain_titles)  # "milk" is not "canned milk" alone
        whole = tuple(
            item
            for item, keys in own.items()
            if any(each == telling or (not is_joined and self._key(each) == key) for each in keys)
        )
        end, labelled = self._labelled(text, window[-1].end, named)
        if labelled:
            whole, category = tuple(item for item in labelled if item in own), None
            items = tuple(labelled[:MOST_CHOICES])
        is_cue = run is None and self._is_cue(telling)
        article = self._patterns["article"].search(text[: window[0].start])
        if is_cue and not whole and article is None and len(telling) == 1:
            return None
        if not self._grammar.is_spaced and len("".join(stems)) < 2 and not whole and not self._is_head(telling, own):
            return None
        part = () if whole or labelled or is_cue or is_joined else self._of_part(telling, own)
        if not (whole or part or category or items) and (is_cue or (len(telling) > 1 and self._grammar.is_spaced)):
            return None
        is_whole = bool(whole or category or items)
        if not is_whole and not part:
            head = telling[0] if self._grammar.is_spaced else "".join(telling)
            category, items = self._by_category_word.get(head), _first(self._by_word.get(head, ()), bought)
        if not (whole or part or category or items):
            return None
        shown = whole or part
        is_main = bool(whole) or any(self._has_head(telling, key) for item in part for key in own[item])
        start = window[0].start if article is None else article.start()
        is_named = bool(whole) or (not part and is_whole)
        return Mention(start, end, shown, category, items, is_named, article is not None, is_main)

    def _with_meanings(self, text: str, found: list[Mention], tokens: list[_Token]) -> list[Mention]:
        """Return mentions where words that are no name, or a mere part of one, mean a category of a like meaning."""
        if self._meanings is None:
            return found
        sure = [each for each in found if each.strength > WEAK]
        patterns = (*self._events.values(), *self._kinds.values())
        said = [match.span() for pattern in patterns for match in pattern.finditer(text)]
        said += [(each.start, each.end) for each in sure]
        runs: list[list[_Token]] = [[]]
        for token in tokens:
            is_free = not any(start <= token.start < end for start, end in said)
            if is_free and not (token.stem in self._cues | self._common or token.word.isdecimal()):
                runs[-1].append(token)
            elif runs[-1]:
                runs.append([])
        spans = [(run[0].start, run[-1].end) for run in runs if run]
        meant_by_each = self._meanings.near([text[start:end] for start, end in spans])
        for (start, end), near in zip(spans, meant_by_each, strict=True):
            if not near:
                continue
            inside = [each for each in found if each not in sure and start < each.end and each.start < end]
            lexical = {each.category for each in inside}
            several = tuple(each for each in near if each in lexical) or near
            category = several[0] if len(several) == 1 else None
            categories = several[:MOST_CHOICES] if len(several) > 1 else ()
            article = self._patterns["article"].search(text[:start])
            start = start if article is None else article.start()
            meant = Mention(start, end, category=category, categories=categories, is_like=True)
            found = [*(each for each in found if each not in inside), replace(meant, is_definite=article is not None)]
        return found

    def _labelled(self, text: str, end: int, items: Sequence[str]) -> tuple[int, list[str]]:
        """Return the items whose label a message goes on with ("white milk, 1 gallon"), and where the label ends."""
        following = self._tokens(text[end : end + LONGEST_LABEL])
        words = [token.word for token in following]
        longest = 0
        found: list[str] = []
        for item in items:
            size = max((_agreeing(words, label) for label in self._labels[item]), default=0)
            if size > longest:
                longest, found = size, []
            if size == longest > 0:
                found.append(item)
        return end + following[longest - 1].end if longest else end, found

    def _is_cue(self, telling: tuple[str, ...]) -> bool:
        """Return whether words occur in the examples of messages."""
        if self._grammar.is_spaced:
            return all(stem in self._cues for stem in telling)
        return "".join(telling) in self._cue_text

    def _of_part(self, telling: tuple[str, ...], own: Mapping[str, list[tuple[str, ...]]]) -> tuple[str, ...]:
        """Return the items of the list with some words in their titles; those with their main word first of all."""
        found = tuple(item for item, keys in own.items() if any(self._is_in(telling, key) for key in keys))
        main = tuple(item for item in found if any(self._has_head(telling, key) for key in own[item]))
        return (main or found)[:MOST_CHOICES]

    def _has_head(self, telling: tuple[str, ...], key: tuple[str, ...]) -> bool:
        if self._grammar.is_spaced:
            return self._head(key) in telling
        return "".join(key).endswith("".join(telling))

    def _is_head(self, telling: tuple[str, ...], own: Mapping[str, list[tuple[str, ...]]]) -> bool:
        """Return whether one character ends the title of an item of the list, and is no word of messages."""
        return not self._is_cue(telling) and any(self._has_head(telling, key) for keys in own.values() for key in keys)

    def _is_in(self, telling: tuple[str, ...], key: tuple[str, ...]) -> bool:
        if self._grammar.is_spaced:
            return set(telling) <= set(key)
        return "".join(telling) in "".join(key)

    def _corrected(self, tokens: list[_Token], shown: Sequence[str]) -> list[_Token]:
        """Return the tokens, each misspelt word of a name replaced by the word."""
        if not self._grammar.is_spaced:
            return tokens
        near = [word for item in shown for word in self._spelt.get(item, ())]
        return [
            token
            if token.stem in self._known or len(token.word) < 3
            else _Token(self._nearest(token, near), token.word, token.start, token.end)
            for token in tokens
        ]

    def _is_unknown(self, token: _Token) -> bool:
        if not self._grammar.is_spaced or len(token.word) < 3 or token.stem in self._known or token.word.isdecimal():
            return False
        if len(token.word) == 3:
            return True
        return process.extractOne(token.word, self._cue_words, scorer=fuzz.ratio, score_cutoff=NEAR_SHOWN) is None

    def _nearest(self, token: _Token, near: list[str]) -> str:
        cue = process.extractOne(token.word, self._cue_words, scorer=fuzz.ratio, score_cutoff=NEAR_SHOWN)
        floor = cue[1] if cue is not None and cue[0][:1] == token.word[:1] else 0
        for words, cutoff in ((near, NEAR_SHOWN), (self._words if len(token.word) > 4 else [], NEAR)):
            best = process.extractOne(token.word, words, scorer=fuzz.ratio, score_cutoff=max(cutoff, floor))
            if best is not None and best[0][:1] == token.word[:1]:
                return self._stem(str(best[0]))
        return token.stem

    def _read(self, names: Sequence[str]) -> _Names:
        """Return the words of the names of one thing."""
        keys, labels, spelt, is_plain = [], [], [], False
        for name in dict.fromkeys(names):
            short = folded(_short(name))
            tokens = self._tokens(short)
            labels.append([token.word for token in self._tokens(folded(name)[len(short) :])])
            telling = [token for token in tokens if token.stem not in self._common]
            keys.append(tuple(token.stem for token in telling or tokens))
            is_plain |= len(telling) == len(tokens)
            spelt += [token.word for token in telling if token.stem not in self._cues and len(token.word) > 2]
        return _Names(
            list(dict.fromkeys(key for key in keys if key)), [label for label in labels if label], spelt, is_plain
        )

    def _key(self, telling: tuple[str, ...]) -> frozenset[str] | tuple[str, ...]:
        return frozenset(telling) if self._grammar.is_spaced else telling

    def _head(self, key: tuple[str, ...]) -> str:
        if not self._grammar.is_spaced:
            return "".join(key[-2:])
        return key[0] if self._grammar.is_head_first else key[-1]

    def _tokens(self, text: str) -> list[_Token]:
        pattern = _WORD if self._grammar.is_spaced else _CHARACTER
        return [_Token(self._stem(match.group()), match.group(), *match.span()) for match in pattern.finditer(text)]

    def _stem(self, word: str) -> str:
        """Return a word in the singular."""
        if not self._grammar.is_spaced or len(word) < 4:
            return word
        word = word.removesuffix("'s")
        for ending, other in self._grammar.plurals.items():
            if word.endswith(ending) and len(word) - len(ending) >= 3:
                return word.removesuffix(ending) + other
        return word


def _first(items: Sequence[str], bought: Container[str]) -> tuple[str, ...]:
    """Return a few items, those of the user's history before others."""
    return tuple(sorted(items, key=lambda item: item not in bought)[:MOST_CHOICES])


def _runs(stems: list[str]) -> list[tuple[str, ...]]:
    """Return the sequences of two or more neighbouring words: "dog food" of "dog food and treats"."""
    return [tuple(stems[at:end]) for at in range(len(stems)) for end in range(at + 2, len(stems) + 1)]


def _short(name: str) -> str:
    """Return a name without its label: "Rice cakes, 4.5 oz (store brand)" is "Rice cakes"."""
    return re.split(r"[,(（，]", name, maxsplit=1)[0] or name


def _agreeing(words: Sequence[str], others: Sequence[str]) -> int:
    """Return the number of words with which both sequences begin."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(words, others, strict=False)))
