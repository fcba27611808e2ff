"""More training sentences out of the hand-written ones: the same words around the slots of a kindred claim kind.

What may be said of the item's own category may be said of a related one and the other way round, so a sentence about
one gives a sentence about the other; the verifier decides whether it does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from llm_explain.generation.corpus import CorpusLine
from llm_explain.skeletons import SLOT, in_order
from llm_explain.verifier import SkeletonVerifier

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from llm_explain.generation.corpus import Kinds
    from llm_explain.lexicon import Lexicon

_OWN = (
    "category_affinity",
    {"category": "related_category", "category_times": "related_times", "category_window": "related_window"},
)
_RELATED = ("related_category", {new: old for old, new in _OWN[1].items()})


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
        for (old, slots), (new, _) in ((_OWN, _RELATED), (_RELATED, _OWN)):
            if old not in line.kinds or new in line.kinds:
                continue
            kinds = tuple(sorted(new if kind == old else kind for kind in line.kinds))
            text = _renamed(line.text, slots)
            if kinds not in held_out and text not in known and verifier.accept(text, in_order(kinds), tone=line.tone):
                made[text] = CorpusLine(kinds, line.tone, text)
    return list(made.values())


def _renamed(text: str, slots: Mapping[str, str]) -> str:
    """Return a skeleton with some of its slots under another name."""
    return SLOT.sub(lambda match: f"{{{slots.get(match.group(1), match.group(1))}}}", text)
