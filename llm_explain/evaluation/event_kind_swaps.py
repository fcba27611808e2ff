"""Sentences that tell one kind of event as another: for each pair of kinds, the words of one become those of the other.

The verifier must catch every one. A shop with one kind of event can measure all pairs: true sentences about purchases
are said of each other kind first.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from dataclasses import dataclass, field, replace
from itertools import permutations
from typing import TYPE_CHECKING, Any

from llm_explain.text.event_forms import EventForms
from llm_explain.text.word_boundaries import any_of, bounded
from scoring.data.tables import PURCHASE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from llm_explain.evaluation.true_texts import TrueText, TrueTexts
    from llm_explain.text.lexicon import Lexicon
    from llm_explain.text.sentence_spec import SentenceRequest
    from llm_explain.verifier import Verifier

_TRIES = 40
"""Sentences that are tried for each mutant of a pair."""


@dataclass
class SwapReport:
    """What the verifier did with sentences whose event kind was exchanged.

    Attributes:
        n_mutants: Mutants by pair: the kind that the claims count, and the kind that the sentence tells.
        missed: Pairs and texts of the mutants that the verifier let pass.
    """

    n_mutants: dict[tuple[str, str], int] = field(default_factory=dict)
    missed: list[tuple[str, str, str]] = field(default_factory=list)

    def to_dict(self) -> dict[str, Any]:
        """Return the figures, ready for JSON."""
        total = sum(self.n_mutants.values())
        return {
            "pairs": len(self.n_mutants),
            "mutants": total,
            "caught": total - len(self.missed),
            "missed": [{"kind": kind, "told_as": other, "text": text} for kind, other, text in self.missed[:20]],
        }


def check_event_kinds(
    requests: Sequence[SentenceRequest],
    texts: TrueTexts,
    verifier: Verifier,
    lexicon: Lexicon,
    *,
    n_of_pair: int,
    seed: int,
) -> SwapReport:
    """Verify sentences of each kind of event with the words of each other kind.

    Args:
        requests: What sentences may state.
        texts: Writes true sentences.
        verifier: Verifies them.
        lexicon: The locale's words.
        n_of_pair: Mutants of each pair of kinds; fewer where chance finds no more.
        seed: Source of chance.

    Returns:
        The verdicts.
    """
    chance = random.Random(seed)  # noqa: S311  a sample, not a secret
    found = SwapReport()
    forms = forms_of(lexicon)
    counting = [request for request in requests if _counts(request, lexicon)]
    for kind, other in permutations(forms, 2):
        exchanged = _exchange(forms[kind], forms[other])
        mutants = _mutants(counting, kind, exchanged, texts, chance) if exchanged and counting else iter(())
        for _, (origin, text) in zip(range(n_of_pair), mutants, strict=False):
            found.n_mutants[kind, other] = found.n_mutants.get((kind, other), 0) + 1
            if verifier.verify(text, origin.spec).ok:
                found.missed.append((kind, other, text))
    return found


def forms_of(lexicon: Lexicon) -> dict[str, Mapping[str, str]]:
    """Return the words of each speakable kind of event, by the word that tells a purchase.

    Words that several kinds share, such as "customers", tell none of them and are left out.
    """
    found = EventForms.load(lexicon.locale)
    kinds_of = Counter(word for forms in found.forms.values() for word in set(forms.values()))
    own = {
        kind: {purchase: word for purchase, word in forms.items() if kinds_of[word] == 1}
        for kind, forms in found.forms.items()
    }
    return {PURCHASE: {word: word for word in found.purchase}, **own}


def _exchange(forms: Mapping[str, str], others: Mapping[str, str]) -> dict[str, str]:
    """Return the words of one kind and what they become; words that the two kinds share are left out."""
    pairs = {forms[form]: others[form] for form in forms if form in others}
    return {word: other for word, other in pairs.items() if word != other}


def _counts(request: SentenceRequest, lexicon: Lexicon) -> bool:
    kinds = [lexicon.kinds.get(claim.kind) for claim in request.claims]  # a kind without words is in no lexicon
    return all(kinds) and any(kind.counts_events for kind in kinds if kind)


def _mutants(
    requests: Sequence[SentenceRequest],
    kind: str,
    exchanged: Mapping[str, str],
    texts: TrueTexts,
    chance: random.Random,
) -> Iterator[tuple[TrueText, str]]:
    """Yield true sentences about events of a kind, each with its mutant."""
    words = re.compile(bounded(any_of(tuple(exchanged))), re.IGNORECASE)
    for _ in range(_TRIES * len(exchanged)):
        drawn = chance.choice(requests)
        facts = {} if kind == PURCHASE else {"event_kind": kind}
        claims = tuple(replace(claim, facts={**claim.facts, **facts}) for claim in drawn.claims)
        origin = texts.say(replace(drawn, claims=claims), chance)
        if origin is None:
            continue
        parts = [part if place % 2 else words.sub(_told(exchanged), part) for place, part in enumerate(origin.parts)]
        if "".join(parts) != origin.text:
            yield origin, "".join(parts)


def _told(exchanged: Mapping[str, str]) -> Any:
    def other(match: re.Match[str]) -> str:
        said = match.group(0)
        word = exchanged[said.lower()]
        return word[:1].upper() + word[1:] if said[:1].isupper() else word

    return other
