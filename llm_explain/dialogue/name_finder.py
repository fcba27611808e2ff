"""Finds names of a shop in a message: of items, categories and places of the list."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from itertools import chain, takewhile
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from llm_explain.dialogue.folding import folded, unaccented
from llm_explain.dialogue.intents import MASK
from llm_explain.dialogue.meanings import Meanings
from llm_explain.dialogue.mentions import MOST_CHOICES, WEAK, Mention, Mentions
from llm_explain.dialogue.name_index import WORD, NameIndex
from llm_explain.dialogue.words import place_words

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Container, Mapping, Sequence

    from llm_explain.dialogue.name_index import Token
    from llm_explain.dialogue.words import Grammar
    from scoring.features.titles import Floats

LONGEST: Final = 8
"""Most words, or characters without spaces, of a name that is looked up."""

MOST_TOKENS: Final = 120
"""Words, or characters without spaces, of a message in which names are looked up: more would keep others waiting."""

LONGEST_LABEL: Final = 60
"""Characters after a name that may be its label: the size and the brand."""

LEAST_LABEL: Final = 3
"""Least characters of a word that is a label alone, and most words between a name and its label."""

_CLAUSE: Final = re.compile(r"[,.;:!?，。；：！？]")


class NameFinder(NameIndex):
    """Finds names of a shop in messages of one locale.

    Args:
        grammar: How the locale's messages are read.
        titles: Names of each item, as shown and as the locale says them, the items that most users have first.
        categories: Names of each category, as the shop and as the locale says them, the largest first.
        encoder: Turns texts into embeddings of unit length; ``None`` to find names by their words alone.
        like: Finder of an earlier version of the shop's names, whose reading is used again; ``None`` for none.
        hidden: Ids of items and names of categories that whole names alone mean: no answer may name them.
        category_of: Category of each item.
    """

    def __init__(
        self,
        grammar: Grammar,
        titles: Mapping[str, Sequence[str]],
        categories: Mapping[str, Sequence[str]],
        encoder: Callable[[list[str]], Floats] | None = None,
        like: NameFinder | None = None,
        hidden: Container[str] = (),
        category_of: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        super().__init__(grammar, titles, categories, like, hidden, category_of)
        self._titles, self._categories = titles, categories
        self._places = {unaccented(word): place for word, place in place_words(grammar.ordinals).items()}
        ordinals = "|".join(sorted(map(re.escape, self._places), key=len, reverse=True))
        cardinals = "|".join(sorted(map(re.escape, grammar.cardinals), key=len, reverse=True)) or "(?!)"
        self._patterns = {
            name: re.compile(
                unaccented(pattern)
                .replace("{ordinal}", f"(?P<ordinal>{ordinals})")
                .replace("{cardinal}", f"(?:{cardinals})")
            )
            for name, pattern in grammar.mentions.items()
        }
        self._meanings: Meanings | None = None
        if like is not None and [*like._categories.items()] == [*categories.items()]:
            self._meanings = like._meanings
        elif encoder is not None:
            spoken = {name: several for name, several in categories.items() if name not in hidden}
            self._meanings = Meanings(spoken, encoder)

    def labels(self) -> dict[str, Sequence[str]]:
        """Return the names of each title."""
        return {names[0]: names for names in self._titles.values()}

    def find(
        self, message: str, shown: Sequence[str], bought: Collection[str] = (), listed: Sequence[str] = ()
    ) -> Mentions:
        """Return what a message mentions; names mean items on screen first, then those of the user's history.

        "The second one" is the second item that the last answer listed, or else of those on screen.
        """
        found = Mentions(self.as_here(self.respelt(" ".join(folded(message).split()))))
        places = self.places(found.text, shown, listed)
        found.found.extend(places)
        taken = [(each.start, each.end) for each in found.found]
        tokens = [t for t in self.tokens(found.text) if not any(a <= t.start < b for a, b in taken)]
        tokens = self.corrected(tokens[:MOST_TOKENS], shown)
        found.found.extend(self._names_of(found.text, tokens, shown, bought))
        found.found = self._with_labels(found.text, found.found, tokens, shown)
        found.found = self._on_screen(found.text, found.found, tokens, shown)
        found.found = self._with_meanings(found.text, found.found, tokens, bought)
        if self._grammar.is_spaced and not self._grammar.is_head_first:  # "my last ice cream" is no place of the list
            starts = {each.start - 1 for each in found.found}
            found.found = [each for each in found.found if each not in places or each.end not in starts]
        named = [(each.start, each.end) for each in found.found if each.shown]
        found.unknown = tuple(
            token.word
            for token in tokens
            if self.is_unknown(token) and not any(start <= token.start < end for start, end in named)
        )
        reasons = [match.span() for pattern in self._grammar.kinds.values() for match in pattern.finditer(found.text)]
        found.found = [
            each
            for each in sorted(found.found, key=lambda each: each.start)
            if each.shown
            or (each.is_whole and not each.is_like)
            or not (
                self._grammar.verb.search(found.text[: each.start])  # "does he smoke" is no smoke detector
                or any(start < each.end and each.start < end for start, end in reasons)  # "because it is in fashion"
            )
        ]
        before = re.compile(rf"\b(?:{'|'.join(map(re.escape, found.unknown)) or '(?!)'}) $")
        if self._grammar.is_spaced and not self._grammar.is_head_first:  # "oat milk", of which the shop has the milk
            whole = ((each, before.search(found.text[: each.start])) for each in found.found)
            found.found = [each if told is None else replace(each, start=told.start()) for each, told in whole]
        rest = found.masked().replace(MASK, " ")
        found.is_all = self._patterns["all"].search(rest) is not None
        found.kinds = [kind for kind, pattern in self._grammar.kinds.items() if pattern.search(rest)]
        said = {
            kind: match.start() for kind, pattern in self._grammar.events.items() if (match := pattern.search(rest))
        }
        found.events = sorted(said, key=said.__getitem__)
        found.is_event_alone = bool(found.events) and self._is_alone(self._grammar.events[found.events[0]], found)
        definite = {each.start for each in found.found if each.is_definite}
        found.focuses = tuple(
            match.start()
            for match in self._patterns["focus"].finditer(found.text)
            if not any(0 <= at - match.end() <= 1 or match.start() <= at < match.end() for at in definite)
        )
        found.focus_at = next(iter(found.focuses), None)
        return found

    def picked(self, text: str, choices: Sequence[str]) -> str | None:
        """Return the one of some choices that has all words of an answer that are no common ones: "the frozen one"."""
        names = {**self._titles, **self._categories}
        words = {each: {word for name in names.get(each, ()) for word in self.all_words(name)} for each in choices}
        said, known = (
            {token.stem for token in self.tokens(folded(text))},
            {word for own in words.values() for word in own},
        )
        told = said & known
        hits = [each for each in choices if told <= words[each]] if told and said <= known | self.silent else []
        return hits[0] if len(hits) == 1 and self._grammar.is_spaced else None

    def _is_alone(self, event: re.Pattern[str], found: Mentions) -> bool:
        """Return whether the clauses of an event kind name nothing."""
        for match in event.finditer(found.text):
            before, after = _CLAUSE.split(found.text[: match.start()])[-1], _CLAUSE.split(found.text[match.end() :])[0]
            start, end = match.start() - len(before), match.end() + len(after)
            is_named = any(each.start < end and start < each.end for each in found.found)
            if is_named or not set(found.unknown).isdisjoint(WORD.findall(f"{before} {after}")):
                return False
        return True

    def is_size(self, text: str, start: int) -> bool:
        """Return whether a number begins the label of an item: "20 oz"."""
        words = [token.word for token in self.tokens(text[start : start + LONGEST_LABEL])]
        return any(tuple(words[:size]) in self.by_label for size in range(2, LEAST_LABEL + 1))

    def places(self, text: str, shown: Sequence[str], listed: Sequence[str] = ()) -> list[Mention]:
        """Find places of a list: "the second one", "number 2", "the first two"; the arguments are those of ``find``."""
        found: list[Mention] = []
        for name in ("pair", "number", "place", "alone"):
            for match in self._patterns[name].finditer(text):
                said = {key: value for key, value in match.groupdict().items() if value}
                spans = [(match.start() if said.keys() & {"ordinal", "word"} else match.start("digits"), match.end())]
                places = [self._place(said)]
                if name == "pair":
                    spans = [match.span("digits"), match.span("other")]
                    places = [places[0], self._place({"digits": said["other"]})]
                is_free = not any(each.start < match.end() and match.start() < each.end for each in found)
                for (start, end), place in zip(spans, places, strict=True):
                    among = listed if listed and "ordinal" in said and place <= len(listed) else shown
                    index = place - 1 if place > 0 else len(among) + place
                    if is_free and among:  # a place below the end of the list means no item
                        of_place = tuple(among[max(index, 0) : index + 1])
                        found.append(Mention(start, end, shown=of_place, is_definite=True))
        return found

    def _place(self, said: Mapping[str, str]) -> int:
        if "ordinal" in said:
            return self._places[said["ordinal"]]
        digits = said["digits"]
        return int(digits) if digits.isdecimal() else self._grammar.cardinals.get(digits, 0)

    def _names_of(self, text: str, tokens: list[Token], shown: Sequence[str], bought: Collection[str]) -> list[Mention]:
        """Return mentions by name: most words first, the list before the catalogue."""
        found: list[Mention] = []
        free = [True] * len(tokens)
        own = {item: self.names[item].keys for item in shown if item in self.names}
        for size in range(min(LONGEST, len(tokens)), 0, -1):
            for at in range(len(tokens) - size + 1):
                window = tokens[at : at + size]
                if all(free[at : at + size]) and (mention := self._named(text, window, own, bought)) is not None:
                    found.append(mention)
                    free[at : at + size] = [False] * size
        if self._grammar.is_spaced:
            return found
        edges = {edge for each in found if each.shown for edge in (each.start, each.end)}
        return [each for each in found if not each.is_like or edges.isdisjoint((each.start, each.end))]

    def _named(
        self, text: str, window: list[Token], own: Mapping[str, list[tuple[str, ...]]], bought: Collection[str]
    ) -> Mention | None:
        """Return what some neighbouring words may mean; ``None`` if they are no name."""
        stems = [token.stem for token in window]
        is_end_common = stems[0] in self.common or stems[-1] in self.common
        telling = tuple(stem for stem in stems if stem not in self.common)
        run = self.runs.get(tuple(stems))
        is_repeated = self._grammar.is_spaced and len({*telling}) < len(telling)  # "white bread and dinner bread"
        if not telling or is_repeated or (is_end_common and len(stems) > 1 and run is None):
            return None
        key = self.key(telling)
        is_joined = self._grammar.is_spaced and 1 < len(telling) < len(stems)  # "bread and dinner" is no dinner bread
        if is_joined and any(self._patterns["article"].search(text[window[0].end : each.start]) for each in window[1:]):
            return None  # "los tomates y las peras" are no "tomates pera"
        category = run if is_joined else self.category(telling, run)
        named = list(self.items.get(key, ()))
        if is_joined:
            named, own = self._joined(telling, stems, named, own)
        plain = next((item for item in named if not self.names[item].labels), None)  # "celery", not "celery, 1 lb"
        items = self._first([i for i in named if i in bought] or ([plain] if plain is not None else named), bought)
        if len(telling) == 1 and (category is None or key in self.categories):
            items = tuple(
                item for item in items if telling in self.names[item].plain
            )  # "milk" is not "canned milk" alone
        whole = self._whole(telling, own, is_joined=is_joined)
        end, labelled = self._labelled(text, window[-1].end, named)
        if labelled:
            whole, category = tuple(item for item in labelled if item in own), None
            items = self._first(labelled, bought)
        is_cue = run is None and self.is_cue(telling)
        article = self._patterns["article"].search(text[: window[0].start])
        is_one = not self._grammar.is_spaced and len("".join(stems)) < 2
        is_last = "".join(stems) in self.last_characters and not self.is_cue(telling)
        is_last = is_last and not (is_one and self.is_strange(text[window[0].end : window[0].end + 1]))
        is_bare_cue = is_cue and article is None and len(telling) == 1
        if not whole and (is_bare_cue or (is_one and not is_last and not self._is_head(telling, own))):
            return None
        is_split, is_part = len(telling) < len(stems), not (whole or labelled or is_cue or is_joined)
        part = self.part(telling, own, is_joined=is_split)[:MOST_CHOICES] if is_part else ()
        family = self.families.get("".join(telling))
        is_whole, is_like = bool(whole or category or (items and not family)), False
        several: tuple[str, ...] = ()
        is_edge_cue = len(telling) > 1 and self._grammar.is_spaced and {stems[0], stems[-1]} & self.silent
        if not (is_whole or part or is_cue or is_joined or is_edge_cue):
            holding = self.holding(telling, is_joined=is_split)
            items, is_like = self._first(holding, bought), len({tuple(self.names[item].keys) for item in holding}) == 1
            several = self.by_category_word.get("".join(telling), ())
            if not several and (last := self.last_characters.get("".join(telling))):
                several = (last,)  # "烟" of "香烟"
            category = several[0] if len(several) == 1 else None
        if not (whole or part or category or items or several):
            return None
        is_main = bool(whole) or any(self.is_main(telling, item) for item in part)
        start = window[0].start if article is None else article.start()
        shown, is_like = whole or part, is_like and not several
        is_category = key in self.categories and not any(telling in self.names[item].plain for item in whole)
        is_named = (bool(whole) and not is_category) or is_like or (not part and not whole and is_whole)
        found = Mention(start, end, shown, category, items, is_named, article is not None, is_main, is_like=is_like)
        led = None if labelled else category if key in self.categories else self.leading.get("".join(telling), run)
        plain = None if labelled else plain
        own_items, of = ((), None) if labelled or category in self._hidden else self.own(telling, bought)
        is_had = bool(own_items or of) and {*items}.isdisjoint(bought)
        items = own_items[:MOST_CHOICES] if is_had else items  # "sweet potatoes" of "sweet potatoes or yams"
        return replace(
            found,
            items=items,
            categories=several if category is None else (),
            led=of or led,
            plain=plain,
            own=own_items,
        )

    def _whole(
        self, telling: tuple[str, ...], own: Mapping[str, list[tuple[str, ...]]], *, is_joined: bool
    ) -> tuple[str, ...]:
        """Return the items of the list that words name as a whole; each of a category that they name."""
        key, names = self.key(telling), self.names
        found = tuple(
            item
            for item, keys in own.items()
            if any(each == telling or (not is_joined and self.key(each) == key) for each in keys)
        )
        if not found or key not in self.categories or any(telling in names[item].plain for item in found):
            return found
        return tuple(item for item in own if {*telling} <= self._words_of(item))

    def _joined(
        self, telling: tuple[str, ...], stems: list[str], named: list[str], own: Mapping[str, list[tuple[str, ...]]]
    ) -> tuple[list[str], Mapping[str, list[tuple[str, ...]]]]:
        """Return the items that joined words name in their order: "tomatoes or pears" are no "pear tomatoes"."""
        apart = {stem for stem in stems if not (stem in telling or self.is_joint(f" {stem} "))}
        named = [item for item in named if telling in self.names[item].keys and apart <= self._words_of(item)]
        return named, {item: keys for item, keys in own.items() if apart <= self._words_of(item)}

    def _tells(self, stem: str, words: set[str]) -> bool:
        """Return whether a word is one of others, or the beginning of a longer form of it."""
        is_long = len(stem) > LEAST_LABEL or stem in self.common
        longer = (word for word in words if word.startswith(stem) and len(word) - len(stem) <= LEAST_LABEL)
        return stem in words or (is_long and any(longer))

    def _words_of(self, item: str) -> set[str]:
        return {word for title in self._titles.get(item, ()) for word in self.all_words(title)}

    def _on_screen(self, text: str, found: list[Mention], tokens: list[Token], shown: Sequence[str]) -> list[Mention]:
        """Return mentions with the items of the list that any word of their titles tells: "the cans", "the big bottle".

        A word may be joined ("multipack" of "multi-pack") or shortened ("cans" of "canned"). Words that stand next to
        each other tell together.
        """
        titles = [item for item in shown if item in self._titles]
        words = [self._words_of(item) for item in titles]
        hidden = [(each.start, each.end) for each in found if not each.shown and each.strength > WEAK]
        reasons = [match.span() for pattern in self._grammar.kinds.values() for match in pattern.finditer(text)]
        parts = [
            (
                start,
                end,
                tuple(item for item, own in zip(titles, words, strict=True) if self._tells(key, own)),
                is_number,
            )
            for key, start, end, is_number in self.units(tokens)
            if key not in self.heads and not any(left < end and start < right for left, right in (*hidden, *reasons))
        ]
        named = [(each.start, each.end, each.shown, True) for each in found if each.shown]
        groups: list[list[tuple[int, int, tuple[str, ...], bool]]] = []
        for part in sorted(each for each in (*parts, *named) if each[2]):
            gap = None if not groups else text[max(each[1] for each in groups[-1]) : part[0]]
            if gap is not None and self.is_joint(gap):
                groups[-1].append(part)
            else:
                groups.append([part])
        for group in groups:
            start, end = group[0][0], max(each[1] for each in group)
            inside = [each for each in found if start <= each.start and each.end <= end]
            sure = [each for each in inside if each.shown]
            votes = Counter(item for _, _, items, _ in group for item in items).most_common(2)
            is_one = len(votes) == 1 or votes[0][1] > votes[1][1]
            is_free = not any(self.is_joint(text[min(end, right) : max(start, left)]) for left, right in hidden)
            is_told = any(not is_number and len(items) == 1 for _, _, items, is_number in group) or votes[0][1] > 1
            may_be = [each for each in sure if votes[0][0] in each.shown]
            if not is_one or len(may_be) < len(sure) or not (sure or (is_free and is_told)):
                continue
            if len(sure) == 1 and len(sure[0].shown) == 1:
                continue
            article = self._patterns["article"].search(text[:start])
            is_definite = article is not None or any(each.is_definite for each in inside)
            start = start if article is None else article.start()
            merged = Mention(start, end, (votes[0][0],), is_whole=False, is_definite=is_definite)
            found = [*(each for each in found if each not in inside), merged]
        return found

    def _with_labels(self, text: str, found: list[Mention], tokens: list[Token], shown: Sequence[str]) -> list[Mention]:
        """Return mentions with labels: "the Chobani", "store brand corn", "the milk from Chobani"."""
        for size in range(min(LONGEST, len(tokens)), 0, -1):
            for at in range(len(tokens) - size + 1):
                start, end = tokens[at].start, tokens[at + size - 1].end
                items = self._of_label(tokens[at : at + size])
                if not items or any(each.start < end and start < each.end and each.strength > WEAK for each in found):
                    continue
                beside = [each for each in found if self._is_next(text, each, start, end)]
                near = min(beside, key=lambda each: max(start - each.end, each.start - end), default=None)
                of_near = [] if near is None else [each for each in near.shown or near.items if each in items]
                other = [] if near is None or of_near else [each for each in self._alike(near.shown) if each in items]
                listed = tuple(item for item in shown if item in items)[:MOST_CHOICES]
                if near is not None and of_near:
                    left, right = min(near.start, start), max(near.end, end)
                    own = {"shown": tuple(of_near)} if near.shown else {"items": tuple(of_near), "category": None}
                    labelled = replace(near, start=left, end=right, **own)
                elif near is not None and other:  # "the store brand cream cheese", of which another one is listed
                    left, right = min(near.start, start), max(near.end, end)
                    labelled = replace(near, start=left, end=right, shown=(), items=self._first(other), category=None)
                    labelled = replace(labelled, is_whole=True)
                elif near is None and (listed or len(items) == 1):
                    article, is_one = self._patterns["article"].search(text[:start]), not listed
                    start = start if article is None else article.start()
                    labelled = Mention(start, end, listed, None, tuple(items) if is_one else (), is_one, is_main=False)
                    labelled = replace(labelled, is_like=is_one, is_definite=article is not None)
                else:
                    continue
                found = [each for each in found if each.end <= labelled.start or labelled.end <= each.start]
                found.append(labelled)
        return found

    def _alike(self, shown: Sequence[str]) -> list[str]:
        """Return the items of the catalogue that share the name of some items, apart from its label."""
        keys = {self.key(key) for item in shown for key in self.names[item].keys}
        return [item for key in keys for item in self.items.get(key, ())]

    def _of_label(self, window: list[Token]) -> list[str]:
        """Return the items that have some words as a label; a size alone and a common word are none."""
        words = tuple(token.word.replace("'", "") for token in window)
        is_common = len(words) == 1 and (words[0] in self.silent or len(words[0]) < LEAST_LABEL)
        is_size = all(word.isdecimal() for word in words)
        return [] if is_common or is_size else self.by_label.get(words, [])

    def _is_next(self, text: str, mention: Mention, start: int, end: int) -> bool:
        """Return whether common words alone stand between a mention and a label."""
        between = text[mention.end : start] if mention.end <= start else text[end : mention.start]
        is_apart = mention.end <= start or end <= mention.start
        stems = [token.stem for token in self.tokens(between)]
        return is_apart and len(stems) <= LEAST_LABEL and all(stem in self.common for stem in stems)

    def _with_meanings(
        self, text: str, found: list[Mention], tokens: list[Token], bought: Collection[str]
    ) -> list[Mention]:
        """Return mentions where words that are no name, or a mere part of one, mean a category of a like meaning."""
        if self._meanings is None:
            return found
        sure = [each for each in found if each.strength > WEAK]
        patterns = (*self._grammar.events.values(), *self._grammar.kinds.values())
        said = [match.span() for pattern in patterns for match in pattern.finditer(text)]
        said += [(each.start, each.end) for each in sure]
        runs: list[list[Token]] = [[]]
        for token in tokens:
            is_free = not any(start <= token.start < end for start, end in said)
            if is_free and not (token.stem in self.silent or token.word.isdecimal()):
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
            items = tuple(item for each in inside for item in each.items)[:MOST_CHOICES]
            led = next((each.led for each in inside if each.led == category), None)
            own = next((each.own for each in inside if each.own), ())
            if own:  # "meat" is "lunch meat", and beef
                own = tuple(sorted({*own, *(each for each in bought if self._category_of.get(each) in several)}))
            meant = Mention(start, end, (), category, items, not items, categories=categories, is_like=True, led=led)
            meant = replace(meant, own=own)
            found = [*(each for each in found if each not in inside), replace(meant, is_definite=article is not None)]
        return found

    def _labelled(self, text: str, end: int, items: Sequence[str]) -> tuple[int, list[str]]:
        """Return the items whose label a message goes on with ("white milk, 1 gallon"), and where the label ends."""
        following = self.tokens(text[end : end + LONGEST_LABEL])
        words = [token.word.replace("'", "") for token in following]
        longest = 0
        found: list[str] = []
        for item in items:
            labels = self.names[item].labels
            size = max((_agreeing(words, [*chain(*labels[at:])]) for at in range(len(labels))), default=0)
            if size > longest:
                longest, found = size, []
            if size == longest > 0:
                found.append(item)
        return end + following[longest - 1].end if longest else end, found

    def _first(self, items: Sequence[str], bought: Collection[str] = ()) -> tuple[str, ...]:
        """Return a few items, one of each title, those of the user's history before others."""
        of_title: dict[int, str] = {}
        for item in sorted(items, key=lambda item: item not in bought):
            of_title.setdefault(id(self.names[item]), item)
        return tuple([*of_title.values()][:MOST_CHOICES])

    def _is_head(self, telling: tuple[str, ...], own: Mapping[str, list[tuple[str, ...]]]) -> bool:
        """Return whether one character ends the title of an item of the list, and is no word of messages."""
        return any(self.is_main(telling, item) for item in own) and not self.is_cue(telling)


def _agreeing(words: Sequence[str], others: Sequence[str]) -> int:
    """Return the number of words with which both sequences begin."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(words, others, strict=False)))
