"""The names of a shop as messages say them: words of titles and categories, in the singular and without accents."""

from __future__ import annotations

import re
import unicodedata
from array import array
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain, pairwise
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, NamedTuple

from rapidfuzz import fuzz, process
from rapidfuzz.distance import OSA

from llm_explain.dialogue.folding import folded, unaccented
from llm_explain.dialogue.intents import MASK, known_words
from llm_explain.dialogue.words import place_words

if TYPE_CHECKING:
    from collections.abc import Collection, Container, Iterable, Mapping, Sequence

    from llm_explain.dialogue.words import Grammar

NEAR: Final = 86
"""Least similarity (0 to 100) of a misspelt word and a word of a name of the shop."""

NEAR_SHOWN: Final = 80
"""The same for a word of a name in the list on screen."""

NEAR_CUE: Final = 85
"""The same for a word of the examples; "shoes" is no slip of "shows"."""

RARE: Final = 3
"""Most occurrences in the examples of a word that may be a name of the shop all the same: "pizza", "cat"."""

COMMON: Final = 4
"""Times that the shop's own word for a thing is more frequent than one that is exchanged for it."""

ACCENT: Final = "ʹ"
"""Mark behind a word whose accent matters; a letter, so that it is part of the word."""

Key = frozenset[str] | tuple[str, ...]
"""Telling words of a name."""

KEPT_SEARCHES: Final = 512
"""Searches of the catalogue whose results are kept."""

WORD: Final = re.compile(r"[^\W_]+(?:'[^\W_]+)?")
_CHARACTER: Final = re.compile(r"[a-z0-9]+|[^\W_]")
_BREAK: Final = re.compile(r"[,(（，]")
_SIZE: Final = re.compile(r"\s+[0-9][0-9.,]*\s?[^\W\d_]{0,4}\.?$")


@dataclass(frozen=True, slots=True)
class Token:
    """A word of a message.

    Attributes:
        stem: The word in the singular; that of a name for a misspelt one.
        word: The word as it is written.
        start: Place of the first character.
        end: Place after the last one.
    """

    stem: str
    word: str
    start: int
    end: int


class _Names(NamedTuple):
    """The words of the names of one thing.

    Attributes:
        keys: Telling words of each name.
        labels: Words of the parts of each name after its first one: "1 gallon" and "store brand".
        spelt: All telling words as they are written.
        plain: Keys of the names that have telling words alone.
        parts: Telling characters of each part of a joined name, one a line, in a locale without spaces.
    """

    keys: list[tuple[str, ...]]
    labels: list[list[str]]
    spelt: list[str]
    plain: set[tuple[str, ...]]
    parts: str


class NameIndex:
    """Finds items and categories by the words of their names.

    Args:
        grammar: How the locale's messages are read.
        titles: Names of each item, as shown and as the locale says them, the items that most users have first.
        categories: Names of each category, as the shop and as the locale says them, the largest first.
        like: Index of an earlier version of the shop's names, whose reading is used again; ``None`` for none.
        hidden: Ids of items and names of categories that whole names alone mean: no answer may name them.
        category_of: Category of each item.

    Attributes:
        common: Words that never tell one item from another.
        silent: ``common``, and words of the examples of messages.
        items: Items of the telling words of a name, in any order.
        categories: Category of the telling words of a name, in any order.
        by_category_word: Categories of each telling word of a name; of each part in a locale without spaces.
        runs: Category of neighbouring words of a name.
        leading: Category of the first words of a name before a joining word, in a locale without spaces of each part.
        heads: Words that a name begins with before a joining word, or that are the main word of several names.
        last_characters: Category of a character that ends the name of no other one, in a locale without spaces.
        families: Categories of a word that is the main word of several names.
        names: Words of the names of each item.
        by_label: Items of the words of a label.
    """

    def __init__(
        self,
        grammar: Grammar,
        titles: Mapping[str, Sequence[str]],
        categories: Mapping[str, Sequence[str]],
        like: NameIndex | None = None,
        hidden: Container[str] = (),
        category_of: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self._grammar, self._hidden, self._category_of = grammar, hidden, category_of
        self._reads: dict[tuple[str, ...], _Names]
        self._marked = self._words_marked(chain(*titles.values(), *categories.values()))
        self.common = frozenset(self.stem(word) for word in grammar.common)
        cues = [t for text in grammar.texts() for t in self.tokens(folded(text.replace(MASK, " ")))]
        counts = Counter(token.stem for token in cues)
        self._cue_words = sorted({token.word for token in cues})
        self._ordinals = {*map(unaccented, place_words(grammar.ordinals))} - {*grammar.cardinals}
        self._language = known_words() if grammar.is_encoded else frozenset()
        self._cue_set = {*self._cue_words}
        self._cue_text = "\n".join(folded(text) for text in grammar.texts())
        whole = [self.tokens(self._folded(name)) for several in categories.values() for name in several]
        named = {token.stem for tokens in whole for token in tokens} if grammar.is_spaced else set()
        self._cues = frozenset(stem for stem, count in counts.items() if count > RARE or stem not in named)
        self.silent = self._cues | self.common
        is_alike = like is not None and like.silent == self.silent
        known: dict[tuple[str, ...], _Names] = like._reads if like is not None and is_alike else {}
        distinct = {tuple(names) for names in titles.values()}  # many items share a title
        read = self._reads = {names: known[names] if names in known else self._read(names) for names in distinct}
        self._by_part: dict[str, array[int]] = {}
        self._holding_of_all = lru_cache(KEPT_SEARCHES)(self._search)  # a message may repeat a word 500 times
        self._index_items({item: read[tuple(names)] for item, names in titles.items()})  # which share their words
        self.categories: dict[Key, str] = {}
        self.by_category_word: dict[str, tuple[str, ...]] = {}
        self.runs: dict[tuple[str, ...], str] = {}
        self.leading: dict[str, str] = {}
        leading = self.leading
        for category, several in categories.items():
            self._index_category(category, several, leading)
        self.by_category_word |= {word: (category,) for word, category in leading.items()}
        place = {category: number for number, category in enumerate(categories)}
        for word, category in leading.items():  # "bread" is "bread and buns" before the smaller "frozen bread"
            key = self.key((word,))
            is_reduced = key in self.categories and (word,) not in self._read(categories[self.categories[key]]).plain
            if grammar.is_spaced and is_reduced and place[category] < place[self.categories[key]]:
                self.categories[key] = category
        self.families: dict[str, tuple[str, ...]] = {}
        self._main = self._families(categories)
        self._joins = grammar.conjunction if grammar.is_spaced else grammar.joins
        self._spoken = {
            name: [self._folded(_short(each)) for each in own] for name, own in categories.items() if name not in hidden
        }
        for word, family in self._main.items():  # "fruit" is no "frozen fruit" beside "citrus fruit"
            known_as = self.categories.get(self.key((word,)))
            is_whole = known_as is not None and (word,) in self._read(categories[known_as]).plain
            if len(family) > 1 and not is_whole and (word not in leading or leading[word] != known_as):
                self.categories.pop(self.key((word,)), None)
                self.by_category_word[word] = self.families[word] = family
        self.heads = {*self.families, *leading} if grammar.is_spaced else set[str]()
        self.last_characters: dict[str, str] = {}
        if not grammar.is_spaced:
            spoken = {category: several for category, several in categories.items() if category not in hidden}
            last = {category: {folded(_short(name))[-1:] for name in several} for category, several in spoken.items()}
            counts = Counter(character for own in last.values() for character in own)
            self.last_characters = {each: name for name, own in last.items() for each in own if counts[each] == 1}
        spelt = {word for each in read.values() for word in each.spelt} if grammar.is_spaced else set()
        spelt |= {word for several in categories.values() for word in self._read(several).spelt}
        self._words = sorted(spelt)
        labels = {word for label in self.by_label for word in label} if grammar.is_spaced else set()
        self._known = self.silent | {self.stem(word) for word in spelt | labels}
        said = [name for names in (*titles.values(), *categories.values()) for name in names]
        as_read = {name: self._folded(name) for name in {*said}}
        self._here = self._words_here(spelt, "\n".join(as_read[name] for name in said))
        forms = "|".join(sorted(map(re.escape, self._here), key=len, reverse=True)) or "(?!)"
        self._variants = re.compile(rf"\b(?:{forms})(?=(?:e?s)?\b)" if grammar.is_spaced else forms)

    def _words_marked(self, names: Iterable[str]) -> re.Pattern[str]:
        """Return a pattern of words of names that an accent alone tells from a word of messages: "té" is no "te"."""
        said = {*WORD.findall(unicodedata.normalize("NFC", "\n".join(self._grammar.texts())).lower())}
        words = {*WORD.findall(unicodedata.normalize("NFC", "\n".join({*names})).lower())} - said
        told = [word for word in words if unaccented(word) != word and unaccented(word) in said]
        return re.compile(rf"\b(?:{'|'.join(map(re.escape, told)) or '(?!)'})\b", re.IGNORECASE)

    def marked(self, text: str) -> str:
        """Return a text with a mark behind each word whose accent matters, which folding keeps."""
        return self._marked.sub(rf"\g<0>{ACCENT}", unicodedata.normalize("NFC", text))

    def _folded(self, name: str) -> str:
        return folded(self.marked(name))

    def _index_items(self, names: Mapping[str, _Names]) -> None:
        self.names, self._ids = names, [*names]
        alike: dict[int, tuple[_Names, array[int]]] = {}
        for place, own in enumerate(names.values()):
            alike.setdefault(id(own), (own, array("I")))[1].append(place)
        unspoken = {place for place, item in enumerate(names) if item in self._hidden}
        by_label: dict[tuple[str, ...], array[int]] = {}
        by_key: dict[Key, array[int]] = {}
        for own, places in alike.values():
            spoken = array("I", (place for place in places if place not in unspoken)) if unspoken else places
            for label in {*map(tuple, own.labels)}:
                by_label.setdefault(label, array("I")).extend(spoken)
            for key in own.keys:
                by_key.setdefault(self.key(key), array("I")).extend(places)
                for part in dict.fromkeys(self._parts(key)):
                    self._by_part.setdefault(part, array("I")).extend(spoken)
        self._by_part = {part: array("I", sorted(places)) for part, places in self._by_part.items()}
        self.by_label = {label: [self._ids[place] for place in sorted(places)] for label, places in by_label.items()}
        self.items = {key: [self._ids[place] for place in sorted(places)] for key, places in by_key.items()}

    def _index_category(self, category: str, names: Sequence[str], leading: dict[str, str]) -> None:
        for key in self._read([re.sub(r"[,(（，)）]", " ", name) for name in names]).keys:
            self.categories.setdefault(self.key(key), category)
            if category in self._hidden:
                continue
            told = {
                token.stem
                for name in names
                for token in self.tokens(self._grammar.negated.sub(" ", self._folded(name)))
            }
            for word in (each for each in key if each in told) if self._grammar.is_spaced else (self.head(key),):
                self._add_part(word, category)
        for name in () if category in self._hidden else names:
            if self._grammar.is_spaced:
                stems = [token.stem for token in self.tokens(self._folded(name))]
                for run in _runs(stems):
                    if not any(word in self.common and len(word) <= RARE for word in (run[0], run[-1])):
                        self.runs.setdefault(run, category)
                if len(stems) > 1 and stems[1] in self.common and not self.is_joint(f" {stems[1]} "):
                    leading.setdefault(stems[0], category)  # "milk" of "milk and creamers"
            else:
                for part in re.split("|".join(map(re.escape, self._grammar.common)), folded(_short(name))):
                    self._add_part(part, category)
                    leading.setdefault(part, category)

    def _families(self, categories: Mapping[str, Sequence[str]]) -> dict[str, tuple[str, ...]]:
        """Return the categories whose names have a word as a main word: "fruit" of "tropical fruit and nuts"."""
        found: dict[str, tuple[str, ...]] = {}
        spoken = {name: several for name, several in categories.items() if name not in self._hidden}
        for category, names in spoken.items() if self._grammar.is_spaced else ():
            for stems in ([token.stem for token in self.tokens(self._folded(name))] for name in names):
                order = stems[::-1] if self._grammar.is_head_first else stems
                ends = [
                    word for word, after in zip(order, [*order[1:], ""], strict=True) if after in {*self.common, ""}
                ]
                for word in {*ends} - self.common:
                    own = found.get(word, ())
                    found[word] = own if category in own else (*own, category)
        return found

    def _add_part(self, part: str, category: str) -> None:
        own = self.by_category_word.get(part, ())
        self.by_category_word[part] = own if category in own else (*own, category)

    def _words_here(self, spelt: set[str], whole: str) -> dict[str, str]:
        """Return the word of the shop for each word of another region: "chips" for "crisps"."""
        stems = {self.stem(word) for word in spelt} | self.common

        def is_known(form: str) -> bool:
            return all(t.stem in stems for t in self.tokens(form)) if self._grammar.is_spaced else form in whole

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

    def as_here(self, text: str) -> str:
        """Return a folded text with the shop's own words for those of other regions."""
        return self._variants.sub(lambda match: self._here[match.group()], text)

    def is_cue(self, telling: tuple[str, ...]) -> bool:
        """Return whether words occur in the examples of messages."""
        if self._grammar.is_spaced:
            return all(stem in self._cues for stem in telling)
        return self._cue_text.count("".join(telling)) > RARE

    def is_strange(self, character: str) -> bool:
        """Return whether a letter occurs in no example, so that one before it is part of another word: "糖尿病"."""
        return character.isalpha() and character not in self._cue_text

    def holding(
        self, telling: tuple[str, ...], items: Iterable[str] | None = None, *, is_joined: bool = True
    ) -> list[str]:
        """Return the items with some telling words in a name; of those with their main word among them, only these."""
        return self._holding_of_all(telling, is_joined) if items is None else self._holding(telling, items, is_joined)

    def _search(self, telling: tuple[str, ...], is_joined: bool) -> list[str]:
        """Return the items of the shop with some telling words, found by their rarest part."""
        rarest = min((self._by_part.get(part, array("I")) for part in self._parts(telling)), key=len, default=())
        return self._holding(telling, [self._ids[place] for place in rarest], is_joined)

    def own(self, telling: tuple[str, ...], bought: Collection[str]) -> tuple[tuple[str, ...], str | None]:
        """Return the items of a history that words mean; instead of all of it from one category, the category.

        These are the items with the words as the main words of their names, and those of categories with such a name.
        Of "milk and creamers" only those with "milk" in their titles are milk, if any item has it.
        """
        if len("".join(telling)) < 2:
            return (), None
        category_of = self._category_of
        spoken = [item for item in bought if item in self.names and item not in self._hidden]
        rarest = min((self._by_part.get(part, array("I")) for part in self._parts(telling)), key=len, default=())
        having = {i for i in {*spoken, *(self._ids[place] for place in rarest)} if self._has(telling, i)}
        titled, named = {category_of.get(item) for item in having}, self._categories_named(telling)
        whole = {name for name in named if name not in titled or not any(map(self._joins.search, self._spoken[name]))}
        having &= {*spoken}
        found = {item for item in having if self.is_main(telling, item) or category_of.get(item) in named}
        found |= {item for item in spoken if category_of.get(item) in whole}
        found = found or having
        of = {category_of.get(item) for item in found} & named
        is_whole = len(of) == 1 and found == {item for item in spoken if category_of.get(item) in of}
        return ((), of.pop()) if is_whole else (tuple(sorted(found)), None)

    def category(self, telling: tuple[str, ...], run: str | None) -> str | None:
        """Return the category that words name; a "coffee creamer" is one thing of "coffee and creamers"."""
        found = self.categories.get(self.key(telling), run)
        is_of_two = len(telling) > 1 and any(map(self._joins.search, self._spoken.get(found or "", ())))
        return None if is_of_two and self._grammar.is_spaced and self.holding(telling) else found

    def part(self, telling: tuple[str, ...], items: Iterable[str], *, is_joined: bool) -> tuple[str, ...]:
        """Return those of some items with words in a name; if the words head a category, as their main word alone."""
        found = tuple(self.holding(telling, items, is_joined=is_joined))
        is_head = "".join(telling) in self.heads  # "fruit" is no "fruit drink"
        return () if is_head and not any(self.is_main(telling, item) for item in found) else found

    def _has(self, telling: tuple[str, ...], item: str) -> bool:
        return any(self._is_in(telling, key) for key in self.names[item].keys)

    def _categories_named(self, telling: tuple[str, ...]) -> set[str]:
        """Return the categories whose names have some words, a main word among them."""
        if not self._grammar.is_spaced:
            parts = {
                name: [part for own in names for part in self._joins.split(own)] for name, names in self._spoken.items()
            }
            return {name for name, own in parts.items() if any(part.endswith("".join(telling)) for part in own)}
        several = {name for word in telling for name in self._main.get(word, ())}
        words = {name: {t.stem for own in self._spoken[name] for t in self.tokens(own)} for name in several}
        return {name for name, own in words.items() if {*telling} <= own}

    def _holding(self, telling: tuple[str, ...], items: Iterable[str], is_joined: bool) -> list[str]:
        found = [item for item in items if self._has(telling, item)]
        if not (is_joined or self._grammar.is_spaced):
            found = [item for item in found if "".join(telling) in self.names[item].parts]
        return [item for item in found if self.is_main(telling, item)] or found

    def is_main(self, telling: tuple[str, ...], item: str) -> bool:
        """Return whether some words hold the main word of a name of an item, or end it in a locale without spaces."""
        if self._grammar.is_spaced:
            return any(self.head(key) in telling for key in self.names[item].keys)
        return any("".join(key).endswith("".join(telling)) for key in self.names[item].keys)

    def _is_in(self, telling: tuple[str, ...], key: tuple[str, ...]) -> bool:
        return set(telling) <= set(key) if self._grammar.is_spaced else "".join(telling) in "".join(key)

    def _parts(self, key: tuple[str, ...]) -> Sequence[str]:
        """Return what parts of names are looked up by: words, or pairs of characters."""
        text = "".join(key)
        return key if self._grammar.is_spaced else [text[at : at + 2] for at in range(len(text) - 1)]

    def all_words(self, title: str) -> list[str]:
        """Return every word of a title, label and common words too, and pairs of neighbours as one word."""
        several = [self.tokens(part) for part in _BREAK.split(self._folded(title))]
        joined = [a.word + b.word for tokens in several for a, b in pairwise(tokens)]
        return [*joined, *(token.stem for tokens in several for token in tokens if self._grammar.is_spaced)]

    def units(self, tokens: list[Token]) -> list[tuple[str, int, int, bool]]:
        """Return the words of a message that may tell a title, where they stand, and whether they are bare numbers."""
        if self._grammar.is_spaced:
            return [(t.stem, t.start, t.end, t.word.isdecimal()) for t in tokens if t.word not in self._cue_set]
        pairs = [(a.word + b.word, a.start, b.end) for a, b in pairwise(tokens) if a.end == b.start]
        return [(*each, False) for each in pairs if not self.is_cue((each[0],))]

    def is_joint(self, text: str) -> bool:
        """Return whether words on both sides of a text belong together: "bottle of soda"."""
        return self._grammar.joint.fullmatch(text) is not None

    def corrected(self, tokens: list[Token], shown: Sequence[str]) -> list[Token]:
        """Return the tokens, each misspelt word of a name replaced by the word."""
        if not self._grammar.is_spaced:
            return tokens
        near = [word for item in shown if item in self.names for word in self.names[item].spelt]
        return [
            token
            if token.stem in self._known or len(token.word) < 3 or token.word in self._language
            else Token(self._nearest(token, near), token.word, token.start, token.end)
            for token in tokens
        ]

    def respelt(self, text: str) -> str:
        """Return a folded text with slips in words of messages put right: "frist", "agian"."""

        def right(match: re.Match[str]) -> str:
            word = match.group()
            if word in self._language or self.stem(word) in self._known or word in self._cue_set:
                return word
            near = (o for o in self._ordinals if len(word) > 4 and o[0] == word[0] and OSA.distance(o, word) < 2)
            swaps = (f"{word[:i]}{word[i + 1]}{word[i]}{word[i + 2 :]}" for i in range(1, len(word) - 1))
            return next((each for each in (*near, *swaps) if each in self._cue_set | self._ordinals), word)

        return re.sub(r"[^\W\d_]{4,}", right, text) if self._grammar.is_spaced else text

    def is_unknown(self, token: Token) -> bool:
        """Return whether neither the shop nor the examples of messages have a word."""
        if not self._grammar.is_spaced or len(token.word) < 3 or token.stem in self._known or token.word.isdecimal():
            return False
        if len(token.word) == 3:
            return True
        near = process.extractOne(token.word, self._cue_words, scorer=fuzz.ratio, score_cutoff=NEAR_CUE)
        return near is None or near[0][:1] != token.word[:1]

    def _nearest(self, token: Token, near: list[str]) -> str:
        cue = process.extractOne(token.word, self._cue_words, scorer=fuzz.ratio, score_cutoff=NEAR_SHOWN)
        floor = cue[1] if cue is not None and cue[0][:1] == token.word[:1] else 0
        for words, cutoff in ((near, NEAR_SHOWN), (self._words if len(token.word) > 4 else [], NEAR)):
            best = process.extractOne(token.word, words, scorer=fuzz.ratio, score_cutoff=max(cutoff, floor))
            if best is not None and best[0][:1] == token.word[:1]:
                return self.stem(str(best[0]))
        return token.stem

    def _read(self, names: Sequence[str]) -> _Names:
        """Return the words of the names of one thing."""
        keys, labels, spelt, plain, parts = [], [], [], set(), []
        for name in dict.fromkeys(names):
            short = self._folded(_short(name))
            tokens = self.tokens(short)
            labels += [
                [token.word.replace("'", "") for token in self.tokens(part)]
                for part in _BREAK.split(self._folded(name)[len(short) :])
            ]
            telling = [token for token in tokens if token.stem not in self.common]
            keys.append(tuple(token.stem for token in telling or tokens))
            if not self._grammar.is_spaced:
                several = self._grammar.joins.split(short)
                parts += ["".join(t.stem for t in self.tokens(part) if t.stem not in self.common) for part in several]
            if len(telling) == len(tokens):
                plain.add(keys[-1])
            spelt += [token.word for token in telling if token.stem not in self._cues and len(token.word) > 2]
        return _Names(
            list(dict.fromkeys(key for key in keys if key)),
            [label for label in labels if label],
            spelt,
            plain,
            "\n".join(dict.fromkeys(parts)),
        )

    def key(self, telling: tuple[str, ...]) -> Key:
        """Return what telling words are looked up by: their order does not matter in a locale with spaces."""
        return frozenset(telling) if self._grammar.is_spaced else telling

    def head(self, key: tuple[str, ...]) -> str:
        """Return the main word of a name; its last two characters in a locale without spaces."""
        if not self._grammar.is_spaced:
            return "".join(key[-2:])
        return key[0] if self._grammar.is_head_first else key[-1]

    def tokens(self, text: str) -> list[Token]:
        """Return the words of a folded text, or its characters in a locale without spaces."""
        pattern = WORD if self._grammar.is_spaced else _CHARACTER
        return [Token(self.stem(match.group()), match.group(), *match.span()) for match in pattern.finditer(text)]

    def stem(self, word: str) -> str:
        """Return a word in the singular."""
        if not self._grammar.is_spaced or len(word) < 4:
            return word
        word = word.removesuffix("'s")
        for ending, other in self._grammar.plurals.items():
            if word.endswith(ending) and len(word) - len(ending) >= 3:
                return word.removesuffix(ending) + other
        return word


def _runs(stems: list[str]) -> list[tuple[str, ...]]:
    """Return the sequences of two or more neighbouring words: "dog food" of "dog food and treats"."""
    return [tuple(stems[at:end]) for at in range(len(stems)) for end in range(at + 2, len(stems) + 1)]


def _short(name: str) -> str:
    """Return a name without its label: "Rice cakes, 4.5 oz (store brand)" and "Rice cakes 130g" are "Rice cakes"."""
    short = _BREAK.split(name, maxsplit=1)[0] or name
    return _SIZE.sub("", short.rstrip()) or name
