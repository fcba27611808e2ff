"""More training sentences than were written by hand.

What may be said of the item's own category may be said of a related one and the other way round, so a sentence about
one gives a sentence about the other. And the grammar makes some for every combination of kinds, so that the model meets
each slot next to each other one; they are plainer, so there are few of them. The verifier decides about both.
"""

from __future__ import annotations

from itertools import permutations
from typing import TYPE_CHECKING

from llm_explain.skeletons.corpus import CorpusLine
from llm_explain.skeletons.sources import shuffled
from llm_explain.skeletons.templates import Templates
from llm_explain.text.skeleton import SLOT, TONES
from llm_explain.verifier import SkeletonVerifier

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from llm_explain.skeletons.corpus import Kinds
    from llm_explain.text.lexicon import Lexicon


def augment(lines: Sequence[CorpusLine], lexicon: Lexicon, *, without: Iterable[Kinds] = ()) -> list[CorpusLine]:
    """Return new lines with the slots of a kindred kind.

    Args:
        lines: Hand-written lines.
        lexicon: The locale's words.
        without: Combinations of kinds that are held out, so that none of them is made here.

    Returns:
        Lines that the verifier accepts and that are not among the given ones.
    """
    verifier = SkeletonVerifier(lexicon)
    held_out, known = set(without), {line.text for line in lines}
    made: dict[str, CorpusLine] = {}
    for line in lines:
        for old, new in _alike(lexicon):
            if old not in line.kinds or new in line.kinds:
                continue
            kinds = tuple(sorted(new if kind == old else kind for kind in line.kinds))
            pairs = zip(lexicon.slots[old].every, lexicon.slots[new].every, strict=True)
            text = _renamed(line.text, dict(pairs))
            if kinds not in held_out and text not in known and verifier.accept(text, kinds, tone=line.tone):
                made[text] = CorpusLine(kinds, line.tone, text)
    return list(made.values())


def composed(lexicon: Lexicon, *, without: Iterable[Kinds] = (), n_each: int = 2) -> list[CorpusLine]:
    """Return sentences of the grammar for every combination of kinds and tone.

    Args:
        lexicon: The locale's words.
        without: Combinations of kinds that are held out.
        n_each: Sentences for each combination of kinds and tone; of a kind without a hand-written one, all of them.

    Returns:
        Lines that the verifier accepts.
    """
    templates, held_out = Templates(lexicon), set(without)
    lines: list[CorpusLine] = []
    alone = [(kind.name,) for kind in lexicon.kinds.about("item") if not kind.is_reason]
    for kinds in [*alone, *lexicon.kinds.every_combination()] if n_each else ():
        if tuple(sorted(kinds)) in held_out:
            continue
        for tone in TONES:
            found = templates.skeletons(kinds, tone)
            made = [each for each in found if each.origin == templates.grammar_origin]
            made = [each for each in made if kinds not in alone or not each.is_causal]
            chosen = sorted(made, key=lambda skeleton: shuffled(skeleton, "augmentation"))
            if len(kinds) > 1 or len(made) < len(found):
                chosen = chosen[:n_each]
            lines += [CorpusLine(tuple(sorted(kinds)), tone, skeleton.text) for skeleton in chosen]
    return lines


def _alike(lexicon: Lexicon) -> list[tuple[str, str]]:
    """Return pairs of kinds whose sentences differ only in their slots, in both orders."""
    tags = {kind: words.alike for kind, words in lexicon.words.items() if words.alike}
    return [(old, new) for old, new in permutations(tags, 2) if tags[old] == tags[new]]


def _renamed(text: str, slots: Mapping[str, str]) -> str:
    """Return a skeleton with some of its slots under another name."""
    return SLOT.sub(lambda match: f"{{{slots.get(match.group(1), match.group(1))}}}", text)
