"""Sentences without a language model: the hand-written ones, and a small grammar for combinations without one."""

from __future__ import annotations

import hashlib
import random
import re
from functools import cache
from typing import TYPE_CHECKING, Literal

from llm_explain.claims import MOST_KINDS
from llm_explain.skeletons.corpus import corpus_hash, read_corpus
from llm_explain.text.number_agreement import compiled, exchanged
from llm_explain.text.prompt_files import StrictModel, read_yaml
from llm_explain.text.skeleton import Skeleton, Tone, opening
from llm_explain.text.word_boundaries import LETTER, STOPS, any_of, bounded
from llm_explain.verifier import SkeletonVerifier

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from llm_explain.text.lexicon import Lexicon
    from llm_explain.text.sentence_spec import Form

_TRIES = 120


class _Mentions(StrictModel):
    """How clauses speak of the item: ``<this>`` in the file.

    Attributes:
        first: Where it is mentioned first.
        later: Afterwards.
        pattern: Regular expression of a mention.
    """

    first: str
    later: str
    pattern: str


class _Exchange(StrictModel):
    """A regular expression and what replaces it."""

    pattern: str
    text: str


class _Grammar(StrictModel):
    version: Literal[1]
    mentions: _Mentions
    comma: str
    spoken: _Exchange | None = None
    contractions: dict[str, str]
    sentences: dict[Tone, dict[int, tuple[str, ...]]]


class Templates:
    """Every skeleton that a locale can speak without a language model.

    Args:
        lexicon: The locale's words.

    Attributes:
        origin: ``name@sha256:…`` of the hand-written sentences, for the provenance of a text.
        grammar_origin: The same of the grammar.
        of_form: Skeletons of a claim kind for a line, a badge, a heading or a subject line.
        continuing: Sentences of a claim kind for an item that was named before: "You've bought it 5 times".
    """

    def __init__(self, lexicon: Lexicon) -> None:
        self._kinds, self._words = lexicon.kinds, lexicon.words
        corpus = read_corpus(lexicon)
        self._grammar, grammar_digest = read_yaml(lexicon.locale, "grammar.yaml", _Grammar)
        self.origin = f"{lexicon.locale}/skeletons@{corpus_hash(corpus)}"
        self.grammar_origin = f"{lexicon.locale}/grammar@{grammar_digest}"
        self._verifier = SkeletonVerifier(lexicon)
        self._written: dict[tuple[tuple[str, ...], str], list[str]] = {}
        for line in corpus:
            self._written.setdefault((self._kinds.in_order(line.kinds), line.tone), []).append(line.text)
        shorts = {form for short in self._grammar.contractions for form in (short, short[0].upper() + short[1:])}
        self._short = re.compile(bounded(any_of(shorts)))
        self._regional = compiled(lexicon.said)
        self._skeletons = cache(self._all_skeletons)
        self.of_form = cache(self._of_form)
        self.continuing = cache(self._continuing)

    def skeletons(self, kinds: Iterable[str], tone: Tone) -> tuple[Skeleton, ...]:
        """Return every skeleton for a combination of kinds, the hand-written ones first.

        Args:
            kinds: One or two claim kinds.
            tone: ``friendly``, ``concise`` or ``formal``.

        Returns:
            Verified skeletons.
        """
        return self._skeletons(self._kinds.in_order(kinds), tone)

    def clauses(self) -> list[tuple[str, str, tuple[str, ...], Tone]]:
        """Return each clause of the grammar as a sentence by itself, for an editor.

        Returns:
            Place in the file, sentence, kinds that it states, and a tone that it is spoken in.
        """
        found: list[tuple[str, str, tuple[str, ...], Tone]] = []
        for kind, words in self._words.items():
            clauses = words.clauses
            forms: tuple[tuple[str, tuple[str, ...], Tone], ...] = (
                ("full", clauses.full, "friendly"),
                ("short", clauses.short, "concise"),
            )
            for form, texts, tone in forms:
                for text in texts:
                    made = _framed(self._grammar.sentences[tone][1][0], text)
                    sentence = self._contracted(_mention(made, self._grammar.mentions))
                    found.append((f"{kind}, {form}", sentence, (kind,), tone))
            found += [(f"{kind}, line", text, (kind,), "concise") for text in clauses.line]
            found += [(f"{kind}, badge", text, (kind,), "concise") for text in clauses.badge]
            found += [(f"{kind}, heading", text, (kind,), "concise") for text in clauses.heading]
        return found

    def _of_form(self, kind: str, form: Form, tone: Tone = "concise") -> tuple[Skeleton, ...]:
        """Return the skeletons of a claim kind for a line, a badge, a heading or a subject line."""
        clauses = self._words[kind].clauses
        texts: Iterable[str] = {"line": clauses.line, "heading": clauses.heading}.get(form, clauses.badge)
        if form == "subject":
            texts = [skeleton.text for skeleton in self.skeletons([kind], "concise")]
        if tone == "formal" and form != "heading":
            texts = map(self._written_out, texts)
        found = (self._accepted(text, (kind,), "concise", self.grammar_origin) for text in texts)
        return tuple(skeleton for skeleton in found if skeleton is not None)

    def _continuing(self, kind: str) -> tuple[Skeleton, ...]:
        """Return the full clauses of a claim kind as sentences about an item that was named before."""
        grammar = self._grammar
        found = []
        for clause in self._words[kind].clauses.full:
            made = _framed(grammar.sentences["friendly"][1][0], clause)
            later = grammar.mentions.model_copy(update={"first": grammar.mentions.later})
            text = self._contracted(_mention(made, later))
            found.append(self._accepted(text, (kind,), "friendly", self.grammar_origin))
        return tuple(skeleton for skeleton in found if skeleton is not None)

    def _all_skeletons(self, kinds: tuple[str, ...], tone: Tone) -> tuple[Skeleton, ...]:
        written = dict.fromkeys(self._written.get((kinds, tone), ()), self.origin)
        composed = dict.fromkeys(self._composed(kinds, tone), self.grammar_origin)
        accepted = (self._accepted(text, kinds, tone, origin) for text, origin in {**composed, **written}.items())
        found = [skeleton for skeleton in accepted if skeleton is not None]
        return tuple(sorted(found, key=lambda skeleton: skeleton.origin != self.origin))

    def _accepted(self, text: str, kinds: tuple[str, ...], tone: Tone, origin: str) -> Skeleton | None:
        """Return a sentence as the region says it; ``None`` if the verifier refuses it."""
        return self._verifier.accept(exchanged(text, self._regional), kinds, tone=tone, origin=origin)

    def _composed(self, kinds: tuple[str, ...], tone: Tone) -> list[str]:
        """Return sentences made by the grammar, as differently opened as it can."""
        if not 0 < len(kinds) <= MOST_KINDS:
            return []
        if len(kinds) == 1 and not self._words[kinds[0]].clauses.full:  # a kind that is told as a fact alone
            facts = self._words[kinds[0]].clauses.badge
            return [self._written_out(text) if tone == "formal" else text for text in facts]
        form = "short" if tone == "concise" else "full"
        if not all(getattr(self._words[kind].clauses, form) for kind in kinds):
            return []  # the grammar's sentences speak of an item; a kind about another subject brings its own
        key = "|".join((*kinds, tone))
        chance = random.Random(hashlib.sha256(key.encode()).digest())  # noqa: S311  variety, not secrecy
        patterns = list(self._grammar.sentences[tone][len(kinds)])
        if len(kinds) == 1 and self._words[kinds[0]].needs_frame and tone == "friendly":
            patterns = [each for each in patterns if "<A>" not in each and not each.startswith("<a>")]
        made: dict[str, str] = {}
        openings: set[str] = set()
        for number in range(_TRIES):
            text = self._compose(kinds, tone, patterns[number % len(patterns)], chance)
            if number < len(patterns) * 2 or opening(text) not in openings:
                openings.add(opening(text))
                made[text] = text
        return list(made)

    def _compose(self, kinds: tuple[str, ...], tone: Tone, pattern: str, chance: random.Random) -> str:
        """Return one sentence: a clause for each kind, put into a pattern."""
        text = pattern
        for place, letter in enumerate("ab"[: len(kinds)]):
            clause = self._clause(kinds, place, "short" if tone == "concise" else "full", chance)
            text = text.replace(f"<{letter}>", clause)
            text = text.replace(f"<{letter.upper()}>", clause[:1].upper() + clause[1:])
        text = _mention(text, self._grammar.mentions)
        return self._written_out(text) if tone == "formal" else self._contracted(text)

    def _clause(self, kinds: tuple[str, ...], place: int, form: str, chance: random.Random) -> str:
        """Return a clause for the kind at a place; one with a comma only at the end."""
        words = self._words[kinds[place]]
        clauses = words.clauses
        choices: Sequence[str] = getattr(clauses, form)
        if any(words.again_after & self._words[kind].says for kind in kinds[:place]):
            choices = (clauses.again if form == "full" else clauses.again_short) or choices
        if len(kinds) > 1:
            is_last = place == len(kinds) - 1
            comma = self._grammar.comma
            choices = [clause for clause in choices if comma not in clause or (is_last and form == "full")] or choices
        return chance.choice(choices)

    def _written_out(self, text: str) -> str:
        """Write contractions out, as one writes formally."""
        longer = self._grammar.contractions

        def written_out(match: re.Match[str]) -> str:
            said = match.group(0)
            long = longer.get(said) or longer[said[0].lower() + said[1:]]
            return long if said in longer else long[0].upper() + long[1:]

        return self._short.sub(written_out, text) if longer else text

    def _contracted(self, text: str) -> str:
        """Contract at the beginning of a clause, as one speaks."""
        contraction = self._grammar.spoken
        return re.sub(contraction.pattern, contraction.text, text) if contraction else text


def _framed(pattern: str, clause: str) -> str:
    """Return a clause in a pattern for one clause."""
    return pattern.replace("<a>", clause).replace("<A>", clause[:1].upper() + clause[1:])


def _mention(text: str, mentions: _Mentions) -> str:
    """Write the item's first mention and its later ones."""
    while (position := text.find("<this>")) >= 0:
        is_known = re.search(mentions.pattern, text[:position], re.IGNORECASE) is not None
        word = mentions.later if is_known else mentions.first
        rest = text[position + len("<this>") :]
        starts = not text[:position].strip() or text[:position].rstrip()[-1] in STOPS
        text = text[:position] + (word.capitalize() + rest if starts else word + rest if word else rest.lstrip())
    capital = re.sub(rf"([{STOPS}] )({LETTER})", lambda match: match.group(1) + match.group(2).upper(), text)
    return capital[:1].upper() + capital[1:]
