"""Mutants that say more, less or something else with words."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from llm_explain.evaluation.distractors import said_by
from llm_explain.text.word_boundaries import bounded

if TYPE_CHECKING:
    import random
    from collections.abc import Sequence

    from llm_explain.evaluation.distractors import Addition, Distractors
    from llm_explain.evaluation.true_texts import TrueText


def before_end(text: str, words: str) -> str:
    """Return a text with words put before its final stop.

    Args:
        text: A sentence with a stop.
        words: What to put there.

    Returns:
        A longer sentence.
    """
    return f"{text[:-1]}{words}{text[-1]}"


def add_words(
    name: str, addition: Addition, text: TrueText, distractors: Distractors, chance: random.Random
) -> str | None:
    """Put words before the end of a sentence, where no claim of it licenses them."""
    if any(name in distractors.rules.kinds[kind].mutations.allows for kind in text.kinds):
        return None
    if addition.is_only_neutral and not text.is_neutral:
        return None
    return before_end(text.text, chance.choice(addition.phrases))


def add_sentence(sentences: Sequence[str], text: TrueText, _: Distractors, chance: random.Random) -> str | None:
    """Put a sentence behind the text, or before it."""
    added = chance.choice(sentences)
    return f"{text.text} {added}" if chance.random() < 2 / 3 else f"{added} {text.text}"


def exchange_words(
    pairs: Sequence[tuple[str, str]], text: TrueText, _: Distractors, chance: random.Random
) -> str | None:
    """Exchange what a regular expression finds between the values for its replacement."""
    found = [
        (match, replacement)
        for pattern, replacement in pairs
        for match in re.finditer(pattern, text.text, re.IGNORECASE)
        if is_between_values(text, match.span())
    ]
    if not found:
        return None
    match, replacement = chance.choice(found)
    new = match.expand(replacement)
    new = new[:1].upper() + new[1:] if match.group(0)[:1].isupper() else new
    return f"{text.text[: match.start()]}{new}{text.text[match.end() :]}"


def is_between_values(text: TrueText, span: tuple[int, int]) -> bool:
    """Return whether a stretch of a sentence lies in its words and touches no value."""
    position = 0
    for place, part in enumerate(text.parts):
        if place % 2 == 0 and position <= span[0] and span[1] <= position + len(part):
            return True
        position += len(part)
    return False


def add_degree(text: TrueText, distractors: Distractors, chance: random.Random) -> str | None:
    """Put a word of degree that no claim licenses before a verb."""
    degrees = [name for name in distractors.words.degrees if name not in text.licences]
    places = "|".join(map(re.escape, distractors.words.degree_places))
    adverb = chance.choice(distractors.words.degrees[chance.choice(degrees)])
    space = " " if adverb.isascii() else ""
    return exchange_words([(bounded(f"({places})"), rf"{adverb}{space}\1")], text, distractors, chance)


def degree_of_another_claim(text: TrueText, distractors: Distractors, chance: random.Random) -> str | None:
    """Put a word of degree that one claim licenses before the verb that another claim's value follows."""
    verbs = "|".join(map(re.escape, distractors.words.degree_places))
    for claim in chance.sample(text.claims, len(text.claims)):
        adverbs = [
            word for name in sorted(text.licences - claim.licences) for word in distractors.words.degrees.get(name, ())
        ]
        slot = distractors.rules.kinds[claim.kind].mutations.adverb_before
        if not adverbs or slot not in text.slots:
            continue
        before = text.parts[2 * text.slots.index(slot)]
        changed = re.sub(rf"\b((?:{verbs}) )$", rf"{chance.choice(adverbs)} \1", before)
        if changed != before and not _says_degree(before, distractors):
            parts = [changed if place == 2 * text.slots.index(slot) else part for place, part in enumerate(text.parts)]
            return "".join(parts)
    return None


def _says_degree(words: str, distractors: Distractors) -> bool:
    return any(word in words for words_ in distractors.words.degrees.values() for word in words_)


def exchange_degree(text: TrueText, distractors: Distractors, chance: random.Random) -> str | None:
    """Exchange a word of degree for one that no claim licenses."""
    said = [word for words in distractors.words.degrees.values() for word in words]
    unlicensed = [
        word for name, words in distractors.words.degrees.items() if name not in text.licences for word in words
    ]
    pattern = bounded("|".join(map(re.escape, said)))
    return exchange_words([(pattern, chance.choice(unlicensed))], text, distractors, chance)


def add_clause(text: TrueText, distractors: Distractors, chance: random.Random) -> str | None:
    """Say another sentence's claim too, in words that the shop uses."""
    other = chance.choice(distractors.texts)
    if other.kinds <= text.kinds:
        return None
    joined = text.text[:-1] + chance.choice((", and ", "; ", ", "))
    said = (
        other.text if chance.random() < 1 / 2 or other.parts[0][:1] == "" else other.text[:1].lower() + other.text[1:]
    )
    return f"{text.text} {other.text}" if chance.random() < 1 / 2 else joined + said


def add_value_of_another(text: TrueText, distractors: Distractors, chance: random.Random) -> str | None:
    """Add the value of a claim that the sentence does not have."""
    slots = sorted(set(distractors.by_slot) - set(text.values))
    if not slots:
        return None
    value = chance.choice(distractors.by_slot[chance.choice(slots)])
    if any(value in own or own in value for own in text.values.values()):
        return None
    return before_end(text.text, chance.choice((", {0}", " {0}", " ({0})", ", in {0}", ", with {0}")).format(value))


def claim_left_out(text: TrueText, distractors: Distractors, chance: random.Random) -> str | None:
    """Say fewer claims than the record gives as reasons."""
    if len(text.claims) == 1:
        return None
    fewer = [other for claim in text.claims for other in distractors.alone.get(said_by(claim), ())]
    return chance.choice(fewer).text if fewer else None


def blocked_word(text: TrueText, distractors: Distractors, chance: random.Random) -> str | None:
    """Add a word that the policy blocks."""
    return before_end(text.text, f", {chance.choice(distractors.blocked)}") if distractors.blocked else None
